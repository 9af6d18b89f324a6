"""The end of a search: the winner against `auto`, by fresh seeds on folds dealt anew, and both as they will be used."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from dnaconv_core.answers.labels import LABELS
from dnaconv_core.errors import TrainingError
from dnaconv_core.evaluate.intervals import Difference
from dnaconv_core.evaluate.repeats import repeated_difference
from dnaconv_core.runs.compare import compare_runs
from dnaconv_core.runs.search_desk import Desk, Stopped
from dnaconv_core.runs.search_record import AUTO, Search, Trial
from dnaconv_core.runs.search_trials import _WHOLE, LEAST_PAIRS, MOST_PAIRS, fold_spec
from dnaconv_core.runs.spec import RunSpec
from dnaconv_core.runs.store import LIVE, Run

WINNER, BASE = "the winner", "auto"  # whose runs on the whole training part are


def judge(desk: Desk) -> None:
    """Compare the best trial with `auto`, train both on the whole training part, and say what came of it."""
    search, best = desk.search, desk.search.best
    if best is None:
        raise TrainingError("no network was trained on every inner fold: give the search more time")
    if search.winner != best.number:  # a search with a larger budget may find another
        search.winner, search.pairs = best.number, []
        for key in [key for key in search.runs if not key.startswith("trial ")]:
            if key != BASE and not key.startswith("auto, pair "):
                del search.runs[key]
    difference = _paired(desk, best) if best.number != AUTO else None
    runs = _trained(desk, best)
    search.verdict = {
        "kind": _kind(difference),
        "sentence": verdict_sentence(search, best, difference),
        "difference": difference and difference._asdict(),
        "reported": _reported(desk, runs) if best.number != AUTO else "",
        "settings": best.settings,
    }
    final = runs[-1]
    if not final.notes:
        desk.store.edit(final.id, notes=recipe(search, best))


def _paired(desk: Desk, best: Trial) -> Difference:
    """The winner minus `auto`, each pair with a seed and folds that the search has not seen."""
    search, folds = desk.search, desk.search.folds
    for pair in range(len(search.pairs), max(_n_pairs(desk, best), len(search.pairs))):
        seed = search.seed + 1 + pair
        found = []
        for name, settings in ((WINNER, best.settings), (BASE, {})):
            spec = fold_spec(
                search.run_spec, settings | {"seed": seed}, fold=pair % folds, n_folds=folds, seed=1 + pair
            )
            found.append((f"{name}, pair {pair}", spec, f"{name}, seed {seed}"))
        done = _ended(desk, found, f"judging the winner, pair {pair + 1} of {_n_pairs(desk, best)}")
        search.pairs.append([_score(desk, run) for run in done])
        desk.save()
    winner, auto = ([pair[side] for pair in search.pairs] for side in (0, 1))
    return repeated_difference(search.metric, winner, auto, held_out=1 / folds)


def _n_pairs(desk: Desk, best: Trial) -> int:
    """As many as there is time for."""
    search = desk.search
    if not search.minutes:
        return MOST_PAIRS
    auto = next(row for row in search.tried if row.number == AUTO)
    one = sum(row.seconds / search.folds for row in (auto, best)) / desk.width
    left = 60 * search.minutes - desk.seconds - _WHOLE * one
    return len(search.pairs) + min(max(int(left / max(one, 1e-9)), LEAST_PAIRS - len(search.pairs), 0), MOST_PAIRS)


def _trained(desk: Desk, best: Trial) -> list[Run]:
    """`auto` and the winner as usual runs, on the whole training part, measured on the reported one."""
    base = desk.search.run_spec
    wanted: list[tuple[str, RunSpec, str]] = [(BASE, base, "auto, beside a search")]
    if best.number != AUTO:
        spec = replace(base, settings={**base.settings, **best.settings})
        wanted.append((WINNER, spec, "winner of a search"))
    return _ended(desk, wanted, "training the winner on the whole training part")


def _ended(desk: Desk, wanted: list[tuple[str, RunSpec, str]], stage: str) -> list[Run]:
    """The runs that do this, once all have finished. Raises TrainingError where one failed, Stopped where one was."""
    while True:
        runs = [desk.run(*one) for one in wanted]
        if all(run.state == "finished" for run in runs):
            return runs
        for run in runs:
            if run.state in ("failed", "interrupted"):
                raise TrainingError(f"run {run.id} ({run.name}) {run.state}: {run.error or run.message}")
            if run.state == "cancelled":
                raise Stopped(f"stopped with its run {run.id} ({run.message})")
        left = [run.remaining for run in runs if run.state in LIVE]
        known = [seconds for seconds in left if seconds is not None]
        desk.say(stage, max(known, default=0.0) if len(known) == len(left) else None)
        desk.wait()


def _score(desk: Desk, run: Run) -> float:
    score = desk.score(run)
    if score is None:
        raise TrainingError(f"run {run.id} ({run.name}) has no {desk.search.metric}: bring more examples")
    return score


def _kind(difference: Difference | None) -> str:
    """'auto' (it was the best itself), 'better', 'worse' or 'same'."""
    return "auto" if difference is None else difference.verdict or "same"


def verdict_sentence(search: Search, best: Trial, difference: Difference | None) -> str:
    """Whether the winner is better than `auto` beyond the noise of seeds."""
    label, others = LABELS[search.metric].name, search.n_tried - 1
    if difference is None:
        if not others:
            return "There was no time to try another network than auto: give the search more."
        return (
            f"None of {others:,} other network{'s' * (others > 1)} did better than auto on the inner folds: keep auto."
        )
    n = len(search.pairs)
    if difference.low is None or difference.high is None:
        return f"Whether the winner is better than auto is not known: {difference.undefined}."
    value = f"{label} {difference.value:+.3f} ({difference.low:+.3f} to {difference.high:+.3f})"
    how = f"{n} pairs of trainings with fresh seeds, on inner folds dealt anew"
    words = {
        "better": f"The winner is better than auto beyond the noise of seeds: {value} in {how}.",
        "worse": f"The winner is worse than auto when trained again: {value} in {how}: keep auto.",
    }
    none = f"No clear difference between the winner and auto: {value} in {how}."
    return words.get(difference.verdict, none)


def _reported(desk: Desk, runs: list[Run]) -> str:
    """How both do on the part that is reported, which had no share in the choice."""
    search = desk.search
    pair = compare_runs(desk.store, [run.id for run in runs], metric=search.metric).pairs[0]
    difference, label = pair.difference, LABELS[search.metric].name
    if difference.value is None:
        return f"On the validation part the two cannot be compared: {difference.undefined}."
    verdict = {"better": "better", "worse": "worse"}.get(difference.verdict, "no clear difference")
    between = "" if difference.low is None else f" ({difference.low:+.3f} to {difference.high:+.3f})"
    return (
        f"On the validation part, which had no share in the choice, the winner against auto: {verdict}, {label} "
        f"{difference.value:+.3f}{between}, {pair.n:,} examples, one training of each."
    )


def recipe(search: Search, best: Trial) -> str:
    """For the notes of the winner's run: its settings and how they were found."""
    counts: dict[str, Any] = {}
    for row in search.tried:
        counts[row.state] = counts.get(row.state, 0) + 1
    told = ", ".join(f"{n} {state}" for state, n in counts.items())
    changed = ", ".join(f"{name} {value}" for name, value in best.settings.items()) or "nothing"
    return (
        f"Found by a search around auto: {told} of {len(search.tried)} trials on {search.folds} inner folds of the "
        f"training part, seed {search.seed}. Trial {best.number + 1} had the highest mean {search.metric}, "
        f"{best.value:.4f}. It differs from auto in: {changed}. {search.verdict['sentence']}"
    )
