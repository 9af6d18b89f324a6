"""Scores along a sequence at any zoom: what a view shows is looked up in levels of maxima, never in every base."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Protocol

import numpy as np

from dnaconv_core.errors import DataError, InputError
from dnaconv_core.scan.scan import Scan

_FACTOR = 16  # bases of one level that the next one joins
_FINER = 4  # cells of a level, at least, in one bin: edges are right to a quarter of it
_EQUAL = 1e-5  # strands that differ by less are one line


class Levels(Protocol):
    """Scores of the bases [start, end), the higher of each bin's, for each line."""

    start: int
    end: int
    names: tuple[str, ...]  # of the lines

    def bins(self, start: int, end: int, n: int) -> np.ndarray:
        """The highest score in each of n equal bins of [start, end), (lines, n) float32; NaN where there is none."""


class HeldScores:
    """Of a scan in memory, at each window's middle base: a line for each strand, or one where they agree."""

    def __init__(self, found: Scan, task: int = 0) -> None:
        rows = found.scores[:, :, task]
        same = len(rows) == 2 and np.allclose(rows[0], rows[1], atol=_EQUAL, equal_nan=True)
        rows = rows[:1] if same else rows
        self.names = ("both strands",) if same else tuple({"+": "+ strand", "-": "− strand"}[s] for s in found.strands)
        self.start = found.start + found.window // 2
        self.end = self.start + rows.shape[1]
        self._levels = [(1, np.ascontiguousarray(rows))]
        while self._levels[-1][1].shape[1] > 4 * _FACTOR:
            factor, finer = self._levels[-1]
            self._levels.append((factor * _FACTOR, _joined(finer)))

    def bins(self, start: int, end: int, n: int) -> np.ndarray:
        """A bin has every cell that it touches, so that no peak is lost between two."""
        if not n > 0 or start >= end:
            raise InputError(f"the view {start}-{end} in {n} bins is empty: its start must lie before its end")
        wanted = (end - start) / n / _FINER
        factor, cells = next(level for level in reversed(self._levels) if level[0] <= max(wanted, 1))
        edges = (start - self.start + (end - start) * np.arange(n + 1) / n) / factor
        low = np.clip(np.floor(edges[:-1] + 1e-9).astype(np.int64), 0, cells.shape[1])
        high = np.clip(np.ceil(edges[1:] - 1e-9).astype(np.int64), 0, cells.shape[1])
        padded = np.pad(cells, ((0, 0), (0, 1)), constant_values=np.nan)
        found = np.fmax.reduceat(padded, np.stack([low, high], 1).ravel(), axis=1)[:, ::2]
        return np.where(low < high, found, np.float32(np.nan))


def _joined(finer: np.ndarray) -> np.ndarray:
    """The highest of every few neighbours."""
    lines, n = finer.shape
    more = -n % _FACTOR
    padded = np.pad(finer, ((0, 0), (0, more)), constant_values=np.nan)
    return np.fmax.reduce(padded.reshape(lines, -1, _FACTOR), axis=2)


class BigWigScores:
    """Of one contig of a bigWig file, read from the zoom levels that it holds."""

    names = ("score",)

    def __init__(self, path: Path | str, contig: str) -> None:
        self.path, self.contig = Path(path), contig
        self.start, self.end = 0, contigs_of(path).get(contig, 0)
        if not self.end:
            raise InputError(f"{path} has no contig {contig[:60]!r}: choose one of its own")

    def bins(self, start: int, end: int, n: int) -> np.ndarray:
        """As `Levels` says; bins smaller than a base repeat it."""
        low, high = max(start, self.start), min(end, self.end)
        found = np.full((1, n), np.nan, np.float32)
        if low >= high:
            return found
        edges = start + (end - start) * np.arange(n + 1) / n
        inside = np.flatnonzero((edges[1:] > low) & (edges[:-1] < high))
        many = min(len(inside), high - low)
        reader = _opened(self.path)
        values = np.asarray(reader.values(self.contig, low, high, bins=many, summary="max", exact=many == high - low,
                                          fillna=None), np.float32)  # fmt: skip
        found[0, inside] = values[np.minimum(np.arange(len(inside)) * many // len(inside), many - 1)]
        return found


def contigs_of(path: Path | str) -> dict[str, int]:
    """Lengths of a bigWig's contigs by name. Raises DataError when the file is missing or is none."""
    return {str(name): int(length) for name, length in _opened(Path(path)).chroms().items()}


def range_of(path: Path | str) -> tuple[float, float]:
    """The lowest and the highest value of a bigWig."""
    summary = _opened(Path(path)).info()["summary"]
    return float(summary["min"]), float(summary["max"])


def _opened(path: Path) -> Any:
    import pybigtools

    if not path.is_file():
        raise DataError(f"{path} does not exist: check the name of the bigWig file")
    try:
        return pybigtools.open(str(path))
    except Exception as error:  # pybigtools raises nothing narrower
        raise DataError(f"{path} cannot be read as bigWig ({error}): write one with 'dnaconv scan --bigwig'") from error
