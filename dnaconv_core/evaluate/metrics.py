"""How good predictions are: one number per metric, or the reason why there is none.

**Weights** mean repetition: an example of weight 2 counts as if it were listed twice, in every metric. That is what
scikit-learn's `sample_weight` does; Pearson's and Spearman's coefficients, which SciPy has without weights, follow the
same rule here. Examples of weight 0 are left out before anything else: a missing label may be NaN with weight 0.

**Ties** in a ranking share their place, as in scikit-learn. A prediction equal to the threshold counts as positive.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from dnaconv_core.errors import ConfigError, InputError
from dnaconv_core.results import Metric


class Label(NamedTuple):
    """How a metric is shown: its name, whether more is better, and one line of explanation."""

    name: str
    higher_is_better: bool
    explanation: str


LABELS = {
    "auroc": Label("ROC-AUC", True, "chance that a random positive scores above a random negative; 0.5 is guessing"),
    "auprc": Label("PR-AUC", True, "average precision over all recalls; guessing gives the prevalence"),
    "prevalence": Label("Prevalence", True, "share of positives among the examples; a fact of the data, not a score"),
    "brier": Label("Brier score", False, "mean squared distance between the predicted probability and the class"),
    "accuracy": Label("Accuracy", True, "share of right calls; high without skill where one class is rare"),
    "precision": Label("Precision", True, "share of positive calls that are right"),
    "recall": Label("Recall", True, "share of the positives that are called"),
    "f1": Label("F1", True, "harmonic mean of precision and recall"),
    "mcc": Label("Matthews correlation", True, "correlation between calls and classes; 0 is guessing, 1 is perfect"),
    "pearson_r": Label("Pearson r", True, "how straight a line predictions and measurements lie on; 0 is none"),
    "spearman_rho": Label("Spearman ρ", True, "how well the predictions rank the measurements; 0 is guessing"),
    "r2": Label("R²", True, "share of the variance explained; 0 is always predicting the mean, below 0 is worse"),
    "rmse": Label("RMSE", False, "typical error in the label's unit, large errors counting more"),
    "mae": Label("Mean absolute error", False, "average size of the error in the label's unit"),
}
METRICS = {
    "binary": ("auroc", "auprc", "prevalence", "brier", "accuracy", "precision", "recall", "f1", "mcc"),
    "regression": ("pearson_r", "spearman_rho", "r2", "rmse", "mae"),
}
MAIN_METRIC = {"binary": "auroc", "regression": "pearson_r"}
LOSSES = {"binary": "cross_entropy", "regression": "l2"}

_WHY_NOT = {
    "cross_entropy": "cross-entropy compares probabilities with classes, and these labels are numbers of any size",
    "l2": "L2 pulls a confident wrong class hardly harder than an unsure one and takes 0 and 1 for amounts",
    "binary": "it counts right and wrong classes, and these labels are numbers without classes",
    "regression": "it measures distance between numbers, and these labels are classes",
}
_KINDS = {"binary": "a classification", "regression": "a regression"}


def check_pairing(task: str, choice: str) -> None:
    """Refuse a loss or a metric that does not fit the task. Raises ConfigError with the reason and the fitting choice.

    `choice` is a key of LABELS, 'cross_entropy', 'l2' or 'auto' (which always fits).
    """
    if choice in (*METRICS[_check_task(task)], LOSSES[task], "auto"):
        return
    if choice in LOSSES.values():
        fitting = LOSSES[task].replace("_", "-")
        raise ConfigError(f"loss {choice!r} does not fit {_KINDS[task]}: {_WHY_NOT[choice]}; choose {fitting} or auto")
    if choice in LABELS:
        other = "binary" if task == "regression" else "regression"
        raise ConfigError(
            f"metric {choice!r} ({LABELS[choice].name}) does not fit {_KINDS[task]}: {_WHY_NOT[other]}; "
            f"choose {', '.join(METRICS[task])}"
        )
    known = ", ".join([*LOSSES.values(), *LABELS])
    raise ConfigError(f"{choice!r} is no loss or metric: the names are {known}")


def evaluate(
    task: str,
    y: np.ndarray,
    prediction: np.ndarray,
    *,
    weights: np.ndarray | None = None,
    threshold: float = 0.5,
    names: Iterable[str] | None = None,
) -> dict[str, Metric]:
    """Every metric of the task ('binary' or 'regression'), or those in `names`, in the order of METRICS.

    y, prediction: `(N,)` or `(N, T)`; of several tasks the mean over those where the metric is defined, and where it
    is in none the first reason.
    weights: `(N,)` or `(N, T)`; pass `labelled(w)` of weights that are for training. An undefined metric is
    `Metric(None, undefined=reason)`. Raises InputError for shapes that do not match and negative weights, ConfigError
    for a metric of the other kind of task.
    """
    names = check_names(task, names)
    per_task = [
        as_metrics(measure_for(task, y_t, p_t, threshold=threshold)(w_t, names))
        for y_t, p_t, w_t in columns(y, prediction, weights)
    ]
    if len(per_task) == 1:
        return per_task[0]
    means = {}
    for name in names:
        values = [metrics[name].value for metrics in per_task if metrics[name].value is not None]
        means[name] = Metric(float(np.mean(values))) if values else per_task[0][name]
    return means


def as_metrics(measured: dict[str, float | str]) -> dict[str, Metric]:
    """What `measure_for` measured, as results: a text is the reason why there is no number."""
    return {k: Metric(None, undefined=v) if isinstance(v, str) else Metric(float(v)) for k, v in measured.items()}


def labelled(w: np.ndarray) -> np.ndarray:
    """A dataset's weights as they enter metrics: 1 where there is a label, 0 where there is none.

    Weights that balance classes (JUND: 118 for a positive, 0.5 for a negative) are for training. Measured with them,
    prevalence, PR-AUC and calibration would be those of a world where half is positive.
    """
    return (np.asarray(w) > 0).astype(np.float64)


def check_names(task: str, names: Iterable[str] | None) -> tuple[str, ...]:
    """The metrics to compute, in the order of METRICS. Raises ConfigError for one that the task does not have."""
    _check_task(task)
    if names is None:
        return METRICS[task]
    names = [names] if isinstance(names, str) else list(names)
    for name in names:
        if name not in METRICS[task]:
            check_pairing(task, name)
            raise ConfigError(f"{name!r} is no metric: choose {', '.join(METRICS[task])}")
    return tuple(name for name in METRICS[task] if name in names)


def columns(
    y: np.ndarray, prediction: np.ndarray, weights: np.ndarray | None = None
) -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """For each task float64 `(labels, predictions, weights)` of the examples whose weight is not 0."""
    y, prediction = (np.asarray(a, np.float64) for a in (y, prediction))
    y, prediction = (a[:, None] if a.ndim == 1 else a for a in (y, prediction))
    if y.ndim != 2 or y.shape != prediction.shape or y.shape[1] == 0:
        shapes = f"y has shape {y.shape} and prediction {prediction.shape}"
        raise InputError(f"{shapes}: both must be (N,) or the same (N, T)")
    weights = np.ones(len(y)) if weights is None else np.asarray(weights, np.float64)
    weights = np.broadcast_to(weights[:, None], y.shape) if weights.ndim == 1 and len(weights) == len(y) else weights
    if weights.shape != y.shape:
        raise InputError(f"weights has shape {weights.shape} but y has {y.shape}: give one weight per label or example")
    if not (weights >= 0).all() or np.isinf(weights).any():
        raise InputError("weights holds a negative number, an infinity or NaN: a weight is 0 or more")
    parts = []
    for t in range(y.shape[1]):
        keep = weights[:, t] > 0
        whole = keep.all()
        parts.append(tuple(a[:, t] if whole else a[keep, t] for a in (y, prediction, weights)))
    return parts


def measure_for(task: str, y: np.ndarray, prediction: np.ndarray, *, threshold: float = 0.5):
    """A function `(weights (N,), names) -> {name: number or reason}` for these `(N,)` labels and predictions.

    Sorting is done here, once: a bootstrap calls the function with a thousand vectors of counts.
    """
    return (_Binary if _check_task(task) == "binary" else _Regression)(y, prediction, threshold)


class _Binary:
    def __init__(self, y: np.ndarray, prediction: np.ndarray, threshold: float) -> None:
        self.blocked: dict[str, str] = {}
        ranking = ("auroc", "auprc")
        if problem := _problem("labels", y):
            self.blocked = dict.fromkeys(METRICS["binary"], problem)
            return
        if not ((y == 0) | (y == 1)).all():
            odd = y[(y != 0) & (y != 1)][0]
            self.blocked = dict.fromkeys(METRICS["binary"], f"a label is {odd:g}: classes are 0 and 1")
            return
        self.positive = y == 1
        self.one = self.positive.astype(np.float64)  # as numbers: a product sums them fastest
        if problem := _problem("predictions", prediction):
            self.blocked = dict.fromkeys((m for m in METRICS["binary"] if m != "prevalence"), problem)
            return
        low, high = prediction.min(), prediction.max()
        if low < 0 or high > 1:
            outside = low if low < 0 else high
            self.blocked["brier"] = f"a prediction is {outside:g}: the Brier score needs probabilities from 0 to 1"
        if low == high:
            self.blocked |= dict.fromkeys(ranking, "every prediction is the same, so they rank nothing")
        if self.positive.all() or not self.positive.any():
            every = "positive" if self.positive[0] else "negative"
            self.blocked |= dict.fromkeys((*ranking, "mcc"), f"every example is {every}: both classes are needed")
            if every == "negative":
                self.blocked["recall"] = "there is no positive example to find"
        self.called = prediction >= threshold
        self.call, self.hit = self.called.astype(np.float64), (self.called & self.positive).astype(np.float64)
        if _constant(self.call):
            side = "positive" if self.call[0] else "negative"
            self.blocked.setdefault("mcc", f"every call at this threshold is {side}")
        self.error = (prediction - y) ** 2
        positives, negatives = np.flatnonzero(self.positive), np.flatnonzero(~self.positive)
        self.best_first = positives[np.argsort(-prediction[positives])]
        self.negatives = negatives[np.argsort(-prediction[negatives])]
        scores, rivals = -prediction[self.best_first], -prediction[self.negatives]
        self.starts = np.flatnonzero(np.append(True, scores[1:] != scores[:-1])[: len(scores)])  # of tied positives
        self.above = np.searchsorted(rivals, scores[self.starts], "left")  # negatives that score higher
        self.upto = np.searchsorted(rivals, scores[self.starts], "right")  # and those that score the same

    def __call__(self, weights: np.ndarray, names: Iterable[str]) -> dict[str, float | str]:
        wanted = [name for name in names if name not in self.blocked]
        if not wanted:
            return {name: self.blocked[name] for name in names}
        total, positives = float(weights.sum()), _total(weights, self.one)
        values: dict[str, float | str] = {"prevalence": positives / total}
        if not {"auroc", "auprc", "prevalence", "brier"}.issuperset(wanted):
            values |= self._calls(weights, total, positives)
        if "auroc" in wanted or "auprc" in wanted:
            values["auroc"], values["auprc"] = self._areas(weights, positives)
        if "brier" in wanted:
            values["brier"] = _total(weights, self.error) / total
        values |= self.blocked
        return {name: values[name] for name in names}

    def _areas(self, weights: np.ndarray, positives: float) -> tuple[float, float]:
        """Area under the ROC curve and average precision, from the negatives above each group of tied positives."""
        negatives = np.append(0.0, np.cumsum(weights[self.negatives]))
        gained = np.add.reduceat(weights[self.best_first], self.starts)
        above, fp, tp = negatives[self.above], negatives[self.upto], np.cumsum(gained)
        lost = _total(gained, above + fp) / 2  # a tie is half won
        if not (positives > 0 and negatives[-1] > 0):
            return float("nan"), float("nan")
        precision = np.divide(tp, tp + fp, out=np.zeros_like(tp), where=tp > 0)
        return 1 - lost / (positives * float(negatives[-1])), _total(gained, precision) / positives

    def _calls(self, weights: np.ndarray, total: float, positives: float) -> dict[str, float | str]:
        """What follows from the four counts at the threshold."""
        called, tp = _total(weights, self.call), _total(weights, self.hit)
        fp, fn = called - tp, positives - tp
        tn = total - tp - fp - fn
        spread = called * (total - called) * positives * (total - positives)
        return {
            "accuracy": (tp + tn) / total,
            "precision": tp / called if called else "no prediction reaches the threshold",
            "recall": tp / positives if positives else "there is no positive example to find",
            "f1": 2 * tp / (called + positives) if called + positives else "there is no positive example and no call",
            "mcc": (tp * tn - fp * fn) / spread**0.5 if spread > 0 else float("nan"),
        }


class _Regression:
    def __init__(self, y: np.ndarray, prediction: np.ndarray, threshold: float) -> None:
        self.blocked: dict[str, str] = {}
        if problem := _problem("labels", y) or _problem("predictions", prediction):
            self.blocked = dict.fromkeys(METRICS["regression"], problem)
            return
        correlations = ("pearson_r", "spearman_rho")
        if _constant(prediction):
            self.blocked |= dict.fromkeys(correlations, "every prediction is the same, so they follow nothing")
        if _constant(y):
            self.blocked |= dict.fromkeys((*correlations, "r2"), "every label is the same: there is nothing to follow")
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
                values[name] = value if fine else "the numbers are too large or too alike to compute it"
        return values

    def _pearson_r(self, weights: np.ndarray) -> float:
        return _correlation(self.y, self.prediction, weights)

    def _spearman_rho(self, weights: np.ndarray) -> float:
        self.ties = self.ties or [_tie_groups(values) for values in (self.y, self.prediction)]
        ranks = [_mid_ranks(order, ends, weights) for order, ends in self.ties]
        return _correlation(*ranks, weights)

    def _r2(self, weights: np.ndarray) -> float:
        mean = _total(weights, self.y) / weights.sum()
        return float(1 - _total(weights, (self.y - self.prediction) ** 2) / _total(weights, (self.y - mean) ** 2))

    def _rmse(self, weights: np.ndarray) -> float:
        return float(np.sqrt(_total(weights, (self.y - self.prediction) ** 2) / weights.sum()))

    def _mae(self, weights: np.ndarray) -> float:
        return float(_total(weights, np.abs(self.y - self.prediction)) / weights.sum())


def _total(weights: np.ndarray, values: np.ndarray) -> np.float64:
    """Σ weight × value. `@` would hand long vectors to threads, which cost a bootstrap ten times what they save."""
    return np.einsum("i,i", weights, values)


def _correlation(a: np.ndarray, b: np.ndarray, weights: np.ndarray) -> float:
    """Pearson's r under weights; NaN where either side does not vary."""
    total = weights.sum()
    a, b = (values - _total(weights, values) / total for values in (a, b))
    a, b = (values / (np.abs(values).max() or np.nan) for values in (a, b))  # squares of large numbers overflow
    r = _total(weights, a * b) / np.sqrt(_total(weights, a**2) * _total(weights, b**2))
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


def _constant(values: np.ndarray) -> bool:
    """Whether the values differ by no more than rounding does."""
    return bool(np.ptp(values) <= 1e-13 * np.abs(values).max())


def _problem(what: str, values: np.ndarray) -> str | None:
    if len(values) == 0:
        return "there is no example"
    if not np.isfinite(values).all():
        bad = np.flatnonzero(~np.isfinite(values))
        return f"{len(bad)} of the {len(values)} {what} are NaN or infinite, the first in row {bad[0]}"
    return None


def _check_task(task: str) -> str:
    if task not in METRICS:
        raise ConfigError(f"task is {task!r}: choose 'binary' or 'regression'")
    return task
