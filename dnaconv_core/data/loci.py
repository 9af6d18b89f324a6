"""Many loci at once: read in pieces of neighbours, found to overlap, gathered into clusters."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from dnaconv_core.data.examples import Examples, Loci
from dnaconv_core.errors import DataError
from dnaconv_core.sequence.interval import contig_key

_SPAN = 1 << 20  # bases of a contig that are read together
_BASES = 1 << 20  # bases of loci that are handled together


class Piece(NamedTuple):
    """Loci that lie near each other: their numbers, their contig's name as given, and the span that holds them."""

    rows: np.ndarray
    chrom: str
    start: int
    end: int


def loci_of(examples: Examples) -> Loci:
    """The examples' loci. Raises DataError where one has none."""
    if examples.loci is None or (examples.loci.chrom == "").any():
        raise DataError("the locus of every example is needed here, such as chr1:100-300")
    return examples.loci


def pieces(loci: Loci) -> Iterator[Piece]:
    """All N loci in genomic order, neighbours together; contigs in alphabetical order."""
    if not len(loci.start):
        return
    names, number = np.unique(loci.chrom, return_inverse=True)
    order = np.lexsort((loci.start, number))
    number, start, end = number[order], loci.start[order], loci.end[order]
    load = np.cumsum(end - start) // _BASES
    cut = (np.diff(number) != 0) | (np.diff(start // _SPAN) != 0) | (np.diff(load) != 0)
    bounds = np.concatenate([[0], np.flatnonzero(cut) + 1, [len(order)]])
    for low, high in zip(bounds[:-1].tolist(), bounds[1:].tolist(), strict=True):
        yield Piece(order[low:high], str(names[number[low]]), int(start[low]), int(end[low:high].max()))


def contig_numbers(*columns: np.ndarray) -> list[np.ndarray]:
    """For each column of names, numbers that are equal where names mean one contig, with or without 'chr', MT or M."""
    known: dict[str, int] = {}
    numbers = []
    for column in columns:
        names, inverse = np.unique(column, return_inverse=True)
        numbers.append(np.array([known.setdefault(contig_key(str(name)), len(known)) for name in names], int)[inverse])
    return numbers


def clusters(loci: Loci, numbers: np.ndarray | None = None) -> np.ndarray:
    """(N,) number of each locus's cluster, in genomic order: loci that overlap, directly or through others, share one.

    numbers: of contigs, or of contig and strand; by default contigs'. Loci that only touch do not overlap.
    """
    numbers = contig_numbers(loci.chrom)[0] if numbers is None else numbers
    if not len(numbers):
        return np.zeros(0, np.int64)
    order = np.lexsort((loci.start, numbers))
    place = numbers[order].astype(np.int64) * (int(loci.end.max()) + 1)  # contigs one after the other
    reach = np.maximum.accumulate(place + loci.end[order])
    begins = (np.diff(place) != 0) | ((place + loci.start[order])[1:] >= reach[:-1])
    found = np.empty(len(order), np.int64)
    found[order] = np.concatenate([[0], np.cumsum(begins)])
    return found


def overlapping(loci: Loci, others: Loci) -> np.ndarray:
    """(N,) True where a locus shares a base with any of `others`, on either strand."""
    mine, theirs = contig_numbers(loci.chrom, others.chrom)
    if not len(mine) or not len(theirs):
        return np.zeros(len(mine), bool)
    stride = int(max(loci.end.max(), others.end.max())) + 1
    order = np.argsort(theirs.astype(np.int64) * stride + others.start)
    low = (theirs.astype(np.int64) * stride + others.start)[order]
    reach = np.maximum.accumulate((theirs.astype(np.int64) * stride + others.end)[order])
    shift = mine.astype(np.int64) * stride
    before = np.searchsorted(low, shift + loci.end, "left")  # how many of the others begin before each locus ends
    return (before > 0) & (reach[np.maximum(before - 1, 0)] > shift + np.maximum(loci.start, 0))


def merged(loci: Loci, score: np.ndarray, numbers: np.ndarray) -> tuple[Loci, np.ndarray, np.ndarray, np.ndarray]:
    """Unions of overlapping loci, in genomic order of `numbers`: loci (M,), then the numbers of each one's first and
    best member (M,), and the union that each of the N belongs to (N,). Without a score the first is the best.
    """
    group = clusters(loci, numbers)
    order = np.lexsort((loci.start, group))
    cut = np.flatnonzero(np.diff(group[order], prepend=-1))
    first = order[cut]
    by_score = np.lexsort((loci.start, -np.nan_to_num(score, nan=-np.inf), group))
    best = by_score[np.flatnonzero(np.diff(group[by_score], prepend=-1))]
    return loci.subset(first)._replace(end=np.maximum.reduceat(loci.end[order], cut)), first, best, group


def best_apart(loci: Loci, score: np.ndarray, numbers: np.ndarray) -> np.ndarray:
    """(N,) mask of loci of which no two overlap: always the one with the highest score that still fits is taken.

    Among equal scores the first stays; no score is the lowest.
    """
    keep = np.zeros(len(numbers), bool)
    if not len(numbers):
        return keep
    size = int((loci.end - loci.start).max())
    taken: dict[tuple[int, int], list[tuple[int, int]]] = {}  # by contig and bin of the longest locus's length
    order = np.argsort(-np.nan_to_num(score, nan=-np.inf), kind="stable")
    columns = (column[order].tolist() for column in (numbers, loci.start, loci.end))
    for place, number, start, end in zip(order.tolist(), *columns, strict=True):
        home = start // size
        near = (other for b in (home - 1, home, home + 1) for other in taken.get((number, b), ()))
        if not any(low < end and start < high for low, high in near):
            keep[place] = True
            taken.setdefault((number, home), []).append((start, end))
    return keep


def usual_width(least: int, half: int, most: int) -> int:
    """Bases of a window around intervals of which half have `half` or more; 0, the interval itself, if all are alike.

    Windows of one width hold letters of the genome where shorter intervals would be padded.
    """
    return 0 if least == most else min(max(half, 50), 1000)
