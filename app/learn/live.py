"""A run as it happens: what it is doing, its curves, and its first-layer filters as they change."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import streamlit as st

from components.chart import chart
from dnaconv_core.errors import RunError
from dnaconv_core.evaluate.metrics import LABELS
from dnaconv_core.experiments.base import Experiment
from dnaconv_core.model.bundle import WEIGHTS
from dnaconv_core.runs.execute import LOG
from dnaconv_core.runs.queue import ensure_workers, resume
from dnaconv_core.runs.stages import BASELINES, INTERVALS, STAGES, before, kept_words, seconds_left, stage_of
from dnaconv_core.runs.store import LIVE, RESUMABLE, Run, Store
from frame.page import errors_shown, links_to_use
from frame.storing import stores
from frame.words import Words, plain, show_error
from learn.live_filters import live_filters
from learn.training_chart import best_epoch, keeps_last, new_rows, training_chart

_EVERY = 1.0  # seconds between looks
_CURVES = 210  # pixels
_TAIL, _LINES = 4000, 12  # of the log: bytes read, lines shown
_STOP = "Ends after this step and keeps the network."
_RESUME = "Goes on from its last checkpoint."
_BADGES = {
    "queued": ("gray", "queued"),
    "running": ("violet", "training"),
    "finished": ("green", "finished"),
    "failed": ("red", "failed"),
    "cancelled": ("orange", "stopped"),
    "interrupted": ("orange", "interrupted"),
}


def live_run(run_id: str, experiment: Experiment) -> None:
    """Draw the run that is selected, and again every second for as long as it lives."""
    shown = st.session_state["_state_shown"]  # it may have begun since
    st.fragment(_panel, run_every=_EVERY if shown in LIVE else None)(run_id, experiment, shown)


def _panel(run_id: str, experiment: Experiment, shown: str) -> None:
    with errors_shown():
        store = Store()
        run = store.get(run_id)
        if shown in LIVE and run.state != shown:
            st.rerun()  # the top of the page tells the state too
        if run.state == "queued":
            ensure_workers(store)
        with st.container(border=True, key="live", gap="small"):
            _head(store, run)
            if run.error:
                show_error(run.error)
            rows = new_rows(store, run, experiment)
            if rows:
                last, best = keeps_last(run, experiment), best_epoch(rows, experiment)
                figure = training_chart(rows, experiment, run.epochs, mark_best=not last)
                chart(figure, key=f"curves_{run_id}", height=_CURVES, revision=run_id)
                _best(last, best, experiment)
            elif run.state in LIVE:
                with st.container(
                    height=_CURVES, border=False, horizontal_alignment="center", vertical_alignment="center"
                ):
                    st.caption("The curves begin with the first evaluation.", width="content")
            live_filters(store, run, experiment)
            _log(store.folder(run_id) / LOG)


def _best(last: bool, best: int | None, experiment: Experiment) -> None:
    if last:
        st.caption("The weights of the last epoch are kept: none are chosen on validation.")
    elif best is not None:
        metric = LABELS[experiment.main_metric].name
        st.caption(f"Dashed: epoch {best:,}, with the best validation {metric} so far; its weights are kept.")


def _head(store: Store, run: Run) -> None:
    color, word = _BADGES[run.state]
    usable = (store.folder(run.id) / WEIGHTS).is_file()
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        with st.container(horizontal=True, vertical_alignment="center", width="content"):
            st.markdown(f"**{plain(run.name)}**", width="content")
            st.badge(plain(stage_of(run) if run.state in LIVE else word), color=color)
            st.caption(_doing(run), width="content")
        with st.container(horizontal=True, vertical_alignment="center", width="content"):
            _buttons(store, run, usable)
    with st.container(gap="small"):  # in every state, for the same reason as the line in frame/context.py
        if run.state in LIVE:
            st.progress(min(run.epoch / run.epochs, 1.0) if run.epochs else 0.0)
            st.caption(_stages(run))
        elif run.state == "cancelled":
            st.caption(plain(kept_words(run, usable)))


def _buttons(store: Store, run: Run, usable: bool) -> None:
    if run.state in LIVE:
        if run.cancel:
            st.caption("stopping…", width="content")
        else:
            st.button("Stop", icon=":material/stop:", on_click=_stop, args=(run.id,), **stores(_STOP))
    elif run.state in RESUMABLE and st.button("Resume", icon=":material/play_arrow:", **stores(_RESUME)):
        resume(store, run.id)
        st.rerun()
    if usable and (run.state not in LIVE or stage_of(run) in (INTERVALS, BASELINES)):
        links_to_use()


def _stop(run_id: str) -> None:
    with suppress(RunError):  # it has ended by itself
        Store().ask_to_stop(run_id)


def _stages(run: Run) -> Words:
    """All stages in a row: those done, the one it is in with its time left, and those to come."""
    now = STAGES.index(stage_of(run))
    left = seconds_left(run)
    words = "".join(f":material/check: {plain(name)} → " for name in STAGES[:now]) + f"**{plain(STAGES[now])}**"
    words += "" if left is None else f", about {duration(left)} left"
    return words + "".join(f" → {plain(name)}" for name in STAGES[now + 1 :])


def _doing(run: Run) -> Words:
    if run.state == "queued" and run.turn:
        return _waits(before(Store(), run))
    if run.state not in LIVE and run.seconds:
        return f"{plain(run.message)} · epoch {run.epoch:,} of {run.epochs:,} · took {duration(run.seconds)}"
    return plain(run.message)


def _waits(others: list[Run]) -> Words:
    """Behind which runs, and about how long, where those say so."""
    if not others:
        return "is next"
    more = f" and {len(others) - 1:,} more" if len(others) > 1 else ""
    left = seconds_left(others[0])
    about = "" if left is None else f"; the first has about {duration(left)} left"
    return f"behind {plain(others[0].name)}{more}{about}"


def _log(path: Path) -> None:
    """The end of what the run has written down."""
    if not path.is_file():
        return
    with st.expander("Log"):
        with open(path, "rb") as log:
            log.seek(max(0, path.stat().st_size - _TAIL))
            lines = log.read(_TAIL).decode(errors="replace").splitlines()
        st.code("\n".join(lines[-_LINES:]), language=None)


def duration(seconds: float) -> Words:
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
