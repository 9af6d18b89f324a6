"""How good predictions are: one number per metric, or the reason why there is none.

**Weights** mean repetition: an example of weight 2 counts as if it were listed twice, in every metric. That is what
scikit-learn's `sample_weight` does; Pearson's and Spearman's coefficients, which SciPy has without weights, follow the
same rule here. Examples of weight 0 are left out before anything else: a missing label may be NaN with weight 0.

**Ties** in a ranking share their place, as in scikit-learn. A prediction equal to the threshold counts as positive.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from dnaconv_core.answers import ANSWERS, find_answer
from dnaconv_core.answers.base import Measure
from dnaconv_core.answers.labels import LABELS
from dnaconv_core.errors import ConfigError, InputError
from dnaconv_core.results import Metric

METRICS = {key: answer.metrics for key, answer in ANSWERS.items()}
MAIN_METRIC = {key: answer.main_metric for key, answer in ANSWERS.items()}
LOSSES = {key: answer.loss for key, answer in ANSWERS.items()}


def check_pairing(task: str, choice: str) -> None:
    """Refuse a loss or a metric that does not fit the task. Raises ConfigError with the reason and the fitting choice.

    `choice` is a key of LABELS, 'cross_entropy', 'l2' or 'auto' (which always fits).
    """
    answer = find_answer(task)
    if choice in (*answer.metrics, answer.loss, "auto"):
        return
    if choice in answer.losses_misfit:
        fitting, why = answer.loss.replace("_", "-"), answer.losses_misfit[choice]
        raise ConfigError(f"loss {choice!r} does not fit {answer.words.kind}: {why}; choose {fitting} or auto")
    if choice in LABELS:
        other = next(kind for kind in ANSWERS.values() if choice in kind.metrics)
        raise ConfigError(
            f"metric {choice!r} ({LABELS[choice].name}) does not fit {answer.words.kind}: {other.words.misfit}; "
            f"choose {', '.join(answer.metrics)}"
        )
    known = ", ".join([*dict.fromkeys(LOSSES.values()), *LABELS])
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
    """Every metric of the task (a key of ANSWERS), or those in `names`, in the order of METRICS.

    y, prediction: `(N,)` or `(N, T)`; of several labels the mean over those where the metric is defined, and where it
    is in none the first reason (`evaluate_each` has them apart). Of classes y `(N,)` or `(N, 1)`, prediction `(N, K)`.
    weights: of y's shape, or `(N,)`; pass `labelled(w)` of weights that are for training. An undefined metric is
    `Metric(None, undefined=reason)`. Raises InputError for shapes that do not match and negative weights, ConfigError
    for a metric of the other kind of task.
    """
    each = evaluate_each(task, y, prediction, weights=weights, threshold=threshold, names=names)
    if len(each) == 1:
        return each[0]
    means = {}
    for name in each[0]:
        values = [value for metrics in each if (value := metrics[name].value) is not None]
        means[name] = Metric(float(np.mean(values))) if values else each[0][name]
    return means


def evaluate_each(
    task: str,
    y: np.ndarray,
    prediction: np.ndarray,
    *,
    weights: np.ndarray | None = None,
    threshold: float = 0.5,
    names: Iterable[str] | None = None,
) -> list[dict[str, Metric]]:
    """`evaluate` of each label by itself: T of them, of classes one."""
    names = check_names(task, names)
    parts = columns(task, y, prediction, weights)
    return [
        as_metrics(measure_for(task, labels[w > 0], predicted[w > 0], threshold=threshold)(w[w > 0], names))
        for labels, predicted, w in parts
    ]


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
    metrics = find_answer(task).metrics
    if names is None:
        return metrics
    names = [names] if isinstance(names, str) else list(names)
    for name in names:
        if name not in metrics:
            check_pairing(task, name)
            raise ConfigError(f"{name!r} is no metric: choose {', '.join(metrics)}")
    return tuple(name for name in metrics if name in names)


def columns(
    task: str, y: np.ndarray, prediction: np.ndarray, weights: np.ndarray | None = None
) -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """For each label float64 `(labels (N,), predictions (N,), weights (N,))`; of classes one, predictions `(N, K)`.

    Raises InputError for shapes that do not match and weights that are no repetitions.
    """
    y, prediction = (np.asarray(a, np.float64) for a in (y, prediction))
    y, prediction = (a[:, None] if a.ndim == 1 else a for a in (y, prediction))
    joint = find_answer(task).joint
    fitting = (len(y), prediction.shape[1] if prediction.ndim == 2 and not joint else 1)
    if y.ndim != 2 or prediction.ndim != 2 or len(y) != len(prediction) or y.shape != fitting or 0 in y.shape[1:]:
        shapes = f"y has shape {y.shape} and prediction {prediction.shape}"
        wanted = "y must be (N,) and prediction (N, classes)" if joint else "both must be (N,) or the same (N, T)"
        raise InputError(f"{shapes}: {wanted}")
    weights = np.ones(len(y)) if weights is None else np.asarray(weights, np.float64)
    weights = np.broadcast_to(weights[:, None], y.shape) if weights.ndim == 1 and len(weights) == len(y) else weights
    if weights.shape != y.shape:
        raise InputError(f"weights has shape {weights.shape} but y has {y.shape}: give one weight per label or example")
    if not (weights >= 0).all() or np.isinf(weights).any():
        raise InputError("weights holds a negative number, an infinity or NaN: a weight is 0 or more")
    if joint:
        return [(y[:, 0], prediction, weights[:, 0])]
    return [(y[:, t], prediction[:, t], weights[:, t]) for t in range(y.shape[1])]


def one_task(
    y: np.ndarray, prediction: np.ndarray, weights: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The only column of labels, predictions and weights, each `(N,)`, where the weight is not 0.

    Raises InputError for several.
    """
    parts = columns("binary", y, prediction, weights)
    if len(parts) != 1:
        raise InputError(f"y has {len(parts)} tasks: curves are made for one at a time, pass y[:, t]")
    labels, predicted, w = parts[0]
    return labels[w > 0], predicted[w > 0], w[w > 0]


def measure_for(task: str, y: np.ndarray, prediction: np.ndarray, *, threshold: float = 0.5) -> Measure:
    """A function `(weights (N,), names) -> {name: number or reason}` for these `(N,)` labels and predictions."""
    return find_answer(task).measure(y, prediction, threshold=threshold)
