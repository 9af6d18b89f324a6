"""Which experiment and which model every page is about: chosen at its top, with what the model still lacks."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import streamlit as st

from dnaconv_core.evaluate.held_out import PREDICTIONS
from dnaconv_core.evaluate.metrics import LABELS
from dnaconv_core.experiments import all_experiments
from dnaconv_core.home import models_folder
from dnaconv_core.runs.baselines import NUMBERS, load_baselines
from dnaconv_core.runs.models import words_back
from dnaconv_core.runs.queue import resume
from dnaconv_core.runs.store import LIVE, RESUMABLE, Run, Store
from frame import state
from frame.language import said, tr
from frame.models import Choice, catalog, first_of, state_of
from frame.pages import TRAIN
from frame.storing import stores
from frame.words import Words, ours, plain


def context(*, trains: bool = False) -> None:
    """Choose the experiment and the model; below them, what is to be known of a model that is not complete.

    trains: the page below is that of training, which itself says how a run is doing.
    """
    missing = state.unknown_experiment()
    if missing and words_back(missing):
        st.warning(tr("The data of {name} are gone; its models still say what they answer.", name=plain(missing)))
        missing = ""
    current, known = state.experiment(), all_experiments()
    choices, chosen = catalog(current.key), state.run()
    with st.container(horizontal=True, vertical_alignment="bottom", key="context"):
        st.session_state["_experiment"] = current.key
        st.selectbox(
            tr("Experiment"),
            list(known),
            format_func=lambda key: said(known[key].title),
            key="_experiment",
            on_change=lambda: state.choose(experiment=st.session_state["_experiment"]),
            width=300,
        )
        _model(choices, chosen, plain(said(LABELS[current.main_metric].name)))
    shown = st.session_state.get("_model") if choices or chosen else None
    with st.container():  # there with a line or without: what stands below keeps its place, and a chart its zoom
        if shown in choices:
            _incomplete(choices[shown], trains)
    if missing:
        st.warning(
            tr(
                "There is no experiment '{missing}': this is {title}. The link may be from a newer version.",
                missing=plain(missing),
                title=plain(said(current.title)),
            )
        )


def _model(choices: dict[str, Choice], chosen: str, metric: Words) -> None:
    keys = [*choices] if not chosen or chosen in choices else [chosen, *choices]
    if not keys:
        st.caption(tr("No model yet: train one on the **Train** page."))
        return
    first = first_of(choices) if not chosen else None
    shown = st.session_state["_model"] = chosen or (first.key if first else keys[0])
    st.selectbox(
        tr("Model"),
        keys,
        format_func=lambda key: choices[key].label if key in choices else tr("{name} (not here)", name=key),
        key="_model",
        on_change=lambda: state.choose(run=st.session_state["_model"]),
        help=tr(
            "Your runs, newest first, then models that came with the project; the number is {metric} on validation "
            "data.",
            metric=metric,
        ),
        width=520,
    )
    run = choices[shown].run if shown in choices else None
    st.session_state["_state_shown"] = run.state if run else ""


def _incomplete(choice: Choice, trains: bool) -> None:
    """A line about a model that was imported, or whose run was stopped, with what is missing and the way to finish."""
    run, missing = choice.run, lacks(choice.path)
    if run is None:
        if choice.path is None or choice.path.parent != models_folder():
            return
        with st.container(horizontal=True, vertical_alignment="center", key="incomplete"):
            st.badge(tr("imported"), color="gray")
            words = tr("Without {missing}.", missing=missing) if missing else tr("With all its figures.")
            st.caption(words, width="content")
            query = {"experiment": state.experiment().key, "start": choice.key}
            label, icon = tr("Train it further"), ":material/model_training:"
            st.page_link(TRAIN, label=label, icon=icon, query_params=query)
    elif run.state in RESUMABLE:
        with st.container(horizontal=True, vertical_alignment="center", key="incomplete"):
            st.badge(state_of(run.state), color="red" if run.state == "failed" else "orange")
            st.caption(_done(run, missing), width="content")
            help = tr("It goes on from its last checkpoint.")
            if st.button(tr("Finish it"), icon=":material/play_arrow:", key="finish", **stores(help)):
                resume(Store(), run.id)
                st.switch_page(TRAIN, query_params=state.link())
    elif run.state in LIVE and not trains:
        with st.container(horizontal=True, vertical_alignment="center", key="incomplete"):
            st.badge(state_of(run.state), color="violet")
            st.caption(tr("Its figures and its model are not final yet."), width="content")
            if choice.path is not None:  # without a model the page itself shows the way
                label, icon = tr("Watch it learn"), ":material/visibility:"
                st.page_link(TRAIN, label=label, icon=icon, query_params=state.link())


def _done(run: Run, missing: Words) -> Words:
    """How far a run came before it was stopped."""
    if not run.epochs:
        before = tr("before its first epoch, without {missing}.", missing=missing)
        return before if missing else tr("before its first epoch.")
    if missing:
        return tr("{n:,} of {all:,} epochs done, without {missing}.", n=run.epoch, all=run.epochs, missing=missing)
    return tr("{n:,} of {all:,} epochs done.", n=run.epoch, all=run.epochs)


def lacks(path: Path | None) -> Words:
    """What is not in a model's folder, in words; '' where all is."""
    if path is None:
        return tr("a model")
    missing = [] if (path / PREDICTIONS).is_file() else [tr("its predictions of held-out examples")]
    if not _baselines(path, _changed(path / NUMBERS)):
        missing.append(tr("simple predictors to compare with"))
    return ours(tr(" and ").join(missing))


@lru_cache(500)
def _baselines(path: Path, changed: float) -> bool:
    """Whether there are any. `changed` is when they last did."""
    return bool(load_baselines(path).found)


def _changed(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0
