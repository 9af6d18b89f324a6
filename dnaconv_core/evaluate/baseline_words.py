"""Counts of words, with and without a gap: what the k-mer baselines look at."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

HALF, WIDEST_GAP = 3, 8  # letters on either side of a gap, and its most bases
_BLOCK = 20_000  # examples looked at together


def kmer_counts(X: np.ndarray, k: int, *, both_strands: bool) -> csr_matrix:
    """How often each word of k letters occurs in one-hot `(N, 4, L)`: sparse float32 `(N, 4**k)`.

    A word's column is its letters as digits 0 to 3 (A C G T) in base 4. both_strands: a word and its reverse complement
    share the smaller of their columns. Words over an ambiguous position do not count.
    """
    return _counts(X, range(k), both_strands)


def gapped_counts(X: np.ndarray, *, both_strands: bool) -> csr_matrix:
    """How often two words of 3 letters occur 0, 1, … 8 bases apart, whatever lies between: sparse `(N, 9 · 4**6)`.

    Of shorter sequences only the gaps that fit. Such pairs find motifs with a loose middle, and two short motifs at a
    distance (van Helden, Rios & Collado-Vides 2000 call them dyads). both_strands: as in `kmer_counts`.
    """
    from scipy.sparse import hstack

    gaps = range(min(WIDEST_GAP, X.shape[2] - 2 * HALF) + 1)
    read = ((*range(HALF), *range(HALF + gap, 2 * HALF + gap)) for gap in gaps)
    return hstack([_counts(X, places, both_strands) for places in read], format="csr")


def logged(counts: csr_matrix) -> csr_matrix:
    """log(1 + count): the second occurrence of a word says less than the first."""
    counts.data = np.log1p(counts.data)
    return counts


def one_hot_rows(X: np.ndarray) -> csr_matrix:
    """One-hot `(N, 4, L)` as sparse rows `(N, 4 L)`."""
    from scipy.sparse import csr_matrix, vstack

    return vstack([csr_matrix(x.reshape(len(x), -1), dtype=np.float32) for x in blocks(X)], format="csr")


def blocks(X: np.ndarray) -> Iterator[np.ndarray]:
    """`(B, 4, L)` at a time, in memory."""
    for start in range(0, max(len(X), 1), _BLOCK):
        yield np.asarray(X[start : start + _BLOCK])


def _counts(X: np.ndarray, places: Sequence[int], both_strands: bool) -> csr_matrix:
    """Of words whose letters stand at these places, which must look the same from either end: sparse `(N, 4**k)`."""
    from scipy.sparse import csr_matrix, vstack

    k, found = len(places), []
    for block in blocks(X):
        letters, known = block.argmax(axis=1).astype(np.int32), np.asarray(block.any(axis=1))  # (B, L)
        n, starts = len(block), block.shape[2] - places[-1]
        words, others = np.zeros((n, starts), np.int32), np.zeros((n, starts), np.int32)
        whole = np.ones((n, starts), bool)
        for i, place in enumerate(places):
            letter = letters[:, place : place + starts]
            words = words * 4 + letter
            others += (3 - letter) * 4**i
            whole &= known[:, place : place + starts]
        if both_strands:
            words = np.minimum(words, others)
        row_ends = np.append(0, np.cumsum(whole.sum(axis=1)))
        ones = np.ones(row_ends[-1], np.float32)
        counts = csr_matrix((ones, words[whole], row_ends), shape=(n, 4**k))
        counts.sum_duplicates()
        found.append(counts)
    return vstack(found, format="csr")
