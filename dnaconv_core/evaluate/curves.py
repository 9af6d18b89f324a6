"""The points of ROC, precision-recall and calibration curves: few enough to draw, where the curve really runs."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from dnaconv_core.errors import InputError
from dnaconv_core.evaluate.metrics import evaluate, one_task

MOST = 500  # points of a drawn curve


class RocCurve(NamedTuple):
    """`(P,)` each: at a threshold, the share of negatives and of positives that reach it. Empty where undefined."""

    fpr: np.ndarray
    tpr: np.ndarray
    thresholds: np.ndarray  # the first, infinite, calls nothing
    undefined: str | None = None


class PrCurve(NamedTuple):
    """`(P,)` each: at a threshold, the share of positives found and the share of calls that are right.

    Only thresholds that find another positive are listed: PR-AUC is the area of the steps between them.
    """

    recall: np.ndarray
    precision: np.ndarray
    thresholds: np.ndarray
    prevalence: float
    undefined: str | None = None


class Stretch(NamedTuple):
    """The part of a ROC or precision-recall curve that was pointed at: its scores, and who has them."""

    low: float
    high: float
    rows: np.ndarray  # (M,) indices of the examples whose score lies from low to high


class Calibration(NamedTuple):
    """`(B,)` each, per group of like predictions: their mean, the share of positives, its interval, how many."""

    predicted: np.ndarray
    observed: np.ndarray
    low: np.ndarray
    high: np.ndarray
    count: np.ndarray  # type: ignore[assignment]  # it hides tuple's own count
    undefined: str | None = None


def roc_curve_points(
    y: np.ndarray, prediction: np.ndarray, *, weights: np.ndarray | None = None, most: int = MOST
) -> RocCurve:
    """The ROC curve of `(N,)` or `(N, 1)` classes and scores, in at most `most` points.

    Points on the straight line between their neighbours are left out first, which moves nothing; of what is then still
    too many, points evenly spaced along the curve are kept.
    """
    tp, fp, thresholds, reason, _ = _counts(y, prediction, weights, "auroc")
    if reason:
        return RocCurve(*_NOTHING[:3], reason)
    tp, fp, thresholds = (np.append(first, part) for first, part in ((0, tp), (0, fp), (np.inf, thresholds)))
    rows = _corners(fp, tp)
    fpr, tpr = fp[rows] / fp[-1], tp[rows] / tp[-1]
    keep = _evenly(fpr, tpr, most)
    return RocCurve(fpr[keep], tpr[keep], thresholds[rows][keep])


def pr_curve_points(
    y: np.ndarray, prediction: np.ndarray, *, weights: np.ndarray | None = None, most: int = MOST
) -> PrCurve:
    """The precision-recall curve of `(N,)` or `(N, 1)` classes and scores, in at most `most` points."""
    tp, fp, thresholds, reason, prevalence = _counts(y, prediction, weights, "auprc")
    if reason:
        return PrCurve(*_NOTHING[:3], prevalence, reason)
    rows = np.flatnonzero(np.diff(tp, prepend=0) > 0)
    recall, precision = tp[rows] / tp[-1], tp[rows] / (tp[rows] + fp[rows])
    keep = _evenly(recall, precision, most)
    return PrCurve(recall[keep], precision[keep], thresholds[rows][keep], prevalence)


def stretch_of(
    curve: str, y: np.ndarray, prediction: np.ndarray, *, across: tuple[float, float], upwards: tuple[float, float]
) -> Stretch | None:
    """The examples behind the part of a curve that runs through a box; None where it does not.

    curve: 'roc' or 'pr'. across, upwards: the box's ends on the horizontal axis (share of negatives called; recall) and
    the vertical one (recall; precision). A score belongs to the stretch from the highest to the lowest threshold whose
    point lies in the box.
    """
    if curve not in ("roc", "pr"):
        raise InputError(f"curve is {curve!r}: choose roc or pr")
    tp, fp, thresholds, reason, _ = _counts(y, prediction, None, "auroc")
    if reason:
        return None
    recall = tp / tp[-1]
    x, height = (fp / fp[-1], recall) if curve == "roc" else (recall, tp / (tp + fp))
    within = (x >= min(across)) & (x <= max(across)) & (height >= min(upwards)) & (height <= max(upwards))
    if not within.any():
        return None
    scores, low, high = np.asarray(prediction, float).reshape(-1), thresholds[within].min(), thresholds[within].max()
    return Stretch(float(low), float(high), np.flatnonzero((scores >= low) & (scores <= high)))


def calibration_curve_points(
    y: np.ndarray, prediction: np.ndarray, *, weights: np.ndarray | None = None, bins: int = 10
) -> Calibration:
    """Predicted probability against the share of positives, in about `bins` groups of equal count.

    Equal predictions stay in one group, so that there may be fewer. The interval is Wilson's (1927), 95 %.
    """
    y, prediction, weights = one_task(y, prediction, weights)
    reason = evaluate("binary", y, prediction, names="brier")["brier"].undefined
    if reason:
        return Calibration(*_NOTHING, undefined=reason)
    order = np.argsort(prediction, kind="stable")
    ranked = prediction[order]
    last = np.append(np.flatnonzero(ranked[1:] != ranked[:-1]), len(ranked) - 1)  # of each tie
    wanted = np.arange(1, bins + 1) * len(ranked) / bins - 1
    ends = np.unique(last[np.searchsorted(last, np.floor(wanted))])
    starts = np.append(0, ends[:-1] + 1)
    count, total = np.diff(ends, prepend=-1), np.add.reduceat(weights[order], starts)
    predicted = np.add.reduceat((weights * prediction)[order], starts) / total
    observed = np.add.reduceat((weights * y)[order], starts) / total
    return Calibration(predicted, observed, *_wilson(observed, count), count)


_NOTHING = (np.empty(0),) * 5


def _counts(
    y: np.ndarray, prediction: np.ndarray, weights: np.ndarray | None, metric: str
) -> tuple[np.ndarray, np.ndarray, np.ndarray, str | None, float]:
    """True and false positives `(G,)` at each distinct score, best first; the scores; why not; the prevalence."""
    y, prediction, weights = one_task(y, prediction, weights)
    checked = evaluate("binary", y, prediction, weights=weights, names=[metric, "prevalence"])
    prevalence = checked["prevalence"].value
    prevalence = float("nan") if prevalence is None else prevalence
    if checked[metric].undefined:
        return *_NOTHING[:3], checked[metric].undefined, prevalence
    order = np.argsort(-prediction, kind="stable")
    ranked = prediction[order]
    last = np.append(np.flatnonzero(ranked[1:] != ranked[:-1]), len(ranked) - 1)
    tp, fp = (np.cumsum((weights * (y == label))[order])[last] for label in (1, 0))
    return tp, fp, ranked[last], None, prevalence


def _corners(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Indices of the points where a path turns, with both ends."""
    dx, dy = np.diff(x), np.diff(y)
    turns = dx[1:] * dy[:-1] != dx[:-1] * dy[1:]
    return np.flatnonzero(np.concatenate([[True], turns, [True]]))


def _evenly(x: np.ndarray, y: np.ndarray, most: int) -> np.ndarray:
    """Indices of at most `most` points, evenly spaced along the path, with both ends."""
    if len(x) <= most:
        return np.arange(len(x))
    way = np.append(0.0, np.cumsum(np.abs(np.diff(x)) + np.abs(np.diff(y))))
    return np.unique(np.searchsorted(way, np.linspace(0, way[-1], most), "left").clip(max=len(x) - 1))


def _wilson(share: np.ndarray, count: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    z = 1.959964
    middle = (share + z**2 / (2 * count)) / (1 + z**2 / count)
    half = z * np.sqrt(share * (1 - share) / count + z**2 / (4 * count**2)) / (1 + z**2 / count)
    return np.clip(middle - half, 0, 1), np.clip(middle + half, 0, 1)
