"""What every reader of own files hands on: sequences of any length with what is known of each.

Lengths, parts and shards are decided afterwards.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from dnaconv_core.results import Skipped as Skipped
from dnaconv_core.sequence.encoding import LETTERS

MOST_BASES = 100_000  # of one example: a longer one is a chromosome, from which windows should be cut
UNKNOWN = 4  # the code of every letter but the alphabet's four
PARTS = ("train", "valid", "test")
_BASES = 1 << 21  # handled together


class Loci(NamedTuple):
    """Where N examples lie, 0-based and half-open."""

    chrom: np.ndarray  # (N,) text
    start: np.ndarray  # (N,) int64
    end: np.ndarray  # (N,) int64
    strand: np.ndarray  # (N,) text: '+', '-' or '.'

    def subset(self, index: np.ndarray) -> Loci:
        return Loci(*(column[index] for column in self))


class Examples(NamedTuple):
    """N sequences end to end in `codes`: example i is `codes[offsets[i]:offsets[i + 1]]`."""

    codes: np.ndarray  # (all bases,) uint8: 0 to 3 for A C G T (U), 4 for unknown
    offsets: np.ndarray  # (N + 1,) int64
    ids: np.ndarray  # (N,) text, as given; may repeat
    y: np.ndarray  # (N, T) float32; NaN where a label is missing; of classes the class's number, T = 1
    w: np.ndarray  # (N, T) float32; 0 where the label is missing
    alphabet: str = "DNA"
    tasks: tuple[str, ...] = ()  # names of the T labels
    classes: tuple[str, ...] = ()  # words of the classes 0, 1, …, where labels were words
    loci: Loci | None = None
    part: np.ndarray | None = None  # (N,) text: 'train', 'valid', 'test', or '' where the file does not say
    covariates: np.ndarray | None = None  # (N, C) float32
    covariate_names: tuple[str, ...] = ()
    skipped: tuple[Skipped, ...] = ()
    notes: tuple[str, ...] = ()  # what a reader had to decide, a sentence each

    @property
    def n(self) -> int:
        return len(self.ids)

    @property
    def lengths(self) -> np.ndarray:
        """(N,) bases of each."""
        return np.diff(self.offsets)

    def text(self, index: int) -> str:
        """Letters of one example."""
        letters = np.frombuffer((LETTERS[self.alphabet] + "N").encode(), np.uint8)
        return letters[self.codes[self.offsets[index] : self.offsets[index + 1]]].tobytes().decode()

    def subset(self, index: np.ndarray) -> Examples:
        """The examples at `index` (numbers or a mask), in that order."""
        index = np.flatnonzero(index) if np.asarray(index).dtype == bool else np.asarray(index)
        offsets = np.concatenate([[0], np.cumsum(self.lengths[index])]).astype(np.int64)
        codes = np.empty(offsets[-1], np.uint8)
        begin = self.offsets[:-1][index] - offsets[:-1]
        for low, high in blocks(offsets):  # places take eight times as much memory as letters
            first, last = offsets[low], offsets[high]
            source = np.repeat(begin[low:high], np.diff(offsets[low : high + 1])) + np.arange(first, last)
            codes[first:last] = self.codes[source]
        columns = ("ids", "y", "w", "part", "covariates")
        rows = {name: getattr(self, name)[index] for name in columns if getattr(self, name) is not None}
        loci = None if self.loci is None else self.loci.subset(index)
        return self._replace(codes=codes, offsets=offsets, loci=loci, **rows)


def blocks(offsets: np.ndarray) -> Iterator[tuple[int, int]]:
    """First and last example (B of them) of some two million bases at a time."""
    low, n = 0, len(offsets) - 1
    while low < n:
        high = max(int(np.searchsorted(offsets, offsets[low] + _BASES, "right")) - 1, low + 1)
        yield low, high
        low = high


def count_bases(codes: np.ndarray, offsets: np.ndarray, counted: Sequence[int]) -> np.ndarray:
    """(N,) how many of each example's bases have one of these codes."""
    found, chosen = np.zeros(len(offsets) - 1, np.int64), np.isin(np.arange(256), counted)
    for low, high in blocks(offsets):
        total = np.concatenate([[0], np.cumsum(chosen[codes[offsets[low] : offsets[high]]])])
        found[low:high] = np.diff(total[offsets[low : high + 1] - offsets[low]])
    return found


def joined(parts: Sequence[Examples]) -> Examples:
    """Several lots of examples as one; loci, parts and covariates only where all have them."""
    first = parts[0]
    columns: dict[str, Any] = {
        name: np.concatenate([getattr(p, name) for p in parts]) for name in ("codes", "ids", "y", "w")
    }
    lengths = np.concatenate([p.lengths for p in parts])
    for name in ("part", "covariates"):
        columns[name] = None
        if all(getattr(p, name) is not None for p in parts):
            columns[name] = np.concatenate([getattr(p, name) for p in parts])
    loci = None
    if all(p.loci is not None for p in parts):
        loci = Loci(*(np.concatenate(column) for column in zip(*(p.loci for p in parts), strict=True)))
    return first._replace(
        **columns,
        offsets=np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64),
        loci=loci,
        skipped=tuple(row for p in parts for row in p.skipped),
        notes=tuple(dict.fromkeys(note for p in parts for note in p.notes)),
    )
