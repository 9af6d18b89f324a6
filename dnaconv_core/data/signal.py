"""The mean of a bigWig track over loci: a covariate, or a label."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from dnaconv_core.data.examples import Loci
from dnaconv_core.data.genome import Genome, some_names
from dnaconv_core.data.loci import Piece, pieces
from dnaconv_core.errors import DataError, InputError
from dnaconv_core.progress import SILENT, Progress
from dnaconv_core.sequence.interval import contig_key

MISSING = ("zero", "skip")
_MAGIC = (b"\x26\xfc\x8f\x88", b"\x88\x8f\xfc\x26")  # how a bigWig begins, in either byte order


def mean_signal(
    path: Path | str,
    loci: Loci,
    *,
    genome: Genome | None = None,
    missing: str = "zero",
    log: bool = False,
    progress: Progress = SILENT,
) -> np.ndarray:
    """(N,) float32: the mean of the track over each locus, or with `log` log(1 + mean).

    missing: bases without a value count as 0 ('zero'), or are left out of the mean ('skip', NaN where there are none
    with a value). genome: what the loci are on; its contigs must be as long as the track's.

    Raises DataError when the file is no bigWig, has no contig in common with the loci, is of another assembly, or has
    a negative mean where `log` is asked for.
    """
    if missing not in MISSING:
        raise InputError(f"missing is {str(missing)[:60]!r}: choose {', '.join(map(repr, MISSING))}")
    path = Path(path)
    with _opened(path) as track:
        lengths = dict(track.chroms())
        names = _names(path, loci, lengths, genome)
        total, covered, done = np.zeros(len(loci.start)), np.zeros(len(loci.start), np.int64), 0
        for piece in pieces(loci):
            if progress.should_stop():
                raise DataError(f"reading {path} was stopped: nothing was kept")
            name = names[piece.chrom]
            if name is not None:
                _add(path, track, name, lengths[name], piece, loci, total, covered)
            done += len(piece.rows)
            progress.report(done / len(total), f"Reading {path.name}: {done:,} of {len(total):,} windows")
    bases = (loci.end - loci.start) if missing == "zero" else covered
    mean = np.divide(total, bases, out=np.full(len(total), np.nan), where=bases > 0)
    if log:
        if (mean < 0).any():
            raise DataError(
                f"{path} has a negative mean over some windows: its logarithm cannot be taken, use the mean"
            )
        mean = np.log1p(mean)
    return mean.astype(np.float32)


def _opened(path: Path) -> Any:
    import pybigtools

    if path.is_dir() or not path.is_file():
        raise DataError(f"{path} is no file: give a bigWig")
    with path.open("rb") as file:
        if file.read(4) not in _MAGIC:
            raise DataError(f"{path} is no bigWig: it should be one, as bedGraphToBigWig makes it")
    try:
        return pybigtools.open(path.open("rb"))
    except Exception as error:  # pybigtools raises nothing narrower
        raise DataError(f"{path} cannot be read as bigWig ({error}): fetch or make it again") from error


def _names(path: Path, loci: Loci, lengths: dict[str, int], genome: Genome | None) -> dict[str, str | None]:
    """The track's name of each of the loci's contigs, None where it has none; refuses another assembly."""
    known = {contig_key(name): name for name in lengths}
    wanted = np.unique(loci.chrom).tolist()
    names = {name: name if name in lengths else known.get(contig_key(name)) for name in wanted}
    if wanted and not any(names.values()):
        raise DataError(
            f"no contig of the windows ({some_names(wanted)}) is in {path} ({some_names(sorted(lengths))}): "
            f"give a track of the same genome"
        )
    for own, name in names.items():
        if name is None:
            continue
        here = genome[own].length if genome is not None and genome.find(own) is not None else None
        farthest = int(loci.end[loci.chrom == own].max())
        if here is not None and here != lengths[name]:
            what = f"its {name} has {lengths[name]:,} bases, the genome's {here:,}"
        elif here is None and farthest > lengths[name]:
            what = f"its {name} has {lengths[name]:,} bases, and a window ends at {farthest:,}"
        else:
            continue
        raise DataError(f"{path} is of another assembly: {what}. Give a track of the same genome")
    return names


def _add(
    path: Path, track: Any, name: str, length: int, piece: Piece, loci: Loci, total: np.ndarray, covered: np.ndarray
) -> None:
    """Sums and numbers of the values in each locus of a piece."""
    low, high = max(piece.start, 0), min(piece.end, length)
    if low >= high:
        return
    try:
        values = track.values(name, low, high, fillna=None)  # (high - low,), NaN where there is none
    except Exception as error:  # pybigtools raises nothing narrower
        raise DataError(f"{path} cannot be read at {name}:{low}-{high} ({error}): fetch or make it again") from error
    there = np.isfinite(values)
    sums = np.concatenate([[0.0], np.cumsum(np.where(there, values, 0.0))])
    counts = np.concatenate([[0], np.cumsum(there)])
    start = np.clip(loci.start[piece.rows] - low, 0, high - low)
    end = np.clip(loci.end[piece.rows] - low, 0, high - low)
    total[piece.rows] = sums[end] - sums[start]
    covered[piece.rows] = counts[end] - counts[start]
