"""Made-up promoter libraries: sequences with a number each, from a law that is known but for the noise.

A law (`draw`) fixes motifs, weights and constant bases; `seed` draws sequences and noise under it. Motifs are JASPAR
CORE's, or made at random, so that nothing that knows JASPAR is favoured. Noise is a fifth of the variance (a quarter in
the weak law), so that a perfect prediction has r 0.894 (0.866).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import torch

from dnaconv_core.data.dataset import Dataset
from dnaconv_core.sequence.encoding import from_codes
from dnaconv_core.sequence.jaspar import jaspar
from dnaconv_core.sequence.motif import draw as words_of
from dnaconv_core.sequence.motif import to_pwm
from dnaconv_core.sequence.shuffle import random_codes

_REFERENCE = 2000  # sequences that say how often a motif of the weak law is bound
_BOUND = 0.9985  # of all places, those whose match is less than half bound
_SHARP = 0.8  # steepness of binding over a motif's score in bits
_TATA = np.array([3, 0, 3, 0, 0, 0, 0], np.int8)
_PAIRS = ((0, 1, 1.2), (2, 3, -1.0), (4, 5, 0.9))  # words of the tiles that act together, and how


class Law(NamedTuple):
    """rng of what is fixed, rng of sequences, how many -> codes `(n, L)` and the number without noise `(n,)`."""

    make: Callable[[np.random.Generator, np.random.Generator, int, bool], tuple[np.ndarray, np.ndarray]]
    noise: float  # share of the variance


def library(name: str, n: int, *, draw: int = 0, seed: int = 0, invented: bool = False) -> Dataset:
    """`n` examples of a library in LAWS; invented: with motifs made at random in place of JASPAR's."""
    law, number = LAWS[name], list(LAWS).index(name)
    fixed, rng = np.random.default_rng([number, draw]), np.random.default_rng([number, draw, seed + 1])
    codes, signal = law.make(fixed, rng, n, invented)
    noise = rng.normal(0, signal.std() * np.sqrt(law.noise / (1 - law.noise)), n)
    y = (2 + 1.3 * (signal + noise)).astype(np.float32)[:, None]
    ids = np.array([f"{name}_{draw}_{seed}_{i}" for i in range(n)])
    return Dataset(from_codes(codes), y, np.ones_like(y), ids, alphabet="DNA", name=f"made-up promoters, {name}")


def _counts(
    fixed: np.random.Generator, rng: np.random.Generator, n: int, invented: bool
) -> tuple[np.ndarray, np.ndarray]:
    """Up to three copies of each of six motifs on either strand, and GC content, add up in 150 bases."""
    motifs, weights = _motifs(fixed, 6, 7, 12, invented), fixed.normal(0, 1, 6)
    weights += 0.3 * np.sign(weights)
    gc = np.clip(rng.normal(0.5, 0.06, (n, 1)), 0.3, 0.7)
    codes = random_codes(rng, n, 150, gc)
    copies = np.minimum(rng.poisson(0.8, (n, 6)), 3)
    slots = np.full((n, 11), -1)
    for row, wanted in zip(slots, copies, strict=True):
        some = rng.permutation(np.repeat(np.arange(6), wanted))[:11]
        row[rng.permutation(11)[: len(some)]] = some
    _write(rng, codes, motifs, slots, np.tile(2 + 13 * np.arange(11), (n, 1)), rng.random((n, 11)) < 0.5)
    return codes, _copies(slots, 6) @ weights + (gc[:, 0] - 0.5) / 0.06


def _start(
    fixed: np.random.Generator, rng: np.random.Generator, n: int, invented: bool
) -> tuple[np.ndarray, np.ndarray]:
    """What a motif does fades with its distance from the end of 100 bases, by half on the other strand; a TATA box
    counts only at its place."""
    motifs, weights = _motifs(fixed, 5, 7, 12, invented), np.abs(fixed.normal(0, 1, 5)) + 0.4
    weights[3:] *= -1
    codes = random_codes(rng, n, 100, 0.45)
    slots = rng.integers(0, 9, (n, 6))
    slots[slots >= 5] = -1
    widths = np.array([motif.shape[1] for motif in motifs] + [0])[slots]
    starts = np.minimum(2 + 15 * np.arange(6) + rng.integers(0, 4, (n, 6)), 100 - widths)
    minus = rng.random((n, 6)) < 0.5
    _write(rng, codes, motifs, slots, starts, minus)
    each = np.append(weights, 0)[slots] * np.exp(-(100 - starts) / 40) * np.where(minus, 0.5, 1.0)
    box = np.flatnonzero(rng.random(n) < 0.4)
    codes[box[:, None], (70 + rng.integers(-3, 4, len(box)))[:, None] + np.arange(len(_TATA))] = _TATA
    signal = each.sum(axis=1)
    signal[box] += 0.8
    return codes, signal


