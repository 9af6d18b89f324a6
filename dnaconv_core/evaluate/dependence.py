"""Which examples depend on each other, so that intervals count them together.

Windows that overlap or lie within a window length of each other share their bases and what is bound there; sequences
that share most of their k-mers are nearly the same example. Both make groups, by themselves: by the loci in the ids
where every example has one, else by the sequences; copies are together always. A chain longer than a block (a genome
tiled from end to end, one gene read base by base) is cut into blocks, of as many window lengths as leave enough of
them: at least three, at most ten (a block bootstrap's idea, Künsch 1989).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from dnaconv_core.data.code_rows import codes_of
from dnaconv_core.data.dataset import Dataset
from dnaconv_core.data.distinct import distinct
from dnaconv_core.data.examples import Loci
from dnaconv_core.data.loci import contig_numbers
from dnaconv_core.data.similar import joined_groups, near_copies
from dnaconv_core.memory import lean_memory
from dnaconv_core.sequence.interval import find_locus

_LENGTHS = (10, 5, 3)  # window lengths of a block, in turn
_ENOUGH = 40  # groups from which longer blocks are taken
_BLOCK = 20_000  # examples turned into codes at once


class Groups(NamedTuple):
    """number (N,): from 0, equal for examples that depend on each other. words: '312 groups of …', '' where none do."""

    number: np.ndarray
    words: str

    def subset(self, rows: np.ndarray) -> Groups:
        """Of the examples at `rows` (numbers or a mask)."""
        return _named(self.number[rows], self.words.partition(" groups of ")[2])


def groups_of(data: Dataset) -> Groups:
    """The groups of a dataset's examples; their sequences are held only where the ids are no loci."""
    with lean_memory(len(data)):
        return _by_loci(data.ids) or _by_sequences(data)


def _by_sequences(data: Dataset) -> Groups:
    blocks = [codes_of(data.X, slice(start, start + _BLOCK)) for start in range(0, len(data), _BLOCK)]
    codes = np.concatenate(blocks or [np.zeros((0, data.length), np.uint8)])
    return groups_of_codes(data.ids, codes, data.alphabet)


def _by_loci(ids: Sequence[str] | np.ndarray) -> Groups | None:
    loci = _loci(ids)
    return None if loci is None else _named(_by_blocks(lambda lengths: _of_loci(loci, lengths)), "neighbouring windows")


def groups_of_codes(ids: Sequence[str] | np.ndarray, codes: np.ndarray, alphabet: str) -> Groups:
    """The groups of examples with these ids (N,) and codes (N, L), which may have no column where none are known."""
    n, found = len(ids), _by_loci(ids)
    if found is not None:
        return found
    if not codes.shape[1] or not n:
        return Groups(np.arange(n), "")
    near = near_copies(codes, alphabet)
    return _named(_by_blocks(lambda lengths: _cut(near.group, near.order, lengths * near.reach)), "similar sequences")


def _named(number: np.ndarray, what: str) -> Groups:
    number = np.unique(number, return_inverse=True)[1]
    n = int(number.max(initial=-1)) + 1
    return Groups(number, f"{n:,} groups of {what}" if what and n < len(number) else "")


def _by_blocks(cut: Callable[[int], np.ndarray]) -> np.ndarray:
    """The groups with the longest blocks that leave enough of them."""
    for lengths in _LENGTHS:
        found = cut(lengths)
        if len(distinct(found)) >= _ENOUGH:
            break
    return found


def _loci(ids: Sequence[str] | np.ndarray) -> Loci | None:
    """Where the examples lie, or None where not every id says. The names of contigs are kept once each."""
    contigs: dict[str, int] = {}
    blocks = []
    for begin in range(0, len(ids), _BLOCK):
        found = [find_locus(str(name)) for name in np.asarray(ids[begin : begin + _BLOCK]).tolist()]
        if None in found:
            return None
        rows = [(contigs.setdefault(x.chrom, len(contigs)), x.start, x.end) for x in found if x is not None]
        blocks.append(np.array(rows, np.int64))
    if not blocks:
        return None
    contig, start, end = np.concatenate(blocks).T
    return Loci(np.array([*contigs])[contig], start, end, np.zeros(len(start), "U1"))


def _of_loci(loci: Loci, lengths: int) -> np.ndarray:
    """(N,) numbers of chains of loci less than a window length apart, cut into blocks of `lengths` windows."""
    window = int((loci.end - loci.start).max())
    contig = contig_numbers(loci.chrom)[0]
    order = np.lexsort((loci.start, contig))
    far = int(loci.end.max()) + 2 * window + 1
    start, end = (contig[order].astype(np.int64) * far + place[order] for place in (loci.start, loci.end))
    fresh = np.append(True, start[1:] >= np.maximum.accumulate(end)[:-1] + window)
    first = start[np.flatnonzero(fresh)][np.cumsum(fresh) - 1]  # where each one's chain begins
    span = np.maximum.reduceat(start, np.flatnonzero(fresh)) - start[np.flatnonzero(fresh)]
    pieces = np.maximum(span // (lengths * window), 1)[np.cumsum(fresh) - 1]
    block = np.minimum((start - first) // (lengths * window), pieces - 1)
    found = np.empty(len(order), np.int64)
    found[order] = np.cumsum(fresh | np.append(False, block[1:] != block[:-1])) - 1  # both rise along the order
    return found


def _cut(group: np.ndarray, order: np.ndarray, size: int) -> np.ndarray:
    """Groups (N,) of more than twice `size` examples cut into parts of that size, along `order`."""
    place = np.empty(len(group), np.int64)
    by_group = np.lexsort((order, group))
    begins = np.flatnonzero(np.diff(group[by_group], prepend=-1))
    counts = np.diff(begins, append=len(group))
    place[by_group] = np.arange(len(group)) - np.repeat(begins, counts)
    parts = np.maximum(counts // size, 1)[group]
    return joined_groups(len(group), [group * (int(parts.max()) + 1) + np.minimum(place // size, parts - 1)])
