"""About how long each preset takes on this machine, found out beside the page."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from dnaconv_core.experiments.base import Experiment
from dnaconv_core.experiments.sources import OWN, SYNTHETIC
from dnaconv_core.runs.pace import seconds_before, seconds_tried
from dnaconv_core.runs.store import Store
from frame import state
from frame.cache import summary
from frame.job import quietly
from frame.language import tr
from frame.looking import looking, redraw
from frame.words import Words, plain
from learn.named import duration

_LEARNT = 0.8  # of the examples, where no validation part is given
_EVERY = 2.0  # seconds between looks


def how_long(experiment: Experiment, presets: Sequence[str]) -> None:
    """A line under the presets, in their order; what no earlier run tells is tried on a few batches."""
    source = state.data().source
    if source not in (SYNTHETIC, OWN) or (experiment.own and not experiment.has_data):
        return  # how many examples there are would have to be read first
    known = _found(experiment, source) is not None
    looking(_line, None if known else _EVERY)(experiment, source, presets, known)


def _line(experiment: Experiment, source: str, presets: Sequence[str], known: bool) -> None:
    found = _found(experiment, source)
    if found is not None and not known:
        redraw()  # without the timer
    told = [f"{plain(name)} {about(found[name]) if found else '…'}" for name in presets]
    st.caption(tr("Training takes about: {times}", times=" · ".join(told)))


def _found(experiment: Experiment, source: str) -> dict[str, float] | None:
    """Seconds by preset; None while they are not known yet, or cannot be."""
    store = Store()
    before = {name: seconds_before(store, experiment, name, source) for name in experiment.presets}
    if all(before.values()):
        return {name: seconds for name, seconds in before.items() if seconds}
    n = dict(experiment.parts).get("train") or round(_LEARNT * summary(experiment.key, source).n)
    work = lambda _: {name: seconds_tried(experiment, name, n) for name in experiment.presets}  # noqa: E731
    tried = quietly(("pace", experiment.key, source), work)
    return tried and tried | {name: seconds for name, seconds in before.items() if seconds}


def about(seconds: float) -> Words:
    """A length of time as one says it: 40 s, 6 min, 1.5 h."""
    return duration(max(round(seconds, -1), 10) if seconds < 90 else seconds)
