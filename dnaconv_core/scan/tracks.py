"""What a scan finds, as other programs read it: peaks (BED), and the score of every base (bedGraph, bigWig)."""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple, TextIO

import numpy as np

from dnaconv_core.errors import DataError, InputError
from dnaconv_core.scan.scan import Chunk
from dnaconv_core.text import open_text, whole_number

_NUMBER = re.compile(r"-?\d+(\.\d+)?(e-?\d+)?", re.ASCII)  # as `write_bed` writes a prediction


class PeakSite(NamedTuple):
    """What the model reads in a peak's window: bases [start, end) of the contig, and a motif's match there."""

    summit: int  # the base in the middle of what counts
    start: int
    end: int
    word: str  # the match as its strand reads it, else the site's letters
    motif: str = ""  # '' where none matches
    strand: str = "."  # the match's; '.' without one, or where a palindrome says nothing of it
    at: int | None = None  # first base of the match
    p_value: float | None = None  # of such a match at one place of random sequence


class Peak(NamedTuple):
    """A window that reaches the threshold and overlaps no better one; bases [start, end), 0-based and half-open."""

    start: int
    end: int
    strand: str  # that scores higher; '.' where both score the same
    score: float  # the window's prediction
    site: PeakSite | None = None  # where it was looked for (see `scan.sites`)
    expected: float | None = None  # peaks of this height or more by chance in the whole scan (see `scan.chance`)
    q: float | None = None  # the share of false peaks among those of this height or more

    @property
    def side(self) -> str:
        """The strand of the site: as the model tells it, else as the motif does."""
        return self.site.strand if self.strand == "." and self.site else self.strand

    def as_json(self) -> dict[str, Any]:
        """Positions from 0, ends not included."""
        site = self.site._asdict() if self.site else None
        found = {"start": self.start, "end": self.end, "strand": self.strand, "score": self.score}
        return {**found, "site": site, "expected": self.expected, "q": self.q}


class PeakCaller:
    """Peaks from chunks of scores that come in order: `add` each, then `finish`.

    Of windows that score at least `threshold` on either strand the best is a peak, then the best of those that do not
    overlap it, and so on.
    """

    def __init__(self, threshold: float, window: int, strands: str, task: int = 0) -> None:
        self.threshold, self.window, self.strands, self.task = threshold, window, strands, task
        self.peaks: list[Peak] = []
        self._waiting = np.empty((3, 0))  # start, score, strand of hits that later ones may still decide

    def add(self, chunk: Chunk) -> None:
        scores = np.where(np.isnan(chunk.scores[:, :, self.task]), -np.inf, chunk.scores[:, :, self.task])  # (S, n)
        best, strand = scores.max(axis=0), scores.argmax(axis=0)
        strand[(scores == best).all(axis=0) & (len(scores) > 1)] = -1
        hits = np.flatnonzero(best >= self.threshold)
        if not len(hits):
            return
        found = np.stack([chunk.start + hits, best[hits], strand[hits]])  # (3, hits) float64
        self._waiting = np.concatenate([self._waiting, found], axis=1)
        self._choose(chunk.start + len(best))

    def finish(self) -> list[Peak]:
        """The peaks in order of position."""
        self._choose(np.inf)
        self.peaks.sort()
        return self.peaks

    def _choose(self, coming: float) -> None:
        """Choose what no window from `coming` on can change; hits that one could change go on waiting."""
        starts = self._waiting[0].astype(np.int64)
        low = np.searchsorted(starts, starts - self.window, "right")  # the windows that overlap each
        high = np.searchsorted(starts, starts + self.window, "left")
        free, still_open = np.ones(len(starts), bool), np.zeros(len(starts), bool)
        for i in np.argsort(-self._waiting[1], kind="stable"):
            if not free[i]:
                continue
            start, score, strand = int(starts[i]), float(self._waiting[1, i]), int(self._waiting[2, i])
            if start + self.window > coming or still_open[low[i] : high[i]].any():  # by a better one that is
                still_open[i] = True
                continue
            free[low[i] : high[i]] = False
            self.peaks.append(Peak(start, start + self.window, "." if strand < 0 else self.strands[strand], score))
        self._waiting = self._waiting[:, still_open]


def call_peaks(
    scores: np.ndarray, threshold: float, *, window: int, strands: str, start: int = 0, task: int = 0
) -> list[Peak]:
    """Peaks of scores `(strands, n, T)` that are all at hand, of the output `task`."""
    caller = PeakCaller(threshold, window, strands, task)
    caller.add(Chunk(start, scores))
    return caller.finish()


