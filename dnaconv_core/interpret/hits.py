"""Motif hits in sequences, with p-values and Benjamini-Hochberg q-values (as FIMO: Grant, Bailey & Noble 2011)."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from dnaconv_core.errors import InputError
from dnaconv_core.interpret.compiled import BIN, fimo, is_warm
from dnaconv_core.interpret.match import benjamini_hochberg
from dnaconv_core.interpret.seqlets import window_sums
from dnaconv_core.sequence.motif import UNIFORM, Motif, scan, to_pwm


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

    The p-value is the chance of such a score at one place of background sequence; q-values are over all places of all
    sequences, on the strands that are read. By memelite's FIMO where it has been compiled (compiled.is_warm) and the
    background is uniform, else by the same computation in numpy, some times slower. A place with an unknown base is
    none. Raises InputError for a p-value that is none, or a motif longer than the sequences.
    """
    if strands not in ("both", "one"):
        raise InputError(f"strands is {strands!r}: choose both or one")
    if not 0 < p_value <= 1:
        raise InputError(f"p_value is {p_value}: it must lie between 0 and 1, for example 0.0001")
    if motif.width > X.shape[2]:
        raise InputError(
            f"the motif has {motif.width} columns but the sequences have {X.shape[2]} bases: trim the motif"
        )
    quick = is_warm() and p_value < 1 and np.array_equal(background, UNIFORM)
    found = fimo_places(X, motif, p_value) if quick else numpy_places(X, motif, p_value, background)
    known = window_sums(X.sum(axis=1), motif.width) == motif.width  # (N, P)
    found = found.take(known[found.sequence, found.start] & ((found.strand == "+") | (strands == "both")))
    found = found.take(np.lexsort((found.strand, found.start, found.sequence, found.p_value)))
    return found._replace(q_value=benjamini_hochberg(found.p_value, (1 + (strands == "both")) * int(known.sum())))


def fimo_places(X: np.ndarray, motif: Motif, p_value: float) -> Hits:
    """Places with at most this p-value by memelite, against a uniform background; without q-values."""
    ppm = 0.25 * 2.0 ** to_pwm(motif.ppm, nsites=motif.nsites)  # with our own pseudocount instead of theirs
    table = fimo(X, ppm, p_value)
    kinds = {"sequence_name": np.int64, "start": np.int64, "strand": "U1", "score": np.float32, "p-value": np.float64}
    rows, start, strand, score, p = (  # an empty table has no kinds of its own
        table[name].to_numpy().astype(kind) for name, kind in kinds.items()
    )
    return Hits(rows, start, strand, score, p, np.ones(len(table)), motif.width)


def numpy_places(X: np.ndarray, motif: Motif, p_value: float, background: np.ndarray = UNIFORM) -> Hits:
    """The same in numpy."""
    pwm = to_pwm(motif.ppm, background=background, nsites=motif.nsites)
    grid = np.round(pwm / BIN)
    steps = np.round(scan(X, grid)).astype(int)  # (N, 2, P)
    p = tail_chances(grid.astype(int), background)[steps - int(grid.min(axis=0).sum())]
    rows, strands, starts = at = np.nonzero(p <= p_value)
    return Hits(rows, starts, np.array(["+", "-"])[strands], steps[at] * BIN, p[at], np.ones(len(rows)), motif.width)


def tail_chances(grid: np.ndarray, background: np.ndarray = UNIFORM) -> np.ndarray:
    """The chance of at least each score, from the lowest possible one on, for integer scores `(4, w)`.

    By convolution of the columns (Staden 1989).
    """
    chance = np.ones(1)
    for column in grid.T:
        places = column - column.min()
        wider = np.zeros(len(chance) + places.max())
        for place, share in zip(places, background, strict=True):
            wider[place : place + len(chance)] += share * chance
        chance = wider
    return np.minimum(chance[::-1].cumsum()[::-1], 1.0)
