"""Seqlets: spans of a sequence whose attribution is higher than chance allows."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from dnaconv_core.errors import InputError
from dnaconv_core.results import Site


class Seqlets(NamedTuple):
    """S spans of equal width, strongest first."""

    sequence: np.ndarray  # (S,) row of the attributions
    start: np.ndarray  # (S,)
    score: np.ndarray  # (S,) summed attribution
    p_value: np.ndarray  # (S,) share of the null's windows that are at least as strong
    width: int

    def __len__(self) -> int:
        return len(self.sequence)


def call_seqlets(scores: np.ndarray, null: np.ndarray, *, width: int = 9, p_value: float = 1e-3) -> Seqlets:
    """Spans of positive attribution in `scores (N, L)` that are rare in `null (M, L)`, attributions of shuffles.

    A window's p-value is the share of the null's windows with at least its sum (plus one in both counts). Of those
    below `p_value` the strongest is taken first, and none that overlaps it. For evidence against the
    positive class pass the negated scores. Raises InputError when the window is longer than the sequences.
    """
    if not 1 <= width <= scores.shape[1]:
        raise InputError(f"width is {width}: the sequences have {scores.shape[1]} bases")
    sums, chance = window_sums(scores, width), np.sort(window_sums(null, width).ravel())
    above = len(chance) - np.searchsorted(chance, sums.ravel() - 1e-9)
    p = ((above + 1) / (len(chance) + 1)).reshape(sums.shape)
    p[sums <= 0] = 1.0
    rows, starts = np.nonzero(p <= p_value)
    order = np.argsort(-sums[rows, starts], kind="stable")
    taken = np.zeros(scores.shape, bool)
    kept = []
    for i in order:
        row, start = rows[i], starts[i]
        if not taken[row, start : start + width].any():
            taken[row, start : start + width] = True
            kept.append(i)
    rows, starts = rows[kept], starts[kept]
    return Seqlets(rows, starts, sums[rows, starts].astype(np.float32), p[rows, starts], width)


def window_sums(scores: np.ndarray, width: int) -> np.ndarray:
    """Sums over every window: `(N, L)` → `(N, L - width + 1)`."""
    total = np.concatenate([np.zeros((len(scores), 1)), np.cumsum(scores, axis=1, dtype=np.float64)], axis=1)
    return total[:, width:] - total[:, :-width]


def overlap_share(seqlets: Seqlets, sites: Iterable[Site], most: int | None = None) -> float:
    """Share of the `most` strongest seqlets that overlap a planted `Site` by half of the shorter of both."""
    spans: dict[int, list[tuple[int, int]]] = {}
    for site in sites:
        spans.setdefault(site.index, []).append((site.start, site.end))
    n = min(most or len(seqlets), len(seqlets))
    hits = 0
    for row, start in zip(seqlets.sequence[:n], seqlets.start[:n], strict=True):
        end = start + seqlets.width
        hits += any(min(end, b) - max(start, a) >= min(seqlets.width, b - a) / 2 for a, b in spans.get(int(row), []))
    return hits / n if n else 0.0
