"""What each example adds to a metric: its derivative in the example's weight (Hampel 1974), by closed formulas.

Summed over the examples that depend on each other and squared, these give the metric's variance: of ROC-AUC that of
DeLong et al. (1988), with groups that of Obuchowski (1997). The sums over all examples, by their weights, are 0. Areas
are taken at the class sizes as they are; every other metric is of examples drawn from all.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from dnaconv_core.answers import find_answer

_TINY = np.finfo(np.float64).tiny


class Term(NamedTuple):
    """A metric of N examples, or one of those whose mean it is.

    scale: which interval fits it, a key of intervals.SCALES. among (N,): the examples that it is a share of, or the
    rarer side of a ranking, called `counted`; against (N,): the other side.
    """

    value: float
    influence: np.ndarray  # (N,)
    scale: str
    among: np.ndarray  # (N,) bool
    against: np.ndarray | None = None
    counted: str = "examples"


def terms(
    task: str, name: str, y: np.ndarray, prediction: np.ndarray, w: np.ndarray, threshold: float = 0.5
) -> list[Term]:
    """The terms whose mean metric `name` is, of `(N,)` labels with weights above 0; one but for macro ROC-AUC.

    prediction: `(N,)`, of classes `(N, K)`. The metric must be defined.
    """
    if find_answer(task).joint:
        return _of_classes(name, y.astype(np.intp), prediction, w)
    return [_TERMS[name](y, prediction, w, threshold)]


def mean_term(values: np.ndarray, w: np.ndarray, among: np.ndarray, scale: str, counted: str) -> Term:
    """The mean of values (N,) over `among` (N,)."""
    inside = w * among
    mean = float((inside * values).sum() / inside.sum())
    return Term(mean, among * (values - mean) / inside.sum(), scale, among, counted=counted)


def _all(w: np.ndarray) -> np.ndarray:
    return np.ones(len(w), bool)


def _roc(y: np.ndarray, prediction: np.ndarray, w: np.ndarray, threshold: float = 0.5) -> Term:
    positive = y == 1
    above = np.zeros(len(y))  # the share of the other side that each example is on the right side of
    one, other = w[positive].sum(), w[~positive].sum()
    above[positive] = _below(prediction[~positive], w[~positive], prediction[positive]) / other
    above[~positive] = 1 - _below(prediction[positive], w[positive], prediction[~positive]) / one
    side = np.where(positive, one, other)
    value = float((w * above)[positive].sum() / w[positive].sum())
    rarer, counted = (positive, "positives") if one <= other else (~positive, "negatives")
    return Term(value, (above - value) / side, "ranking", rarer, ~rarer, counted)


def _below(others: np.ndarray, weights: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """The weight of the `others` that each score is above, equal ones half."""
    order = np.argsort(others)
    upto, ranked = np.append(0.0, np.cumsum(weights[order])), others[order]
    low, high = np.searchsorted(ranked, scores, "left"), np.searchsorted(ranked, scores, "right")
    return (upto[low] + upto[high]) / 2


def _precision_recall(y: np.ndarray, prediction: np.ndarray, w: np.ndarray, threshold: float = 0.5) -> Term:
    positive = y == 1
    scores, place = np.unique(-prediction, return_inverse=True)  # best first
    gained = np.bincount(place, w * positive, len(scores))
    tp, called = np.cumsum(gained), np.cumsum(np.bincount(place, w, len(scores)))
    total = tp[-1]
    value = float((gained * tp / called).sum() / total)
    later = np.cumsum((gained * (called - tp) / called**2)[::-1])[::-1]  # of the scores from here downwards
    lost = np.cumsum((gained * tp / called**2)[::-1])[::-1]
    found = np.where(positive, (tp / called)[place] - value + later[place], -lost[place]) / total
    for side in (positive, ~positive):
        found[side] -= (w[side] * found[side]).sum() / w[side].sum()
    return Term(value, found, "precision_recall", positive, ~positive, "positives")


def _pearson(y: np.ndarray, prediction: np.ndarray, w: np.ndarray, threshold: float = 0.5) -> Term:
    a, b = _standard(y, w), _standard(prediction, w)
    return _correlated(a, b, w, "correlation")


def _correlated(a: np.ndarray, b: np.ndarray, w: np.ndarray, scale: str) -> Term:
    """Pearson's r of standard values (N,)."""
    value = float(np.clip((w * a * b).sum() / w.sum(), -1, 1))
    return Term(value, (a * b - value * (a**2 + b**2) / 2) / w.sum(), scale, _all(w))


def _standard(values: np.ndarray, w: np.ndarray) -> np.ndarray:
    values = values / (np.abs(values).max() or 1.0)  # squares of large numbers overflow
    centred = values - (w * values).sum() / w.sum()
    return centred / max(np.sqrt((w * centred**2).sum() / w.sum()), _TINY)


