"""Which sequences are copies of each other, or similar: they share a stretch too long to be shared by chance."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from dnaconv_core.data.examples import UNKNOWN, Examples, blocks
from dnaconv_core.errors import InputError

if TYPE_CHECKING:
    from scipy.sparse import csr_array

_KMERS = 12_000_000  # the most that are held; of more, a fixed share is looked at, chosen by their hash
_CHANCE = 0.01  # pairs of sequences that share a k-mer by chance, for each sequence
_SURE = 4  # bases more, of which one pair in 256 agrees by chance
_LIMITS = (1.0, 0.05, 0.01, 0.002)  # k-mers in more than this share of all sequences are passed over, in turn
_BANDS, _ROWS = 12, 5  # of MinHash: of pairs with Jaccard index 0.87 hardly one is missed, with 0.13 one in 2,000 found
_SHORT = 40  # bases, up to which one shared k-mer makes sequences near copies
_LARGE, GIANT = 0.25, 0.5  # a group with more of all sequences: pass over more k-mers; give up


class Similar(NamedTuple):
    """group (N,): numbers from 0, equal for sequences that are similar, directly or through others.

    k: bases of the stretch that similar sequences share. limit: k-mers in more sequences were passed over (0: none
    were). largest: share of all sequences in the largest group.
    """

    group: np.ndarray
    k: int
    limit: int
    largest: float

    @property
    def giant(self) -> bool:
        """Whether one group holds more than half of all, so that groups say nothing."""
        return self.largest > GIANT and len(self.group) > 2

    @property
    def sentence(self) -> str:
        """How similar sequences were found."""
        text = f"sequences that share {self.k} bases in a row count as similar"
        return text + f"; stretches found in more than {self.limit:,} sequences were passed over" * bool(self.limit)


def similar_groups(sequences: Examples | np.ndarray, alphabet: str = "DNA") -> np.ndarray:
    """(N,) group numbers of examples, or of codes (N, L) in `alphabet`: as `find_similar` gives them."""
    return find_similar(as_examples(sequences, alphabet)).group


def find_similar(examples: Examples, *, links: Sequence[np.ndarray] = ()) -> Similar:
    """Groups of sequences that share k bases in a row, of DNA on either strand; copies always share a group.

    k is so long that hardly any two of so many sequences share one by chance. Where more than a quarter of all would
    fall into one group, k-mers found in many sequences (repeats) are passed over; sequences that share most of their
    k-mers (MinHash, Broder 1997) are similar even then. links: further numbers (N,), equal for examples that belong
    together.
    """
    n = len(examples.offsets) - 1
    together = [copies(examples), *links]
    k = _length_of_kmers(examples)
    value, row = _kmers(examples, k)
    first, second, size = _neighbours(value, row)
    for share in _LIMITS:
        limit = max(int(share * n), 2)
        if share == _LIMITS[1]:
            together += _sketches(value, row, n)
        chosen = size <= limit
        group = joined_groups(n, together, (first[chosen], second[chosen]))
        largest = np.bincount(group).max(initial=0) / max(n, 1)
        if largest <= _LARGE:
            break
    return Similar(group, k, limit if share < 1 else 0, float(largest))


class Near(NamedTuple):
    """Sequences that share most of their k-mers. group (N,): numbers from 0, equal for those that do, directly or
    through others. order (N,): where each lies along its group's chain. reach: how many share a k-mer, typically.
    """

    group: np.ndarray
    order: np.ndarray
    reach: int


def near_copies(codes: np.ndarray, alphabet: str = "DNA") -> Near:
    """Groups of codes (N, L) in `alphabet` that share most of their k-mers (MinHash), of DNA on either strand.

    Of at most `_SHORT` bases, where few k-mers are left, those that share one. Copies always share a group.
    """
    examples, n = as_examples(codes, alphabet), len(codes)
    value, row = _kmers(examples, _length_of_kmers(examples))
    labels = [copies(examples), *_sketches(value, row, n)]
    first, second, size = _neighbours(value, row)
    group = joined_groups(n, labels, (first, second) if codes.shape[1] <= _SHORT else None)
    within = group[first] == group[second]
    reach = max(int(np.median(size[within])) if within.any() else 1, 1)
    order = np.arange(n)
    chains = np.flatnonzero(np.bincount(group) > reach)
    if len(chains):
        near = within & (size <= 2 * reach)
        pair, often = np.unique(first[near].astype(np.int64) * n + second[near], return_counts=True)
        sure = pair[often > _SURE]  # one k-mer may agree by chance
        graph = _graph(n, labels, (sure // n, sure % n))
        for chain in chains:
            order[group == chain] = _along(graph, int(np.flatnonzero(group == chain)[0]), group == chain)
    return Near(group, order, reach)


def _along(graph: csr_array, start: int, chain: np.ndarray) -> np.ndarray:
    """Where each of a connected chain's sequences lies along it, from one of its ends."""
    from scipy.sparse.csgraph import breadth_first_order

    end = breadth_first_order(graph, start, directed=False, return_predecessors=False)[-1]
    walked = breadth_first_order(graph, end, directed=False, return_predecessors=False)
    place = np.full(len(chain), len(walked))
    place[walked] = np.arange(len(walked))
    return place[chain]