def threshold_at(predictions: np.ndarray, fpr: float) -> float:
    """The lowest threshold that at most a share `fpr` of these predictions of negatives reaches.

    Raises InputError for a share that is none, or when there are too few negatives to tell.
    """
    if not 0 < fpr < 1:
        raise InputError(f"fpr is {fpr}: give a share between 0 and 1, such as 0.01")
    values = np.sort(np.asarray(predictions, np.float32).ravel())[::-1]
    allowed = int(fpr * len(values))
    if not allowed:
        raise InputError(
            f"fpr is {fpr:g} but the validation data have {len(values):,} negatives, too few to see that rate: choose "
            f"at least {1 / max(len(values), 1):.2g}, or give a threshold"
        )
    return float(np.nextafter(values[allowed], np.float32(np.inf)))


def write_bed(file: TextIO, name: str, peaks: Sequence[Peak]) -> None:
    """BED6, the prediction in the name; the score column is the prediction × 1000, kept within 0 to 1000.

    Where sites were located BED8: thickStart and thickEnd are the site, and the strand is the site's.
    """
    located = any(peak.site for peak in peaks)
    for number, peak in enumerate(peaks, 1):
        score = round(1000 * min(max(peak.score, 0.0), 1.0))
        thick = (peak.site.start, peak.site.end) if peak.site else (peak.start, peak.start)  # none, as UCSC writes it
        fields = [name, peak.start, peak.end, f"peak_{number}_{peak.score:.4g}", score, peak.side]
        file.write("\t".join(map(str, [*fields, *(thick if located else ())])) + "\n")


def spans(chunk: Chunk, window: int, task: int = 0) -> Iterator[tuple[int, int, float]]:
    """(start, end, value): each window's score, the higher of both strands, at its middle base; equal ones joined."""
    best = chunk.scores[:, :, task].max(axis=0)  # (n,) NaN where missing
    changes = np.flatnonzero(best[1:] != best[:-1]) + 1  # NaN differs from itself
    middle = chunk.start + window // 2
    bounds = [0, *changes.tolist(), len(best)]
    for low, high in pairwise(bounds):
        if not np.isnan(best[low]):
            yield middle + low, middle + high, float(best[low])


def write_bedgraph(file: TextIO, name: str, chunk: Chunk, *, window: int, task: int = 0) -> None:
    file.writelines(f"{name}\t{low}\t{high}\t{value:.6g}\n" for low, high, value in spans(chunk, window, task))


def write_bigwig(path: Path | str, bedgraph: Path, lengths: dict[str, int]) -> None:
    """The bigWig of a bedGraph; `lengths` in bases by contig, in any order."""
    import pybigtools

    def values() -> Iterator[tuple[str, int, int, float]]:
        with bedgraph.open() as lines:
            for line in lines:
                if not line.startswith(("#", "track")):
                    name, low, high, value = line.rstrip("\n").split("\t")
                    yield name, int(low), int(high), float(value)

    part = Path(path).with_name(f".{secrets.token_hex(8)}.bw")
    try:
        pybigtools.open(str(part), "w").write(lengths, values())
        pybigtools.open(str(part)).close()  # on a full disk writing prints a line and goes on; reading raises
        os.replace(part, path)
    except Exception as error:  # pybigtools raises nothing narrower
        part.unlink(missing_ok=True)
        raise DataError(f"{path} cannot be written as bigWig ({error}): check its folder and its space") from error


def read_bed(path: Path | str) -> dict[str, list[Peak]]:
    """The peaks that `write_bed` wrote, by contig, in order of position; sites by their places alone.

    A line that is none is passed over. Raises DataError when the file cannot be read, or holds no peak.
    """
    found: dict[str, list[Peak]] = {}
    for line in open_text(path):
        fields = line.split("\t")
        numbers = [whole_number(field) for field in fields[:8]]
        if len(fields) < 6 or (start := numbers[1]) is None or (end := numbers[2]) is None:
            continue
        name = fields[3].rpartition("_")[2]
        score = float(name) if _NUMBER.fullmatch(name) else (numbers[4] or 0) / 1000
        site = None
        low, high = numbers[6:8] if len(fields) >= 8 else (None, None)
        if low is not None and high is not None and low < high:
            site = PeakSite((low + high - 1) // 2, low, high, "", strand=fields[5])
        found.setdefault(fields[0], []).append(Peak(start, end, fields[5], score, site))
    if not found:
        raise DataError(f"{path} has no peaks: give the BED file that 'dnaconv scan --bed' wrote")
    return {name: sorted(peaks, key=lambda peak: peak.start) for name, peaks in found.items()}
