"""Where else guides could act: exact and one-mismatch matches, and seed sites, in a transcriptome FASTA of any size.

Seed sites act mostly in 3' UTRs (Birmingham et al. 2006), so those are counted apart where the file says where they
are: GENCODE's headers do (`|UTR3:1021-1500|`, from 1, the end included; or `CDS:61-1020`, all behind it).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from dnaconv_core.data.genome import text_codes
from dnaconv_core.errors import DataError, InputError
from dnaconv_core.progress import SILENT, Progress
from dnaconv_core.sequence.encoding import reverse_complement_text
from dnaconv_core.text import open_text

LENGTH = 21  # bases of a guide
SEED = slice(1, 8)  # its bases 2 to 8
_PIECE = 1 << 20  # bases looked at together
_LONGEST_LINE = 1 << 28  # a whole chromosome may stand on one
_NAMES = 5  # transcripts named per guide
_UTR = re.compile(r"(?<![A-Za-z0-9])UTR3:(\d{1,9})-(\d{1,9})(?!\d)")
_CDS = re.compile(r"(?<![A-Za-z0-9])CDS:(\d{1,9})-(\d{1,9})(?!\d)")
_EVEN = np.int64(0x155555555555)  # the lower bit of each base


class OffTargets(NamedTuple):
    """For each of N guides, over all transcripts (the gene's own included)."""

    seed_sites: np.ndarray  # (N,) sites complementary to bases 2 to 8
    exact: np.ndarray  # (N,) sites complementary to all 21 bases
    one_mismatch: np.ndarray  # (N,) sites with one base that does not pair
    names: list[list[str]]  # the first transcripts with a site of either of these two kinds
    n_transcripts: int
    n_bases: int
    utr_sites: np.ndarray  # (N,) of the seed sites those that lie in 3' UTRs
    n_utrs: int  # transcripts whose 3' UTR the file tells; 0: nothing is known of them


class _Part(NamedTuple):
    """A stretch of one transcript; the first `LENGTH - 1` bases of a later stretch repeat the end of the one before."""

    name: str
    codes: np.ndarray
    later: bool
    first: int = 0  # place of its first base in the transcript
    utr: tuple[int, int] | None = None  # of the transcript's 3' UTR, from 0, end not included


def find_offtargets(guides: Sequence[str], transcriptome: Path | str, *, progress: Progress = SILENT) -> OffTargets:
    """Search the + strand of every record of a FASTA file (plain or gzip) for sites of guides of 21 bases.

    Memory does not grow with the file. Raises InputError for a guide that is not 21 known bases, DataError when
    the file cannot be read. When `progress` asks to stop, the numbers are those so far.
    """
    _check(guides)
    path = Path(transcriptome)
    sites = np.array([_word(reverse_complement_text(guide, "RNA")) for guide in guides], np.int64)
    seeds = np.array([_word(reverse_complement_text(guide[SEED], "RNA")) for guide in guides], np.int64)
    halves = [_Half(sites, 22, 20), _Half(sites, 0, 22)]  # the first 10 bases and the last 11
    seed_sites, utr_sites, n_utrs = np.zeros(4**7, np.int64), np.zeros(4**7, np.int64), 0
    exact, near = np.zeros(len(sites), np.int64), np.zeros(len(sites), np.int64)
    names: list[list[str]] = [[] for _ in guides]
    transcripts = bases = 0
    for parts, fraction in _pieces(path):
        transcripts += sum(not part.later for part in parts)
        bases += sum(len(part.codes) - (LENGTH - 1) * part.later for part in parts)
        n_utrs += sum(part.utr is not None and not part.later for part in parts)
        new = [part._replace(codes=part.codes[LENGTH - 7 :], first=part.first + LENGTH - 7) if part.later else part
               for part in parts]  # fmt: skip
        words, starts = _words(_joined([part.codes for part in new]), 7)
        seed_sites += np.bincount(words, minlength=4**7)
        utr_sites += np.bincount(words[_in_utrs(new)[starts]], minlength=4**7)
        words, starts = _words(_joined([part.codes for part in parts]), LENGTH)
        place, site = _close(words, halves)
        whole = words[place] == sites[site]
        exact += np.bincount(site[whole], minlength=len(sites))
        near += np.bincount(site[~whole], minlength=len(sites))
        _name(names, parts, starts[place], site)
        progress.report(fraction, f"{bases:,} bases of {transcripts:,} transcripts searched")
        if progress.should_stop():
            break
    return OffTargets(seed_sites[seeds], exact, near, names, transcripts, bases, utr_sites[seeds], n_utrs)


def _check(guides: Sequence[str]) -> None:
    for guide in guides:
        if len(guide) != LENGTH or set(guide) - set("ACGU"):
            raise InputError(f"the guide {guide!r} is not {LENGTH} bases of A, C, G and U: correct it")


def _name(names: list[list[str]], parts: Sequence[_Part], starts: np.ndarray, sites: np.ndarray) -> None:
    """Add the transcripts in which these sites begin, to those of each guide's that are named."""
    begins = np.cumsum([0, *(len(part.codes) + 1 for part in parts)])
    of = np.searchsorted(begins, starts, "right") - 1
    for number, i in zip(of.tolist(), sites.tolist(), strict=True):
        if len(names[i]) < _NAMES and parts[number].name not in names[i]:
            names[i].append(parts[number].name)


class _Half:
    """Sites, found by one of their halves: a site with one mismatch has the other half intact."""

    def __init__(self, sites: np.ndarray, shift: int, bits: int) -> None:
        self.sites, self.shift, self.mask = sites, shift, (1 << bits) - 1
        words = (sites >> shift) & self.mask
        self.order = np.argsort(words, kind="stable")
        self.words = words[self.order]
        self.there = np.zeros(1 << bits, bool)
        self.there[words] = True


def _close(words: np.ndarray, halves: Sequence[_Half]) -> tuple[np.ndarray, np.ndarray]:
    """Pairs (index of word, index of site) that differ in at most one base, each once, in order."""
    pairs = []
    for half in halves:
        part = (words >> half.shift) & half.mask
        place = np.flatnonzero(half.there[part])
        low = np.searchsorted(half.words, part[place], "left")
        count = np.searchsorted(half.words, part[place], "right") - low
        at = np.repeat(place, count)
        within = np.arange(len(at)) - np.repeat(np.cumsum(count) - count, count)
        site = half.order[np.repeat(low, count) + within]
        different = words[at] ^ half.sites[site]
        bases = (different | (different >> 1)) & _EVEN  # one bit for each base that differs
        close = (bases & (bases - 1)) == 0
        pairs.append(np.stack([at[close], site[close]]))
    both = np.unique(np.concatenate(pairs, axis=1), axis=1)
    return both[0], both[1]


def _in_utrs(parts: Sequence[_Part]) -> np.ndarray:
    """For each base of the joined parts whether a seed site that begins there lies in a 3' UTR."""
    found = np.zeros(sum(len(part.codes) + 1 for part in parts), bool)
    at = 0
    for part in parts:
        if part.utr is not None:
            low, high = max(part.utr[0] - part.first, 0), min(part.utr[1] - part.first, len(part.codes)) - 6
            found[at + low : at + max(high, low)] = True
        at += len(part.codes) + 1
    return found


def utr_of(header: str) -> tuple[int, int] | None:
    """The 3' UTR that a FASTA header tells, from 0, end not included; None where it tells none."""
    if told := _UTR.search(header):
        return int(told[1]) - 1, int(told[2])
    if told := _CDS.search(header):
        return int(told[2]), 1 << 60
    return None


def _word(text: str) -> int:
    value = 0
    for code in text_codes(text, "RNA").tolist():
        value = value << 2 | code
    return value


def _words(codes: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    """Every word of k known bases as a number, two bits a base, and where it starts."""
    n = len(codes) - k + 1
    if n < 1:
        return np.empty(0, np.int64), np.empty(0, np.int64)
    values = np.zeros(n, np.int64)
    for i in range(k):
        values <<= 2
        values |= codes[i : i + n] & 3
    unknown = np.concatenate([[0], np.cumsum(codes == 4)])
    starts = np.flatnonzero(unknown[k:] == unknown[:-k])
    return values[starts], starts


def _joined(parts: Sequence[np.ndarray]) -> np.ndarray:
    """The parts with an unknown base after each, so that no word runs from one into the next."""
    end = np.array([4], np.uint8)
    return np.concatenate([piece for part in parts for piece in (part, end)])


def _pieces(path: Path) -> Iterator[tuple[list[_Part], float]]:
    """Parts of transcripts, about `_PIECE` bases at a time, and the share of the file read."""
    waiting: list[_Part] = []
    size, lines = 0, open_text(path, longest=_LONGEST_LINE)
    for part in _parts(path, lines):
        waiting.append(part)
        size += len(part.codes)
        if size >= _PIECE:
            yield waiting, lines.fraction
            waiting, size = [], 0
    if waiting:
        yield waiting, 1.0


def _parts(path: Path, content: Iterable[str]) -> Iterator[_Part]:
    lines: list[str] = []
    name, size, number = None, 0, 0
    part = _Part("", np.zeros(0, np.uint8), False)  # as the next one begins
    for line in content:
        line = line.strip()
        if line.startswith(">"):
            if name is not None:
                yield _filled(part, lines)
            number += 1
            words = line[1:].split()
            name, lines, size = words[0] if words else f"seq_{number}", [], 0
            part = _Part(name, part.codes, False, 0, utr_of(line))
        elif name is None and line and not line.startswith(";"):
            raise DataError(f"{path} begins with {line[:40]!r}: FASTA records begin with a line such as '>name'")
        elif name is not None:
            lines.append(line)
            size += len(line)
            if size >= _PIECE:
                whole = _filled(part, lines)
                yield whole
                rest = "".join(lines)[-(LENGTH - 1) :]
                lines, size = [rest], len(rest)
                part = part._replace(later=True, first=part.first + len(whole.codes) - len(rest))
    if name is None:
        raise DataError(f"{path} has no record: FASTA records begin with a line such as '>name'")
    yield _filled(part, lines)


def _filled(part: _Part, lines: list[str]) -> _Part:
    return part._replace(codes=text_codes("".join(lines), "RNA"))
