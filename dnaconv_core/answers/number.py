"""A measured number: squared error, Pearson's r."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

from dnaconv_core.answers.base import Answer, Scores, Words, constant, problem, total

if TYPE_CHECKING:
    from torch import Tensor

_MOST_LOST = 0.2  # of the labels' variance beyond a sigmoid's reach, before it is refused: the book's siRNAs have 0.02


class Number(Answer):
    """Each output is an amount in its label's unit."""

    key = "regression"
    words = Words(
        kind="a regression",
        short="a number",
        one="label",
        high="high values",
        low="low values",
        groups="high and low values",
        misfit="it measures distance between numbers, and these labels are classes",
    )
    metrics = ("pearson_r", "spearman_rho", "r2", "rmse", "mae")
    main_metric = "pearson_r"
    first_metrics = metrics
    ranking = ("pearson_r", "spearman_rho")
    compared = ("pearson_r",)
    loss = "l2"
    losses_misfit = {  # noqa: RUF012 -- never changed
        "cross_entropy": "cross-entropy compares probabilities with classes, and these labels are numbers of any size"
    }
    outputs = ("sigmoid", "linear")
    output_misfit = "the task is regression: choose 'linear', or 'sigmoid' for labels from 0 to 1"

    def measure(self, y: np.ndarray, prediction: np.ndarray, *, threshold: float = 0.5) -> _Measured:
        return _Measured(y, prediction)

    def per_example(self, logits: Tensor, prediction: Tensor | None, y: Tensor) -> Tensor:
        """Squared error of the prediction."""
        assert prediction is not None  # see loss_needs_prediction
        return (prediction - y) ** 2

    @property
    def loss_needs_prediction(self) -> bool:
        return True

    def output_problem(self, y: np.ndarray, output: str) -> str:
        """A sigmoid gives 0 to 1. It is refused where even the best one would miss a good part of the variance."""
        beyond = ((y - y.clip(0, 1)) ** 2).mean() if len(y) else 0.0
        if output != "sigmoid" or beyond <= _MOST_LOST * y.var():
            return ""
        return (
            f"labels from {y.min():g} to {y.max():g}, and a sigmoid gives 0 to 1: choose output 'linear' "
            f"(--output linear), or scale the labels to 0–1"
        )

    def linear(self, penalty: float, inner: Any, y: np.ndarray, w: np.ndarray, **_: Any) -> Scores:
        """Ridge regression, in the label's unit."""
        from sklearn.linear_model import Ridge

        return Ridge(alpha=penalty * len(y)).fit(inner, y, sample_weight=w / w.mean()).predict

    def from_scores(self, scores: np.ndarray, prior: np.ndarray) -> np.ndarray:
        return scores


class _Measured:
    """Metrics of a number under weights. `blocked`: those that there can be none of, with the reason."""

    def __init__(self, y: np.ndarray, prediction: np.ndarray) -> None:
        self.blocked: dict[str, str] = {}
        if reason := problem("labels", y) or problem("predictions", prediction):
            self.blocked = dict.fromkeys(Number.metrics, reason)
            return
        correlations = ("pearson_r", "spearman_rho")
        if constant(prediction):
            self.blocked |= dict.fromkeys(
                correlations, "every prediction is the same, so there is no correlation to measure"
            )
        if constant(y):
            self.blocked |= dict.fromkeys(
                (*correlations, "r2"), "every label is the same, so there is no correlation to measure"
            )
        if len(y) < 2:
            self.blocked |= dict.fromkeys((*correlations, "r2"), "there is one example: at least two are needed")
        self.y, self.prediction = y, prediction
        self.ties: list[tuple[np.ndarray, np.ndarray]] = []

    def __call__(self, weights: np.ndarray, names: Iterable[str]) -> dict[str, float | str]:
        values: dict[str, float | str] = {}
        with np.errstate(all="ignore"):  # what overflows or divides by 0 is reported below, as undefined
            for name in names:
                value = self.blocked.get(name) or getattr(self, "_" + name)(weights)
                fine = isinstance(value, str) or np.isfinite(value)
                values[name] = value if fine else "the values are too large or too similar to compute it"
        return values

    def _pearson_r(self, weights: np.ndarray) -> float:
        return _correlation(self.y, self.prediction, weights)

    def _spearman_rho(self, weights: np.ndarray) -> float:
        self.ties = self.ties or [_tie_groups(values) for values in (self.y, self.prediction)]
        of_y, of_prediction = (_mid_ranks(order, ends, weights) for order, ends in self.ties)
        return _correlation(of_y, of_prediction, weights)

    def _r2(self, weights: np.ndarray) -> float:
        mean = total(weights, self.y) / weights.sum()
        return float(1 - total(weights, (self.y - self.prediction) ** 2) / total(weights, (self.y - mean) ** 2))

    def _rmse(self, weights: np.ndarray) -> float:
        return float(np.sqrt(total(weights, (self.y - self.prediction) ** 2) / weights.sum()))

    def _mae(self, weights: np.ndarray) -> float:
        return float(total(weights, np.abs(self.y - self.prediction)) / weights.sum())


def _correlation(a: np.ndarray, b: np.ndarray, weights: np.ndarray) -> float:
    """Pearson's r under weights; NaN where either side does not vary."""
    all_weights = weights.sum()
    a, b = (values - total(weights, values) / all_weights for values in (a, b))
    a, b = (values / (np.abs(values).max() or np.nan) for values in (a, b))  # squares of large numbers overflow
    r = total(weights, a * b) / np.sqrt(total(weights, a**2) * total(weights, b**2))
    return float(np.clip(r, -1, 1))


def _tie_groups(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The sorting order `(N,)` and the position of each tied group's last member in it."""
    order = np.argsort(values)
    ranked = values[order]
    return order, np.append(np.flatnonzero(ranked[1:] != ranked[:-1]), len(ranked) - 1)


def _mid_ranks(order: np.ndarray, ends: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Average rank of each example when it is listed as often as its weight says."""
    upto = np.cumsum(weights[order])[ends]
    middle = 0.5 * (upto + np.append(0.0, upto[:-1]))
    ranks = np.empty(len(order))
    ranks[order] = np.repeat(middle, np.diff(ends, prepend=-1))
    return ranks
