"""What the filters of one layer hold in many sequences, batch by batch: here, or in blocks of batches on a cluster."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple, cast

import numpy as np

from dnaconv_core.cluster.pieces import over
from dnaconv_core.data.code_rows import codes_of
from dnaconv_core.data.on_disk import StoredRows
from dnaconv_core.interpret.attribution import as_found
from dnaconv_core.interpret.reading import Reader, reader_of
from dnaconv_core.model.packed import Packed, pack, unpack
from dnaconv_core.progress import Progress
from dnaconv_core.sequence.encoding import from_codes
from dnaconv_core.threads import in_batches, threads_of

if TYPE_CHECKING:
    import torch

    from dnaconv_core.model.convnet import ConvNet

_BLOCK = 1 << 20  # bases that a worker is sent
_IN_MEMORY = 1 << 22  # maxima of filters in sequences; more lie in a file
_SUMMED = 1 << 20  # of them at once, where all are summed


class Known(NamedTuple):
    """What is known while sequences are read, changed in place by whoever reads them."""

    highest: np.ndarray  # (F,) float32 so far
    wanted: list[bool]  # [whether windows are wanted, or the maxima alone]


class Reading(NamedTuple):
    """Of some sequences."""

    peak: np.ndarray  # (B, F) float32: each filter's strongest activation in each
    windows: tuple[np.ndarray, ...] | None  # see `_above`


class _Job(NamedTuple):
    model: Packed
    layer: int
    share: np.float32
    step: int


class _Block(NamedTuple):
    codes: np.ndarray  # (n, L) uint8
    first: int  # row
    known: Known


def readings(
    model: ConvNet,
    X: np.ndarray,
    *,
    layer: int,
    share: np.float32,
    step: int,
    known: Known,
    on: str,
    progress: Progress,
) -> Iterator[tuple[int, Reading]]:
    """What all sequences show, in order, with the number of those done: `step` at once, windows above `share` of the
    highest activation known by then. on: a Dask cluster, which reads the same batches. Fewer when asked to stop."""
    if not on:
        with as_found(model):
            yield from _batches(model, X, 0, layer, share, step, known)
        return
    size = step * max(1, min(_BLOCK // (step * X.shape[2]), len(X) // step))

    def blocks() -> Iterator[_Block]:
        for at in range(0, len(X), size):  # as each is sent, with what is known then
            yield _Block(codes_of(X, slice(at, at + size)), at, Known(known.highest.copy(), [*known.wanted]))

    done = 0
    for found in over(_read, _Job(pack(model), layer, share, step), blocks(), on=on, progress=progress):
        done += len(found.peak)
        yield done, found


def _read(job: _Job, block: _Block) -> Reading:
    """On a worker."""
    model = unpack(job.model)
    with as_found(model):
        batches = _batches(model, from_codes(block.codes), block.first, job.layer, job.share, job.step, block.known)
        parts = [part for _, part in batches]
    windows = [part.windows for part in parts if part.windows is not None]
    columns = tuple(np.concatenate(column) for column in zip(*windows, strict=True)) if windows else None
    return Reading(np.concatenate([part.peak for part in parts]), columns)


def _batches(
    model: ConvNet, X: np.ndarray, first: int, layer: int, share: np.float32, step: int, known: Known
) -> Iterator[tuple[int, Reading]]:
    import torch

    reader, parts = reader_of(model, X, layer), {}

    @torch.inference_mode()
    def read(rows: slice) -> None:
        parts[rows.start] = _reading(reader, X[rows], first + rows.start, share, known)

    for rows in in_batches(read, len(X), step, threads_of(model)):
        yield rows.stop, parts.pop(rows.start)


def _reading(reader: Reader, X: np.ndarray, first: int, share: np.float32, known: Known) -> Reading:
    import torch

    strands = reader.activations(X)
    best = torch.stack([h.amax(dim=1) for h in strands]).clamp(min=0)  # (S, B, F)
    peak = best.amax(dim=0).cpu().numpy()
    if not known.wanted[0]:
        return Reading(peak, None)
    return Reading(peak, _above(strands, best, share * np.maximum(known.highest, peak.max(axis=0)), first))


def _above(strands: list[torch.Tensor], best: torch.Tensor, limit: np.ndarray, first: int) -> tuple[np.ndarray, ...]:
    """Windows of one batch above the filters' limits `(F,)`: filter, sequence, number among the layer's units,
    whether that is the − strand, and activation, each `(S,)`.

    Only in sequences whose strongest window `best (S, B, F)` is above it are the windows looked at.
    """
    import torch

    bound, found = torch.from_numpy(limit).to(best.device), []
    for strand, h in enumerate(strands):  # (B, W, F)
        row, of = torch.nonzero(best[strand] > bound, as_tuple=True)  # (P,)
        windows = h[row, :, of]  # (P, W)
        pair, unit = torch.nonzero(windows > bound[of, None], as_tuple=True)
        columns = (
            of[pair].int(),
            (first + row[pair]).int(),
            unit.int(),
            torch.full_like(pair, strand, dtype=torch.bool),
            windows[pair, unit],
        )
        found.append([column.cpu().numpy() for column in columns])
    return tuple(np.concatenate(column) for column in zip(*found, strict=True))


class Peaks:
    """Each filter's strongest activation in each of N sequences, added in order; in memory while they are few."""

    def __init__(self, n: int, filters: int) -> None:
        large = n * filters > _IN_MEMORY
        self._rows = StoredRows((n, filters), np.float32) if large else None
        self.values: np.ndarray | StoredRows = self._rows or np.zeros((n, filters), np.float32)
        self._n = 0

    def add(self, peak: np.ndarray) -> None:
        """(B, F), of the next sequences."""
        if self._rows is not None:
            self._rows.append(peak)
        else:
            self.values[self._n : self._n + len(peak)] = peak  # type: ignore[index]
        self._n += len(peak)

    def whole(self) -> np.ndarray:
        """All of them: 0 of sequences that were not reached."""
        if self._rows is not None:
            for at in range(self._n, len(self._rows), 10_000):
                self.add(np.zeros((min(10_000, len(self._rows) - at), self._rows.shape[1]), np.float32))
        return cast(np.ndarray, self.values)


def stretches(peak: np.ndarray) -> Iterator[tuple[slice, np.ndarray]]:
    """Maxima `(N, F)` in parts that memory holds beside others: their rows, and float64 `(B, F)`."""
    step = max(1, _SUMMED // max(peak.shape[1], 1))
    for at in range(0, len(peak), step):
        rows = slice(at, min(at + step, len(peak)))
        yield rows, np.asarray(peak[rows], np.float64)
