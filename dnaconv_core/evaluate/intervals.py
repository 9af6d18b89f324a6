"""How sure a metric is: its interval, or why there is none; likewise the difference of two on the same examples.

The variance comes from what each example adds (see influence.py), summed within groups of examples that depend on each
other (see dependence.py). Which interval is made of it depends on the metric (see scales.py). A mean over labels, and a
difference, combines the intervals of its parts, correlated as their examples are (MOVER: Zou & Donner 2008). How often
they hold is measured in benchmarks/coverage.py. Where fewer than LEAST examples speak, there is none.

Sources: DeLong, DeLong & Clarke-Pearson (1988); Obuchowski (1997) for groups.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from dnaconv_core.answers.labels import LABELS
from dnaconv_core.errors import InputError
from dnaconv_core.evaluate.dependence import Groups
from dnaconv_core.evaluate.influence import Term, terms
from dnaconv_core.evaluate.metrics import as_metrics, check_names, columns, measure_for
from dnaconv_core.evaluate.scales import SCALES, Facts
from dnaconv_core.memory import lean_memory
from dnaconv_core.results import Metric

LEAST = 10  # positives and negatives of a ranking, examples that a share or mean is of, or groups of such
LEAST_PRECISE = 20  # positives of PR-AUC, which a few at the top decide
SAME = "the predictions are the same"  # in place of how an interval was found
_FACT = "a fact of the data"
_OF_NORMAL = ("ranking", "correlation", "rank_correlation")


class Difference(NamedTuple):
    """Metric `name` of one set of predictions minus that of another, on the same examples.

    note: what the interval goes by, or why there is none.
    """

    name: str
    value: float | None
    low: float | None = None
    high: float | None = None
    p: float | None = None  # two-sided: of the widest interval that excludes zero, 1 minus its level
    undefined: str | None = None
    note: str | None = None

    def told(self, digits: int = 4) -> str:
        """The interval, or why there is none."""
        if self.low is None or self.high is None:
            return self.note or ""
        return f"{self.low:+.{digits}f} to {self.high:+.{digits}f}"

    @property
    def verdict(self) -> str:
        """'better', 'worse' (of the first set), or '' where the interval does not exclude zero."""
        if self.low is None or self.high is None or self.low <= 0 <= self.high:
            return ""
        return "better" if (self.low > 0) == LABELS[self.name].higher_is_better else "worse"


def with_intervals(
    task: str,
    y: np.ndarray,
    prediction: np.ndarray,
    *,
    groups: Groups | None,
    names: Iterable[str] | None = None,
    weights: np.ndarray | None = None,
    threshold: float = 0.5,
    level: float = 0.95,
) -> dict[str, Metric]:
    """The metrics of `evaluate`, each with an interval of this level, or a note why there is none.

    y, prediction, weights: as there. groups: which examples depend on each other (`groups_of`); None: none do.
    """
    _check(level)
    found = {}
    for name in check_names(task, names):
        with lean_memory(len(y)):  # what one metric needs of every example is gone before the next
            found[name] = _with_interval(_Measured(task, name, y, prediction, weights, threshold, groups), name, level)
    return found


def _with_interval(measured: _Measured, name: str, level: float) -> Metric:
    if isinstance(measured.value, str):
        return as_metrics({name: measured.value})[name]
    ends, note = _FACT_ONLY if name == "prevalence" else _interval([measured], [1.0], level)
    return Metric(measured.value, *ends, note=note)


def paired_difference(
    task: str,
    name: str,
    y: np.ndarray,
    prediction_a: np.ndarray,
    prediction_b: np.ndarray,
    *,
    groups: Groups | None,
    weights: np.ndarray | None = None,
    threshold: float = 0.5,
    level: float = 0.95,
) -> Difference:
    """Metric `name` of a minus that of b, with the interval of the difference.

    Shared examples make it surer than two separate intervals suggest. Undefined, with the reason, where either metric
    is. Of several labels it is the difference of the means over them.
    """
    options: dict[str, Any] = {"groups": groups, "weights": weights, "threshold": threshold, "level": level}
    return next(paired_differences(task, name, y, [prediction_a], prediction_b, **options))


def paired_differences(
    task: str,
    name: str,
    y: np.ndarray,
    predictions: Iterable[np.ndarray],
    baseline: np.ndarray,
    *,
    groups: Groups | None,
    weights: np.ndarray | None = None,
    threshold: float = 0.5,
    level: float = 0.95,
) -> Iterator[Difference]:
    """`paired_difference` of each of `predictions` with the baseline, one after another."""
    (name,) = check_names(task, [name])
    _check(level)
    second = _Measured(task, name, y, baseline, weights, threshold, groups)
    for prediction in predictions:
        first = _Measured(task, name, y, prediction, weights, threshold, groups)
        if isinstance(first.value, str) or isinstance(second.value, str):
            which, why = ("first", first.value) if isinstance(first.value, str) else ("second", second.value)
            yield Difference(name, None, undefined=f"of the {which} predictions: {why}")
            continue
        difference = first.value - second.value
        if np.array_equal(prediction, baseline):
            yield Difference(name, 0.0, 0.0, 0.0, p=1.0, note=SAME)
            continue
        pair, signs = [first, second], [1.0, -1.0]
        (low, high), note = _interval(pair, signs, level)
        p = None if low is None else _p(pair, signs, difference)
        yield Difference(name, difference, low, high, p=p, note=note)


def _check(level: float) -> None:
    if not 0 < level < 1:
        raise InputError(f"level is {level}: it must lie between 0 and 1, for example 0.95")


class _Part(NamedTuple):
    """One term of a metric: what decides its interval, what each group adds (G,), and why it has no interval, or ''."""

    facts: Facts
    scale: str
    sums: np.ndarray
    few: str


class _Measured:
    """A metric of the examples: its value, or why it has none, and the parts that it is the mean of."""

    def __init__(
        self,
        task: str,
        name: str,
        y: np.ndarray,
        prediction: np.ndarray,
        weights: np.ndarray | None,
        threshold: float,
        groups: Groups | None,
    ) -> None:
        labels = columns(task, y, prediction, weights)
        self.groups, number = groups, np.arange(len(labels[0][0])) if groups is None else groups.number
        if len(number) != len(labels[0][0]):
            raise InputError(f"groups are of {len(number)} examples, and there are {len(labels[0][0])}")
        self.parts: list[_Part] = []
        values: list[float] = []
        reasons: list[str] = []
        for one, predicted, w in labels:
            known = w > 0
            given = one[known], predicted[known]
            value = measure_for(task, *given, threshold=threshold)(w[known], [name])[name] if known.any() else _NONE
            if isinstance(value, str) or not np.isfinite(value):
                reasons.append(value if isinstance(value, str) else "the values are too similar to compute it")
                continue
            values.append(float(value))
            found = terms(task, name, *given, w[known], threshold)
            self.parts += [_part(term, w[known], number[known], groups) for term in found]
        self.value: float | str = float(np.mean(values)) if values else reasons[0]


_NONE = "there is no example"
_FACT_ONLY = ((None, None), _FACT)


def _part(term: Term, w: np.ndarray, number: np.ndarray, groups: Groups | None) -> _Part:
    """Sum what the examples add by group, and the variance of these sums."""
    size = int(number.max()) + 1
    sums = np.bincount(number, w * term.influence, size)
    among = np.bincount(number, w * term.among, size)
    against = None if term.against is None else np.bincount(number, w * term.against, size)
    rows = [among > 0] if against is None else [among > 0, (among == 0) & (against > 0)]
    counts = [int(chosen.sum()) for chosen in rows]
    variance = uncertain = 0.0
    for chosen, n in zip(rows, counts, strict=True):
        if n > 1:
            spread = float((sums[chosen] ** 2).sum()) * n / (n - 1)
            variance += spread
            uncertain += spread**2 / (n - 1)
    df = variance**2 / uncertain if uncertain > 0 else 0.0  # Satterthwaite's
    independent = _independent(among)
    alone = independent / max(_independent(w * term.among), 1.0)
    facts = Facts(term.value, variance, df, independent, 0.0 if against is None else _independent(against), alone)
    return _Part(facts, term.scale, sums, _few(term, among, against, groups))


def _independent(totals: np.ndarray) -> float:
    """How many examples of equal weight say as much as groups of these total weights (Kish 1965)."""
    return float(totals.sum() ** 2 / (totals**2).sum()) if totals.any() else 0.0


def _few(term: Term, among: np.ndarray, against: np.ndarray | None, groups: Groups | None) -> str:
    """Why there is no interval; '' where there is one."""
    found = [(int((among > 0).sum()), term.counted)]
    if against is not None:
        found.append((int((against > 0).sum()), "positives" if term.counted == "negatives" else "negatives"))
    n, what = min(found)
    least = LEAST_PRECISE if term.scale == "precision_recall" else LEAST
    if n < least:
        where = f" {what}" if groups is None or not groups.words else f" groups with {what}"
        return f"too few to say: {n}{where}, an interval needs {least}"
    exact = term.value >= 1 if term.scale == "explained" else abs(term.value) >= 1
    if term.scale in ("correlation", "rank_correlation", "explained") and exact:
        return "the predictions fit exactly: an interval would have no width"
    if term.scale == "size" and term.value <= 0:
        return "there is no error at all: an interval would have no width"
    return ""


def _interval(
    measured: Sequence[_Measured], signs: Sequence[float], level: float
) -> tuple[tuple[float | None, float | None], str | None]:
    """The interval of the sum of the metrics times their signs, and what it goes by; or none, and why."""
    parts = [part for one in measured for part in one.parts]
    few = [part.few for part in parts if part.few]
    if len(few) > len(parts) / 10:
        return (None, None), few[0]
    groups = measured[0].groups
    return _Combined(measured, signs)(level), groups.words or None if groups is not None else None


class _Combined:
    """The interval of a linear combination of correlated estimates, at any level."""

    def __init__(self, measured: Sequence[_Measured], signs: Sequence[float]) -> None:
        shares = [np.full(len(one.parts), sign / len(one.parts)) for one, sign in zip(measured, signs, strict=True)]
        self.weights = np.concatenate(shares)
        self.parts = [part for one in measured for part in one.parts]
        size = max(len(part.sums) for part in self.parts)
        sums = np.stack([np.pad(part.sums, (0, size - len(part.sums))) for part in self.parts])
        length = np.sqrt((sums**2).sum(axis=1))
        sums /= np.where(length > 0, length, 1.0)[:, None]
        self.related = sums @ sums.T
        np.fill_diagonal(self.related, 1.0)
        self.value = float(self.weights @ [part.facts.value for part in self.parts])

    def __call__(self, level: float) -> tuple[float, float]:
        ends = np.array([SCALES[part.scale](part.facts, level) for part in self.parts])
        values = np.array([part.facts.value for part in self.parts])
        ends = values[:, None] + self._stretch(level)[:, None] * (ends - values[:, None])
        below, above = self.weights * (values - ends[:, 0]), self.weights * (ends[:, 1] - values)
        down = np.where(self.weights > 0, below, above)
        up = np.where(self.weights > 0, above, below)
        return self.value - self._length(down), self.value + self._length(up)

    def _stretch(self, level: float) -> np.ndarray:
        """Of a difference, Student's t over the normal quantile for (P,) parts whose scale has none of its own.

        How the two correlate is measured on the same few examples.
        """
        from scipy.special import ndtri, stdtrit

        stretch = np.ones(len(self.parts))
        for k, part in enumerate(self.parts if (self.weights < 0).any() else ()):
            if part.scale in _OF_NORMAL and part.facts.df > 1:
                stretch[k] = stdtrit(part.facts.df, (1 + level) / 2) / ndtri((1 + level) / 2)
        return stretch

    def _length(self, reach: np.ndarray) -> float:
        return float(np.sqrt(max(reach @ self.related @ reach, 0.0)))


def _p(measured: Sequence[_Measured], signs: Sequence[float], difference: float) -> float:
    """1 minus the level at which an end of the interval meets zero."""
    from scipy.optimize import brentq
    from scipy.special import ndtr

    combined = _Combined(measured, signs)
    if difference == 0:
        return 1.0

    def beyond(z: float) -> float:
        low, high = combined(float(2 * ndtr(z) - 1))
        return low if difference > 0 else -high

    farthest = 8.0  # p = 1e-15
    z = farthest if beyond(farthest) > 0 else brentq(beyond, 1e-9, farthest, xtol=1e-4)
    return float(2 * ndtr(-z))
