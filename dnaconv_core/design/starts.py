"""Where designs begin: sequences that are given, their shuffles, or random ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from dnaconv_core.design.rules import Checker
from dnaconv_core.errors import InputError
from dnaconv_core.results import Record
from dnaconv_core.sequence.encoding import one_hot, to_codes
from dnaconv_core.sequence.shuffle import dinucleotide_shuffle, random_codes

_GC = 0.42  # of random starts where the rules say nothing, as in human DNA
_TRIES = 20  # drawn for each start that is wanted, so that those that break a rule can be passed over
MOST = 100_000  # starts


class Starts(NamedTuple):
    """N sequences to begin with: their names, and codes `(N, L)` without unknown bases."""

    ids: list[str]
    codes: np.ndarray


def random_starts(n: int, rules: Checker, *, seed: int = 0) -> Starts:
    """n sequences of independent bases whose GC content is in the middle of what the rules allow.

    Of twenty drawings for each, the first that break no rule are taken. Raises InputError for n out of range.
    """
    check_number(n)
    low, high = rules.rules.gc
    gc = _GC if (low, high) == (0.0, 1.0) else (low + high) / 2
    codes = random_codes(np.random.default_rng(seed), n * _TRIES, rules.length, gc)
    return Starts([f"random_{number}" for number in range(1, n + 1)], _fit(codes, rules)[:n])


def given_starts(records: Sequence[Record], rules: Checker, alphabet: str, *, seed: int = 0) -> Starts:
    """The sequences that are given, all as long as the model reads; an unknown base becomes one drawn at random."""
    X = one_hot([record.sequence for record in records], alphabet)
    return Starts([record.id for record in records], filled(to_codes(X), seed))


def shuffled_starts(given: Starts, n: int, rules: Checker, *, seed: int = 0) -> Starts:
    """n dinucleotide shuffles of each sequence that is given, those that break no rule first."""
    check_number(n * len(given.ids))
    X = (given.codes[:, None] == np.arange(4)[:, None]).astype(np.int8)  # (N, 4, L)
    shuffled = to_codes(dinucleotide_shuffle(X, n * _TRIES, seed=seed))  # (N, n · tries, L)
    codes = np.concatenate([_fit(some, rules)[:n] for some in shuffled])
    numbers = range(1, n + 1)
    return Starts([f"{name}_shuffle_{number}" for name in given.ids for number in numbers], codes)


def filled(codes: np.ndarray, seed: int = 0) -> np.ndarray:
    """Codes `(N, L)` with every unknown base drawn at random, A, C, G and T alike."""
    drawn = np.random.default_rng(seed).integers(0, 4, codes.shape, np.int8)
    return np.where(codes < 4, codes, drawn)


def check_number(n: int) -> None:
    if not 1 <= n <= MOST:
        raise InputError(f"{n:,} designs are asked for: choose 1 to {MOST:,}")


def _fit(codes: np.ndarray, rules: Checker) -> np.ndarray:
    """The same rows, those that break nothing first, then by how much is broken."""
    return codes[np.argsort(rules.broken(codes), kind="stable")]
