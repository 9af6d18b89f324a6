"""A run as it happens: what it is doing, its curves, and its first-layer filters as they change."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import streamlit as st

from components.chart import chart
from components.copied import copied
from dnaconv_core.errors import RunError
from dnaconv_core.evaluate.metrics import LABELS
from dnaconv_core.experiments.base import Experiment
from dnaconv_core.model.bundle import WEIGHTS
from dnaconv_core.runs.execute import LOG
from dnaconv_core.runs.queue import ensure_workers, resume
from dnaconv_core.runs.stages import BASELINES, INTERVALS, STAGES, before, kept_words, seconds_left, stage_of
from dnaconv_core.runs.store import LIVE, RESUMABLE, Run, Store
from frame.language import mark, said, tr
from frame.looking import looking, redraw
from frame.models import state_of
from frame.page import errors_shown, links_to_use
from frame.storing import stores
from frame.words import Words, plain, show_error
from learn.live_filters import live_filters
from learn.named import duration
from learn.training_chart import keeps, kept_epoch, new_rows, training_chart

_EVERY = 1.0  # seconds between looks
_CURVES = 210  # pixels
_TAIL, _LINES = 4000, 12  # of the log: bytes read, lines shown
_STOP = mark("The training ends after this step and keeps the network.")
_RESUME = mark("Goes on from its last checkpoint.")
_COLORS = {"queued": "gray", "running": "violet", "finished": "green", "failed": "red"}  # the others: orange
_STAGES = {
    "waiting": mark("waiting"),
    "loading": mark("loading"),
    "training": mark("training"),
    "intervals": mark("intervals"),
    "baselines": mark("baselines"),
}


def live_run(run_id: str, experiment: Experiment) -> None:
    """Draw the run that is selected, and again every second for as long as it lives."""
    shown = st.session_state["_state_shown"]  # it may have begun since
    looking(_panel, _EVERY if shown in LIVE else None)(run_id, experiment, shown)


def _panel(run_id: str, experiment: Experiment, shown: str) -> None:
    with errors_shown():
        store = Store()
        run = store.get(run_id)
        if shown in LIVE and run.state != shown:
            return redraw()  # the top of the page tells the state too
        if run.state == "queued":
            ensure_workers(store)
        with st.container(border=True, key="live", gap="small"):
            _head(store, run)
            if run.error:
                show_error(run.error)
            rows = new_rows(store, run, experiment)
            if rows:
                keep = keeps(run, experiment)
                figure = training_chart(rows, experiment, run.epochs, keep=keep)
                chart(figure, key=f"curves_{run_id}", height=_CURVES, revision=run_id)
                _kept(keep, kept_epoch(rows, experiment, keep), experiment)
            elif run.state in LIVE:
                with st.container(
                    height=_CURVES, border=False, horizontal_alignment="center", vertical_alignment="center"
                ):
                    st.caption(tr("The curves begin with the first evaluation."), width="content")
            live_filters(store, run, experiment)
            _log(store.folder(run_id) / LOG)


def _kept(keep: str, epoch: int | None, experiment: Experiment) -> None:
    if keep == "last":
        st.caption(tr("The weights of the last epoch are kept, whichever epoch is best on validation data."))
    elif keep == "loss" and epoch is not None:
        words = tr(
            "Dashed line: epoch {epoch:,} has the lowest validation loss so far. Its weights are kept.", epoch=epoch
        )
        st.caption(words)
    elif epoch is not None:
        metric = LABELS[experiment.main_metric].name
        st.caption(
            tr(
                "Dashed line: epoch {epoch:,} has the best validation {metric} so far. Its weights are kept.",
                epoch=epoch,
                metric=plain(said(metric)),
            )
        )


def _head(store: Store, run: Run) -> None:
    color, word = _COLORS.get(run.state, "orange"), state_of(run.state)
    usable = (store.folder(run.id) / WEIGHTS).is_file()
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        with st.container(horizontal=True, vertical_alignment="center", width="content"):
            st.markdown(f"**{plain(run.name)}**", width="content")
            st.badge(tr(_STAGES[stage_of(run)]) if run.state in LIVE else word, color=color)
            st.caption(_doing(run), width="content")
        with st.container(horizontal=True, vertical_alignment="center", width="content"):
            _buttons(store, run, usable)
    with st.container(gap="small"):  # in every state, for the same reason as the line in frame/context.py
        if run.state in LIVE:
            st.progress(min(run.epoch / run.epochs, 1.0) if run.epochs else 0.0)
            st.caption(_stages(run))
        elif run.state == "cancelled":
            st.caption(plain(said(kept_words(run, usable))))


def _buttons(store: Store, run: Run, usable: bool) -> None:
    if run.state in LIVE:
        if run.cancel:
            st.caption(tr("stopping…"), width="content")
        else:
            st.button(tr("Stop"), icon=":material/stop:", on_click=_stop, args=(run.id,), **stores(tr(_STOP)))
    elif run.state in RESUMABLE and st.button(tr("Resume"), icon=":material/play_arrow:", **stores(tr(_RESUME))):
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
    left, name = seconds_left(run), tr(_STAGES[STAGES[now]])
    doing = f"**{name}**"
    if left is not None:
        doing = tr("**{stage}**, about {time} left", stage=name, time=duration(left))
    done = [f":material/check: {tr(_STAGES[one])}" for one in STAGES[:now]]
    return " → ".join([*done, doing, *(tr(_STAGES[one]) for one in STAGES[now + 1 :])])


def _doing(run: Run) -> Words:
    if run.state == "queued" and run.turn:
        return _waits(before(Store(), run))
    message = plain(said(run.message))
    if run.state not in LIVE and run.seconds:
        took = tr("epoch {epoch:,} of {n:,} · took {time}", epoch=run.epoch, n=run.epochs, time=duration(run.seconds))
        return f"{message} · {took}"
    return message


def _waits(others: list[Run]) -> Words:
    """Behind which runs, and about how long, where those say so."""
    if not others:
        return tr("is next")
    first, left = plain(others[0].name), seconds_left(others[0])
    words = tr("waits for {run}", run=first)
    if len(others) > 1:
        words = tr("waits for {run} and {n:,} more", run=first, n=len(others) - 1)
    if left is None:
        return words
    return f"{words} · {tr('{run}: about {time} left', run=first, time=duration(left))}"


def _log(path: Path) -> None:
    """The end of what the run has written down."""
    if not path.is_file():
        return
    with st.expander(tr("Log")):
        with open(path, "rb") as log:
            log.seek(max(0, path.stat().st_size - _TAIL))
            lines = log.read(_TAIL).decode(errors="replace").splitlines()
        copied("\n".join(lines[-_LINES:]), key="log")
