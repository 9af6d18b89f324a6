"""Arrays in a file that look like arrays in memory: rows are read when indexed, and nothing of them stays.

A memory map would do the same, but the pages of it that were touched count as the process's own memory until the system
takes them back: in a container with a limit that is a reason to be killed.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from dnaconv_core.errors import DataError
from dnaconv_core.home import home
from dnaconv_core.sequence.encoding import from_codes
from dnaconv_core.storing import read_only

_TOGETHER = 4096  # bytes between two rows up to which they are read in one go


class Rows:
    """What the arrays here have in common with numpy's: a length, iteration, lists, and numpy's functions take them."""

    shape: tuple[int, ...]
    dtype: np.dtype

    def __len__(self) -> int:
        return self.shape[0]

    @property
    def ndim(self) -> int:
        return len(self.shape)

    def __getitem__(self, index: Any) -> Any:
        raise NotImplementedError

    def __iter__(self) -> Iterator[Any]:
        for start in range(0, len(self), 1000):
            yield from self[start : start + 1000]

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return np.asarray(self[:], dtype)

    def astype(self, dtype: Any) -> np.ndarray:
        return self[:].astype(dtype)

    def tolist(self) -> list[Any]:
        return self[:].tolist()


class StoredRows(Rows):
    """`shape[0]` rows of one shape and type in a temporary file without a name, which vanishes with the process.

    Written once, by `append`, then read by any number of threads: in the home
    folder, or in the machine's own for such files where nothing is kept. Raises DataError where the disk has no room.
    """

    def __init__(self, shape: tuple[int, ...], dtype: np.dtype | type) -> None:
        self.shape, self.dtype = shape, np.dtype(dtype)
        self._row = int(np.prod(shape[1:], dtype=np.int64)) * self.dtype.itemsize  # bytes
        folder = Path(tempfile.gettempdir()) if read_only() else home() / "cache"
        folder.mkdir(parents=True, exist_ok=True)
        free, size = shutil.disk_usage(folder).free, self._row * shape[0]
        if free < size:
            raise DataError(
                f"the examples take {size / 2**30:.1f} GiB and {folder} has {free / 2**30:.1f} GiB free: make room, "
                "or set DNACONV_HOME to a larger disk"
            )
        self._file = tempfile.TemporaryFile(dir=folder, buffering=0)  # noqa: SIM115  # lives as long as the rows
        self._lock = threading.Lock()

    def append(self, rows: np.ndarray) -> None:
        """The next rows, in order."""
        left = np.ascontiguousarray(rows, self.dtype).reshape(-1).view(np.uint8).data
        while len(left):
            left = left[self._file.write(left) :]

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, (int, np.integer)):
            row = range(len(self))[index]  # also from the end, and IndexError beyond
            return self._stretch(row, row + 1)[0]
        if isinstance(index, slice):
            start, stop, step = index.indices(len(self))
            if step == 1:
                return self._stretch(start, max(start, stop))
            return self._chosen(np.arange(start, stop, step))
        index = np.asarray(index)
        rows = np.flatnonzero(index) if index.dtype == bool else index.astype(np.int64)
        return self._chosen(np.where(rows < 0, rows + len(self), rows))

    def _chosen(self, rows: np.ndarray) -> np.ndarray:
        """Rows in any order and number: neighbours are read together, each once."""
        if not len(rows):
            return np.empty((0, *self.shape[1:]), self.dtype)
        wanted, place = np.unique(rows, return_inverse=True)
        if wanted[0] < 0 or wanted[-1] >= len(self):
            raise IndexError(f"row {wanted[0] if wanted[0] < 0 else wanted[-1]} of {len(self)}")
        found = np.empty((len(wanted), *self.shape[1:]), self.dtype)
        cuts = np.flatnonzero(np.diff(wanted) > 1 + _TOGETHER // max(self._row, 1)) + 1
        for begin, end in zip([0, *cuts.tolist()], [*cuts.tolist(), len(wanted)], strict=True):
            first = int(wanted[begin])
            found[begin:end] = self._stretch(first, int(wanted[end - 1]) + 1)[wanted[begin:end] - first]
        return found[place]

    def _stretch(self, start: int, stop: int) -> np.ndarray:
        rows = np.empty((stop - start, *self.shape[1:]), self.dtype)
        view, at = rows.reshape(-1).view(np.uint8).data, start * self._row
        while len(view):
            n = self._read(view, at)
            if not n:
                raise DataError("the temporary copy of the examples ended early: the disk may be full; free some space")
            view, at = view[n:], at + n
        return rows

    def _read(self, view: memoryview, at: int) -> int:
        if hasattr(os, "preadv"):
            return os.preadv(self._file.fileno(), [view], at)
        with self._lock:  # where files have only one position
            self._file.seek(at)
            return self._file.readinto(view) or 0


class StreamedX(Rows):
    """One-hot `(N, 4, L)` int8 to whoever indexes it; on the disk codes `(N, L)`, one byte a base."""

    def __init__(self, n: int, length: int) -> None:
        self.stored = StoredRows((n, length), np.uint8)
        self.shape, self.dtype = (n, 4, length), np.dtype(np.int8)

    def __getitem__(self, index: Any) -> np.ndarray:
        return from_codes(self.stored[index])

    def codes(self, index: Any) -> np.ndarray:
        """Codes `(n, L)` uint8 of the chosen rows: 0 to 3, 4 for unknown."""
        return self.stored[index]


class MappedRows(Rows):
    """Rows of an array that lies on a disk, read only when indexed, so that a split never copies a large dataset."""

    def __init__(self, array: Any, rows: np.ndarray) -> None:
        self.array, self.rows = array, rows
        self.shape, self.dtype = (len(rows), *array.shape[1:]), array.dtype

    def __getitem__(self, index: Any) -> Any:
        return np.asarray(self.array[self.rows[index]]) if self.ndim > 1 else self.array[self.rows[index]]


def chosen(array: Any, rows: np.ndarray) -> Any:
    """`array[rows]`, of an array on a disk without reading it. rows: numbers."""
    if isinstance(array, MappedRows):
        return MappedRows(array.array, array.rows[rows])
    return MappedRows(array, rows) if isinstance(array, (Rows, np.memmap)) else array[rows]


def streamed(X: Any) -> bool:
    """Whether sequences are read from the disk as they are needed, where neighbours are best read together."""
    return isinstance(X.array if isinstance(X, MappedRows) else X, StreamedX)
