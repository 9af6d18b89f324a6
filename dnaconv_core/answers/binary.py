"""Yes or no: labels 0 and 1, a sigmoid, cross-entropy, ROC-AUC."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from dnaconv_core.answers.base import Answer, Scores, Words, problem, stratified_folds, total
from dnaconv_core.answers.ranking import Ranking

if TYPE_CHECKING:
    from torch import Tensor

_RANKING = ("auroc", "auprc")


class Binary(Answer):
    """Each output is the probability that its label is 1."""

    key = "binary"
    words = Words(
        kind="a classification",
        short="yes or no",
        one="label",
        high="positives",
        low="negatives",
        groups="the classes",
        misfit="it counts right and wrong classes, and these labels are numbers without classes",
        calls="From accuracy to Matthews correlation, a prediction of 0.5 or more counts as positive.",
    )
    metrics = ("auroc", "auprc", "prevalence", "brier", "accuracy", "precision", "recall", "f1", "mcc")
    main_metric = "auroc"
    first_metrics = ("auroc", "auprc", "prevalence", "brier")
    ranking = compared = _RANKING
    loss = "cross_entropy"
    losses_misfit = {  # noqa: RUF012 -- never changed
        "l2": "L2 pulls a confident wrong class hardly harder than an unsure one and takes 0 and 1 for amounts"
    }
    outputs = ("sigmoid",)
    output_misfit = "the task is binary: a class probability needs 'sigmoid'"
    yes_or_no = True

    def measure(self, y: np.ndarray, prediction: np.ndarray, *, threshold: float = 0.5) -> _Measured:
        return _Measured(y, prediction, threshold)

    def per_example(self, logits: Tensor, prediction: Tensor | None, y: Tensor) -> Tensor:
        """Cross-entropy of the sigmoid."""
        from torch.nn import functional

        return functional.binary_cross_entropy_with_logits(logits, y.expand_as(logits), reduction="none")

    def strata(self, y: np.ndarray) -> list[np.ndarray]:
        return [np.flatnonzero(y == 0), np.flatnonzero(y == 1)]

    def label_problem(self, y: np.ndarray, names: tuple[str, ...] = ()) -> str:
        way_out = "but {experiment} is a yes-or-no question: choose a regression experiment"
        return "" if np.isin(y, (0, 1)).all() else f"labels other than 0 and 1, {way_out}"

    def folds(self, y: np.ndarray, most: int, seed: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        return stratified_folds(y, min(map(len, self.strata(y))), most, seed)

    def linear(self, penalty: float, inner: Any, y: np.ndarray, w: np.ndarray, **_: Any) -> Scores:
        """Log-odds under balanced classes, of logistic regression."""
        from sklearn.exceptions import ConvergenceWarning
        from sklearn.linear_model import LogisticRegression

        w = w / np.where(y == 1, w[y == 1].sum(), w[y == 0].sum()) * len(y) / 2  # each class half of all
        model = LogisticRegression(C=1 / (penalty * len(y)), max_iter=200)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # the last digits of a baseline do not matter
            return model.fit(inner, y, sample_weight=w).decision_function

    def from_scores(self, scores: np.ndarray, prior: np.ndarray) -> np.ndarray:
        """Probabilities, moved from balanced classes to the true prevalence (King & Zeng 2001)."""
        (mean,) = prior
        return 1 / (1 + np.exp(-np.clip(scores + float(np.log(mean / (1 - mean))), -500, 500)))


class _Measured:
    """Binary metrics under weights; of what each needs of all examples, only that of those asked for is made.
    `blocked`: those that these labels or predictions cannot have, with the reason."""

    def __init__(self, y: np.ndarray, prediction: np.ndarray, threshold: float) -> None:
        self.blocked = _unmeasurable(y, prediction)
        if "prevalence" in self.blocked:
            return
        self.positive, self.y, self.prediction = y == 1, y, prediction
        if "accuracy" in self.blocked:  # there are no predictions
            return
        self.called = prediction >= threshold
        if self.called.all() or not self.called.any():
            side = "positive" if self.called[0] else "negative"
            self.blocked.setdefault("mcc", f"every call at this threshold is {side}")

    @cached_property
    def one(self) -> np.ndarray:
        return self.positive.astype(np.float64)  # as numbers: a product sums them fastest

    @cached_property
    def call(self) -> np.ndarray:
        return self.called.astype(np.float64)

    @cached_property
    def hit(self) -> np.ndarray:
        return (self.called & self.positive).astype(np.float64)

    @cached_property
    def error(self) -> np.ndarray:
        return (self.prediction - self.y) ** 2

    @cached_property
    def areas(self) -> Ranking:
        return Ranking(self.positive, self.prediction)

    def __call__(self, weights: np.ndarray, names: Iterable[str]) -> dict[str, float | str]:
        wanted = [name for name in names if name not in self.blocked]
        if not wanted:
            return {name: self.blocked[name] for name in names}
        all_weights, positives = float(weights.sum()), total(weights, self.one)
        values: dict[str, float | str] = {"prevalence": positives / all_weights}
        if not {*_RANKING, "prevalence", "brier"}.issuperset(wanted):
            values |= self._calls(weights, all_weights, positives)
        if "auroc" in wanted or "auprc" in wanted:
            values["auroc"], values["auprc"] = self.areas(weights)
        if "brier" in wanted:
            values["brier"] = total(weights, self.error) / all_weights
        values |= self.blocked
        return {name: values[name] for name in names}

    def _calls(self, weights: np.ndarray, all_weights: float, positives: float) -> dict[str, float | str]:
        """What follows from the four counts at the threshold."""
        called, tp = total(weights, self.call), total(weights, self.hit)
        fp, fn = called - tp, positives - tp
        tn = all_weights - tp - fp - fn
        spread = called * (all_weights - called) * positives * (all_weights - positives)
        return {
            "accuracy": (tp + tn) / all_weights,
            "precision": tp / called if called else "no prediction reaches the threshold",
            "recall": tp / positives if positives else "there is no positive example to find",
            "f1": 2 * tp / (called + positives) if called + positives else "there is no positive example and no call",
            "mcc": (tp * tn - fp * fn) / spread**0.5 if spread > 0 else float("nan"),
        }


def _unmeasurable(y: np.ndarray, prediction: np.ndarray) -> dict[str, str]:
    """The metrics that there can be none of, each with the reason."""
    if reason := problem("labels", y):
        return dict.fromkeys(Binary.metrics, reason)
    classes = (y == 0) | (y == 1)
    if not classes.all():
        return dict.fromkeys(Binary.metrics, f"a label is {y[~classes][0]:g}: classes are 0 and 1")
    if reason := problem("predictions", prediction):
        return dict.fromkeys((name for name in Binary.metrics if name != "prevalence"), reason)
    blocked: dict[str, str] = {}
    low, high = prediction.min(), prediction.max()
    if low < 0 or high > 1:
        outside = low if low < 0 else high
        blocked["brier"] = f"a prediction is {outside:g}: the Brier score needs probabilities from 0 to 1"
    if low == high:
        blocked |= dict.fromkeys(_RANKING, "every prediction is the same, so there is no ranking to measure")
    if len(np.unique(y)) == 1:
        every = "positive" if y[0] else "negative"
        blocked |= dict.fromkeys((*_RANKING, "mcc"), f"every example is {every}: both classes are needed")
        if every == "negative":
            blocked["recall"] = "there is no positive example to find"
    return blocked
