"""A run as it happens: what it is doing, its curves, and its first-layer filters as they change."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from components.chart import chart
from components.logo import Logo, logos
from dnaconv_core.experiments.base import Experiment
from dnaconv_core.runs.execute import LOG
from dnaconv_core.runs.queue import ensure_workers, resume
from dnaconv_core.runs.store import LIVE, RESUMABLE, Run, Store
from frame.page import errors_shown, links_to_use
from frame.storing import stores
from frame.words import Words, plain, show_error
from learn.training_chart import best_epoch, keeps_last, new_rows, training_chart

_EVERY = 1.0  # seconds between looks
_FILTERS = 16
_TAIL, _LINES = 4000, 12  # of the log: bytes read, lines shown
_STOP = "Ends after this step and keeps the network."
_RESUME = "Goes on from its last checkpoint."
_KERNELS_HELP = "Letters above the line raise the filter's output, those below lower it. A filter is not yet a motif."
_BADGES = {
    "queued": ("gray", "queued"),
    "running": ("violet", "training"),
    "finished": ("green", "finished"),
    "failed": ("red", "failed"),
    "cancelled": ("orange", "stopped"),
    "interrupted": ("orange", "interrupted"),
}


def live_run(run_id: str, experiment: Experiment) -> None:
    """Draw the run that the sidebar shows, and again every second for as long as it lives."""
    shown = st.session_state["_state_shown"]  # it may have begun since
    st.fragment(_panel, run_every=_EVERY if shown in LIVE else None)(run_id, experiment, shown)


def _panel(run_id: str, experiment: Experiment, shown: str) -> None:
    with errors_shown():
        store = Store()
        run = store.get(run_id)
        if shown in LIVE and run.state != shown:
            st.rerun()  # the sidebar tells the state too
        if run.state == "queued":
            ensure_workers(store)
        with st.container(border=True):
            _head(store, run)
            if run.error:
                show_error(run.error)
            rows = new_rows(store, run, experiment)
            if rows:
                last, best = keeps_last(run, experiment), best_epoch(rows, experiment)
                figure = training_chart(rows, experiment, run.epochs, mark_best=not last)
                chart(figure, key=f"curves_{run_id}", height=270, revision=run_id)
                if last:
                    st.caption("The weights of the last epoch are kept: none are chosen on validation.")
                elif best is not None:
                    st.caption(f"Dashed: epoch {best:,}, the best on validation, whose weights are kept.")
            elif run.state in LIVE:
                with st.container(height=270, border=False, horizontal_alignment="center", vertical_alignment="center"):
                    st.caption("The curves begin with the first evaluation.", width="content")
            _filters(store, run, experiment)
            _log(store.folder(run_id) / LOG)


def _head(store: Store, run: Run) -> None:
    color, word = _BADGES[run.state]
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        with st.container(horizontal=True, vertical_alignment="center", width="content"):
            st.markdown(f"**{plain(run.name)}**", width="content")
            st.badge(plain(word), color=color)
            st.caption(_doing(run), width="content")
        with st.container(horizontal=True, vertical_alignment="center", width="content"):
            if run.state in LIVE:
                if run.cancel:
                    st.caption("stopping…", width="content")
                elif st.button("Stop", icon=":material/stop:", **stores(_STOP)):
                    store.ask_to_stop(run.id)
                    st.rerun(scope="fragment")
            else:
                if run.state in RESUMABLE and st.button("Resume", icon=":material/play_arrow:", **stores(_RESUME)):
                    resume(store, run.id)
                    st.rerun()
                if run.state in ("finished", "cancelled"):
                    links_to_use()
    if run.state in LIVE:
        st.progress(min(run.epoch / run.epochs, 1.0) if run.epochs else 0.0)


def _doing(run: Run) -> Words:
    if run.state == "queued" and run.turn:
        before = sum(other.turn < run.turn for other in Store().waiting())
        return f"waits behind {before:,} other{'s' * (before > 1)}" if before else "is next"
    if run.state == "running" and run.remaining is not None:
        return f"{plain(run.message)} · about {duration(run.remaining)} left"
    if run.state not in LIVE and run.seconds:
        return f"{plain(run.message)} · epoch {run.epoch:,} of {run.epochs:,} · took {duration(run.seconds)}"
    return plain(run.message)


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


def _filters(store: Store, run: Run, experiment: Experiment) -> None:
    """The first layer as logos, as it is now; of a run that has ended, at any evaluation."""
    epochs = store.filter_epochs(run.id)
    if not epochs:
        return
    epoch = epochs[-1]
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        title = st.empty()
        if run.state not in LIVE and len(epochs) > 1:
            epoch = st.select_slider(
                "Epoch", epochs, value=epoch, key=f"epoch_{run.id}", label_visibility="collapsed", width=320
            )
    found = store.filters(run.id, epoch)
    if found is None:
        return
    kernels = found.kernels[:_FILTERS]
    of = f"{len(kernels)} of {len(found.kernels)}" if len(found.kernels) > len(kernels) else f"{len(kernels)}"
    title.markdown(
        f"**First-layer filters after epoch {found.epoch:,}**", help=f"{of} kernels, drawn as weights. {_KERNELS_HELP}"
    )
    drawn = [
        Logo(kernel - kernel.mean(axis=0), str(number), kind="contribution", unit="weight")
        for number, kernel in enumerate(kernels, 1)
    ]
    logos(
        drawn,
        key=f"filters_{run.id}",
        alphabet=experiment.alphabet,
        height=52,
        min_width=120,
        axis=False,
        same_scale=True,
    )
