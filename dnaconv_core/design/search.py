"""Ways from a start to a better sequence, one substitution after the other, for many starts at once.

Each way takes starts as codes `(D, L)` and gives the substitutions of each, in order. All keep the rules: a start that
breaks one is mended first, where only substitutions count that leave less broken, and the largest mending goes first.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from dnaconv_core.design.goal import Scorer
from dnaconv_core.design.rules import Checker
from dnaconv_core.progress import Progress

BROKEN = 1e6  # worth lost for each thing that is broken: more than any score
LEAST = 1e-6  # a gain that counts: smaller ones are rounding
_CROSSED = 0.5  # of a population's size, children that two members have
_HEAT = 0.25  # noise of the first generation's choice, in standard deviations of single substitutions


class Ways(NamedTuple):
    """How to search."""

    method: str = "greedy"
    width: int = 8  # sequences kept for each start, by beam and evolution
    generations: int = 30  # of evolution; steps of gradient
    seed: int = 0  # of evolution and gradient


class Edits(NamedTuple):
    """The substitutions of D starts, in order; −1 where there are no more."""

    places: np.ndarray  # (D, n) positions from 0
    bases: np.ndarray  # (D, n) codes put there


class _Beam(NamedTuple):
    """W sequences of each of D starts; `worth` is −inf where there are fewer."""

    codes: np.ndarray  # (D, W, L)
    worth: np.ndarray  # (D, W)
    edits: Edits  # (D, W, n) each

    def take(self, rows: np.ndarray) -> _Beam:
        return _Beam(self.codes[rows], self.worth[rows], Edits(*(one[rows] for one in self.edits)))


def greedy(starts: np.ndarray, scorer: Scorer, rules: Checker, ways: Ways, progress: Progress) -> Edits:
    """The best single substitution, again and again, until none helps."""
    return beam(starts, scorer, rules, ways._replace(width=1), progress)


def beam(starts: np.ndarray, scorer: Scorer, rules: Checker, ways: Ways, progress: Progress) -> Edits:
    """The best `width` different sequences of each number of edits, until the best is no better than before."""
    n, width = rules.rules.edits, ways.width
    codes = np.repeat(starts[:, None], width, axis=1)
    worth = np.full(codes.shape[:2], -np.inf)
    worth[:, 0] = first_worth(starts, scorer, rules)
    none = np.full((*worth.shape, n), -1, np.int32)
    kept = _Beam(codes, worth, Edits(none, none.copy()))
    going = np.arange(len(starts))
    for step in range(n):
        if not len(going) or progress.should_stop():
            break
        progress.report(step / n, f"edit {step + 1} of {n}")
        before = kept.take(going)
        after = _next(before, starts[going], scorer, rules, step)
        better = after.worth[:, 0] > before.worth[:, 0] + LEAST
        going = going[better]
        for whole, part in zip((kept.codes, kept.worth, *kept.edits), _flat(after.take(better)), strict=True):
            whole[going] = part
    return Edits(kept.edits.places[:, 0], kept.edits.bases[:, 0])


def _flat(some: _Beam) -> tuple[np.ndarray, ...]:
    return some.codes, some.worth, *some.edits


def first_worth(codes: np.ndarray, scorer: Scorer, rules: Checker) -> np.ndarray:
    """The worth `(S,)` of `codes (S, L)`, less for each thing that is broken."""
    return scorer.worth(scorer.score(scorer.logits(codes))) - BROKEN * rules.broken(codes)


def _next(before: _Beam, starts: np.ndarray, scorer: Scorer, rules: Checker, step: int) -> _Beam:
    """The best sequences that are one substitution further; a position is changed once."""
    d, width, length = before.codes.shape
    worth = _children(before.codes, before.worth, scorer, rules)  # (D, W, 4, L)
    edited = before.codes != starts[:, None]
    worth[np.repeat((edited | rules.near(edited))[:, :, None], 4, axis=2)] = -np.inf
    chosen, values = _best(worth.reshape(d, -1), _hashes(before.codes).reshape(d, -1), width)
    parent, base, place = np.unravel_index(chosen, (width, 4, length))  # (D, W) each
    row = np.arange(d)[:, None]
    codes = before.codes[row, parent]
    np.put_along_axis(codes, place[..., None], base[..., None].astype(codes.dtype), axis=2)
    places, bases = before.edits.places[row, parent], before.edits.bases[row, parent]
    places[:, :, step], bases[:, :, step] = place, base
    return _Beam(codes, values, Edits(places, bases))


def _children(codes: np.ndarray, worth: np.ndarray, scorer: Scorer, rules: Checker) -> np.ndarray:
    """Worth of all single substitutions `(D, W, 4, L)` of `codes (D, W, L)`; −inf where one is not allowed."""
    d, width, length = codes.shape
    result = np.full((d * width, 4, length), -np.inf)
    there = np.flatnonzero(np.isfinite(worth.ravel()))
    flat = codes.reshape(-1, length)[there]
    now, after = rules.broken(flat)[:, None, None], rules.broken_after(flat)
    allowed = (after <= np.maximum(now - 1, 0)) & rules.free & (flat[:, None] != np.arange(4)[:, None])
    table = scorer.table(flat, scorer.logits(flat)) - BROKEN * after
    result[there] = np.where(allowed, table, -np.inf)
    return result.reshape(d, width, 4, length)


def _hashes(codes: np.ndarray) -> np.ndarray:
    """A number for the sequence that each substitution makes, `(D, W, 4, L)`: equal for equal sequences (Zobrist)."""
    length = codes.shape[-1]
    keys = np.random.default_rng(0).integers(0, 2**63, (4, length), np.int64)
    own = keys[codes, np.arange(length)]  # (D, W, L)
    return np.bitwise_xor.reduce(own, axis=2)[..., None, None] ^ own[:, :, None] ^ keys


def _best(worth: np.ndarray, hashes: np.ndarray, most: int) -> tuple[np.ndarray, np.ndarray]:
    """The best candidates `(D, most)` of `worth (D, C)` that make different sequences, and their worth, best first.

    One sequence is made by at most `most` parents: the best most² hold enough different ones.
    """
    top = min(most * most, worth.shape[1])
    among = np.argpartition(-worth, top - 1, axis=1)[:, :top]
    order = np.argsort(-np.take_along_axis(worth, among, 1), axis=1, kind="stable")
    among = np.take_along_axis(among, order, 1)
    values, same = np.take_along_axis(worth, among, 1), np.take_along_axis(hashes, among, 1)
    again = np.tril(same[:, :, None] == same[:, None, :], -1).any(axis=2)
    values[again] = -np.inf
    order = np.argsort(-values, axis=1, kind="stable")[:, :most]
    return np.take_along_axis(among, order, 1), np.take_along_axis(values, order, 1)


def evolution(starts: np.ndarray, scorer: Scorer, rules: Checker, ways: Ways, progress: Progress) -> Edits:
    """A population for each start: mutants and children of two compete in each generation, and the best is never lost.

    All single substitutions of all members compete, and so do children that have the head of one member and the tail of
    another. Chance helps to choose (noise as Gumbel's, which cools to none). In the end the substitutions are put in
    order: each the best next one of those that are left.
    """
    rng, width = np.random.default_rng(ways.seed), ways.width
    codes = np.repeat(starts[:, None], width, axis=1)
    worth = np.full(codes.shape[:2], -np.inf)
    worth[:, 0] = first_worth(starts, scorer, rules)
    heat = None
    for generation in range(ways.generations):
        if progress.should_stop():
            break
        progress.report(generation / ways.generations, f"generation {generation + 1} of {ways.generations}")
        mutants = _mutants(codes, worth, starts, scorer, rules)  # (D, W, 4, L)
        if heat is None:
            heat = _HEAT * _spread(mutants)
        crossed, crossed_worth = _crossed(codes, worth, starts, scorer, rules, rng)
        noise = heat * (1 - (generation + 1) / ways.generations)
        codes, worth = _survivors((codes, worth), mutants, (crossed, crossed_worth), noise, rng)
    return in_order(starts, codes[:, 0], scorer)


def _spread(worth: np.ndarray) -> np.ndarray:
    """The standard deviation of the worth of each start's mutants that are allowed, `(D, 1)`."""
    flat = worth.reshape(len(worth), -1)
    there = np.isfinite(flat) & (flat > -BROKEN / 2)
    known = np.where(there, flat, 0)
    n = np.maximum(there.sum(axis=1, keepdims=True), 1)
    mean = known.sum(axis=1, keepdims=True) / n
    return np.sqrt((np.where(there, flat - mean, 0) ** 2).sum(axis=1, keepdims=True) / n)


def _mutants(codes: np.ndarray, worth: np.ndarray, starts: np.ndarray, scorer: Scorer, rules: Checker) -> np.ndarray:
    """Worth of all single substitutions that stay within the budget of edits; one may go back to the start's base."""
    children = _children(codes, worth, scorer, rules)
    differs = codes != starts[:, None]  # (D, W, L)
    bases = np.arange(4)[:, None]
    edits = differs.sum(axis=2)[..., None, None] - differs[:, :, None] + (bases != starts[:, None, None])
    children[edits > rules.rules.edits] = -np.inf
    children[np.repeat((rules.near(differs) & ~differs)[:, :, None], 4, axis=2)] = -np.inf
    return children


def _crossed(
    codes: np.ndarray, worth: np.ndarray, starts: np.ndarray, scorer: Scorer, rules: Checker, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Children `(D, C, L)` of pairs of members and their worth `(D, C)`, −inf where they break a rule."""
    d, width, length = codes.shape
    n = max(1, int(_CROSSED * width))
    there = np.isfinite(worth).sum(axis=1)[:, None]  # members stand first
    one, other = rng.integers(0, there, (2, d, n))
    cut = rng.integers(1, max(length, 2), (d, n, 1))
    row = np.arange(d)[:, None]
    children = np.where(np.arange(length) < cut, codes[row, one], codes[row, other])
    flat = children.reshape(-1, length)
    value = first_worth(flat, scorer, rules).reshape(d, n)
    edited = children != starts[:, None]
    fine = (rules.broken(flat) == 0).reshape(d, n) & (edited.sum(axis=2) <= rules.rules.edits) & rules.spaced(edited)
    return children, np.where(fine, value, -np.inf)


def _survivors(
    now: tuple[np.ndarray, np.ndarray],
    mutants: np.ndarray,
    crossed: tuple[np.ndarray, np.ndarray],
    noise: np.ndarray,
    rng: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray]:
    """The next population, best first: the best of all as it is, the others drawn by worth and chance."""
    codes, worth = now
    d, width, length = codes.shape
    keys = np.random.default_rng(0).integers(0, 2**63, (4, length), np.int64)
    extra, extra_worth = np.concatenate([codes, crossed[0]], 1), np.concatenate([worth, crossed[1]], 1)
    hashes = np.bitwise_xor.reduce(keys[extra, np.arange(length)], axis=2)
    all_worth = np.concatenate([extra_worth, mutants.reshape(d, -1)], 1)  # (D, C)
    all_hashes = np.concatenate([hashes, _hashes(codes).reshape(d, -1)], 1)
    drawn = all_worth + noise * rng.gumbel(size=all_worth.shape)
    drawn[np.arange(d), all_worth.argmax(axis=1)] = np.inf  # stays
    drawn[~np.isfinite(all_worth)] = -np.inf
    chosen, lots = _best(drawn, all_hashes, width + 2)  # a member, its child and a cross may be the same sequence
    chosen, lots = chosen[:, :width], lots[:, :width]
    values = np.where(lots == -np.inf, -np.inf, np.take_along_axis(all_worth, chosen, 1))
    order = np.argsort(-values, axis=1, kind="stable")
    chosen, values = np.take_along_axis(chosen, order, 1), np.take_along_axis(values, order, 1)
    row, n = np.arange(d)[:, None], extra.shape[1]
    parent, base, place = np.unravel_index(np.maximum(chosen - n, 0), (width, 4, length))
    result = codes[row, parent]
    np.put_along_axis(result, place[..., None], base[..., None].astype(result.dtype), axis=2)
    return np.where((chosen < n)[..., None], extra[row, np.minimum(chosen, n - 1)], result), values


def in_order(starts: np.ndarray, ends: np.ndarray, scorer: Scorer) -> Edits:
    """The substitutions between starts and ends `(D, L)`, each the best next one of those that are left."""
    codes, n = starts.copy(), int((starts != ends).sum(axis=1).max(initial=0))
    places, bases = np.full((len(starts), n), -1, np.int32), np.full((len(starts), n), -1, np.int32)
    for step in range(n):
        rows = np.flatnonzero((codes != ends).any(axis=1))
        table = scorer.table(codes[rows], scorer.logits(codes[rows]))
        left = (codes[rows] != ends[rows])[:, None] & (ends[rows][:, None] == np.arange(4)[:, None])
        best = np.where(left, table, -np.inf).reshape(len(rows), -1).argmax(axis=1)
        base, place = np.divmod(best, codes.shape[1])
        codes[rows, place] = base
        places[rows, step], bases[rows, step] = place, base
    return Edits(places, bases)


def with_least(starts: np.ndarray, edits: Edits, scorer: Scorer, rules: Checker) -> Edits:
    """The edits of each start, and the best next ones where there are fewer than the rules ask for, even if they harm.

    Where no further substitution is allowed there stay too few.
    """
    least, done = rules.rules.least, (edits.places >= 0).sum(axis=1)
    more = np.full((len(starts), max(least - edits.places.shape[1], 0)), -1, np.int32)
    places, bases = np.hstack([edits.places, more]), np.hstack([edits.bases, more])
    codes = starts.copy()
    for place, base in zip(places.T, bases.T, strict=True):
        there = np.flatnonzero(place >= 0)
        codes[there, place[there]] = base[there]
    rows = np.flatnonzero(done < least)
    while len(rows):
        edited = codes[rows] != starts[rows]
        table = _children(codes[rows, None], np.zeros((len(rows), 1)), scorer, rules)[:, 0]
        table[np.repeat((edited | rules.near(edited))[:, None], 4, axis=1)] = -np.inf
        chosen = table.reshape(len(rows), -1).argmax(axis=1)
        base, place = np.divmod(chosen, codes.shape[1])
        fine = np.isfinite(table[np.arange(len(rows)), base, place])
        rows, base, place = rows[fine], base[fine], place[fine]
        codes[rows, place] = base
        places[rows, done[rows]], bases[rows, done[rows]] = place, base
        done[rows] += 1
        rows = rows[done[rows] < least]
    return Edits(places, bases)
