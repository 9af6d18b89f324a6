"""A 64-bit number for each sequence, so that copies are found among millions without keeping the sequences.

Each letter at each place has a number of its own (splitmix64 of letter and place); a sequence's is their sum modulo
2**64. Two different sequences share one with a chance of about 2**-64 (Zobrist 1970).
"""

from __future__ import annotations

import numpy as np

from dnaconv_core.data.code_rows import codes_of

_BLOCK = 1 << 20  # letters looked at together
_NAMES = 50_000  # names looked at together


def fingerprints(X: np.ndarray, *, both_strands: bool = False) -> np.ndarray:
    """`(N,)` uint64 of one-hot `(N, 4, L)`; with `both_strands` a sequence and its reverse complement share one."""
    found = np.empty(len(X), np.uint64)
    rows = max(1, _BLOCK // max(1, X.shape[2]))
    for start in range(0, len(X), rows):
        found[start : start + rows] = of_codes(codes_of(X, slice(start, start + rows)), both_strands=both_strands)
    return found


def of_codes(codes: np.ndarray, *, both_strands: bool = False) -> np.ndarray:
    """`(N,)` uint64 of codes `(N, L)`: 0 to 3 for the letters, 4 for unknown."""
    forward = _sums(codes)
    if not both_strands:
        return forward
    opposite = np.where(codes < 4, 3 - codes.astype(np.int8), 4)[:, ::-1]
    return np.minimum(forward, _sums(opposite))


def name_hashes(names: np.ndarray) -> np.ndarray:
    """`(N,)` int64 that are equal for equal texts, within this process, taken a block at a time."""
    found = np.empty(len(names), np.int64)
    for start in range(0, len(names), _NAMES):
        block = [hash(str(name)) for name in np.asarray(names[start : start + _NAMES]).tolist()]
        found[start : start + _NAMES] = block
    return found


def _sums(codes: np.ndarray) -> np.ndarray:
    total = np.zeros(len(codes), np.uint64)
    for place, column in enumerate(np.ascontiguousarray(codes.T)):  # in a row in memory: twice as fast
        total += _numbers(place).take(column)
    return _mixed(total)


def _numbers(place: int) -> np.ndarray:
    return _mixed(np.arange(5, dtype=np.uint64) + np.uint64(5 * place + 1))


def _mixed(values: np.ndarray) -> np.ndarray:
    """splitmix64 (Steele, Lea & Flood 2014)."""
    with np.errstate(over="ignore"):
        z = values * np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return z ^ (z >> np.uint64(31))
