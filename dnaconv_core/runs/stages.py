"""The stages that a run goes through, read from its record: what it does now, and how long that takes."""

from __future__ import annotations

import re

from dnaconv_core.runs.record import Run
from dnaconv_core.runs.store import Store

WAITING, LOADING, TRAINING, INTERVALS, BASELINES = STAGES = (
    "waiting", "loading", "training", "intervals", "baselines",
)  # fmt: skip
LOADING_DATA, STARTING_TORCH, EVALUATING = "loading data", "starting torch", "evaluating"  # messages of a run
_EARLY = ("starting", LOADING_DATA, STARTING_TORCH)


def stage_of(run: Run) -> str:
    """The stage of a live run."""
    if run.state == "queued":
        return WAITING
    if run.message in _EARLY:
        return LOADING
    if run.message == EVALUATING:
        return INTERVALS
    return BASELINES if run.message.startswith(BASELINES) else TRAINING


def seconds_left(run: Run) -> float | None:
    """Of the stage that it is in; None where that is not known."""
    if stage_of(run) == BASELINES:
        told = re.search(r"(\d+):(\d\d) left", run.message)
        return float(told[1]) * 60 + float(told[2]) if told else None
    return run.remaining if stage_of(run) == TRAINING else None


def before(store: Store, run: Run) -> list[Run]:
    """The runs that a waiting one waits for: those that train on a queue's slot, then those that wait before it."""
    training = [other for other in store.list() if other.state == "running" and other.slot]
    return training + [other for other in store.waiting() if other.turn < run.turn]


def kept_words(run: Run, has_model: bool) -> str:
    """What is left of a run that was stopped."""
    if not has_model:
        return "Nothing was kept: it stopped before its first evaluation."
    measured = any(isinstance(found, dict) and "low" in found for found in run.metrics.get("valid", {}).values())
    intervals = "" if measured else ", without intervals"
    return f"The network is kept with its figures{intervals}; it can be used, or go on with Resume."
