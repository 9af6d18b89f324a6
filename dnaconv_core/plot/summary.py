"""What a dataset looks like, small enough to draw."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from dnaconv_core.data.dataset import Dataset
from dnaconv_core.plot.data import base_frequencies

_SAMPLED = 20_000  # rows that compositions are taken from, of a large dataset
_SEEN = 20  # examples that a base must stand in before its effect is told


class Summary(NamedTuple):
    """Counts of a dataset of N sequences of L bases, of its first label, and of its first covariate."""

    n: int
    length: int
    positives: int | None  # of a yes-or-no label
    label_mean: float
    composition: np.ndarray  # (4, L) share of each base
    effect: np.ndarray | None  # (4, L) mean label where this base stands here, minus the mean of all
    covariate_name: str
    covariate_counts: np.ndarray | None  # (2, bins) for labels below and from 0.5
    covariate_edges: np.ndarray | None
    sampled: int
    known: int  # examples whose first label is known


def summarise(data: Dataset, *, binary: bool) -> Summary:
    """binary: whether the label is a yes or no; of a number the effect of each base is told."""
    y, known = np.asarray(data.y[:, 0], np.float64), np.asarray(data.w[:, 0]) > 0
    rows = np.sort(np.random.default_rng(0).permutation(len(data))[:_SAMPLED])
    X = np.asarray(data.X[rows], np.float32)  # (n, 4, L)
    name, counts, edges = _covariate(data, y)
    return Summary(
        len(data),
        data.length,
        int((y[known] >= 0.5).sum()) if binary else None,
        float(y[known].mean()) if known.any() else float("nan"),
        base_frequencies(X),
        None if binary else _effect(X[known[rows]], y[rows[known[rows]]]),
        name,
        counts,
        edges,
        len(rows),
        int(known.sum()),
    )


def _effect(X: np.ndarray, y: np.ndarray) -> np.ndarray:
    here, centred = X.sum(axis=0), y - y.mean()
    return np.divide(np.tensordot(centred, X, 1), here, out=np.zeros(here.shape), where=here >= _SEEN)


def _covariate(data: Dataset, y: np.ndarray) -> tuple[str, np.ndarray | None, np.ndarray | None]:
    """The first covariate's name, its counts by class, and the edges of their bins, in powers of ten."""
    if data.covariates is None or not len(data.covariate_names):
        return "", None, None
    values = np.log10(np.maximum(data.covariates[:, 0], 1e-5))
    edges = np.histogram_bin_edges(values, bins=40)
    counts = [np.histogram(values[part], edges)[0] for part in (y < 0.5, y >= 0.5)]
    return data.covariate_names[0], np.stack(counts), edges
