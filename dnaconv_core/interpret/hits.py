"""Motif hits in sequences, with p-values and Benjamini-Hochberg q-values (as FIMO: Grant, Bailey & Noble 2011)."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from dnaconv_core.errors import InputError
from dnaconv_core.interpret.match import benjamini_hochberg
from dnaconv_core.interpret.seqlets import window_sums
from dnaconv_core.sequence.encoding import decode, reverse_complement_text, to_codes
from dnaconv_core.sequence.motif import UNIFORM, Motif, to_pwm

BIN = 0.001  # bits to which the scores of long motifs are rounded
_EXACT = 1 << 16  # different scores up to which none is rounded: all words of eight letters
_SAME = 1e-9  # bits by which scores of words may differ that are equal but for the order of a sum
_PLACES = 1 << 21  # scored together


class Hits(NamedTuple):
    """H hits, smallest p-value first."""

    sequence: np.ndarray  # (H,) row of X
    start: np.ndarray  # (H,) leftmost base on the + strand, from 0
    strand: np.ndarray  # (H,) '+' or '-'
    score: np.ndarray  # (H,) bits
    p_value: np.ndarray
    q_value: np.ndarray
    width: int

    def take(self, which: np.ndarray) -> Hits:
        """Those of a mask, or in this order."""
        sequence, start, strand, score, p_value, q_value = (np.asarray(column)[which] for column in self[:6])
        return Hits(sequence, start, strand, score, p_value, q_value, self.width)


def find_hits(
    X: np.ndarray, motif: Motif, *, p_value: float = 1e-4, background: np.ndarray = UNIFORM, strands: str = "both"
) -> Hits:
    """Places in one-hot X `(N, 4, L)` whose log-odds score has at most this p-value, on both strands or 'one'.

    The p-value is the chance of such a score at one place of background sequence (`score_chances`); q-values are over
    all places of all sequences, on the strands that are read; a palindrome is read on one. A place with an unknown base
    is none. Raises InputError
    for a p-value that is none, or a motif longer than the sequences.
    """
    if strands not in ("both", "one"):
        raise InputError(f"strands is {strands!r}: choose both or one")
    if not 0 < p_value <= 1:
        raise InputError(f"p_value is {p_value}: it must lie between 0 and 1, for example 0.0001")
    if motif.width > X.shape[2]:
        raise InputError(
            f"the motif has {motif.width} columns but the sequences have {X.shape[2]} bases: trim the motif"
        )
    known = window_sums(X.sum(axis=1), motif.width) == motif.width  # (N, P)
    pwm = to_pwm(motif.ppm, background=background, nsites=motif.nsites)
    chances = score_chances(pwm, background)
    both = strands == "both" and not np.allclose(pwm, pwm[::-1, ::-1])  # a palindrome says the same on either strand
    found = [
        _places(X, known, matrix, sign, chances, p_value)
        for sign, matrix in (("+", pwm), ("-", pwm[::-1, ::-1]))[: 1 + both]
    ]
    rows, starts, signs, scores, p_values = (np.concatenate(column) for column in zip(*found, strict=True))
    hits = Hits(rows, starts, signs, scores, p_values, np.ones(len(rows)), motif.width)
    hits = hits.take(np.lexsort((hits.strand, hits.start, hits.sequence, hits.p_value)))
    return hits._replace(q_value=benjamini_hochberg(hits.p_value, len(found) * int(known.sum())))


def hit_words(X: np.ndarray, hits: Hits, alphabet: str = "DNA") -> list[str]:
    """The letters of each hit as its strand reads it, of one-hot X `(N, 4, L)`."""
    found = []
    for row, start, strand in zip(hits.sequence.tolist(), hits.start.tolist(), hits.strand.tolist(), strict=True):
        word = decode(X[row, :, start : start + hits.width], alphabet)[0]
        found.append(reverse_complement_text(word, alphabet) if strand == "-" else word)
    return found


def _places(
    X: np.ndarray, known: np.ndarray, pwm: np.ndarray, strand: str, chances: ScoreChances, p_value: float
) -> tuple[np.ndarray, ...]:
    """Sequence, start, strand, score and p-value of the places with at most this p-value on one strand."""
    parts = []
    n = max(_PLACES // known.shape[1], 1)
    for begin in range(0, len(X), n):
        codes = to_codes(X[begin : begin + n])  # (n, L)
        table = np.concatenate([pwm, pwm.min(axis=0, keepdims=True)])  # (5, w): of unknown bases the worst
        scores = np.zeros((len(codes), known.shape[1]))
        for offset in range(pwm.shape[1]):
            scores += table[:, offset][codes[:, offset : offset + known.shape[1]]]
        rows, starts = np.nonzero(known[begin : begin + n] & (scores > chances.above(p_value)))
        found = scores[rows, starts]
        parts.append((rows + begin, starts, np.full(len(rows), strand), found, chances.of(found)))
    return tuple(np.concatenate(column) for column in zip(*parts, strict=True))


class ScoreChances(NamedTuple):
    """The chance of each score or more at one place of background sequence."""

    scores: np.ndarray  # (K,) bits, rising
    chance: np.ndarray  # (K,) of at least that score; never 0
    error: float  # bits by which a score may lie below its own entry

    def of(self, score: np.ndarray) -> np.ndarray:
        """The chance of at least `score`, an array of scores that words of this motif have."""
        place = np.searchsorted(self.scores, score - self.error)
        return self.chance[np.minimum(place, len(self.scores) - 1)]

    def above(self, p_value: float) -> float:
        """The score above which chances are at most this."""
        place = int(np.searchsorted(-self.chance, -p_value))
        return float(self.scores[place - 1] + self.error) if place else -np.inf


def score_chances(pwm: np.ndarray, background: np.ndarray = UNIFORM) -> ScoreChances:
    """How likely the scores of a PWM `(4, w)` are, by adding column after column (Staden 1989).

    Exact, as counting all words would be, while they have at most 65,536 different scores: always up to eight columns.
    Of longer motifs scores are rounded to a thousandth of a bit, and a chance is that of a score lower by at most the
    sum of these roundings, so that none is too small.
    """
    scores: np.ndarray = np.zeros(1)
    share: np.ndarray = np.ones(1)
    for number, column in enumerate(np.asarray(pwm, np.float64).T):
        if 4 * len(scores) > _EXACT:
            return _rounded(scores, share, pwm[:, number:], background)
        sums = np.round(np.add.outer(scores, column).ravel(), 11)
        scores, place = np.unique(sums, return_inverse=True)
        share = np.bincount(place.ravel(), np.outer(share, background).ravel())
    return ScoreChances(scores, _at_least(share), _SAME)


def _rounded(scores: np.ndarray, share: np.ndarray, rest: np.ndarray, background: np.ndarray) -> ScoreChances:
    """The same for the columns that are left, `(4, w')`, on a grid of BIN bits."""
    lowest = scores[0]
    grid = np.round(rest / BIN).astype(int)
    chance = tail_chances(grid, background, np.bincount(np.round((scores - lowest) / BIN).astype(int), share))
    steps = np.arange(len(chance)) + grid.min(axis=0).sum()
    return ScoreChances(lowest + BIN * steps, chance, BIN * (1 + grid.shape[1]) / 2)


def tail_chances(
    grid: np.ndarray, background: np.ndarray = UNIFORM, chance: np.ndarray | tuple[float, ...] = (1.0,)
) -> np.ndarray:
    """The chance of at least each score, from the lowest possible one on, for integer scores `(4, w)`.

    chance: of each score of the columns before, from their lowest on.
    """
    chance = np.asarray(chance, np.float64)
    for column in grid.T:
        places = column - column.min()
        wider = np.zeros(len(chance) + places.max())
        for place, share in zip(places, background, strict=True):
            wider[place : place + len(chance)] += share * chance
        chance = wider
    return _at_least(chance)


def _at_least(chance: np.ndarray) -> np.ndarray:
    """Of each entry or a later one; never 0, also where a word is rarer than a float can say."""
    return np.clip(chance[::-1].cumsum()[::-1], np.finfo(np.float64).tiny, 1.0)
