"""How sure a metric is: percentile intervals from resampled examples, and paired ones for differences.

Efron (1979). Classes are resampled apart (stratified): every resample holds as many positives as the data, so that
with 146 positives among 34,527 windows the interval speaks of the ranking, not of the luck of the prevalence. A
resample is a vector of counts, one per example, and enters the metrics as weights: nothing is sorted again.

Of several labels whole examples are resampled, and every metric is the mean over the labels.

The examples are taken as independent. Overlapping windows are not; their true intervals are somewhat wider.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np

from dnaconv_core.answers import find_answer
from dnaconv_core.answers.labels import LABELS
from dnaconv_core.errors import InputError
from dnaconv_core.evaluate.metrics import as_metrics, check_names, columns
from dnaconv_core.evaluate.sample import Sample, drawn
from dnaconv_core.results import Metric


class Difference(NamedTuple):
    """Metric `name` of one set of predictions minus that of another, on the same examples."""

    name: str
    value: float | None
    low: float | None = None
    high: float | None = None
    p: float | None = None  # two-sided: twice the share of resamples on the other side of zero, at most 1
    undefined: str | None = None

    @property
    def verdict(self) -> str:
        """'better', 'worse' (of the first set), or '' where the interval does not exclude zero."""
        if self.low is None or self.high is None or self.low <= 0 <= self.high:
            return ""
        return "better" if (self.low > 0) == LABELS[self.name].higher_is_better else "worse"


def bootstrap(
    task: str,
    y: np.ndarray,
    prediction: np.ndarray,
    *,
    names: Iterable[str] | None = None,
    weights: np.ndarray | None = None,
    threshold: float = 0.5,
    n_resamples: int = 1000,
    seed: int = 0,
    level: float = 0.95,
) -> dict[str, Metric]:
    """The metrics of `evaluate`, each with the central `level` of its resampled values.

    y, prediction, weights: as there; of several labels the mean over them, of examples resampled whole. Where a metric
    is undefined it says why. There is no interval when a class has fewer than two examples, for a metric that is
    undefined in more than one resample in ten, and for the prevalence of one label, which resampling by class keeps
    as it is.
    """
    names = check_names(task, names)
    sample = Sample(task, y, prediction, weights, threshold=threshold)
    results = as_metrics(sample(names))
    fixed = {"prevalence"} if len(sample.measures) == 1 else set()
    varying = [name for name in names if results[name].value is not None and name not in fixed]
    values = np.full((n_resamples, len(varying)), np.nan)
    if varying:
        for row, counts in zip(values, sample.resamples(n_resamples, seed), strict=False):
            measured = sample(varying, counts)
            row[:] = [np.nan if isinstance(measured[name], str) else measured[name] for name in varying]
    for name, column in zip(varying, values.T, strict=True):
        interval = _interval(column, level)
        if interval:
            results[name] = results[name]._replace(low=interval[0], high=interval[1])
    return results


def paired_difference(
    task: str,
    name: str,
    y: np.ndarray,
    prediction_a: np.ndarray,
    prediction_b: np.ndarray,
    *,
    weights: np.ndarray | None = None,
    threshold: float = 0.5,
    n_resamples: int = 1000,
    seed: int = 0,
    level: float = 0.95,
) -> Difference:
    """Metric `name` of a minus that of b, with the interval of the difference: both are measured on each resample.

    Shared examples make the difference surer than two separate intervals suggest. Undefined, with the reason, where
    either metric is. Of several labels it is the mean over them.
    """
    differences = paired_differences(
        task, name, y, [prediction_a], prediction_b, weights=weights, threshold=threshold, n_resamples=n_resamples,
        seed=seed, level=level,
    )  # fmt: skip
    return next(differences)


def paired_differences(
    task: str,
    name: str,
    y: np.ndarray,
    predictions: Iterable[np.ndarray],
    baseline: np.ndarray,
    *,
    weights: np.ndarray | None = None,
    threshold: float = 0.5,
    n_resamples: int = 1000,
    seed: int = 0,
    level: float = 0.95,
) -> Iterator[Difference]:
    """`paired_difference` of each of `predictions` with the baseline, one after another.

    All are measured on the same resamples, on which the baseline is measured once.
    """
    (name,) = check_names(task, [name])
    second = Sample(task, y, baseline, weights, threshold=threshold)
    whole_b = second([name])[name]
    draws: list[np.ndarray] = []
    on_drawn: list[float | str] = []
    for prediction in predictions:
        first = Sample(task, y, prediction, weights, threshold=threshold)
        whole_a = first([name])[name]
        if isinstance(whole_a, str) or isinstance(whole_b, str):
            which, why = ("first", whole_a) if isinstance(whole_a, str) else ("second", whole_b)
            yield Difference(name, None, undefined=f"of the {which} predictions: {why}")
            continue
        if not draws:
            small = np.uint16 if second.n < 2**16 else np.uint32  # no count is larger than the examples are many
            draws = [counts.astype(small) for counts in second.resamples(n_resamples, seed)]
            on_drawn = [second([name], counts)[name] for counts in draws]
        differences = np.full(n_resamples, np.nan)
        for row, (counts, other) in enumerate(zip(draws, on_drawn, strict=True)):
            value = first([name], counts)[name]
            if not isinstance(value, str) and not isinstance(other, str):
                differences[row] = value - other
        interval = _interval(differences, level)
        if interval is None:
            yield Difference(name, float(whole_a - whole_b))
            continue
        known = differences[np.isfinite(differences)]
        beyond = min((known <= 0).sum(), (known >= 0).sum())
        p = min(1.0, 2 * (float(beyond) + 1) / (len(known) + 1))
        yield Difference(name, float(whole_a - whole_b), *interval, p=p)


def resamples(task: str, y: np.ndarray, *, n_resamples: int, seed: int) -> Iterator[np.ndarray]:
    """How often each example is drawn, `(N,)` float64 per resample; each class is drawn from its own examples.

    Nothing at all where a class, or a regression, has fewer than two examples to draw from.
    """
    return drawn(find_answer(task).strata(y), len(y), n_resamples, seed)


def _interval(values: np.ndarray, level: float) -> tuple[float, float] | None:
    """The central `level` of the defined values, or None when more than a tenth are not."""
    if not 0 < level < 1:
        raise InputError(f"level is {level}: it must lie between 0 and 1, for example 0.95")
    known = values[np.isfinite(values)]
    if len(known) == 0 or len(known) < 0.9 * len(values):
        return None
    low, high = np.quantile(known, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


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
