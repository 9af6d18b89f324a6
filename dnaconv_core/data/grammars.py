"""Questions made here that words alone do not answer: two motifs at a distance, a motif and GC content, a place.

In each, both classes hold the same motifs as far as can be, so that what counts is how things stand together. Truth is
`Dataset.truth`, as in synthetic.py.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from dnaconv_core.data.dataset import Dataset
from dnaconv_core.errors import InputError
from dnaconv_core.results import Site
from dnaconv_core.sequence.encoding import from_codes
from dnaconv_core.sequence.motif import AP1, Motif, draw
from dnaconv_core.sequence.shuffle import random_codes

# The site of GATA factors, (A/T)GATA(A/G)G (Ko & Engel 1993; Merika & Orkin 1993). The numbers are set by hand.
GATA = Motif(
    "GATA",
    "GATA",
    np.array(
        [
            #  W      G      A      T      A      R      G
            [0.550, 0.010, 0.970, 0.010, 0.970, 0.700, 0.150],  # A
            [0.050, 0.010, 0.010, 0.010, 0.010, 0.010, 0.100],  # C
            [0.050, 0.970, 0.010, 0.010, 0.010, 0.280, 0.650],  # G
            [0.350, 0.010, 0.010, 0.970, 0.010, 0.010, 0.100],  # T
        ]
    ),
)
_GAP, _MOST_APART = 5, 25  # bases between the two motifs of positives; most between those of negatives
_PLACE, _SPREAD = 30, 2  # bases from a site's start to the end of the sequence in positives, give or take
_LOW_GC, _HIGH_GC = 0.36, 0.54


def spacing(n: int = 2000, *, seed: int = 0, length: int = 100) -> Dataset:
    """Positives hold AP-1 and, 5 bases on, GATA, on either strand; in negatives 0 to 25 bases lie between, but not 5.

    Which motifs there are tells nothing: half of all are positive. Raises InputError for fewer than 2 examples, or
    sequences that are too short.
    """
    longest = AP1.width + _MOST_APART + GATA.width
    rng, codes, positive = _begin(n, length, longest, seed, 0.42)
    apart = rng.permuted(np.tile([gap for gap in range(_MOST_APART + 1) if gap != _GAP], (n, 1)), axis=1)[:, 0]
    apart[positive] = _GAP
    start = rng.integers(0, length - longest + 1, n)
    minus = rng.random(n) < 0.5
    sites = _plant(rng, codes, AP1, start) + _plant(rng, codes, GATA, start + AP1.width + apart)
    codes[minus] = 3 - codes[minus, ::-1]
    sites = [_turned(site, length) if minus[site.index] else site for site in sites]
    return _dataset(codes, positive, "synthetic spacing", sites)


def motif_and_gc(n: int = 2000, *, seed: int = 0, length: int = 100) -> Dataset:
    """Positives hold AP-1 among 54 % of G and C. Of the negatives, half hold it among 36 %, and half do not hold it
    (but its bases shuffled) among 54 %. Either strand. Raises as `spacing` does.
    """
    rng, codes, positive = _begin(n, length, AP1.width, seed, 0.5)
    negatives = rng.permutation(np.flatnonzero(~positive))
    poor, without = negatives[: len(negatives) // 2], negatives[len(negatives) // 2 :]
    gc = np.full((n, 1), _HIGH_GC)
    gc[poor] = _LOW_GC
    codes = random_codes(rng, n, length, gc)
    start, minus = rng.integers(0, length - AP1.width + 1, n), rng.random(n) < 0.5
    sites = _plant(rng, codes, AP1, start, without)
    codes[minus] = 3 - codes[minus, ::-1]
    sites = [_turned(site, length) if minus[site.index] else site for site in sites]
    return _dataset(codes, positive, "synthetic motif and GC", sites)


def place(n: int = 2000, *, seed: int = 0, length: int = 100) -> Dataset:
    """All hold GATA on the strand given: positives 28 to 32 bases before the end, as a TATA box stands before a start;
    negatives at least 5 bases from there. Raises as `spacing` does.
    """
    shortest = _PLACE + 2 * GATA.width + 2 * _SPREAD
    rng, codes, positive = _begin(n, length, shortest, seed, 0.42)
    usual = length - _PLACE
    start = usual + rng.integers(-_SPREAD, _SPREAD + 1, n)
    elsewhere = [at for at in range(length - GATA.width + 1) if abs(at - usual) >= _SPREAD + 5]
    start[~positive] = rng.choice(elsewhere, int((~positive).sum()))
    return _dataset(codes, positive, "synthetic place", _plant(rng, codes, GATA, start))


GRAMMARS: dict[str, Callable[..., Dataset]] = {"spacing": spacing, "motif_and_gc": motif_and_gc, "place": place}


def _begin(
    n: int, length: int, shortest: int, seed: int, gc: float
) -> tuple[np.random.Generator, np.ndarray, np.ndarray]:
    """Random numbers, backgrounds `(n, length)` as codes, and which half `(n,)` is positive, in random order."""
    if n < 2:
        raise InputError(f"n is {n}: ask for at least 2 examples")
    if length < shortest:
        raise InputError(f"length is {length}: these sequences need at least {shortest} bases")
    rng = np.random.default_rng(seed)
    return rng, random_codes(rng, n, length, gc), rng.permutation(n) < (n + 1) // 2


def _plant(
    rng: np.random.Generator, codes: np.ndarray, motif: Motif, start: np.ndarray, shuffled: np.ndarray | tuple[()] = ()
) -> list[Site]:
    """Write a site into each row at `start (n,)`; in the rows `shuffled`, its bases in another order, and no site."""
    words = draw(motif.ppm, len(codes), rng)
    rows = np.asarray(shuffled, int)
    words[rows] = rng.permuted(words[rows], axis=1)
    codes[np.arange(len(codes))[:, None], start[:, None] + np.arange(motif.width)] = words
    kept = np.setdiff1d(np.arange(len(codes)), rows)
    return [
        Site(row, at, at + motif.width, "+", motif.name)
        for row, at in zip(kept.tolist(), start[kept].tolist(), strict=True)
    ]


def _turned(site: Site, length: int) -> Site:
    """Where a site lies once its sequence was turned to the other strand."""
    return site._replace(start=length - site.end, end=length - site.start, strand="-")


def _dataset(codes: np.ndarray, positive: np.ndarray, name: str, sites: list[Site]) -> Dataset:
    y = positive.astype(np.float32)[:, None]
    ids = np.array([f"synthetic_{i:06d}" for i in range(1, len(codes) + 1)])
    return Dataset(from_codes(codes), y, np.ones_like(y), ids, alphabet="DNA", name=name, truth=tuple(sorted(sites)))
