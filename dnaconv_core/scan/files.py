"""Scan many sequences and write what is found as one goes, in memory that does not grow with their length."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from dnaconv_core.data.genome import Contig
from dnaconv_core.errors import InputError
from dnaconv_core.progress import SILENT, Progress
from dnaconv_core.scan.scan import default_strands, plan_scan, scan_chunks
from dnaconv_core.scan.tracks import Peak, PeakCaller, write_bed, write_bedgraph, write_bigwig
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
    targets: Iterable[tuple[Contig, int, int]],
    *,
    threshold: float = np.inf,
    strands: str | None = None,
    edges: str = "exact",
    covariates: np.ndarray | None = None,
    max_unknown: int = 0,
    bed: Path | str | None = None,
    bedgraph: Path | str | None = None,
    bigwig: Path | str | None = None,
    progress: Progress = SILENT,
) -> list[Scanned]:
    """Scan each (contig, start, end); peaks are windows that reach `threshold`. Options as in `scan`.

    A file appears under its name only when it is complete. Raises InputError when a name comes twice or no sequence is
    as long as a window, DataError when a file cannot be written.
    """
    targets, window = list(targets), model.config.length
    seen: set[str] = set()
    for contig, _, _ in targets:
        if contig.name in seen:
            raise InputError(f"the sequence {contig.name!r} comes twice: give each its own name")
        seen.add(contig.name)
    if not any(end - start >= window for _, start, end in targets):
        longest = max((end - start for _, start, end in targets), default=0)
        raise InputError(f"the longest sequence has {longest:,} bases; this model reads {window}: give a longer one")
    strands = strands or default_strands(model)
    total = sum(max(end - start - window + 1, 0) for _, start, end in targets)
    results, done = [], 0
    with ExitStack() as stack:
        bed_file = stack.enter_context(WholeFile(bed)) if bed else None
        wanted = bedgraph or bigwig
        track = stack.enter_context(WholeFile(bedgraph, near=bigwig)) if wanted else None
        plan = plan_scan(model, edges=edges)
        if track is not None:
            track.file.write(f"# score of the {window}-base window around each base, the higher strand; {plan.edges}\n")
        for contig, start, end in targets:
            caller, scored, seen_windows = PeakCaller(threshold, window, strands), 0, 0
            options = {"strands": strands, "edges": edges, "covariates": covariates, "max_unknown": max_unknown}
            if end - start >= window:
                for chunk in scan_chunks(model, contig, (start, end), progress=_Stop(progress), **options):
                    caller.add(chunk)
                    scored += int((~np.isnan(chunk.scores[0, :, 0])).sum())
                    seen_windows += chunk.scores.shape[1]
                    done += chunk.scores.shape[1]
                    if track is not None:
                        write_bedgraph(track.file, contig.name, chunk, window=window)
                    progress.report(done / total, f"{contig.name}: {done:,} of {total:,} windows")
            peaks = caller.finish()
            results.append(Scanned(contig.name, end - start, scored, seen_windows - scored, peaks))
            if bed_file is not None:
                write_bed(bed_file.file, contig.name, peaks)
            if progress.should_stop():
                break
        if bigwig:
            if not any(result.n_scored for result in results):
                raise InputError("no window could be scored, so there is nothing for a bigWig: look at the N bases")
            track.file.flush()
            write_bigwig(bigwig, track.part, {contig.name: contig.length for contig, _, _ in targets})
    return results


class _Stop:
    """Passes on only the wish to stop: the fraction of one sequence is not that of all."""

    def __init__(self, progress: Progress) -> None:
        self.should_stop = progress.should_stop

    def report(self, fraction: float, message: str) -> None:
        pass
