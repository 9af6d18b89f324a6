"""The bar over the form: start the next run, name it, and what it learns from."""

from __future__ import annotations

import time
from typing import Any

import streamlit as st

from dnaconv_core.errors import DnaConvError
from dnaconv_core.experiments.base import Experiment
from dnaconv_core.runs.queue import submit
from dnaconv_core.runs.spec import RunSpec
from dnaconv_core.runs.store import Store
from frame import state
from frame.language import said, tr
from frame.page import errors_shown
from frame.storing import stores
from frame.words import plain
from learn.advice import advise
from learn.better import find_better
from learn.data_picker import data_details, data_picker, missing_parts, name_of
from learn.settings import NETWORK, OF_DATA, TRAINING
from learn.suitability import suits
from learn.sweep import several_values

_TWICE = 3  # seconds in which a second press is a double click


def start_bar(
    experiment: Experiment,
    begins: tuple[str, str],
    settings: dict[str, Any],
    error: DnaConvError | None,
    *,
    readable: bool,
    places: dict[str, Any],
) -> None:
    """begins: the preset, and the model whose weights it starts with. places: under each field of the form."""
    choice = state.data()
    row, below = st.container(horizontal=True, vertical_alignment="bottom"), st.container()
    with below:
        possible = readable and not missing_parts(experiment) and suits(experiment, settings)
    with row:
        press = st.button(
            tr("Start training"),
            type="primary",
            icon=":material/play_arrow:",
            **stores(disabled=error is not None or not possible),
        )
        given = st.query_params.get("name", "")[:60]
        if given and given != st.session_state.get("_name_given"):  # of the run that these settings were copied from
            st.session_state["run_name"] = given
        st.session_state["_name_given"] = given
        name = st.text_input(
            tr("Name of the run"),
            key="run_name",
            placeholder=tr("Name of the run (optional)"),
            max_chars=60,
            label_visibility="collapsed",
            width=230,
        )
        with st.popover(tr("Learns from {data}", data=plain(name_of(choice.source))), icon=":material/database:"):
            data_picker()
            data_details(experiment)
        find_better(experiment, possible=possible)
        if error is None:
            with errors_shown():
                asked = _spec(experiment, begins, settings)
                several_values(asked, settings, possible=possible)
                with below:
                    advise(experiment, asked, settings, places)
    if error is not None and str(error).split()[0] not in (*NETWORK, *TRAINING):  # its field may be folded away
        st.markdown(f":red[{plain(said(str(error)))}]")
    if press:
        with errors_shown():
            _launch(_spec(experiment, begins, settings), name.strip())


def _spec(experiment: Experiment, begins: tuple[str, str], settings: dict[str, Any]) -> RunSpec:
    """The run that the form asks for. begins: the preset, and the model whose weights it starts with."""
    preset, start = begins
    standard = experiment.model_config(preset).to_json() | experiment.train_config(preset).to_json()
    if settings["eval_every"] == standard["eval_every"]:  # untouched: a short run still gets a curve
        settings = settings | {"eval_every": max(1, min(settings["eval_every"], settings["epochs"] // 10))}
    changed = {key: value for key, value in settings.items() if key not in OF_DATA and value != standard[key]}
    return RunSpec(experiment.key, *state.data(), preset=preset, settings=changed, start=start)


def _launch(spec: RunSpec, name: str) -> None:
    last, started, now = st.session_state.get("_started"), (spec.to_json(), name), time.monotonic()
    if last is not None and last[0] == started and now - last[1] < _TWICE:
        return
    run = submit(Store(), spec, name)
    st.session_state["_started"] = (started, now)
    state.write({"name": ""})
    state.choose(run=run.id)
    st.rerun()