def _spearman(y: np.ndarray, prediction: np.ndarray, w: np.ndarray, threshold: float = 0.5) -> Term:
    ranks = [_below(values, w, values) for values in (y, prediction)]
    a, b = (_standard(rank, w) for rank in ranks)
    direct = _correlated(a, b, w, "rank_correlation")
    moved = direct.influence
    for values, rank, own, other in ((y, ranks[0], a, b), (prediction, ranks[1], b, a)):
        mean = (w * rank).sum() / w.sum()
        spread = np.sqrt((w * (rank - mean) ** 2).sum() / w.sum())
        pull = w * (other - direct.value * own) / (w.sum() * spread)  # of a rank on the correlation
        moved = moved + pull.sum() - _below(values, pull, values)  # it moves the ranks of all that are higher
    moved = moved - (w * moved).sum() / w.sum()
    return direct._replace(influence=moved)


def _matthews(y: np.ndarray, prediction: np.ndarray, w: np.ndarray, threshold: float) -> Term:
    found = _pearson(y, (prediction >= threshold).astype(np.float64), w)
    return found._replace(scale="matthews", among=y == 1, against=y != 1, counted="positives")


def _share(
    of: Callable[[np.ndarray, np.ndarray], np.ndarray], right: Callable[[np.ndarray, np.ndarray], np.ndarray], word: str
) -> Callable[..., Term]:
    def term(y: np.ndarray, prediction: np.ndarray, w: np.ndarray, threshold: float) -> Term:
        positive, called = y == 1, prediction >= threshold
        return mean_term(right(positive, called).astype(np.float64), w, of(positive, called), "share", word)

    return term


def _f1(y: np.ndarray, prediction: np.ndarray, w: np.ndarray, threshold: float) -> Term:
    """F1 = 2 J / (1 + J), J being the share of true positives among all that are positive or called."""
    hit = _hit(y, prediction, w, threshold)
    slope = 2 / (1 + hit.value) ** 2
    return hit._replace(value=2 * hit.value / (1 + hit.value), influence=slope * hit.influence, scale="f1")


def _mean(error: Callable[[np.ndarray, np.ndarray], np.ndarray]) -> Callable[..., Term]:
    return lambda y, prediction, w, _: mean_term(error(y, prediction), w, _all(w), "size", "examples")


def _brier(y: np.ndarray, prediction: np.ndarray, w: np.ndarray, threshold: float = 0.5) -> Term:
    """Both classes must speak: where one is rare, a few of its examples decide."""
    positive = y == 1
    found = mean_term((y - prediction) ** 2, w, _all(w), "size", "positives")
    return found._replace(among=positive, against=~positive)


def _rmse(y: np.ndarray, prediction: np.ndarray, w: np.ndarray, threshold: float = 0.5) -> Term:
    squared = mean_term((y - prediction) ** 2, w, _all(w), "size", "examples")
    root = float(np.sqrt(squared.value))
    return squared._replace(value=root, influence=squared.influence / max(2 * root, _TINY))


def _explained(y: np.ndarray, prediction: np.ndarray, w: np.ndarray, threshold: float = 0.5) -> Term:
    errors, spread = (y - prediction) ** 2, (y - (w * y).sum() / w.sum()) ** 2
    missed, all_spread = (w * errors).sum(), (w * spread).sum()
    influence = (missed / all_spread * spread - errors) / all_spread
    return Term(float(1 - missed / all_spread), influence, "explained", _all(w))


def _of_classes(name: str, y: np.ndarray, prediction: np.ndarray, w: np.ndarray) -> list[Term]:
    if name == "macro_auroc":
        return [_roc((y == label).astype(np.float64), prediction[:, label], w) for label in np.unique(y)]
    if name == "accuracy":
        right = (prediction.argmax(axis=1) == y).astype(np.float64)
        return [mean_term(right, w, _all(w), "share", "examples")]
    chosen = prediction[np.arange(len(y)), y] / prediction.sum(axis=1)
    surprise = -np.log(np.maximum(chosen, np.finfo(np.float64).eps))
    return [mean_term(surprise, w, _all(w), "size", "examples")]


_hit = _share(lambda positive, called: positive | called, lambda positive, called: positive & called, "calls")

_TERMS: dict[str, Callable[..., Term]] = {
    "auroc": _roc,
    "auprc": _precision_recall,
    "prevalence": _share(lambda p, c: np.ones(len(p), bool), lambda p, c: p, "examples"),
    "brier": _brier,
    "accuracy": _share(lambda p, c: np.ones(len(p), bool), lambda p, c: p == c, "examples"),
    "precision": _share(lambda p, c: c, lambda p, c: p, "calls"),
    "recall": _share(lambda p, c: p, lambda p, c: c, "positives"),
    "f1": _f1,
    "mcc": _matthews,
    "pearson_r": _pearson,
    "spearman_rho": _spearman,
    "r2": _explained,
    "rmse": _rmse,
    "mae": _mean(lambda y, p: np.abs(y - p)),
}
