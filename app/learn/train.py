"""Shape a network, see it, start it, and watch it learn."""

from __future__ import annotations

import time
from typing import Any

import streamlit as st

from components.network import network
from components.sequence import marks_of
from dnaconv_core.errors import DnaConvError
from dnaconv_core.experiments.base import Experiment
from dnaconv_core.experiments.sources import BOOK, OWN, SYNTHETIC
from dnaconv_core.model.config import ModelConfig
from dnaconv_core.model.receptive_field import receptive_field
from dnaconv_core.runs.queue import submit
from dnaconv_core.runs.spec import RunSpec
from dnaconv_core.runs.store import Store
from frame import state
from frame.cache import summary
from frame.models import selected
from frame.page import errors_shown, links_to_use, page
from frame.storing import stores
from frame.words import plain
from learn.better import find_better
from learn.data_picker import data_details, data_picker, missing_parts, name_of
from learn.live import live_run
from learn.settings import NETWORK, OF_DATA, TRAINING, ask_preset, ask_settings

_TWICE = 3  # seconds in which a second press is a double click


def draw() -> None:
    experiment = state.experiment()
    line = f"{plain(experiment.question)} Shape a network and watch it learn the answer."
    with page("Train", line, help=plain(experiment.explanation)):
        bar = st.container(border=True, key="start_bar")
        with st.container(key="shape"):
            left, right = st.columns([1, 3.2], gap="medium")
        with right:
            drawing, below = st.container(border=True), st.container()
        with left, st.container(key="settings"):
            preset, start = ask_preset(experiment)
            length = _length(experiment)
            model, training, error = ask_settings(experiment, preset, length or experiment.length, start)
        with drawing:
            _drawn(experiment, model)
        with bar:
            _start(experiment, (preset, start), model | training, error, readable=length is not None)
        with below, errors_shown():
            choice = selected()
            if choice is None or choice.run is None:
                _nothing_yet(choice is not None)
            else:
                live_run(choice.run.id, experiment)


def _length(experiment: Experiment) -> int | None:
    """Bases per sequence: of data in a folder, what is there; None where they cannot be read, which is told."""
    data = state.data()
    if data.source in (SYNTHETIC, BOOK, OWN):
        return experiment.length
    with errors_shown():
        return summary(experiment.key, data.source, data.covariates).length
    return None


def _drawn(experiment: Experiment, model: dict[str, Any]) -> None:
    sequence = experiment.examples[0].sequence[: model["length"]].ljust(model["length"], "N")
    marks, width = marks_of(experiment.motif, sequence), len(experiment.motif)
    if (
        network(
            model,
            sequence=sequence,
            marks=marks,
            output=_output_word(experiment),
            outputs=experiment.names,
            key="network",
        )
        is not None
    ):
        return
    config = ModelConfig(**model)
    field = min(receptive_field(config), config.length)
    words = f"**{config.n_parameters:,} parameters.** A unit of the last layer sees **{field:d} of "
    words += f"{config.length:d} bases**"
    if width:
        relation = "more than" if field > width else "just" if field == width else ":red[less than]"
        words += f", {relation} the {width:d} of the motif {plain(experiment.motif)}"
    st.caption(f"{words}. Point at a layer to see which bases reach it.")


def _output_word(experiment: Experiment) -> str:
    """What stands beside the network's end."""
    if experiment.n_tasks > 1:
        kind = experiment.answer.words.one
        return f"{experiment.n_tasks} {kind}{'es' if kind.endswith('s') else 's'}"
    return "probability" if experiment.answer.yes_or_no else experiment.quantity


def _start(
    experiment: Experiment,
    begins: tuple[str, str],
    settings: dict[str, Any],
    error: DnaConvError | None,
    *,
    readable: bool,
) -> None:
    """begins: the preset, and the model whose weights it starts with."""
    choice = state.data()
    with st.container(horizontal=True, vertical_alignment="bottom"):
        press = st.button(
            "Start training",
            type="primary",
            icon=":material/play_arrow:",
            **stores(disabled=error is not None or not readable or bool(missing_parts(experiment))),
        )
        name = st.text_input(
            "Name of the run",
            placeholder="Name of the run (optional)",
            max_chars=60,
            label_visibility="collapsed",
            width=230,
        )
        with st.popover(f"Learns from {plain(name_of(choice.source))}", icon=":material/database:"):
            data_picker()
            data_details(experiment)
        find_better(experiment, possible=readable and not missing_parts(experiment))
        if state.run():
            st.caption("The settings below are for the next run.", width="content")
    if error is not None and str(error).split()[0] not in (*NETWORK, *TRAINING):  # its field may be folded away
        st.markdown(f":red[{plain(error)}]")
    if press:
        with errors_shown():
            _launch(experiment, begins, settings, name.strip())


def _launch(experiment: Experiment, begins: tuple[str, str], settings: dict[str, Any], name: str) -> None:
    preset, start = begins
    standard = experiment.model_config(preset).to_json() | experiment.train_config(preset).to_json()
    if settings["eval_every"] == standard["eval_every"]:  # untouched: a short run still gets a curve
        settings = settings | {"eval_every": max(1, min(settings["eval_every"], settings["epochs"] // 10))}
    changed = {key: value for key, value in settings.items() if key not in OF_DATA and value != standard[key]}
    spec = RunSpec(experiment.key, *state.data(), preset=preset, settings=changed, start=start)
    last, started, now = st.session_state.get("_started"), (spec.to_json(), name), time.monotonic()
    if last is not None and last[0] == started and now - last[1] < _TWICE:
        return
    run = submit(Store(), spec, name)
    st.session_state["_started"] = (started, now)
    state.choose(run=run.id)
    st.rerun()


def _nothing_yet(has_model: bool) -> None:
    with st.container(border=True):
        st.markdown("**Nothing is training yet.** Press *Start training*: curves and filters appear here as it learns.")
        if has_model:
            st.caption("The model in the sidebar came with the project: see how good it is, or try it on a sequence.")
            with st.container(horizontal=True):
                links_to_use()


draw()
