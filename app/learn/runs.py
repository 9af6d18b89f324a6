"""Every training: what runs now, what has ended, and what can be done with it."""

from __future__ import annotations

from typing import Any

import streamlit as st

from dnaconv_core.errors import RunError
from dnaconv_core.runs.compare import LEAST, MOST
from dnaconv_core.runs.queue import all_slots, ensure_workers
from dnaconv_core.runs.store import LIVE, Run, Store
from frame import state
from frame.cache import warm_up
from frame.page import errors_shown, page
from frame.pages import EVALUATE, TRAIN
from frame.sharing import runs_of_others
from frame.storing import stores
from frame.words import Words, plain
from learn.comparison import comparison
from learn.imported import imported_models
from learn.live import duration
from learn.run_actions import run_actions
from learn.runs_table import runs_table
from learn.search_section import search_section
from learn.sweep_section import sweep_section

_EVERY = 1.0  # seconds between looks while something trains
_GIB = 2**30


def draw() -> None:
    with page("Runs", "Every training, the ones in progress and the ones that ended: compare, resume, keep, hand on."):
        store = Store()
        with st.container(horizontal=True, vertical_alignment="bottom", horizontal_alignment="distribute"):
            scope = st.segmented_control(
                "Show", ["this experiment", "all"], default="all", required=True, key="show", bind="query-params"
            )
            _import()
        runs = store.list("" if scope == "all" else state.experiment().key)
        alive = [run for run in runs if run.state in LIVE]
        with errors_shown():
            st.fragment(_now, run_every=_EVERY if alive else None)({run.id: run.state for run in alive})
        with errors_shown():
            runs_of_others()
        with errors_shown():
            search_section(store, "" if scope == "all" else state.experiment().key)
        if not runs:
            _empty()
            _imported(store, scope)
            return
        with errors_shown():
            sweep_section(store, runs)
        chosen = runs_table(store, runs, one_experiment=scope != "all")
        with errors_shown():
            if len(chosen) == 1:
                run_actions(store, chosen[0])
            elif len(chosen) > MOST:
                st.info(f"{len(chosen)} runs are selected: up to {MOST} can be compared.")
            elif len(chosen) >= LEAST:
                comparison(chosen)
            else:
                st.caption(f"Tick one run to act on it, {LEAST} to {MOST} to compare them.")
        _imported(store, scope)


def _imported(store: Store, scope: str) -> None:
    with errors_shown():
        imported_models(store, "" if scope == "all" else state.experiment().key)


def _now(drawn: dict[str, str]) -> None:
    """The devices and what runs on them; the whole page is drawn anew when a run has started or ended."""
    with errors_shown():
        store = Store()
        ensure_workers(store)
        try:
            live = [store.get(run) for run in drawn]
        except RunError:  # another tab has deleted one
            st.rerun()
        if any(run.state != drawn[run.id] for run in live):
            st.rerun()
        waiting = [run for run in live if run.state == "queued"]
        running = [run for run in live if run.state == "running"]
        with st.container(border=True):
            st.caption(_devices(len(running), len(waiting)))
            for run in sorted(running, key=lambda run: run.started or 0):
                _progress(store, run, run.message)
            for place, run in enumerate(sorted(waiting, key=lambda run: run.turn), 1):
                _progress(store, run, f"waits, number {place} in the queue")


def _progress(store: Store, run: Run, doing: str) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        where = f" on {plain(run.device)}" if run.device and run.state == "running" else ""
        st.markdown(f"**{plain(run.name)}**{where}", width=200)
        left = f" · about {duration(run.remaining)} left" if run.remaining is not None else ""
        st.progress(min(run.epoch / run.epochs, 1.0) if run.epochs else 0.0, text=plain(doing) + left)
        query = {"experiment": run.experiment, "run": run.id}
        st.page_link(TRAIN, label="Watch", icon=":material/visibility:", query_params=query)
        if run.cancel:
            st.caption("stopping…", width="content")
        elif st.button("Stop", key=f"stop_{run.id}", icon=":material/stop:", **stores()):
            store.ask_to_stop(run.id)
            st.rerun()


def _devices(running: int, waiting: int) -> Words:
    """The machine's devices with their memory and slots, in a line."""
    slots = [slot.device for slot in all_slots()]
    words = []
    if not warm_up().is_alive():  # torch is imported
        for device in _device_list():
            memory = "" if device.total is None else f", {device.free / _GIB:.0f} of {device.total / _GIB:.0f} GiB free"
            count = slots.count(device.key)
            words.append(f"**{plain(device.key)}** ({plain(device.name)}{memory}): {count:d} slot{'s' * (count != 1)}")
    else:
        words = [
            f"**{plain(key)}**: {int(slots.count(key))} slot{'s' * (slots.count(key) != 1)}"
            for key in dict.fromkeys(slots)
        ]
    return " · ".join([*words, f"{running:d} training, {waiting:d} waiting"])


@st.cache_data(show_spinner=False, ttl=5)
def _device_list() -> list[Any]:
    from dnaconv_core.train.device import devices

    return devices()


def _import() -> None:
    with st.popover("Import a model", icon=":material/upload:"):
        given = st.file_uploader("A model exported here or elsewhere", type="zip", key="imported", **stores())
        if given is None:
            st.caption("Everything in it is checked before it is kept: names, sizes, shapes. Nothing in it is run.")
            return
        with errors_shown():
            from dnaconv_core.model.bundle import load_bundle
            from dnaconv_core.runs.models import find_model
            from dnaconv_core.runs.transfer import import_model

            key = import_model(given.getvalue())
            experiment = load_bundle(find_model(key)).experiment
            st.success(f"Imported as {plain(key)}.")
            query = {"experiment": experiment, "run": key}
            st.page_link(EVALUATE, label="Evaluate it", icon=":material/insights:", query_params=query)


def _empty() -> None:
    with st.container(border=True):
        st.markdown(f"**No runs yet.** {plain(state.experiment().question)} Train a network to find out.")
        query = {"experiment": state.experiment().key}
        st.page_link(TRAIN, label="Train a network", icon=":material/model_training:", query_params=query)


draw()