def resembling(codes: np.ndarray, known: np.ndarray, alphabet: str = "DNA") -> tuple[np.ndarray, int]:
    """Which of the sequences that are not `known` (N,) share k bases in a row with one that is, and k.

    codes: (N, L) in `alphabet`; of DNA either strand counts. k is a little longer than for groups, so that hardly any
    share it by chance.
    """
    examples = as_examples(codes, alphabet)
    k = max(min(_length_of_kmers(examples) + _SURE, 31, codes.shape[1]), 1)
    value, row = _kmers(examples, k)
    near = np.zeros(len(codes), bool)
    if len(value):
        order = np.argsort(value)
        value, row = value[order], row[order]
        fresh = np.append(True, value[1:] != value[:-1])
        hit = np.logical_or.reduceat(known[row], np.flatnonzero(fresh))[np.cumsum(fresh) - 1]
        near[row[hit]] = True
    return near[~known], k


def _sketches(value: np.ndarray, row: np.ndarray, n: int) -> list[np.ndarray]:
    """For each band, numbers (n,) that are equal for sequences with the same least hashes of their k-mers."""
    rng, labels = np.random.default_rng(1), []
    begins = np.flatnonzero(np.diff(row, prepend=-1))
    alone = np.arange(n, dtype=np.uint64)  # sequences without a k-mer are like no other
    for _ in range(_BANDS if len(begins) else 0):
        band = np.zeros(len(begins), np.uint64)
        for salt in rng.integers(0, 1 << 63, _ROWS, dtype=np.uint64):
            mixed = (value ^ salt) * np.uint64(0xBF58476D1CE4E5B9)
            mixed ^= mixed >> np.uint64(29)
            mixed *= np.uint64(0x94D049BB133111EB)
            band = band * np.uint64(31) + np.minimum.reduceat(mixed, begins)
        label = alone.copy()
        label[row[begins]] = band | np.uint64(1 << 63)
        labels.append(np.unique(label, return_inverse=True)[1])
    return labels


def joined_groups(
    n: int, labels: Sequence[np.ndarray], pairs: tuple[np.ndarray, np.ndarray] | None = None
) -> np.ndarray:
    """(n,) numbers that are equal wherever any of `labels` is, or a pair says so, directly or through others."""
    from scipy.sparse.csgraph import connected_components

    return connected_components(_graph(n, labels, pairs), directed=False)[1] if n else np.zeros(0, np.int32)


def _graph(n: int, labels: Sequence[np.ndarray], pairs: tuple[np.ndarray, np.ndarray] | None) -> csr_array:
    """Links (n, n) that join all that have a label in common or are a pair, each in one direction."""
    from scipy.sparse import coo_array

    none = np.zeros(0, np.int32)
    first, second = ([none], [none]) if pairs is None else ([pairs[0]], [pairs[1]])
    for label in labels:
        order = np.argsort(label, kind="stable")
        same = label[order][1:] == label[order][:-1]
        first.append(order[:-1][same])
        second.append(order[1:][same])
    ends = np.concatenate(first).astype(np.int32), np.concatenate(second).astype(np.int32)
    return coo_array((np.ones(len(ends[0]), np.int8), ends), shape=(n, n)).tocsr()


def copies(examples: Examples) -> np.ndarray:
    """(N,) numbers, equal for equal sequences and, of DNA, for reverse complements."""
    longest = int(examples.lengths.max(initial=0))
    weight = np.random.default_rng(0).integers(1, 1 << 63, longest, dtype=np.uint64) * np.uint64(2) + np.uint64(1)
    found = np.zeros(len(examples.offsets) - 1, np.uint64)
    for low, high, codes, lengths in _chunks(examples):
        if lengths.min() == lengths.max():
            found[low:high] = _equally_long(codes.reshape(len(lengths), -1), weight, examples.alphabet)
            continue
        full = lengths > 0
        begin = np.cumsum(lengths) - lengths
        place = np.arange(len(codes)) - np.repeat(begin, lengths)
        value = np.add.reduceat((codes + np.uint64(1)) * weight[place], begin[full]) if full.any() else np.uint64(0)
        if examples.alphabet == "DNA" and full.any():
            back = np.repeat(lengths, lengths) - 1 - place
            opposite = np.where(codes < UNKNOWN, 3 - codes, UNKNOWN) + np.uint64(1)
            value = np.minimum(value, np.add.reduceat(opposite * weight[back], begin[full]))
        found[low:high][full] = value
    return np.unique(found, return_inverse=True)[1]


