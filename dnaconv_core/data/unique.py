"""Whether every id is there once; of ids on the disk without holding them."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from dnaconv_core.data.on_disk import StoredRows
from dnaconv_core.errors import DataError

_BLOCK = 20_000  # ids read at once


def unique(ids: np.ndarray, folder: Path) -> np.ndarray:
    """The ids `(N,)` as they are. Raises DataError naming the first that comes again."""
    seen: dict[str, int] = {}
    for row, name in enumerate(ids.tolist()):
        if seen.setdefault(name, row) != row:
            raise DataError(f"{folder} has the id {name!r} twice, in rows {seen[name]} and {row} (counted from 0)")
    return ids


def check_stored(ids: StoredRows, folder: Path) -> None:
    """The same of ids in a file: 64-bit numbers made of them are compared, then the ids of those that are equal."""
    width = ids.dtype.itemsize // 4
    factors = np.random.default_rng(0).integers(0, 2**63, width, np.uint64) * np.uint64(2) + np.uint64(1)
    numbers = np.empty(len(ids), np.uint64)
    for start in range(0, len(ids), _BLOCK):
        letters = ids[start : start + _BLOCK].view(np.uint32).reshape(-1, width)
        total = numbers[start : start + len(letters)]
        total[:] = 0
        for place, factor in enumerate(factors):
            total += letters[:, place] * factor
    ordered = np.sort(numbers)
    again = np.unique(ordered[1:][ordered[1:] == ordered[:-1]])
    if not len(again):
        return
    rows = np.flatnonzero(np.isin(numbers, again))
    seen: dict[str, int] = {}
    for row, name in zip(rows.tolist(), ids[rows].tolist(), strict=True):
        if seen.setdefault(name, row) != row:
            raise DataError(f"{folder} has the id {name!r} twice, in rows {seen[name]} and {row} (counted from 0)")
