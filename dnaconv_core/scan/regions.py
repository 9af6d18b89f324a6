"""Long sequences scanned in regions, on a Dask cluster: the same chunks, in the same order, as `scan_chunks` makes.

A region begins where a chunk of the whole scan does and travels with its letters, so that workers need no genome; every
chunk is then computed from the same numbers in the same order, whoever does it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from dnaconv_core.cluster.pieces import over
from dnaconv_core.data.examples import UNKNOWN
from dnaconv_core.data.genome import Contig
from dnaconv_core.model.packed import Packed, pack, unpack
from dnaconv_core.progress import SILENT, Progress
from dnaconv_core.scan.scan import CHUNK, DEFAULTS, Chunk, Scan, ScanOptions, gathered, margin_of, scan, scan_chunks

if TYPE_CHECKING:
    from dnaconv_core.model.convnet import ConvNet

_CHUNKS = 4  # in a region

Target = tuple[Contig, int, int]


class Region(NamedTuple):
    """Windows [start, end) of a contig, with the letters that they and their margins read."""

    name: str
    length: int  # of the whole contig
    start: int  # first base of the first window
    end: int  # behind the last base of the last window
    first: int  # the base that `codes` begins with
    codes: np.ndarray  # (n,) uint8


class _Job(NamedTuple):
    model: Packed
    how: ScanOptions
    chunk: int


class Regions:
    """Scans all targets on a cluster; ask for the chunks of each in the order in which they were given."""

    def __init__(
        self,
        model: ConvNet,
        targets: Sequence[Target],
        on: str,
        *,
        how: ScanOptions,
        chunk: int = CHUNK,
        progress: Progress = SILENT,
    ) -> None:
        self.window, self.size = model.config.length, _CHUNKS * chunk
        margin = margin_of(model, how)
        regions = (region for target in targets for region in self._of(target, margin, model.config.alphabet))
        self._found = over(_scanned, _Job(pack(model), how, chunk), regions, on=on, progress=progress)

    def chunks(self, target: Target) -> Iterator[Chunk]:
        """Ends early when asked to stop."""
        for _ in self._starts(target):
            found = next(self._found, None)
            if found is None:
                return
            yield from found

    def close(self) -> None:
        """Let go of the cluster."""
        self._found.close()  # type: ignore[attr-defined]  # a generator

    def _starts(self, target: Target) -> range:
        _, start, end = target
        return range(start, end - self.window + 1, self.size)

    def _of(self, target: Target, margin: int, alphabet: str) -> Iterator[Region]:
        contig, _, last = target
        for start in self._starts(target):
            end = min(start + self.size + self.window - 1, last)
            low, high = max(start - margin, 0), min(end + margin, contig.length)
            yield Region(contig.name, contig.length, start, end, low, contig.codes(low, high, alphabet))


def scan_targets(
    model: ConvNet, targets: Sequence[Target], on: str = "", *, how: ScanOptions = DEFAULTS, progress: Progress = SILENT
) -> list[Scan]:
    """`scan` of each target, here or on a cluster. When `progress` asks to stop, the rest is missing, or left out."""
    found, options = [], how._asdict()
    regions = Regions(model, targets, on, how=how, progress=progress) if on else None
    try:
        for contig, start, end in targets:
            if progress.should_stop():
                break
            if regions is None:
                found.append(scan(model, contig, (start, end), **options, progress=progress))
            else:
                given = regions.chunks((contig, start, end))
                found.append(gathered(model, contig, (start, end), given, how=how, progress=progress))
    finally:
        if regions is not None:
            regions.close()
    return found


class _Piece(Contig):
    """A contig of which only a region's letters are here."""

    def __init__(self, region: Region) -> None:
        super().__init__(region.name, region.length)
        self._region = region

    def codes(self, start: int, end: int, alphabet: str = "DNA") -> np.ndarray:
        first, held = self._region.first, self._region.codes
        low, high = max(start, first), min(end, first + len(held))
        found = np.full(end - start, UNKNOWN, np.uint8)
        found[low - start : high - start] = held[low - first : high - first]
        return found


def _scanned(job: _Job, region: Region) -> list[Chunk]:
    """On a worker."""
    span = region.start, region.end
    return list(scan_chunks(unpack(job.model), _Piece(region), span, how=job.how, chunk=job.chunk))
