"""Every training: what runs now, what has ended, and what can be done with it."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import streamlit as st

from dnaconv_core.errors import RunError
from dnaconv_core.runs.compare import LEAST, MOST
from dnaconv_core.runs.queue import all_slots, ensure_workers
from dnaconv_core.runs.store import LIVE, Run, Store
from frame import state
from frame.cache import warm_up
from frame.language import mark, said, tr, tr_n
from frame.looking import looking, redraw
from frame.page import errors_shown, page
from frame.pages import EVALUATE, TRAIN
from frame.sharing import runs_of_others
from frame.storing import stores
from frame.words import Words, ours, plain
from learn.comparison import comparison
from learn.form import keep_choice, kept_choice
from learn.imported import imported_models
from learn.named import duration
from learn.run_actions import run_actions
from learn.runs_table import runs_table
from learn.search_section import search_section
from learn.sweep_section import sweep_section

_EVERY = 1.0  # seconds between looks while something trains
_GIB = 2**30
_ALL = "all"
_SCOPES = {"this experiment": mark("this experiment"), _ALL: mark("all")}


def draw() -> None:
    with page(tr("Runs"), tr("All trainings, those in progress and those that ended: compare, resume, export, share.")):
        store = Store()
        with st.container(horizontal=True, vertical_alignment="bottom", horizontal_alignment="distribute"):
            scope = _scope()
            _import()
        runs = store.list("" if scope == _ALL else state.experiment().key)
        alive = [run for run in runs if run.state in LIVE]
        with errors_shown():
            looking(_now, _EVERY if alive else None)({run.id: run.state for run in alive})
        with errors_shown():
            runs_of_others()
        with errors_shown():
            search_section(store, "" if scope == _ALL else state.experiment().key)
        if not runs:
            _empty()
            _imported(store, scope)
            return
        with errors_shown():
            sweep_section(store, runs)
        chosen = runs_table(store, runs, one_experiment=scope != _ALL)
        with errors_shown():
            if len(chosen) == 1:
                run_actions(store, chosen[0])
            elif len(chosen) > MOST:
                st.info(tr("{n:,} runs are selected: up to {most:d} can be compared.", n=len(chosen), most=MOST))
            elif len(chosen) >= LEAST:
                comparison(chosen)
            else:
                st.caption(
                    tr(
                        "Tick one run to work with it, or {least:d} to {most:d} to compare them.",
                        least=LEAST,
                        most=MOST,
                    )
                )
        _imported(store, scope)


def _scope() -> str:
    """Whether all runs are shown; a part of the address, which names the choice in English in every language."""
    kept_choice("show", _SCOPES, _ALL)
    scope = st.segmented_control(
        tr("Show"), list(_SCOPES), format_func=lambda one: tr(ours(_SCOPES[one])), required=True, key="show",
        default=st.session_state["show"],
    )  # fmt: skip
    keep_choice("show", scope, _ALL)
    return scope


def _imported(store: Store, scope: str) -> None:
    with errors_shown():
        imported_models(store, "" if scope == _ALL else state.experiment().key)


def _now(drawn: dict[str, str]) -> None:
    """The devices and what runs on them; the whole page is drawn anew when a run has started or ended."""
    with errors_shown():
        store = Store()
        ensure_workers(store)
        try:
            live = [store.get(run) for run in drawn]
        except RunError:  # another tab has deleted one
            return redraw()
        if any(run.state != drawn[run.id] for run in live):
            return redraw()
        waiting = [run for run in live if run.state == "queued"]
        running = [run for run in live if run.state == "running"]
        with st.container(border=True):
            st.caption(_devices(len(running), len(waiting)))
            for run in sorted(running, key=lambda run: run.started or 0):
                _progress(store, run, plain(said(run.message)))
            for place, run in enumerate(sorted(waiting, key=lambda run: run.turn), 1):
                _progress(store, run, tr("waiting, number {place:d} in the queue", place=place))


def _progress(store: Store, run: Run, doing: Words) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        words = f"**{plain(run.name)}**"
        if run.device and run.state == "running":
            words = tr("**{run}** on {device}", run=plain(run.name), device=plain(run.device))
        st.markdown(words, width=200)
        if run.remaining is not None:
            doing = f"{doing} · {tr('about {time} left', time=duration(run.remaining))}"
        st.progress(min(run.epoch / run.epochs, 1.0) if run.epochs else 0.0, text=doing)
        query = {"experiment": run.experiment, "run": run.id}
        st.page_link(TRAIN, label=tr("Watch"), icon=":material/visibility:", query_params=query)
        if run.cancel:
            st.caption(tr("stopping…"), width="content")
        else:
            st.button(
                tr("Stop"), key=f"stop_{run.id}", icon=":material/stop:", on_click=_stop, args=(run.id,), **stores()
            )


def _stop(run: str) -> None:
    with suppress(RunError):  # it has ended by itself
        Store().ask_to_stop(run)


def _devices(running: int, waiting: int) -> Words:
    """The machine's devices with their memory and slots, in a line."""
    slots = [slot.device for slot in all_slots()]
    words = []
    if not warm_up().is_alive():  # torch is imported
        words = [f"{_device(device)}: {_slots(slots.count(device.key))}" for device in _device_list()]
    else:
        words = [f"**{plain(key)}**: {_slots(slots.count(key))}" for key in dict.fromkeys(slots)]
    return " · ".join([*words, tr("{running:d} training, {waiting:d} waiting", running=running, waiting=waiting)])


def _device(device: Any) -> Words:
    key, name = plain(device.key), plain(device.name)
    if device.total is None:
        return f"**{key}** ({name})"
    free, total = device.free / _GIB, device.total / _GIB
    return tr("**{key}** ({name}, {free:.0f} of {total:.0f} GiB free)", key=key, name=name, free=free, total=total)


def _slots(n: int) -> Words:
    return tr_n("{n} slot", "{n} slots", n)


@st.cache_data(show_spinner=False, ttl=5)
def _device_list() -> list[Any]:
    from dnaconv_core.train.device import devices

    return devices()


def _import() -> None:
    with st.popover(tr("Import a model"), icon=":material/upload:"):
        given = st.file_uploader(tr("A model exported here or elsewhere"), type="zip", key="imported", **stores())
        if given is None:
            st.caption(tr("The file is checked before it is kept: names, sizes, shapes. Nothing in it is run."))
            return
        with errors_shown():
            from dnaconv_core.model.bundle import load_bundle
            from dnaconv_core.runs.models import find_model
            from dnaconv_core.runs.transfer import import_model

            key = import_model(given.getvalue())
            experiment = load_bundle(find_model(key)).experiment
            st.success(tr("Imported as {name}.", name=plain(key)))
            query = {"experiment": experiment, "run": key}
            st.page_link(EVALUATE, label=tr("Evaluate it"), icon=":material/insights:", query_params=query)


def _empty() -> None:
    with st.container(border=True):
        question = plain(said(state.experiment().question))
        st.markdown(tr("**No runs yet.** {question} Train a network to find out.", question=question))
        query = {"experiment": state.experiment().key}
        st.page_link(TRAIN, label=tr("Train a network"), icon=":material/model_training:", query_params=query)


draw()
