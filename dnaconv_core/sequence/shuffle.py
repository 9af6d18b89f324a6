"""Sequences without a meaning of their own: dinucleotide-preserving shuffles, and random backgrounds."""

from __future__ import annotations

import itertools
import zlib

import numpy as np

from dnaconv_core.errors import InputError
from dnaconv_core.sequence.encoding import from_codes, to_codes

_AT_ONCE = 4_000_000  # bases shuffled together: bounds the memory


def dinucleotide_shuffle(X: np.ndarray, n: int = 20, *, seed: int = 0) -> np.ndarray:
    """`n` shuffles of each sequence of one-hot `(N, 4, L)`: int8 `(N, n, 4, L)` with the same dinucleotide counts.

    Each shuffle is drawn uniformly from all sequences with exactly these counts, by a random Euler walk through the
    graph of bases (Altschul & Erickson 1985); the first and last base therefore stay. All-zero columns (N) stay in
    place and each stretch between them is shuffled by itself. The shuffles of a sequence depend on it and on `seed`
    alone, not on what else is in X.

    Raises InputError when X is not (N, 4, L) or n is less than 1.
    """
    X = np.asarray(X)
    if X.ndim != 3 or X.shape[1] != 4:
        raise InputError(f"X has shape {X.shape}: sequences to shuffle are one-hot (sequences, 4, length)")
    if n < 1:
        raise InputError(f"n is {n}: ask for at least 1 shuffle of each sequence")
    codes = to_codes(X)  # (N, L)
    result = np.empty((len(codes), n, *codes.shape[1:]), np.int8)  # (N, n, L)
    step = max(1, _AT_ONCE // (n * max(codes.shape[1], 1)))
    for begin in range(0, len(codes), step):
        some = codes[begin : begin + step]
        chance = np.stack([_generator(row, seed).random((n, len(row))) for row in some])  # (B, n, L)
        result[begin : begin + step] = _shuffled(some, chance)
    return from_codes(result)


def random_backgrounds(n: int, length: int, gc: float = 0.42, *, seed: int = 0) -> np.ndarray:
    """`n` sequences of independent bases with GC content `gc` on average: one-hot int8 `(n, 4, length)`.

    Raises InputError when gc is not between 0 and 1, or there is nothing to draw.
    """
    if n < 1 or length < 1:
        raise InputError(f"n is {n} and length is {length}: both must be at least 1")
    if not 0 <= gc <= 1:
        raise InputError(f"gc is {gc}: it is a share, from 0 to 1")
    return from_codes(random_codes(np.random.default_rng(seed), n, length, gc))


def random_codes(rng: np.random.Generator, n: int, length: int, gc: float | np.ndarray) -> np.ndarray:
    """Independent bases as codes `(n, length)` int8; `gc` is one number, or `(n, 1)` for one of each sequence."""
    strong = rng.random((n, length), np.float32) < gc
    second = rng.random((n, length), np.float32) < 0.5
    return np.where(strong, 1 + second, 3 * second).astype(np.int8)


def _generator(codes: np.ndarray, seed: int) -> np.random.Generator:
    """Random numbers that belong to one sequence, whatever is shuffled beside it."""
    return np.random.default_rng([seed, zlib.crc32(codes.tobytes())])


def _shuffled(codes: np.ndarray, chance: np.ndarray) -> np.ndarray:
    """Shuffles `(B, n, L)` of codes `(B, L)` from random numbers `(B, n, L)`."""
    n_shuffles = chance.shape[1]
    result = np.repeat(codes[:, None, :], n_shuffles, axis=1)
    known = np.pad(codes < 4, ((0, 0), (1, 1)))
    rows, begins = np.nonzero(known[:, 1:] & ~known[:, :-1])  # stretches without N, in order of row and start
    ends = np.nonzero(known[:, :-1] & ~known[:, 1:])[1]
    lengths = ends - begins
    for length in np.unique(lengths[lengths > 2]).tolist():  # up to two bases there is only one order
        which = lengths == length
        row, place = rows[which][:, None], begins[which][:, None] + np.arange(length)  # (S, 1), (S, length)
        stretches = np.repeat(codes[row, place], n_shuffles, axis=0)  # (S·n, length)
        numbers = chance[row, :, place].transpose(0, 2, 1).reshape(-1, length)
        result[row, :, place] = _euler(stretches, numbers).reshape(-1, n_shuffles, length).transpose(0, 2, 1)
    return result


def _trees() -> np.ndarray:
    """`(4, 16, 4)`: for each root, the 16 trees on four bases, as the base that each leads to (the root: itself)."""
    found = []
    for root in range(4):
        of_root = []
        for leads in itertools.product(range(4), repeat=4):
            far = list(range(4))
            for _ in range(4):
                far = [leads[base] for base in far]
            if leads[root] == root and all(base == root for base in far):
                of_root.append(leads)
        found.append(of_root)
    return np.array(found)


_TREES = _trees()


def _euler(codes: np.ndarray, chance: np.ndarray) -> np.ndarray:
    """A random Euler walk for each row: codes `(R, L)` without N, from random numbers `(R, L)`.

    A tree towards the last base says by which edge each base is left for the last time; drawn with a weight that is the
    product of its edges' multiplicities, and with all other edges in random order, it makes every walk equally likely.
    With four bases the trees are few enough to weigh them all, so nothing is drawn twice.
    """
    n, length = codes.shape
    row = np.arange(n)
    source, target = codes[:, :-1].astype(np.intp), codes[:, 1:].astype(np.intp)
    edge_kinds = 16 * row[:, None] + 4 * source + target
    counts = np.bincount(edge_kinds.ravel(), minlength=16 * n).reshape(n, 4, 4).astype(float)
    root = codes[:, -1].astype(np.intp)
    out = counts.sum(axis=2)  # (R, 4)
    absent_row, absent = np.nonzero(out == 0)
    counts[absent_row, absent, root[absent_row]] = 1  # bases that are never left (and the root) lead to the root
    trees = _TREES[root]  # (R, 16, 4)
    of_root = np.arange(4) == root[:, None, None]
    edges = counts[row[:, None, None], np.arange(4), trees]  # (R, 16, 4)
    weights = np.where(of_root, 1, edges).prod(axis=2).cumsum(axis=1)  # (R, 16)
    pick = (weights < chance[:, :1] * weights[:, -1:]).sum(axis=1)
    leads = trees[row, pick]  # (R, 4)

    key = chance[:, 1:].copy()
    is_last = (target == np.take_along_axis(leads, source, axis=1)) & (source != root[:, None])
    for base in range(4):  # one edge of the tree's kind from each base comes last; which one makes no difference
        candidates = is_last & (source == base)
        has = candidates.any(axis=1)
        key[row[has], candidates.argmax(axis=1)[has]] = 1.0
    order = np.argsort(source + key * 0.9, axis=1)  # by base, then at random, the tree's edge last
    successors = np.take_along_axis(target, order, axis=1).ravel()
    first = (out.cumsum(axis=1) - out).astype(np.intp) + (length - 1) * row[:, None]
    pointer = first.ravel()  # (4 · R,): where among all successors a row's next edge from a base leads
    walk = np.empty((length, n), codes.dtype)
    here = codes[:, 0].astype(np.intp)
    walk[0] = here
    for place in range(1, length):
        left = 4 * row + here
        edge = pointer[left]
        pointer[left] = edge + 1
        here = successors[edge]
        walk[place] = here
    return walk.T
