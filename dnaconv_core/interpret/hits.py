"""Motif hits in sequences, with p-values and Benjamini-Hochberg q-values (as FIMO: Grant, Bailey & Noble 2011)."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from dnaconv_core.errors import InputError
from dnaconv_core.interpret.match import benjamini_hochberg
from dnaconv_core.sequence.motif import UNIFORM, Motif, scan, to_pwm

_BINS = 1000  # of the score's range; a score's p-value is that of its bin, never too small


class Hits(NamedTuple):
    """H hits, smallest p-value first."""

    sequence: np.ndarray  # (H,) row of X
    start: np.ndarray  # (H,) leftmost base on the + strand, from 0
    strand: np.ndarray  # (H,) '+' or '-'
    score: np.ndarray  # (H,) bits
    p_value: np.ndarray
    q_value: np.ndarray
    width: int


def find_hits(X: np.ndarray, motif: Motif, *, p_value: float = 1e-4, background: np.ndarray = UNIFORM) -> Hits:
    """Places in one-hot X `(N, 4, L)` whose log-odds score has at most this p-value, on either strand.

    The p-value is the chance of such a score at one place of background sequence; q-values are over all places of all
    sequences. Raises InputError for a p-value that is none, or a motif longer than the sequences.
    """
    if not 0 < p_value <= 1:
        raise InputError(f"p_value is {p_value}: it must lie between 0 and 1, for example 0.0001")
    pwm = to_pwm(motif.ppm, background=background, nsites=motif.nsites)
    scores = scan(X, pwm)  # (N, 2, P)
    edges, tail = score_distribution(pwm, background)
    p = tail[np.clip(np.searchsorted(edges, scores.ravel() + 1e-6, side="right") - 1, 0, len(tail) - 1)]
    q = benjamini_hochberg(p).reshape(scores.shape)
    p = p.reshape(scores.shape)
    rows, strands, starts = np.nonzero(p <= p_value)
    order = np.argsort(p[rows, strands, starts], kind="stable")
    rows, strands, starts = rows[order], strands[order], starts[order]
    at = rows, strands, starts
    return Hits(rows, starts, np.array(["+", "-"])[strands], scores[at], p[at], q[at], motif.width)


def score_distribution(pwm: np.ndarray, background: np.ndarray = UNIFORM) -> tuple[np.ndarray, np.ndarray]:
    """Scores on a grid `(B,)` and the chance of at least that score `(B,)`, by convolution of the columns.

    Each column's scores are rounded to the grid upwards, so that the chance is not understated.
    """
    low = pwm.min(axis=0).sum()
    step = max((pwm.max(axis=0).sum() - low) / _BINS, 1e-9)
    chance = np.ones(1)
    for column in pwm.T:
        places = np.ceil((column - column.min()) / step - 1e-9).astype(int)
        wider = np.zeros(len(chance) + places.max())
        for place, share in zip(places, background, strict=True):
            wider[place : place + len(chance)] += share * chance
        chance = wider
    return low + step * np.arange(len(chance)), np.minimum(chance[::-1].cumsum()[::-1], 1.0)
