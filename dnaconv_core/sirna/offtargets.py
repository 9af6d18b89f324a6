"""Where else guides could act: exact and one-mismatch matches, and seed sites, in a transcriptome FASTA of any size."""

from __future__ import annotations

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
_EVEN = np.int64(0x155555555555)  # the lower bit of each base


class OffTargets(NamedTuple):
    """For each of N guides, over all transcripts (the gene's own included)."""

    seed_sites: np.ndarray  # (N,) sites complementary to bases 2 to 8
    exact: np.ndarray  # (N,) sites complementary to all 21 bases
    one_mismatch: np.ndarray  # (N,) sites with one base that does not pair
    names: list[list[str]]  # the first transcripts with a site of either of these two kinds
    n_transcripts: int
    n_bases: int


class _Part(NamedTuple):
    """A stretch of one transcript; the first `LENGTH - 1` bases of a later stretch repeat the end of the one before."""

    name: str
    codes: np.ndarray
    later: bool


def find_offtargets(guides: Sequence[str], transcriptome: Path | str, *, progress: Progress = SILENT) -> OffTargets:
    """Search the + strand of every record of a FASTA file (plain or gzip) for sites of guides of 21 bases.

    Memory does not grow with the file. Raises InputError for a guide that is not 21 known bases, DataError when
    the file cannot be read. When `progress` asks to stop, the numbers are those so far.
    """
    for guide in guides:
        if len(guide) != LENGTH or set(guide) - set("ACGU"):
            raise InputError(f"the guide {guide!r} is not {LENGTH} bases of A, C, G and U: correct it")
    path = Path(transcriptome)
    sites = np.array([_word(reverse_complement_text(guide, "RNA")) for guide in guides], np.int64)
    seeds = np.array([_word(reverse_complement_text(guide[SEED], "RNA")) for guide in guides], np.int64)
    halves = [_Half(sites, 22, 20), _Half(sites, 0, 22)]  # the first 10 bases and the last 11
    seed_sites = np.zeros(4**7, np.int64)
    exact, near = np.zeros(len(sites), np.int64), np.zeros(len(sites), np.int64)
    names: list[list[str]] = [[] for _ in guides]
    transcripts = bases = 0
    for parts, fraction in _pieces(path):
        transcripts += sum(not part.later for part in parts)
        bases += sum(len(part.codes) - (LENGTH - 1) * part.later for part in parts)
        new = _joined([part.codes[LENGTH - 7 :] if part.later else part.codes for part in parts])
        seed_sites += np.bincount(_words(new, 7)[0], minlength=4**7)
        words, starts = _words(_joined([part.codes for part in parts]), LENGTH)
        place, site = _close(words, halves)
        whole = words[place] == sites[site]
        exact += np.bincount(site[whole], minlength=len(sites))
        near += np.bincount(site[~whole], minlength=len(sites))
        begins = np.cumsum([0, *(len(part.codes) + 1 for part in parts)])
        for at, i in zip(starts[place], site, strict=True):
            name = parts[int(np.searchsorted(begins, at, "right")) - 1].name
            if len(names[i]) < _NAMES and name not in names[i]:
                names[i].append(name)
        progress.report(fraction, f"{bases:,} bases of {transcripts:,} transcripts searched")
        if progress.should_stop():
            break
    return OffTargets(seed_sites[seeds], exact, near, names, transcripts, bases)


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
    name, size, later, number = None, 0, False, 0
    for line in content:
        line = line.strip()
        if line.startswith(">"):
            if name is not None:
                yield _part(name, lines, later)
            number += 1
            words = line[1:].split()
            name, lines, size, later = words[0] if words else f"seq_{number}", [], 0, False
        elif name is None and line and not line.startswith(";"):
            raise DataError(f"{path} begins with {line[:40]!r}: FASTA records begin with a line such as '>name'")
        elif name is not None:
            lines.append(line)
            size += len(line)
            if size >= _PIECE:
                part = _part(name, lines, later)
                yield part
                rest = "".join(lines)[-(LENGTH - 1) :]
                lines, size, later = [rest], len(rest), True
    if name is None:
        raise DataError(f"{path} has no record: FASTA records begin with a line such as '>name'")
    yield _part(name, lines, later)


def _part(name: str, lines: list[str], later: bool) -> _Part:
    return _Part(name, text_codes("".join(lines), "RNA"), later)
