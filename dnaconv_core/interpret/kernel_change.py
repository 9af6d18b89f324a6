"""How far first-layer kernels moved between two evaluations."""

from __future__ import annotations

import numpy as np


def moved(before: np.ndarray, now: np.ndarray) -> np.ndarray:
    """The length of the change of each kernel, as a share of its length before: `(F, 4, K)` twice → `(F,)`.

    The mean of each column is taken off first, as where kernels are drawn: a number added to all four weights of a
    column matters to no match. A kernel that was flat gets 0 where it stays so, else 1.
    """
    before, now = (k.astype(np.float64) - k.mean(axis=1, keepdims=True, dtype=np.float64) for k in (before, now))
    long = np.linalg.norm(before, axis=(1, 2))
    change = np.linalg.norm(now - before, axis=(1, 2))
    return np.divide(change, long, out=(change > 0).astype(float), where=long > 0)


def evenly(epochs: list[int], most: int) -> list[int]:
    """At most so many of the epochs, evenly spread, the first and the last among them."""
    if len(epochs) <= most:
        return list(epochs)
    return [epochs[i] for i in np.unique(np.linspace(0, len(epochs) - 1, most).round().astype(int))]
