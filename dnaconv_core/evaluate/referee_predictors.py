"""How well the label is told by what is no motif: length, GC, dinucleotides, bases by position, one covariate.

Each is a linear model (logistic or ridge) cross-validated within the training part, on at most MOST examples.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import numpy as np

from dnaconv_core.answers import ANSWERS
from dnaconv_core.data.code_rows import codes_of
from dnaconv_core.data.dataset import Dataset
from dnaconv_core.data.fingerprints import of_codes

MOST = 20_000  # examples looked at
_MOST_FEATURES = 4_000  # of bases by position: fewer examples of long sequences
_LEAST = 20  # examples
_FOLDS = 5


class Alone(NamedTuple):
    """How far a predictor gets: ROC-AUC (of classes the mean of one against the rest), or r; else the reason."""

    value: float | None
    metric: str = "ROC-AUC"
    n: int = 0
    sampled: bool = False
    reason: str = ""

    @property
    def strength(self) -> float:
        """As a ROC-AUC: r 0.5 is as telling as 0.75; below all where nothing was measured."""
        if self.value is None:
            return -1.0
        return self.value if self.metric == "ROC-AUC" else 0.5 + abs(self.value) / 2


def alone(
    train: Dataset, task: str, seed: int = 0, *, label: int = 0, most: int = MOST
) -> dict[str, Callable[[], Alone]]:
    """Predictors of one label by name, each measured when it is called, on at most `most` examples."""
    known = np.flatnonzero(train.w[:, label] > 0)
    rows = np.sort(np.random.default_rng(seed).permutation(known)[:most])
    sampled = len(rows) < len(known)
    codes, y = codes_of(train.X, rows), train.y[rows, label].astype(np.float64)
    groups = of_codes(codes, both_strands=train.alphabet == "DNA")
    folds = _Folds(y, groups, ANSWERS[task].yes_or_no or ANSWERS[task].joint, seed)
    features = {"length": _known, "gc": _gc, "dinucleotides": _dinucleotides, "positions": _positions}
    return {name: partial(_measured, make, codes, y, folds, sampled) for name, make in features.items()}


def covariate_alone(train: Dataset, task: str, column: int, label: int = 0) -> Alone:
    """How far one covariate gets by its order alone, without fitting anything."""
    beside = train.covariate(train.covariate_names[column])
    known = (train.w[:, label] > 0) & np.isfinite(beside)
    y, values = train.y[known, label].astype(np.float64), beside[known].astype(np.float64)
    if len(y) < _LEAST or np.ptp(values) == 0 or np.ptp(y) == 0:
        return Alone(None, reason="it never changes" if len(y) >= _LEAST else "there are too few examples")
    if ANSWERS[task].yes_or_no:
        from sklearn.metrics import roc_auc_score

        area = float(roc_auc_score(y, values))
        return Alone(max(area, 1 - area), n=len(y))
    if ANSWERS[task].joint:
        from sklearn.metrics import roc_auc_score

        areas = [roc_auc_score(y == value, values) for value in np.unique(y)]
        return Alone(float(np.mean([max(a, 1 - a) for a in areas])), n=len(y))
    from scipy.stats import spearmanr

    return Alone(float(spearmanr(values, y).statistic), "rank correlation", len(y))


class _Folds:
    """Rows to fit on and rows held out, copies together. Working them out takes longer than the models: once each."""

    def __init__(self, y: np.ndarray, groups: np.ndarray, classes: bool, seed: int) -> None:
        self.y, self.groups, self.classes, self.seed = y, groups, classes, seed
        self._known: dict[int, list[tuple[np.ndarray, np.ndarray]]] = {}

    def of(self, n: int) -> list[tuple[np.ndarray, np.ndarray]]:
        """Those of the first n examples; none where there are too few of a class, or too many copies."""
        if n not in self._known:
            self._known[n] = self._split(self.y[:n], self.groups[:n])
        return self._known[n]

    def _split(self, y: np.ndarray, groups: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
        from sklearn.model_selection import GroupKFold, StratifiedGroupKFold

        labels, counts = np.unique(y, return_counts=True)
        if len(labels) < 2 or len(np.unique(groups)) < _FOLDS:
            return []
        if not self.classes:
            return list(GroupKFold(_FOLDS).split(y, y, groups))
        if counts.min() < 2 * _FOLDS:
            return []
        found = list(StratifiedGroupKFold(_FOLDS, shuffle=True, random_state=self.seed).split(y, y, groups))
        return found if all(len(np.unique(y[fit])) == len(labels) for fit, _ in found) else []


def _measured(
    make: Callable[[np.ndarray], np.ndarray], codes: np.ndarray, y: np.ndarray, folds: _Folds, sampled: bool
) -> Alone:
    if make is _positions and codes.shape[1] * 4 > _MOST_FEATURES // 2:
        codes, y = (a[: max(1000, len(y) // 4)] for a in (codes, y))
        sampled = True
    if len(y) < _LEAST:
        return Alone(None, reason="there are too few examples")
    values = make(codes)
    varied = np.ptp(values, axis=0) > 0
    if not varied.any():
        return Alone(None, reason="it is the same in all")
    values = values[:, varied]
    values = (values - values.mean(axis=0)) / values.std(axis=0)
    if not folds.of(len(y)):
        reason = "a class has too few examples" if folds.classes else "too few of the sequences are different"
        return Alone(None, reason=reason)
    scores = _cross_validated(values, y, folds)
    if not folds.classes:
        r = np.corrcoef(scores, y)[0, 1] if np.ptp(scores) > 0 else 0.0
        return Alone(float(max(r, 0.0)), "r", len(y), sampled)
    from sklearn.metrics import roc_auc_score

    labels = np.unique(y)
    if len(labels) == 2:
        return Alone(float(max(roc_auc_score(y, scores[:, 1]), 0.5)), n=len(y), sampled=sampled)
    areas = [roc_auc_score(y == label, scores[:, k]) for k, label in enumerate(labels)]
    return Alone(float(max(np.mean(areas), 0.5)), n=len(y), sampled=sampled)


def _cross_validated(values: np.ndarray, y: np.ndarray, folds: _Folds) -> np.ndarray:
    """Scores of every example by a model that has not seen it nor its copies: (N,), of classes (N, K)."""
    from sklearn.linear_model import LogisticRegression, Ridge

    scores = np.zeros((len(y), len(np.unique(y)))) if folds.classes else np.zeros(len(y))
    for fit, held in folds.of(len(y)):
        if folds.classes:
            model = LogisticRegression(C=100 / len(fit), max_iter=200, class_weight="balanced").fit(values[fit], y[fit])
            scores[held] = model.predict_proba(values[held])
        else:
            scores[held] = Ridge(alpha=0.01 * len(fit)).fit(values[fit], y[fit]).predict(values[held])
    return scores


def _known(codes: np.ndarray) -> np.ndarray:
    return (codes < 4).sum(axis=1, keepdims=True).astype(np.float64)


def _gc(codes: np.ndarray) -> np.ndarray:
    known = np.maximum((codes < 4).sum(axis=1), 1)
    return (((codes == 1) | (codes == 2)).sum(axis=1) / known)[:, None]


def _dinucleotides(codes: np.ndarray) -> np.ndarray:
    first, second = codes[:, :-1].astype(np.int64), codes[:, 1:].astype(np.int64)
    whole = (first < 4) & (second < 4)
    pair = first * 4 + second
    counts = np.stack([((pair == k) & whole).sum(axis=1) for k in range(16)], axis=1).astype(np.float64)
    return counts / np.maximum(whole.sum(axis=1), 1)[:, None]


def _positions(codes: np.ndarray) -> np.ndarray:
    return (codes[:, :, None] == np.arange(4)).reshape(len(codes), -1).astype(np.float32)
