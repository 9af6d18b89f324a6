"""Design by gradient: the slope of the score says which substitutions to make, all of the budget at once."""

from __future__ import annotations

import numpy as np

from dnaconv_core.design.goal import Scorer
from dnaconv_core.design.rules import Checker
from dnaconv_core.design.search import BROKEN, LEAST, Edits, Ways, first_worth, in_order
from dnaconv_core.progress import Progress

_HEAT = 0.5  # noise of the first step's choice, in root mean squares of what a substitution is wished for
_KEPT = 0.9  # of the wishes of earlier steps


def gradient(starts: np.ndarray, scorer: Scorer, rules: Checker, ways: Ways, progress: Progress) -> Edits:
    """Straight-through ascent: wishes for every substitution grow with the slope of the worth at the sequence that the
    strongest wishes make.

    A step makes the substitutions that are wished most, as many as the budget and the rules allow, asks for the
    derivative of the worth by every entry of that one-hot sequence, and adds it to the wishes as if they were the
    sequence (the straight-through estimator of Bengio et al. 2013, arXiv:1308.3432, as in ledidi and in Fast SeqProp).
    Gumbel noise on the wishes, which cools to none, tries others too. The best sequence of all steps is kept, without
    the substitutions that it does not need, and its substitutions are put in order.
    """
    rng, steps = np.random.default_rng(ways.seed), ways.generations
    best, best_worth = starts.copy(), first_worth(starts, scorer, rules)
    codes, wishes = starts, np.zeros((len(starts), 4, starts.shape[1]))
    for step in range(steps):
        if progress.should_stop():
            break
        progress.report(step / steps, f"step {step + 1} of {steps}")
        wishes = _KEPT * wishes + _over_start(scorer.slope(codes), starts)
        size = np.sqrt((wishes**2).mean(axis=(1, 2), keepdims=True))
        noise = _HEAT * size * (1 - (step + 1) / steps)
        codes = _made(starts, wishes + noise * rng.gumbel(size=wishes.shape) * (noise > 0), rules)
        worth = first_worth(codes, scorer, rules)
        better = worth > best_worth + LEAST
        best[better], best_worth[better] = codes[better], worth[better]
    return in_order(starts, _pruned(starts, best, best_worth, scorer, rules), scorer)


def _over_start(slope: np.ndarray, starts: np.ndarray) -> np.ndarray:
    """The slope `(D, 4, L)` less that of the start's own base: what a substitution would bring if all were linear."""
    return slope - np.take_along_axis(slope, starts[:, None].astype(np.intp), axis=1)


def _made(starts: np.ndarray, wishes: np.ndarray, rules: Checker) -> np.ndarray:
    """Starts `(D, L)` with the substitutions that are wished most, one after the other, each within the rules."""
    codes = starts.copy()
    for _ in range(rules.rules.edits):
        now, after = rules.broken(codes)[:, None, None], rules.broken_after(codes)
        edited = codes != starts  # a position is changed once
        same = (edited | rules.near(edited))[:, None] | (starts[:, None] == np.arange(4)[:, None])
        allowed = (after <= np.maximum(now - 1, 0)) & rules.free & ~same & ((wishes > 0) | (now > 0))
        wished = np.where(allowed, wishes - BROKEN * after, -np.inf).reshape(len(codes), -1)
        chosen = wished.argmax(axis=1)
        rows = np.flatnonzero(np.isfinite(wished[np.arange(len(codes)), chosen]))
        if not len(rows):
            break
        base, place = np.divmod(chosen[rows], codes.shape[1])
        codes[rows, place] = base
    return codes


def _pruned(starts: np.ndarray, ends: np.ndarray, worth: np.ndarray, scorer: Scorer, rules: Checker) -> np.ndarray:
    """The ends `(D, L)` without the substitutions that bring nothing: taken back one by one while no worth is lost."""
    codes, worth = ends.copy(), worth.copy()
    rows = np.flatnonzero((codes != starts).any(axis=1))
    while len(rows):
        some, own = codes[rows], starts[rows]
        back = (some != own)[:, None] & (own[:, None] == np.arange(4)[:, None])
        table = scorer.table(some, scorer.logits(some)) - BROKEN * rules.broken_after(some)
        table = np.where(back, table, -np.inf).reshape(len(rows), -1)
        chosen = table.argmax(axis=1)
        value = table[np.arange(len(rows)), chosen]
        fine = value >= worth[rows] - LEAST
        rows, chosen, value = rows[fine], chosen[fine], value[fine]
        base, place = np.divmod(chosen, codes.shape[1])
        codes[rows, place], worth[rows] = base, np.maximum(worth[rows], value)
    return codes