def _equally_long(codes: np.ndarray, weight: np.ndarray, alphabet: str) -> np.ndarray:
    """The same numbers (B,) for codes (B, L), faster: a table of each place's five products, added up."""
    length = codes.shape[1]
    forward, back = np.zeros(len(codes), np.uint64), np.zeros(len(codes), np.uint64)
    for place, column in enumerate(np.ascontiguousarray(codes.T)):
        forward += (np.arange(1, 6, dtype=np.uint64) * weight[place]).take(column)
        if alphabet == "DNA":
            back += (np.array([4, 3, 2, 1, 5], np.uint64) * weight[length - 1 - place]).take(column)
    return np.minimum(forward, back) if alphabet == "DNA" else forward


def as_examples(sequences: Examples | np.ndarray, alphabet: str) -> Examples:
    """Examples without labels, of codes (N, L)."""
    if isinstance(sequences, Examples):
        return sequences
    codes = np.asarray(sequences)
    if codes.ndim != 2:
        raise InputError(f"codes have shape {codes.shape}: sequences are (sequences, length)")
    n, length = codes.shape
    empty = np.zeros((n, 0), np.float32)
    flat = np.ascontiguousarray(codes, np.uint8).ravel()
    return Examples(flat, np.arange(n + 1) * length, np.arange(n).astype(str), empty, empty, alphabet)


def _chunks(examples: Examples) -> Iterator[tuple[int, int, np.ndarray, np.ndarray]]:
    """First and last example, codes and lengths (B,) of some examples at a time."""
    offsets = examples.offsets
    for low, high in blocks(offsets):
        yield low, high, examples.codes[offsets[low] : offsets[high]], np.diff(offsets[low : high + 1])


def _length_of_kmers(examples: Examples) -> int:
    """The shortest k with few k-mers shared by chance, but no longer than half of the sequences are."""
    lengths = examples.lengths
    n, bases = max(len(lengths), 1), max(int(lengths.sum()), 2)
    strands = 2 if examples.alphabet == "DNA" else 1
    k = math.ceil(math.log(bases**2 * strands / 2 / (_CHANCE * n), 4)) + 1  # letters are not equally frequent
    return max(min(k, 31, int(np.median(lengths)) if len(lengths) else 1), 1)


def _kmers(examples: Examples, k: int) -> tuple[np.ndarray, np.ndarray]:
    """K-mers (M,) uint64 without unknown bases, of DNA the lesser of both strands', and their examples (M,) int32."""
    total = int(np.maximum(examples.lengths - k + 1, 0).sum())
    ceiling = np.uint64((2**64 - 1) // max(1, math.ceil(total / _KMERS)))
    values, rows = [np.zeros(0, np.uint64)], [np.zeros(0, np.int32)]
    for low, _, codes, lengths in _chunks(examples):
        n = len(codes) - k + 1
        if n < 1:
            continue
        unknown = np.concatenate([[0], np.cumsum(codes == UNKNOWN)])
        left = np.repeat(np.cumsum(lengths), lengths)[:n] - np.arange(n)  # bases to the end of the example
        good = (left >= k) & (unknown[k:] == unknown[:-k])
        value = _packed(codes, k, n)
        if examples.alphabet == "DNA":
            opposite = np.where(codes < UNKNOWN, 3 - codes, 0)[::-1]
            value = np.minimum(value, _packed(opposite, k, n)[::-1])
        good &= value * np.uint64(0x9E3779B97F4A7C15) <= ceiling  # the same k-mers everywhere
        values.append(value[good])
        rows.append(np.repeat(np.arange(low, low + len(lengths), dtype=np.int32), lengths)[:n][good])
    return np.concatenate(values), np.concatenate(rows)


def _packed(codes: np.ndarray, k: int, n: int) -> np.ndarray:
    """Two bits a base: the k bases from each of the first n places as one number."""
    value = np.zeros(n, np.uint64)
    bases = (codes & 3).astype(np.uint64)
    for place in range(k):
        value <<= np.uint64(2)
        value |= bases[place : place + n]
    return value


def _neighbours(value: np.ndarray, row: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Pairs of examples that share a k-mer, enough to link all that do, and how many examples have that k-mer."""
    order = np.argsort(value, kind="stable")  # the examples of one k-mer stay in order
    value, row = value[order], row[order]
    fresh = np.ones(len(value), bool)
    fresh[1:] = (value[1:] != value[:-1]) | (row[1:] != row[:-1])  # once in each example
    value, row = value[fresh], row[fresh]
    same = value[1:] == value[:-1]
    begins = np.flatnonzero(np.concatenate([[True], ~same])) if len(value) else np.zeros(0, int)
    size = np.repeat(np.diff(begins, append=len(value)), np.diff(begins, append=len(value)))
    return row[:-1][same], row[1:][same], size[1:][same]
