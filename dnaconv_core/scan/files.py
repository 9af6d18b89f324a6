"""Scan many sequences and write what is found as one goes, in memory that does not grow with their length."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from dnaconv_core.errors import InputError
from dnaconv_core.progress import SILENT, Progress
from dnaconv_core.scan.chance import Chance
from dnaconv_core.scan.regions import Regions, Target
from dnaconv_core.scan.scan import DEFAULTS, Chunk, ScanOptions, default_strands, plan_scan, scan_chunks
from dnaconv_core.scan.sites import locate
from dnaconv_core.scan.tracks import Peak, PeakCaller, write_bed, write_bedgraph, write_bigwig
from dnaconv_core.sequence.motif import Motif
from dnaconv_core.wholefile import WholeFile

if TYPE_CHECKING:
    from dnaconv_core.model.convnet import ConvNet


class Scanned(NamedTuple):
    """One sequence's outcome; windows that were not reached because of a stop are in neither number."""

    id: str
    length: int  # bases scanned
    n_scored: int
    n_missing: int
    peaks: list[Peak]


def scan_to_files(
    model: ConvNet,
    targets: Iterable[Target],
    *,
    threshold: float = np.inf,
    how: ScanOptions = DEFAULTS,
    task: int = 0,
    motifs: Sequence[Motif] | None = None,
    chance: Chance | None = None,
    bed: Path | str | None = None,
    bedgraph: Path | str | None = None,
    bigwig: Path | str | None = None,
    on: str = "",
    progress: Progress = SILENT,
) -> list[Scanned]:
    """Scan each (contig, start, end); peaks are windows that reach `threshold`. Scores are predictions of the
    output `task`. motifs: locate each peak's site, and tell which of these match there (see `locate`); without it,
    peaks are windows only. chance: what they are expected by (see `by_chance`). on: a Dask cluster that scores the
    windows, with the same result (see `cluster.where`).

    A file appears under its name only when it is complete. Raises InputError when a name comes twice or no sequence is
    as long as a window, DataError when a file cannot be written.
    """
    targets, window = _checked(targets, model.config.length), model.config.length
    how = how._replace(strands=how.strands or default_strands(model), output="prediction")
    count = _Count(sum(max(end - start - window + 1, 0) for _, start, end in targets), progress)
    results = []
    with ExitStack() as stack:
        bed_file = stack.enter_context(WholeFile(bed)) if bed else None
        track = stack.enter_context(WholeFile(bedgraph, near=bigwig or "")) if bedgraph or bigwig else None
        edges = plan_scan(model, edges=how.edges, method=how.method).edges
        if track is not None:
            track.file.write(f"# score of the {window}-base window around each base, the higher strand; {edges}\n")
        scanner = _scanner(stack, model, targets, how, on, count)
        for target in targets:
            caller = PeakCaller(threshold, window, how.strands or "", task)
            found = _scanned(target, scanner, caller, track, count)
            if motifs is not None:
                contig, beside = target[0], how.covariates
                peaks = locate(model, contig, found.peaks, task=task, covariates=beside, motifs=motifs, progress=count)
                found = found._replace(peaks=peaks)
            results.append(found)
            if progress.should_stop():
                break
        if chance is not None:
            results = _told(results, chance)
        if bed_file is not None:
            for result in results:
                write_bed(bed_file.file, result.id, result.peaks)
        if track is not None and bigwig:
            if not any(result.n_scored for result in results):
                raise InputError("no window could be scored, so there is nothing for a bigWig: look at the N bases")
            track.file.flush()
            write_bigwig(bigwig, track.part, {contig.name: contig.length for contig, _, _ in targets})
    return results


def _told(results: list[Scanned], chance: Chance) -> list[Scanned]:
    """With q-values, which are over all sequences together."""
    told = iter(chance.told([peak for result in results for peak in result.peaks]))
    return [result._replace(peaks=list(islice(told, len(result.peaks)))) for result in results]


def _checked(targets: Iterable[Target], window: int) -> list[Target]:
    targets = list(targets)
    seen: set[str] = set()
    for contig, _, _ in targets:
        if contig.name in seen:
            raise InputError(f"the sequence {contig.name!r} comes twice: give each its own name")
        seen.add(contig.name)
    longest = max((end - start for _, start, end in targets), default=0)
    if longest < window:
        raise InputError(f"the longest sequence has {longest:,} bases; this model reads {window}: give a longer one")
    return targets


def _scanner(
    stack: ExitStack,
    model: ConvNet,
    targets: list[Target],
    how: ScanOptions,
    on: str,
    count: _Count,
) -> Callable[[Target], Iterator[Chunk]]:
    """What gives the chunks of each target in turn: computed here, or on a cluster."""
    if not on:
        return lambda target: scan_chunks(model, target[0], target[1:], how=how, progress=count)
    regions = Regions(model, targets, on, how=how, progress=count)
    stack.callback(regions.close)
    return regions.chunks


def _scanned(
    target: Target,
    scanner: Callable[[Target], Iterator[Chunk]],
    caller: PeakCaller,
    track: WholeFile | None,
    count: _Count,
) -> Scanned:
    """One sequence, whose scores are written to `track` as they come."""
    (contig, start, end), window, scored, seen = target, caller.window, 0, 0
    for chunk in scanner(target) if end - start >= window else ():
        caller.add(chunk)
        scored += int((~np.isnan(chunk.scores[0, :, 0])).sum())
        seen += chunk.scores.shape[1]
        if track is not None:
            write_bedgraph(track.file, contig.name, chunk, window=window, task=caller.task)
        count.add(chunk.scores.shape[1], contig.name)
    return Scanned(contig.name, end - start, scored, seen - scored, caller.finish())


class _Count:
    """Progress over all sequences; of one alone it passes on only the wish to stop."""

    def __init__(self, total: int, progress: Progress) -> None:
        self.total, self.done, self.progress, self.should_stop = total, 0, progress, progress.should_stop

    def add(self, windows: int, name: str) -> None:
        self.done += windows
        self.progress.report(self.done / self.total, f"{name}: {self.done:,} of {self.total:,} windows")

    def report(self, fraction: float, message: str) -> None:
        pass
