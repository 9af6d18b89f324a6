"""Sequences that a network scores high, or low, or at a target: from starts, by single substitutions, under rules."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from dnaconv_core.design.goal import Goal, Scorer
from dnaconv_core.design.methods import METHODS, WIDE
from dnaconv_core.design.rules import Checker
from dnaconv_core.design.search import Edits, Ways, with_least
from dnaconv_core.design.starts import Starts
from dnaconv_core.errors import InputError
from dnaconv_core.predict import predict
from dnaconv_core.progress import SILENT, Part, Progress
from dnaconv_core.results import Skipped
from dnaconv_core.sequence.encoding import LETTERS, decode, from_codes

if TYPE_CHECKING:
    from dnaconv_core.model.convnet import ConvNet

_AT_ONCE = 512  # sequences of which all substitutions are asked for together
_WIDEST = 64  # sequences kept for each start


class Edit(NamedTuple):
    """One substitution: `place` from 0."""

    place: int
    before: str
    after: str

    def __str__(self) -> str:
        return f"{self.before}{self.place + 1}{self.after}"


class Design(NamedTuple):
    """A start, what was made of it, and what is said of both; of K substitutions K + 1 scores."""

    id: str
    start: str
    sequence: str
    edits: tuple[Edit, ...]
    scores: tuple[float, ...]  # the model's prediction, from the start to the design
    logits: tuple[float, ...]  # the same before the link; of a class its log-odds; what the search goes by
    gc: float
    spread: float | None = None  # standard deviation of the members' predictions; None of a single network
    judge: tuple[float, float] | None = None  # another network's prediction of the start and of the design
    distance: tuple[float, float] | None = None  # from the nearest example, of the start and of the design

    @property
    def gain(self) -> float:
        """Change of the score from the start to the design."""
        return self.scores[-1] - self.scores[0]

    def steps(self) -> list[str]:
        """The sequences from the start to the design."""
        letters, found = list(self.start), [self.start]
        for edit in self.edits:
            letters[edit.place] = edit.after
            found.append("".join(letters))
        return found


class Designs(NamedTuple):
    """The designs, best first, starts that could not be brought within the rules, and whether it was stopped."""

    designs: list[Design]
    skipped: list[Skipped]
    stopped: bool = False


def design(
    model: ConvNet,
    starts: Starts,
    goal: Goal,
    rules: Checker,
    ways: Ways | None = None,
    *,
    covariates: np.ndarray | None = None,
    progress: Progress = SILENT,
) -> Designs:
    """Design from every start; covariates: raw values `(C,)` for all.

    The same starts, model and seed give the same designs, whatever else is designed with them by 'greedy' and 'beam'.
    Where `progress` asks to stop, starts not yet begun are left out. Raises InputError for what does not fit together.
    """
    ways = ways or Ways()
    if ways.method not in METHODS:
        raise InputError(f"there is no method {ways.method!r}: choose {', '.join(METHODS)}")
    if not 1 <= ways.width <= _WIDEST or ways.generations < 1:
        raise InputError(f"width is {ways.width} and generations is {ways.generations}: from 1, a width to {_WIDEST}")
    scorer, n = Scorer(model, goal, covariates), len(starts.ids)
    step = max(1, _AT_ONCE // (ways.width if ways.method in WIDE else 1))
    made, skipped = [], []
    for begin in range(0, n, step):
        if progress.should_stop():
            break
        rows = slice(begin, begin + step)
        codes, names = starts.codes[rows], starts.ids[rows]
        part = Part(progress, begin / n, len(names) / n)
        edits = METHODS[ways.method](codes, scorer, rules, ways._replace(seed=ways.seed + begin), part)
        edits = with_least(codes, edits, scorer, rules)
        few = (edits.places >= 0).sum(axis=1) < rules.rules.least
        broken = rules.broken(edited(codes, edits)[:, -1]) > 0
        fine = ~(few | broken)
        skipped += [_unmended(names[i], begin + int(i), progress, few=not broken[i]) for i in np.flatnonzero(~fine)]
        some = Edits(*(one[fine] for one in edits))
        made += _described([names[i] for i in np.flatnonzero(fine)], codes[fine], some, scorer)
        progress.report(min(1.0, (begin + step) / n), f"{min(begin + step, n):,} of {n:,} designs")
    made.sort(key=lambda one: -float(scorer.worth(np.float64(one.logits[-1]))))
    return Designs(made, skipped, progress.should_stop())


def _unmended(name: str, row: int, progress: Progress, *, few: bool = False) -> Skipped:
    why = "breaks a rule, and the edits allowed are too few to fix it: allow more edits, or loosen the rules"
    if few:
        why = "cannot be given as many edits as you ask for at least: ask for fewer, or loosen the rules"
    if progress.should_stop():
        why = "broke a rule still when the work was stopped"
    return Skipped("starts", row + 1, f"({name[:60]!r}) {why}")


def edited(starts: np.ndarray, edits: Edits) -> np.ndarray:
    """All sequences from the starts `(D, L)` to the designs: codes `(D, n + 1, L)`; the last stays where n is less."""
    steps = [starts]
    rows = np.arange(len(starts))
    for place, base in zip(edits.places.T, edits.bases.T, strict=True):
        after, there = steps[-1].copy(), place >= 0
        after[rows[there], place[there]] = base[there]
        steps.append(after)
    return np.stack(steps, axis=1)


def _described(names: list[str], starts: np.ndarray, edits: Edits, scorer: Scorer) -> list[Design]:
    if not names:
        return []
    steps = edited(starts, edits)  # (D, n + 1, L)
    alphabet, task = scorer.model.config.alphabet, scorer.goal.task
    flat = from_codes(steps.reshape(-1, steps.shape[2]))
    beside = scorer.beside(len(flat))
    scores = predict(scorer.model, flat, beside)[:, task].reshape(steps.shape[:2])
    logits = scorer.score(scorer.logits(steps.reshape(-1, steps.shape[2]))).reshape(steps.shape[:2])
    spread = None
    if scorer.model.config.members > 1:
        spread = predict(scorer.model, from_codes(steps[:, -1]), scorer.beside(len(steps)), output="spread")[:, task]
    letters, found = decode(from_codes(starts), alphabet), decode(from_codes(steps[:, -1]), alphabet)
    bases = LETTERS[alphabet]
    made = []
    for i, name in enumerate(names):
        k = int((edits.places[i] >= 0).sum())
        path = [
            Edit(int(p), letters[i][p], bases[b])
            for p, b in zip(edits.places[i, :k].tolist(), edits.bases[i, :k].tolist(), strict=True)
        ]
        gc = sum(found[i].count(base) for base in "GC") / len(found[i])
        made.append(
            Design(
                name,
                letters[i],
                found[i],
                tuple(path),
                tuple(map(float, scores[i, : k + 1])),
                tuple(map(float, logits[i, : k + 1])),
                gc,
                None if spread is None else float(spread[i]),
            )
        )
    return made
