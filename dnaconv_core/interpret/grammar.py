"""A grammar of motifs: which order, distance, orientation and number raises the output, as a full factorial design.

Every arrangement is written into the same backgrounds, so that all are compared pair by pair. A level's main effect is
the mean change of the arrangements with that level minus the mean of all; what two factors do together beyond the sum
of both is their interaction. Intervals are of means over backgrounds (resampled).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import combinations, product
from typing import NamedTuple

import numpy as np

from dnaconv_core.errors import InputError
from dnaconv_core.interpret.marginalize import mean_interval
from dnaconv_core.progress import SILENT, Progress
from dnaconv_core.sequence.edit import substitute, words_of
from dnaconv_core.sequence.encoding import reverse_complement
from dnaconv_core.sequence.motif import Motif

GAPS, COPIES = (0, 5, 10, 20), (1, 2)  # by default
MOST_CELLS = 400
ORDER, DISTANCE, TURNED_FIRST, TURNED_SECOND, NUMBER = "order", "distance", "first motif", "second motif", "copies"

Measure = Callable[[np.ndarray], np.ndarray]  # sequences (N, 4, L) to logits (N,)


class Level(NamedTuple):
    """One level of a factor: its effect is beyond the mean of all arrangements."""

    factor: str
    level: str
    mean: float
    low: float  # 95 % interval
    high: float


class Share(NamedTuple):
    """How much of the differences between arrangements one factor (or two together) makes: 0 to 1."""

    factors: tuple[str, ...]
    share: float
    low: float
    high: float


class Arrangement(NamedTuple):
    """What stood in the backgrounds, and the change of the logit."""

    levels: tuple[str, ...]  # of each factor, in order
    mean: float
    low: float
    high: float


class Grammar(NamedTuple):
    """factors: name to levels, in order. shares: of one factor each, then of each two."""

    factors: dict[str, tuple[str, ...]]
    arrangements: list[Arrangement]
    levels: list[Level]
    shares: list[Share]
    n_backgrounds: int


def grammar(
    measure: Measure,
    X: np.ndarray,
    first: str | Motif | np.ndarray,
    second: str | Motif | np.ndarray | None = None,
    *,
    gaps: Sequence[int] = GAPS,
    copies: Sequence[int] = COPIES,
    turn: bool = True,
    seed: int = 0,
    progress: Progress = SILENT,
) -> Grammar:
    """Every order, distance, orientation and number of motifs in the middle of backgrounds X `(N, 4, L)`.

    second: without it, copies of the first alone. gaps: bases between neighbours. copies: of the second motif, or of
    the first where it is alone. turn: also reverse-complemented (of DNA). A factor with one level only is left out.
    Where `progress` asks to stop, effects are NaN. Raises InputError where the widest arrangement does not fit, or
    there are more than MOST_CELLS.
    """
    words = [words_of(first, len(X), seed)] + ([] if second is None else [words_of(second, len(X), seed + 1)])
    factors = _factors(len(words), gaps, copies, turn)
    cells = list(product(*(range(len(levels)) for levels in factors.values())))
    _check(words, X.shape[2], gaps, copies, len(cells))
    before = measure(X)
    changes = np.full((len(cells), len(X)), np.nan)
    for number, cell in enumerate(cells):
        chosen = {name: levels[at] for (name, levels), at in zip(factors.items(), cell, strict=True)}
        changes[number] = measure(_written(X, words, chosen, gaps, copies)) - before
        progress.report((number + 1) / len(cells), f"{number + 1} of {len(cells)} arrangements")
        if progress.should_stop():
            break
    return _told(factors, np.array(cells), changes, seed)


def _factors(n_motifs: int, gaps: Sequence[int], copies: Sequence[int], turn: bool) -> dict[str, tuple[str, ...]]:
    ways = ("forward", "reversed") if turn else ("forward",)
    every = {
        ORDER: ("first, second", "second, first")[:n_motifs],
        DISTANCE: tuple(str(gap) for gap in gaps),
        TURNED_FIRST: ways,
        TURNED_SECOND: ways if n_motifs > 1 else ways[:1],
        NUMBER: tuple(str(n) for n in copies),
    }
    return {name: levels for name, levels in every.items() if len(levels) > 1}


def _check(words: list[np.ndarray], length: int, gaps: Sequence[int], copies: Sequence[int], n_cells: int) -> None:
    if not gaps or min(gaps) < 0 or not copies or min(copies) < 1:
        raise InputError("distances must be 0 or more and copies 1 or more: give at least one of each")
    if n_cells > MOST_CELLS:
        raise InputError(f"these are {n_cells:,} arrangements; at most {MOST_CELLS} are tried: take fewer distances")
    parts = [word.shape[2] for word in words]
    wide = sum(parts[:-1]) + parts[-1] * max(copies) + max(gaps) * (len(parts) - 2 + max(copies))
    if wide > length:
        raise InputError(
            f"the widest arrangement has {wide} bases; this model reads {length}: take smaller distances or fewer"
        )


def _written(
    X: np.ndarray, words: list[np.ndarray], chosen: dict[str, str], gaps: Sequence[int], copies: Sequence[int]
) -> np.ndarray:
    """The backgrounds with one arrangement in the middle."""
    ways = (chosen.get(TURNED_FIRST), chosen.get(TURNED_SECOND))
    turned = [reverse_complement(w) if way == "reversed" else w for w, way in zip(words, ways, strict=False)]
    row = turned[:-1] + [turned[-1]] * int(chosen.get(NUMBER, copies[0]))
    if chosen.get(ORDER, "").startswith("second"):
        row = row[::-1]
    gap = int(chosen.get(DISTANCE, gaps[0]))
    at = (X.shape[2] - sum(w.shape[2] for w in row) - gap * (len(row) - 1)) // 2
    for word in row:
        X = substitute(X, word, at)
        at += word.shape[2] + gap
    return X


def _told(factors: dict[str, tuple[str, ...]], cells: np.ndarray, changes: np.ndarray, seed: int) -> Grammar:
    """Arrangements, the levels' effects, and the factors' shares. Cells `(C, F)`; changes `(C, N)`."""
    names = list(factors)
    means = mean_interval(changes, seed)
    arrangements = [
        Arrangement(tuple(factors[name][at] for name, at in zip(names, cell, strict=True)), *found)
        for cell, found in zip(cells, means, strict=True)
    ]
    centred = changes - changes.mean(axis=0)  # (C, N): beyond the mean of all arrangements
    levels = []
    for number, name in enumerate(names):
        rows = np.stack([centred[cells[:, number] == at].mean(axis=0) for at in range(len(factors[name]))])
        found = mean_interval(rows, seed)
        levels += [Level(name, level, *one) for level, one in zip(factors[name], found, strict=True)]
    return Grammar(factors, arrangements, levels, _shares(names, cells, changes, seed), changes.shape[1])


def _shares(names: list[str], cells: np.ndarray, changes: np.ndarray, seed: int) -> list[Share]:
    """Sums of squares between arrangements' means, as in an analysis of variance; intervals over backgrounds."""
    counts = np.random.default_rng(seed).multinomial(
        changes.shape[1], np.full(changes.shape[1], 1 / changes.shape[1]), 500
    )
    every = np.concatenate([np.ones((1, changes.shape[1])), counts]).astype(float)  # first the backgrounds as they are
    means = changes @ every.T / changes.shape[1]  # (C, 1 + R)
    means = means - means.mean(axis=0)
    total = np.maximum((means**2).sum(axis=0), 1e-30)
    alone = {number: _fitted(means, cells[:, [number]]) for number in range(len(names))}
    pairs = {
        (a, b): _fitted(means, cells[:, [a, b]]) - alone[a] - alone[b] for a, b in combinations(range(len(names)), 2)
    }
    every_part: list[tuple[tuple[str, ...], np.ndarray]] = [((names[a],), fitted) for a, fitted in alone.items()]
    every_part += [((names[a], names[b]), fitted) for (a, b), fitted in pairs.items()]
    found = []
    for which, fitted in every_part:
        share = (fitted**2).sum(axis=0) / total
        low, high = np.quantile(share[1:], [0.025, 0.975])
        found.append(Share(which, float(share[0]), float(low), float(high)))
    return found


def _fitted(means: np.ndarray, cells: np.ndarray) -> np.ndarray:
    """The mean of the arrangements with the same levels, for each arrangement `(C, R)`."""
    _, group = np.unique(cells, axis=0, return_inverse=True)
    group = group.ravel()
    sums = np.zeros((group.max() + 1, means.shape[1]))
    np.add.at(sums, group, means)
    return (sums / np.bincount(group)[:, None])[group]
