"""Every training: what runs now, what has ended, and what can be done with it."""

from __future__ import annotations

import datetime
from typing import Any

import streamlit as st

from dnaconv_core.errors import RunError
from dnaconv_core.evaluate.metrics import LABELS
from dnaconv_core.experiments import get_experiment
from dnaconv_core.results import Metric
from dnaconv_core.runs.compare import LEAST, MOST
from dnaconv_core.runs.queue import all_slots, ensure_workers, extend, resume
from dnaconv_core.runs.store import LIVE, RESUMABLE, Run, Store
from frame import state
from frame.cache import warm_up
from frame.page import errors_shown, header, plain
from frame.pages import EVALUATE, TRAIN
from learn.comparison import comparison
from learn.live import duration

_EVERY = 1.0  # seconds between looks while something trains
_SPARKS = 60  # points of a sparkline
_GIB = 2**30


def page() -> None:
    header("Runs", "Every training, the ones in progress and the ones that ended: compare, resume, keep, hand on.")
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
    if not runs:
        _empty()
        return
    chosen = _table(store, runs, one_experiment=scope != "all")
    with errors_shown():
        if len(chosen) == 1:
            _actions(store, chosen[0])
        elif len(chosen) > MOST:
            st.info(f"{len(chosen)} runs are selected: up to {MOST} can be compared.")
        elif len(chosen) >= LEAST:
            comparison(chosen)
        else:
            st.caption(f"Tick one run to act on it, {LEAST} to {MOST} to compare them.")


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
        where = f" on {run.device}" if run.device and run.state == "running" else ""
        st.markdown(f"**{plain(run.name)}**{where}", width=200)
        left = f" · about {duration(run.remaining)} left" if run.remaining is not None else ""
        st.progress(min(run.epoch / run.epochs, 1.0) if run.epochs else 0.0, text=plain(doing) + left)
        query = {"experiment": run.experiment, "run": run.id}
        st.page_link(TRAIN, label="Watch", icon=":material/visibility:", query_params=query)
        if run.cancel:
            st.caption("stopping…", width="content")
        elif st.button("Stop", key=f"stop_{run.id}", icon=":material/stop:"):
            store.ask_to_stop(run.id)
            st.rerun()


def _devices(running: int, waiting: int) -> str:
    """The machine's devices with their memory and slots, in a line."""
    slots = [slot.device for slot in all_slots()]
    words = []
    if not warm_up().is_alive():  # torch is imported
        for device in _device_list():
            memory = "" if device.total is None else f", {device.free / _GIB:.0f} of {device.total / _GIB:.0f} GiB free"
            count = slots.count(device.key)
            words.append(f"**{device.key}** ({device.name}{memory}): {count} slot{'s' * (count != 1)}")
    else:
        words = [f"**{key}**: {slots.count(key)} slot{'s' * (slots.count(key) != 1)}" for key in dict.fromkeys(slots)]
    return " · ".join([*words, f"{running} training, {waiting} waiting"])


@st.cache_data(show_spinner=False, ttl=5)
def _device_list() -> list[Any]:
    from dnaconv_core.train.device import devices

    return devices()


def _table(store: Store, runs: list[Run], *, one_experiment: bool) -> list[Run]:
    """The sortable table; returns the runs ticked in it, which stand in the address."""
    curves = store.curves("valid", {run.id: get_experiment(run.experiment).main_metric for run in runs})
    wanted = st.query_params.get("runs", "").split(",")
    label = LABELS[get_experiment(runs[0].experiment).main_metric].name if one_experiment else "Score"
    rows = [_row(run, curves[run.id], label, one_experiment=one_experiment) for run in runs]
    config = st.column_config
    chosen = st.dataframe(
        rows,
        hide_index=True,
        key=f"runs_{hash(tuple(run.id for run in runs))}",  # other rows: another table, or a tick would move
        on_select="rerun",
        selection_mode="multi-row",
        selection_default={
            "selection": {"rows": [i for i, run in enumerate(runs) if run.id in wanted], "columns": [], "cells": []}
        },
        height="content" if len(rows) <= 12 else 460,
        column_config={
            label: config.NumberColumn(format="%.4f", help="Of the best network so far, on validation data."),
            "95 %": config.TextColumn("95 % interval"),
            "Validation": config.LineChartColumn("By epoch", help="The score on validation data at each evaluation."),
            "Time": config.NumberColumn(format="%.0f s", help="Time spent training, resumes included."),
            "Made": config.DatetimeColumn(format="D MMM, HH:mm"),
            "Settings": config.TextColumn(width="medium"),
        },
    )
    found = [runs[row] for row in chosen["selection"]["rows"] if row < len(runs)]
    text = ",".join(run.id for run in found)
    if text != st.query_params.get("runs", ""):
        if text:
            st.query_params["runs"] = text
        else:
            st.query_params.pop("runs", None)
    return found


