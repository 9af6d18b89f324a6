"""Which experiment and which model every page is about: chosen at its top, with what the model still lacks."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from dnaconv_core.evaluate.held_out import PREDICTIONS
from dnaconv_core.evaluate.metrics import LABELS
from dnaconv_core.experiments import all_experiments
from dnaconv_core.home import models_folder
from dnaconv_core.runs.baselines import load_baselines
from dnaconv_core.runs.models import words_back
from dnaconv_core.runs.queue import resume
from dnaconv_core.runs.store import RESUMABLE, Store
from frame import state
from frame.models import Choice, catalog, selected
from frame.pages import TRAIN
from frame.storing import stores
from frame.words import Words, plain

_STOPPED = {"cancelled": "stopped", "interrupted": "interrupted", "failed": "failed"}
_FINISH = "It goes on from its last checkpoint."


def context() -> None:
    """Choose the experiment and the model; below them, what is to be known of a model that is not complete."""
    missing = state.unknown_experiment()
    if missing and words_back(missing):
        st.warning(f"The data of {plain(missing)} are gone; its models still say what they answer.")
        missing = ""
    current, known = state.experiment(), all_experiments()
    choices, chosen = catalog(current.key), state.run()
    with st.container(horizontal=True, vertical_alignment="bottom", key="context"):
        st.session_state["_experiment"] = current.key
        st.selectbox(
            "Experiment",
            list(known),
            format_func=lambda key: known[key].title,
            key="_experiment",
            on_change=lambda: state.choose(experiment=st.session_state["_experiment"]),
            width=300,
        )
        _model(choices, chosen, LABELS[current.main_metric].name)
    shown = st.session_state.get("_model") if choices or chosen else None
    with st.container():  # there with a line or without: what stands below keeps its place, and a chart its zoom
        if shown in choices:
            _incomplete(choices[shown])
    if missing:
        st.warning(
            f"There is no experiment '{plain(missing)}': this is {plain(current.title)}. The link may be from a newer "
            "version."
        )


def _model(choices: dict[str, Choice], chosen: str, metric: Words) -> None:
    keys = [*choices] if not chosen or chosen in choices else [chosen, *choices]
    if not keys:
        st.caption("No model yet: train one on the **Train** page.")
        return
    first = selected() if not chosen else None
    shown = st.session_state["_model"] = chosen or (first.key if first else keys[0])
    st.selectbox(
        "Model",
        keys,
        format_func=lambda key: choices[key].label if key in choices else f"{key} (not here)",
        key="_model",
        on_change=lambda: state.choose(run=st.session_state["_model"]),
        help=f"Your runs, newest first, then models that came with the project; the number is {metric} on "
        "validation data.",
        width=520,
    )
    run = choices[shown].run if shown in choices else None
    st.session_state["_state_shown"] = run.state if run else ""


def _incomplete(choice: Choice) -> None:
    """A line about a model that was imported, or whose run was stopped, with what is missing and the way to finish."""
    run, missing = choice.run, lacks(choice.path)
    if run is None:
        if choice.path is None or choice.path.parent != models_folder():
            return
        with st.container(horizontal=True, vertical_alignment="center", key="incomplete"):
            st.badge("imported", color="gray")
            st.caption(f"Without {plain(missing)}." if missing else "With all its figures.", width="content")
    elif run.state in RESUMABLE:
        with st.container(horizontal=True, vertical_alignment="center", key="incomplete"):
            st.badge(plain(_STOPPED[run.state]), color="red" if run.state == "failed" else "orange")
            words = f"{run.epoch:,} of {run.epochs:,} epochs done" if run.epochs else "before its first epoch"
            st.caption(words + (f", without {plain(missing)}." if missing else "."), width="content")
            if st.button("Finish it", icon=":material/play_arrow:", key="finish", **stores(_FINISH)):
                resume(Store(), run.id)
                st.switch_page(TRAIN, query_params=state.link())
    elif run.state in ("queued", "running"):
        with st.container(horizontal=True, vertical_alignment="center", key="incomplete"):
            st.badge("waiting" if run.state == "queued" else "training", color="violet")
            st.caption("Its figures and its model are not final yet.", width="content")


def lacks(path: Path | None) -> str:
    """What is not in a model's folder, in words; '' where all is."""
    if path is None:
        return "a model"
    missing = [] if (path / PREDICTIONS).is_file() else ["its predictions of held-out examples"]
    if not load_baselines(path).found:
        missing.append("simple predictors to compare with")
    return " and ".join(missing)
