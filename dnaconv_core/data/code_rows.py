"""Sequences kept as codes, one byte a base, that look like one-hot to whoever indexes them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import numpy as np

from dnaconv_core.data.on_disk import MappedRows, Rows, StreamedX
from dnaconv_core.sequence.encoding import from_codes, to_codes


class CodeRows:
    """Codes `(N, L)` uint8 (0 to 3, 4 for unknown) in the place of a Dataset's X `(N, 4, L)` int8.

    Rows become one-hot only when indexed, so that a million windows take a quarter of the memory. `seen`, where given,
    is called with the share of rows that were read in order: how a long writing tells where it is.
    """

    def __init__(self, codes: np.ndarray, seen: Callable[[float], None] | None = None) -> None:
        self.codes, self.seen = codes, seen
        self.shape, self.ndim, self.dtype = (len(codes), 4, codes.shape[1]), 3, np.dtype(np.int8)

    def __len__(self) -> int:
        return len(self.codes)

    def __getitem__(self, index: Any) -> np.ndarray:
        if self.seen is not None and isinstance(index, slice):
            self.seen((index.start or 0) / max(len(self.codes), 1))
        return from_codes(self.codes[index])


def as_one_hot(codes: np.ndarray, seen: Callable[[float], None] | None = None) -> np.ndarray:
    """CodeRows, which pass for the one-hot `(N, 4, L)` that they stand for."""
    return cast(np.ndarray, CodeRows(codes, seen))


def codes_of(X: np.ndarray | CodeRows | Rows, rows: slice | np.ndarray) -> np.ndarray:
    """Codes `(n, L)` uint8 of the chosen rows of one-hot `(N, 4, L)`, however it is kept."""
    if isinstance(X, MappedRows):
        return codes_of(X.array, X.rows[rows])
    if isinstance(X, CodeRows):
        return X.codes[rows]
    return X.codes(rows) if isinstance(X, StreamedX) else to_codes(X[rows]).astype(np.uint8)