def _tiles(
    fixed: np.random.Generator, rng: np.random.Generator, n: int, invented: bool
) -> tuple[np.ndarray, np.ndarray]:
    """Designed: the best words of eight motifs, on either strand, in six slots of five templates of 120 bases, whose
    first and last 15 stay; the square root of a word's copies counts, and three pairs act together."""
    motifs, weights = _motifs(fixed, 8, 7, 12, invented), fixed.normal(0, 0.7, 8)
    best = [np.eye(4)[:, motif.argmax(axis=0)] for motif in motifs]
    templates, levels = random_codes(fixed, 5, 120, 0.5), fixed.normal(0, 0.4, 5)
    template = rng.integers(0, 5, n)
    codes = templates[template]
    slots = rng.integers(0, 14, (n, 6))
    slots[slots >= 8] = -1
    _write(rng, codes, best, slots, np.tile(16 + 15 * np.arange(6), (n, 1)), rng.random((n, 6)) < 0.3)
    copies = _copies(slots, 8)
    together = sum(effect * ((copies[:, a] > 0) & (copies[:, b] > 0)) for a, b, effect in _PAIRS)
    return codes, levels[template] + np.sqrt(copies) @ weights + together


def _weak(
    fixed: np.random.Generator, rng: np.random.Generator, n: int, invented: bool
) -> tuple[np.ndarray, np.ndarray]:
    """How much 60 motifs are bound in 80 random bases between constant flanks adds up and saturates; GC content too."""
    motifs, weights = _motifs(fixed, 60, 6, 10, invented), fixed.normal(0, 1, 60)
    flanks = random_codes(fixed, 2, 15, 0.5)

    def drawn(source: np.random.Generator, count: int) -> np.ndarray:
        random = random_codes(source, count, 80, 0.5)
        return np.hstack([np.tile(flanks[:1], (count, 1)), random, np.tile(flanks[1:], (count, 1))])

    codes = drawn(rng, n)
    reference, X = (torch.from_numpy(from_codes(each)).float() for each in (drawn(fixed, _REFERENCE), codes))
    bound = np.empty((n, len(motifs)))
    for column, motif in enumerate(motifs):
        pwm = to_pwm(motif)
        both = torch.from_numpy(np.stack([pwm, pwm[::-1, ::-1]])).float()
        usual, here = (torch.conv1d(each, both).numpy() for each in (reference, X))
        half = np.quantile(usual, _BOUND)
        usual, here = _occupied(usual, half), _occupied(here, half)
        bound[:, column] = (here - usual.mean()) / (usual.std() + 1e-9)
    gc = np.isin(codes[:, 15:95], (1, 2)).mean(axis=1)
    return codes, np.tanh(bound @ weights / np.sqrt(len(motifs))) + 1.2 * (gc - 0.5)


LAWS = {"counts": Law(_counts, 0.2), "start": Law(_start, 0.2), "tiles": Law(_tiles, 0.2), "weak": Law(_weak, 0.25)}


def _occupied(scores: np.ndarray, half: float) -> np.ndarray:
    """How much is bound in each of sequences with scores `(N, 2, P)`: `(N,)`."""
    return (1 / (1 + np.exp(-_SHARP * (scores - half)))).sum(axis=(1, 2))


def _motifs(rng: np.random.Generator, count: int, shortest: int, longest: int, invented: bool) -> list[np.ndarray]:
    """PPMs `(4, w)` of between `shortest` and `longest` columns."""
    if not invented:
        known = [motif.ppm for motif in jaspar() if shortest <= motif.width <= longest]
        return [known[i] for i in rng.choice(len(known), count, replace=False)]
    widths = rng.integers(shortest, longest + 1, count)
    return [rng.dirichlet([0.15] * 4, int(width)).T * 0.94 + 0.015 for width in widths]


def _write(
    rng: np.random.Generator,
    codes: np.ndarray,
    motifs: list[np.ndarray],
    slots: np.ndarray,
    starts: np.ndarray,
    minus: np.ndarray,
) -> None:
    """Write into `codes (n, L)` a word of the motif that each slot `(n, S)` names (-1: none), turned where `minus`."""
    for slot in range(slots.shape[1]):
        for number, motif in enumerate(motifs):
            rows = np.flatnonzero(slots[:, slot] == number)
            words = words_of(motif, len(rows), rng)
            turned = minus[rows, slot]
            words[turned] = 3 - words[turned, ::-1]
            codes[rows[:, None], starts[rows, slot][:, None] + np.arange(motif.shape[1])] = words


def _copies(slots: np.ndarray, count: int) -> np.ndarray:
    """How often each motif stands in the slots `(n, S)`: `(n, count)`."""
    return (slots[:, :, None] == np.arange(count)).sum(axis=1)
