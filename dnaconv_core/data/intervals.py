"""Intervals on a genome from BED, narrowPeak, broadPeak and bedGraph files, and the windows read around them."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import numpy as np

from dnaconv_core.data.examples import MOST_BASES, Examples, Loci, Skipped
from dnaconv_core.data.genome import Genome, some_names, stretches
from dnaconv_core.data.loci import best_apart, contig_numbers, merged, overlapping
from dnaconv_core.errors import DataError, InputError
from dnaconv_core.progress import SILENT, Progress
from dnaconv_core.text import open_text

KINDS = {  # columns, from 0, of what each kind says beside chromosome, start and end
    "BED": {"name": 3, "score": 4, "strand": 5},
    "narrowPeak": {"name": 3, "score": 6, "strand": 5, "summit": 9},
    "broadPeak": {"name": 3, "score": 6, "strand": 5},
    "bedGraph": {"score": 3},
}
CENTRES, OVERLAPS, ENDS = ("summit", "middle"), ("keep", "drop", "merge"), ("drop", "pad")
_BLOCK = 50_000  # lines that are split together
_FARTHEST = 1 << 40  # no contig has as many bases
_WHOLE = re.compile(r"\s*[-+]?[0-9]+\s*")
_NAME = 200  # letters of a name that are kept


class Intervals(NamedTuple):
    """N intervals as a file has them, and the lines that were left out."""

    loci: Loci
    score: np.ndarray  # (N,) float64: BED's score, signalValue of peaks, bedGraph's value; NaN where there is none
    summit: np.ndarray  # (N,) int64: the summit's place on the contig; -1 where there is none
    line: np.ndarray  # (N,) int64, from 1
    kind: str  # one of KINDS
    file: str
    skipped: tuple[Skipped, ...] = ()

    @property
    def n(self) -> int:
        return len(self.line)

    def subset(self, index: np.ndarray) -> Intervals:
        rows = {name: getattr(self, name)[index] for name in ("score", "summit", "line")}
        return self._replace(loci=self.loci.subset(index), **rows)

    def without(self, bad: np.ndarray, reason: str | np.ndarray) -> Intervals:
        """Without the intervals that the mask `bad` marks; each is listed with the reason, one for all or (N,)."""
        places = np.flatnonzero(bad).tolist()
        if not places:
            return self
        reasons = [reason] * len(places) if isinstance(reason, str) else [str(reason[place]) for place in places]
        lines = self.line[places].tolist()
        more = tuple(Skipped(self.file, line, why) for line, why in zip(lines, reasons, strict=True))
        return self.subset(~bad)._replace(skipped=self.skipped + more)


# --- reading a file


def read_intervals(path: Path | str, kind: str = "", *, progress: Progress = SILENT) -> Intervals:
    """The intervals of a file, plain or gzip, split at tabs or spaces; by default its kind is seen from its content.

    Lines that are no interval are left out and listed. Raises DataError when no line is one, the file cannot be read,
    or `progress` asks to stop; InputError for a kind that there is not.
    """
    if kind and kind not in KINDS:
        raise InputError(f"kind of intervals is {kind[:60]!r}: choose {', '.join(KINDS)}")
    lines = open_text(path)
    rows = _rows(lines)
    head = list(islice(rows, _BLOCK))
    if not head:
        raise DataError(f"{path} is empty: it should hold an interval on each line, such as 'chr1 100 300'")
    separator = "\t" if "\t" in head[0][1] else None
    kind = kind or _kind(str(path), [text.split(separator) for _, text in head[:100]])
    blocks, skipped, n_lines = [], [], 0
    while head:
        block, faults = _block(head, separator, KINDS[kind])
        blocks.append(block)
        skipped += [Skipped(str(path), number, why) for number, why in faults]
        n_lines += len(head)
        if progress.should_stop():
            raise DataError(f"reading {path} was stopped: nothing was kept")
        progress.report(lines.fraction, f"Reading {Path(path).name}: {n_lines:,} lines")
        head = list(islice(rows, _BLOCK))
    chrom, start, end, strand, score, summit, line = map(np.concatenate, zip(*blocks, strict=True))
    if not len(chrom):
        first = skipped[0]
        raise DataError(f"{path} has no interval: line {first.line} {first.reason}. Write chromosome, start and end")
    return Intervals(Loci(chrom, start, end, strand), score, summit, line, kind, str(path), tuple(skipped))


def _rows(lines: Iterable[str]) -> Iterator[tuple[int, str]]:
    """Numbers (from 1) and text of the lines that should be intervals; a header row of words is passed over."""
    first = True
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.startswith(("#", "track", "browser")):
            continue
        if first:
            first = False
            words = line.replace("\t", " ").split()
            if len(words) > 2 and words[1][:1].isalpha() and words[2][:1].isalpha():
                continue
        yield number, line


def _kind(name: str, rows: list[list[str]]) -> str:
    """The kind that the first rows' columns allow; the file's name decides between two that look alike."""
    name = name.lower()
    n = min(map(len, rows))
    peaks = n in (9, 10) and all(_is_number(row[column]) for row in rows for column in (6, 7, 8))
    if peaks and n == 10 and all(_is_number(row[9]) for row in rows):
        return "narrowPeak"
    if peaks and n == 9:
        whole = all(_WHOLE.fullmatch(row[6]) for row in rows)  # thickStart of BED lies in its interval
        inside = whole and all(_float(row[1]) <= _float(row[6]) <= _float(row[2]) for row in rows)
        return "BED" if inside and "broadpeak" not in name else "broadPeak"
    value = n == max(map(len, rows)) == 4 and all(_is_number(row[3]) for row in rows)
    return "bedGraph" if value and ".bed" not in name.replace(".bedgraph", "") else "BED"


def _float(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan


def _is_number(text: str) -> bool:
    return math.isfinite(_float(text))


def _block(
    lines: list[tuple[int, str]], separator: str | None, layout: dict[str, int]
) -> tuple[tuple[np.ndarray, ...], list[tuple[int, str]]]:
    """Columns of some lines, and number and reason of those that are no intervals."""
    rows = [text.split(separator) for _, text in lines]
    faults: list[tuple[int, str]] = []
    try:
        return _columns(rows, [number for number, _ in lines], layout), faults
    except (ValueError, IndexError, OverflowError):  # one of them: which?
        whys = [_fault(row, layout) for row in rows]
        faults = [(number, why) for (number, _), why in zip(lines, whys, strict=True) if why]
        kept = [place for place, why in enumerate(whys) if not why]
        return _columns([rows[place] for place in kept], [lines[place][0] for place in kept], layout), faults


def _columns(rows: list[list[str]], numbers: list[int], layout: dict[str, int]) -> tuple[np.ndarray, ...]:
    """chrom, start, end, strand, score, summit and line. Raises ValueError or IndexError where a row has a fault."""
    start = np.array([int(row[1]) for row in rows], np.int64)
    end = np.array([int(row[2]) for row in rows], np.int64)
    if (start < 0).any() or (end <= start).any() or (end > _FARTHEST).any():
        raise ValueError
    chrom = np.array([row[0].strip()[:_NAME] for row in rows], dtype=str)
    if (chrom == "").any():
        raise ValueError
    at = layout.get("strand", 99)
    strand = np.array([row[at].strip() if len(row) > at else "." for row in rows], dtype="U1")
    strand[(strand != "+") & (strand != "-")] = "."
    at = layout["score"]
    score = np.array([_float(row[at]) if len(row) > at else math.nan for row in rows], np.float64)
    if "strand" not in layout and not np.isfinite(score).all():  # of bedGraph it is the label
        raise ValueError
    at = layout.get("summit", 99)
    offset = np.array([int(row[at]) if len(row) > at else -1 for row in rows], np.int64)
    summit = np.where((offset >= 0) & (offset < end - start), start + offset, -1)
    return chrom, start, end, strand, score, summit, np.array(numbers, np.int64)


def _fault(row: list[str], layout: dict[str, int]) -> str:
    """Why a row is no interval; '' where it is one."""
    if len(row) < 3 or not row[0].strip():
        return f"has {len(row)} field{'s' * (len(row) != 1)} where chromosome, start and end are needed"
    for word, text in (("start", row[1]), ("end", row[2])):
        if not _WHOLE.fullmatch(text):
            return f"has {text.strip()[:60]!r} as its {word}, which is no whole number"
    start, end = (int(text) if len(text) < 20 else _FARTHEST + 1 for text in row[1:3])
    if start < 0:
        return f"starts at {start}, before the contig"
    if max(start, end) > _FARTHEST:
        return "lies farther than any contig reaches"
    if end <= start:
        return f"ends at {end:,}, not after its start, {start:,}"
    if "strand" not in layout and (len(row) < 4 or not _is_number(row[3])):
        return f"has {row[3].strip()[:60]!r} as its value, which is no number" if len(row) > 3 else "has no value"
    at = layout.get("summit", 99)
    if len(row) > at and (not _WHOLE.fullmatch(row[at]) or len(row[at]) > 18):
        return f"has {row[at].strip()[:60]!r} as its summit, which is no whole number"
    return ""


# --- windows of a genome


def interval_examples(
    intervals: Intervals,
    genome: Genome,
    *,
    width: int | None = None,
    centre: str = "summit",
    alphabet: str = "DNA",
    stranded: bool | None = None,
    blacklist: Loci | None = None,
    overlaps: str = "keep",
    ends: str = "drop",
    progress: Progress = SILENT,
) -> Examples:
    """The genome's letters in a window of `width` bases (by default the interval itself) at each interval.

    centre: 'summit' (the middle where there is none) or 'middle'. stranded: whether intervals on '-' are read from the
    opposite strand, by default for RNA only. blacklist: windows that touch it are left out. overlaps: 'keep', 'drop'
    (of overlapping windows the one with the higher score stays) or 'merge' (overlapping intervals become one before
    windows are cut; their score is the mean by length, of other kinds than bedGraph the highest). ends: windows beyond
    a contig's end are left out or, with 'pad', get unknown bases.

    y is bedGraph's value, of other kinds 1. Ids are the windows' loci. What was left out is in `skipped`. Raises
    InputError for an option that there is not, DataError when no contig is in the genome or nothing is left.
    """
    for name, value, known in (("centre", centre, CENTRES), ("overlaps", overlaps, OVERLAPS), ("ends", ends, ENDS)):
        if value not in known:
            raise InputError(f"{name} is {value!r}: choose {', '.join(map(repr, known))}")
    if width is not None and width < 1:
        raise InputError(f"width is {width}: a window has at least 1 base")
    stranded = alphabet == "RNA" if stranded is None else stranded
    found = _on_genome(intervals, genome)
    if not stranded:
        found = found._replace(loci=found.loci._replace(strand=np.full(found.n, ".")))
    if overlaps == "merge":
        found = _merge(found)
    found = found._replace(loci=_windows(found, width, centre))
    too_long = found.loci.end - found.loci.start > MOST_BASES
    found = found.without(too_long, f"has a window of more than {MOST_BASES:,} bases: choose its width")
    if ends == "drop":
        outside = (found.loci.start < 0) | (found.loci.end > _lengths(found.loci.chrom, genome))
        found = found.without(outside, "has a window that reaches beyond its contig's end")
    if blacklist is not None:
        found = found.without(overlapping(found.loci, blacklist), "has a window that touches the blacklist")
    if overlaps == "drop":
        key = _strand_numbers(found.loci)
        found = found.without(~best_apart(found.loci, found.score, key), "overlaps a window with a higher score")
    if not found.n:
        last = found.skipped[-1]
        raise DataError(f"no interval of {intervals.file} is left: line {last.line}, for one, {last.reason}")
    codes, offsets = stretches(genome, found.loci, alphabet, progress=progress)
    return _examples(found, codes, offsets, alphabet)._replace(notes=_notes(intervals, width, centre, stranded))


def _notes(intervals: Intervals, width: int | None, centre: str, stranded: bool) -> tuple[str, ...]:
    """What was decided, a sentence each."""
    notes = [f"{intervals.file} was read as {intervals.kind}."]
    n = int((intervals.summit < 0).sum())
    if width is not None and centre == "summit" and 0 < n < intervals.n:
        words = "interval without a summit is" if n == 1 else "intervals without a summit are"
        notes.append(f"{n:,} {words} centred on the middle.")
    if not stranded and (intervals.loci.strand == "-").any():
        notes.append("Strands were not used: every window is read from the + strand.")
    if stranded and (intervals.loci.strand == ".").any():
        n = int((intervals.loci.strand == ".").sum())
        words = "interval has no strand and is" if n == 1 else "intervals have no strand and are"
        notes.append(f"{n:,} {words} read from the + strand.")
    return tuple(notes)


def _on_genome(intervals: Intervals, genome: Genome) -> Intervals:
    """Without intervals on contigs that the genome lacks, or beyond the end of one."""
    lengths = _lengths(intervals.loci.chrom, genome)
    if (lengths < 0).all():
        names = some_names(sorted(set(intervals.loci.chrom.tolist())))
        raise DataError(
            f"no contig of {intervals.file} ({names}) is in {genome.path} ({some_names(genome.names)}): "
            f"give the genome that the intervals were made on"
        )
    found = intervals.without(lengths < 0, "is on a contig that the genome lacks")
    beyond = found.loci.end > lengths[lengths >= 0]
    return found.without(beyond, "ends beyond its contig: is the genome of another assembly?")


def _lengths(chrom: np.ndarray, genome: Genome) -> np.ndarray:
    """(N,) bases of each contig, -1 where the genome has none of this name."""
    names, inverse = np.unique(chrom, return_inverse=True)
    known = [genome.find(str(name)) for name in names]
    return np.array([-1 if name is None else genome[name].length for name in known], np.int64)[inverse]


def _windows(intervals: Intervals, width: int | None, centre: str) -> Loci:
    loci = intervals.loci
    if width is None:
        return loci
    middle = (loci.start + loci.end) // 2
    if centre == "summit":
        middle = np.where(intervals.summit >= 0, intervals.summit, middle)
    start = middle - width // 2
    return loci._replace(start=start, end=start + width)


def _strand_numbers(loci: Loci) -> np.ndarray:
    """Numbers of contig and strand: what is on opposite strands does not overlap, where strands are read."""
    return contig_numbers(loci.chrom)[0] * 3 + (loci.strand == "+") + 2 * (loci.strand == "-")


def _merge(intervals: Intervals) -> Intervals:
    """One interval for each cluster of overlapping ones: their union, with the line and summit of the best."""
    loci, first, best, group = merged(intervals.loci, intervals.score, _strand_numbers(intervals.loci))
    score = intervals.score[best]
    if intervals.kind == "bedGraph":
        length = intervals.loci.end - intervals.loci.start
        score = np.bincount(group, intervals.score * length) / np.bincount(group, length)
    return intervals._replace(loci=loci, score=score, summit=intervals.summit[best], line=intervals.line[first])


def _examples(found: Intervals, codes: np.ndarray, offsets: np.ndarray, alphabet: str) -> Examples:
    y = np.ones((found.n, 1), np.float32)
    if found.kind == "bedGraph":
        y = found.score[:, None].astype(np.float32)
    return Examples(
        codes,
        offsets,
        locus_ids(found.loci),
        y,
        np.ones((found.n, 1), np.float32),
        alphabet=alphabet,
        tasks=("value",) if found.kind == "bedGraph" else (),
        loci=found.loci,
        skipped=found.skipped,
    )


def locus_ids(loci: Loci) -> np.ndarray:
    """(N,) text: 'chr1:100-300(+)', without a strand where there is none; starts before a contig are written as 0."""
    marks = {"+": "(+)", "-": "(-)"}
    columns = (loci.chrom.tolist(), np.maximum(loci.start, 0).tolist(), loci.end.tolist(), loci.strand.tolist())
    return np.array([f"{c}:{s}-{e}{marks.get(m, '')}" for c, s, e, m in zip(*columns, strict=True)], dtype=str)
