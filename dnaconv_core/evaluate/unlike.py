"""How far a sequence lies from those that a model knows, by composition: what it says of strangers is a guess.

A sequence is its share of each 3-mer (either strand, of DNA), square roots taken (Hellinger's distance), and how far it
lies is its mean distance to the ten nearest validation examples. What counts as far is told by the validation examples
themselves, each measured against the others. The training part itself is not kept with a model; its validation part is.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

_K = 3
_NEAREST = 10
_MOST = 2000  # validation examples compared with
_FEWEST = 50
_BLOCK = 2000  # sequences at once
FAR = 0.99  # the share of validation examples that must lie closer for a sequence to be called unlike them


class Familiar(NamedTuple):
    """Validation examples as they are compared with: M of them."""

    shares: np.ndarray  # (M, F) square roots of shares of 3-mers
    distances: np.ndarray  # (M,) of each to its nearest others, in order
    gc: tuple[float, float]  # the central 95 % of their GC content
    both_strands: bool


class Unlike(NamedTuple):
    """Of N sequences; NaN where no 3-mer is known."""

    share: np.ndarray  # (N,) of validation examples that lie closer to the others, 0 to 1
    gc: np.ndarray  # (N,)
    usual_gc: tuple[float, float]

    def sentence(self, number: int) -> str:
        """What is to be said of one of them; '' where nothing is."""
        if not self.share[number] >= FAR:
            return ""
        low, high = (f"{100 * value:.0f}" for value in self.usual_gc)
        return (
            f"Unlike what this model was trained on: its composition is farther from the validation examples than "
            f"{_percent(self.share[number])} of them are from one another (GC {100 * self.gc[number]:.0f} %; theirs "
            f"{low} to {high} %)."
        )


def familiar(codes: np.ndarray, *, both_strands: bool = True, seed: int = 0) -> Familiar | None:
    """What to compare with, from validation examples `(N, L)` uint8 (4 unknown); None where they are too few."""
    if codes.shape[1] < _K:
        return None
    chosen = np.sort(np.random.default_rng(seed).permutation(len(codes))[:_MOST])
    shares, gc = _composition(codes[chosen], both_strands)
    known = np.isfinite(shares[:, 0])
    shares, gc = shares[known], gc[known]
    if len(shares) < _FEWEST:
        return None
    between = _distances(shares, shares)
    np.fill_diagonal(between, np.inf)
    low, high = np.quantile(gc, [0.025, 0.975])
    return Familiar(shares, np.sort(_nearest(between)), (float(low), float(high)), both_strands)


def unlike(known: Familiar, codes: np.ndarray) -> Unlike:
    """How far sequences `(N, L)` uint8 lie from those that are known."""
    shares, gc = _composition(codes, known.both_strands)
    far = np.full(len(codes), np.nan)
    for start in range(0, len(codes), _BLOCK):
        rows = slice(start, start + _BLOCK)
        far[rows] = _nearest(_distances(shares[rows], known.shares))
    share = np.searchsorted(known.distances, far, "left") / len(known.distances)
    return Unlike(np.where(np.isfinite(far), share, np.nan), gc, known.gc)


def _composition(codes: np.ndarray, both_strands: bool) -> tuple[np.ndarray, np.ndarray]:
    """Square roots of shares of 3-mers `(N, F)`, and GC content `(N,)`."""
    codes = np.asarray(codes, np.int64)
    n, width = len(codes), codes.shape[1] - _K + 1
    words = sum(codes[:, i : i + width] * 4 ** (_K - 1 - i) for i in range(_K))  # (N, width)
    known = np.all([codes[:, i : i + width] < 4 for i in range(_K)], axis=0)
    rows = np.broadcast_to(np.arange(n)[:, None], known.shape)
    counts = np.bincount(rows[known] * 4**_K + words[known], minlength=n * 4**_K).reshape(n, 4**_K)
    if both_strands:
        base = np.arange(4**_K)
        turned = sum((3 - base // 4**i % 4) * 4 ** (_K - 1 - i) for i in range(_K))
        counts = (counts + counts[:, turned])[:, base <= turned]
    with np.errstate(invalid="ignore"):
        gc = ((codes == 1) | (codes == 2)).sum(axis=1) / (codes < 4).sum(axis=1)
        return np.sqrt(counts / counts.sum(axis=1, keepdims=True)), gc


def _distances(some: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Euclidean, `(N, M)`."""
    squared = (some**2).sum(axis=1)[:, None] + (others**2).sum(axis=1) - 2 * some @ others.T
    return np.sqrt(np.maximum(squared, 0))


def _nearest(distances: np.ndarray) -> np.ndarray:
    """The mean of the smallest ones of each row."""
    return np.partition(distances, _NEAREST - 1, axis=1)[:, :_NEAREST].mean(axis=1)


def _percent(share: float) -> str:
    return "all" if share >= 1 else f"{100 * share:.1f} %"