def _row(run: Run, curve: list[float | None], label: str, *, one_experiment: bool) -> dict[str, Any]:
    experiment = get_experiment(run.experiment)
    metric = Metric.from_json(run.metrics.get("valid", {}).get(experiment.main_metric))
    known = [value for value in curve if value is not None]
    step = max(1, -(-len(known) // _SPARKS))
    data = run.spec.data if run.spec.data in ("synthetic", "book") else run.spec.data.rstrip("/").rpartition("/")[2]
    settings = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in run.spec.settings.items())
    return {  # what matters most first: a narrow window shows no more
        "Name": run.name,
        label: max(known, default=None) if metric.value is None else metric.value,
        **({} if one_experiment else {"Metric": LABELS[experiment.main_metric].name}),
        "State": run.state,
        **({} if one_experiment else {"Experiment": experiment.title}),
        "95 %": "" if metric.low is None else f"{metric.low:.3f} to {metric.high:.3f}",
        "Validation": known[::step] or None,
        "Made": datetime.datetime.fromtimestamp(run.created),
        "Settings": f"{data}, {run.spec.preset}" + (f": {settings}" if settings else ""),
        "Epochs": f"{run.epoch} of {run.epochs}" if run.epochs else "",
        "Time": run.seconds or None,
        "Tags": list(run.tags),
        "Device": run.device,
    }


def _actions(store: Store, run: Run) -> None:
    """What can be done with one run."""
    with st.container(border=True):
        st.markdown(f"**{plain(run.name)}** · {run.state} · {plain(run.message)} · `{run.id}`")
        if run.error:
            st.error(run.error, icon=":material/error:")
        if run.notes:
            st.caption(plain(run.notes))
        has_model = (store.folder(run.id) / "weights.safetensors").is_file()
        query = {"experiment": run.experiment, "run": run.id}
        with st.container(horizontal=True, vertical_alignment="center"):
            st.page_link(TRAIN, label="Curves", icon=":material/show_chart:", query_params=query)
            if has_model:
                st.page_link(EVALUATE, label="Evaluate", icon=":material/insights:", query_params=query)
            st.page_link(TRAIN, label="Clone", icon=":material/content_copy:", query_params=_as_form(run))
            if run.state in RESUMABLE and st.button("Resume", icon=":material/play_arrow:"):
                resume(store, run.id)
                st.rerun()
            if run.state not in LIVE:
                _extend(store, run)
            if has_model:
                st.download_button(
                    "Export",
                    lambda: _exported(run.id),
                    file_name=f"{run.id}.zip",
                    mime="application/zip",
                    icon=":material/download:",
                    on_click="ignore",
                    help="Settings, weights, metrics, predictions, a model card and the command that repeats it.",
                )
            _edit(store, run)
            if run.state != "running":
                _delete(store, run)


def _as_form(run: Run) -> dict[str, str]:
    """The settings of a run as the Train page reads them from the address."""
    spec = run.spec
    settings = {k: str(v) for k, v in spec.settings.items()}
    parts = {"data": spec.data, "valid": spec.valid, "covariates": spec.covariates}
    return {
        "experiment": run.experiment,
        "preset": spec.preset,
        **settings,
        **{k: v for k, v in parts.items() if v and v != "synthetic"},
    }


def _exported(run: str) -> bytes:
    from dnaconv_core.runs.transfer import export_model

    return export_model(run)


def _extend(store: Store, run: Run) -> None:
    with st.popover("Extend", icon=":material/more_time:"):
        planned = get_experiment(run.experiment).train_config(run.spec.preset, **run.spec.settings).epochs
        more = st.number_input("Epochs in all", planned + 1, 100_000, planned * 2, key=f"more_{run.id}")
        st.caption("It goes on from its last checkpoint, without early stopping.")
        if st.button("Go on", type="primary", key=f"extend_{run.id}"):
            extend(store, run.id, int(more))
            st.rerun()


def _edit(store: Store, run: Run) -> None:
    with st.popover("Edit", icon=":material/edit:"):
        name = st.text_input("Name", run.name, max_chars=60, key=f"name_{run.id}")
        tags = st.text_input("Tags, with commas between", ", ".join(run.tags), key=f"tags_{run.id}")
        notes = st.text_area("Notes", run.notes, max_chars=10_000, key=f"notes_{run.id}")
        if st.button("Save", type="primary", key=f"save_{run.id}"):
            with errors_shown():
                store.edit(run.id, name=name, tags=tuple(tags.split(",")), notes=notes)
                st.rerun()


def _delete(store: Store, run: Run) -> None:
    with st.popover("Delete", icon=":material/delete:"):
        st.markdown("Remove this run, its model and its files for good?")
        if st.button("Delete for good", type="primary", key=f"delete_{run.id}"):
            store.delete(run.id)
            if state.run() == run.id:
                state.choose(run="")
            st.query_params.pop("runs", None)
            st.rerun()


def _import() -> None:
    with st.popover("Import a model", icon=":material/upload:"):
        given = st.file_uploader("A model exported here or elsewhere", type="zip", key="imported")
        if given is None:
            st.caption("Everything in it is checked before it is kept: names, sizes, shapes. Nothing in it is run.")
            return
        with errors_shown():
            from dnaconv_core.model.bundle import load_bundle
            from dnaconv_core.runs.models import find_model
            from dnaconv_core.runs.transfer import import_model

            key = import_model(given.getvalue())
            experiment = load_bundle(find_model(key)).experiment
            st.success(f"Imported as {key}.")
            query = {"experiment": experiment, "run": key}
            st.page_link(EVALUATE, label="Evaluate it", icon=":material/insights:", query_params=query)


def _empty() -> None:
    with st.container(border=True):
        st.markdown(f"**No runs yet.** {plain(state.experiment().question)} Train a network to find out.")
        query = {"experiment": state.experiment().key}
        st.page_link(TRAIN, label="Train a network", icon=":material/model_training:", query_params=query)


page()
