"""Whether every id is there once; of ids on the disk without holding them."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import numpy as np

from dnaconv_core.data.fingerprints import name_hashes
from dnaconv_core.data.on_disk import StoredRows
from dnaconv_core.errors import DataError


def unique(ids: np.ndarray, folder: Path) -> np.ndarray:
    """The ids `(N,)` as they are. Raises DataError naming the first that comes again."""
    seen: dict[str, int] = {}
    for row, name in enumerate(ids.tolist()):
        if seen.setdefault(name, row) != row:
            raise DataError(f"{folder} has the id {name!r} twice, in rows {seen[name]} and {row} (counted from 0)")
    return ids


def check_stored(ids: StoredRows, folder: Path) -> None:
    """The same of ids in a file: their hashes are compared, then the ids whose hashes are equal."""
    numbers = name_hashes(cast(np.ndarray, ids))
    ordered = np.sort(numbers)
    again = np.unique(ordered[1:][ordered[1:] == ordered[:-1]])
    if not len(again):
        return
    rows = np.flatnonzero(np.isin(numbers, again))
    seen: dict[str, int] = {}
    for row, name in zip(rows.tolist(), ids[rows].tolist(), strict=True):
        if seen.setdefault(name, row) != row:
            raise DataError(f"{folder} has the id {name!r} twice, in rows {seen[name]} and {row} (counted from 0)")
