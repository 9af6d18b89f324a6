"""Shape a network and start it; or watch a run learn, and then all on the page is that run's."""

from __future__ import annotations

from dataclasses import fields

import streamlit as st

from dnaconv_core.errors import DnaConvError
from dnaconv_core.experiments import recorded_experiment
from dnaconv_core.experiments.base import Experiment
from dnaconv_core.experiments.sources import BOOK, OWN, SYNTHETIC
from dnaconv_core.model.bundle import CONFIG, read_config
from dnaconv_core.runs.store import LIVE, Run, Store
from frame import state
from frame.cache import summary
from frame.language import said, tr
from frame.models import Choice, NoModelYet, selected, the_model
from frame.page import errors_shown, links_to_use, page
from frame.pages import TRAIN
from frame.words import plain
from learn.data_picker import name_of
from learn.drawing import drawn, flowing
from learn.launching import start_bar
from learn.live import live_run
from learn.named import setting_name
from learn.run_actions import as_form
from learn.settings import ask_preset, ask_settings, copy_settings


def draw() -> None:
    experiment = state.experiment()
    run = _watched()
    if run is None:
        line = tr(
            "{question} Build a network and watch it learn the answer.", question=plain(said(experiment.question))
        )
    else:
        line = tr("A network learns: {question}", question=plain(said(experiment.question)))
    with page(tr("Train"), line, help=plain(said(experiment.explanation))):
        if run is not None:
            live_run(run.id, experiment)
            _its_settings(run, experiment)
        else:
            _shape(experiment)
            with errors_shown():
                _beside(selected())


def _watched() -> Run | None:
    """The run that the address names, if it is one; what is wrong with it is told where the page is drawn."""
    if not state.run():
        return None
    try:
        choice = selected()
    except DnaConvError:
        return None
    return choice.run if choice else None


def _shape(experiment: Experiment) -> None:
    bar = st.container(border=True, key="start_bar")
    with st.container(key="shape"):
        left, right = st.columns([1.15, 3.05], gap="medium")
    with right:
        drawing = st.container(border=True)
    with left, st.container(key="settings"):
        preset, start = ask_preset(experiment)
        length = _length(experiment)
        model, training, error, places = ask_settings(experiment, preset, length or experiment.length, start)
    with drawing:
        drawn(experiment, model)
    with bar:
        start_bar(experiment, (preset, start), model | training, error, readable=length is not None, places=places)


def _length(experiment: Experiment) -> int | None:
    """Bases per sequence: of data in a folder, what is there; None where they cannot be read, which is told."""
    data = state.data()
    if data.source in (SYNTHETIC, BOOK, OWN):
        return experiment.length
    with errors_shown():
        return summary(experiment.key, data.source, data.covariates).length
    return None


def _beside(choice: Choice | None) -> None:
    """What there is besides the form: a run that goes on, or a model to look at."""
    alive = [run for run in Store().list(state.experiment().key) if run.state in LIVE and not run.spec.inner]
    with st.container(border=True):
        if alive:
            query = {"experiment": alive[0].experiment, "run": alive[0].id}
            name = plain(alive[0].name)
            if alive[0].state == "queued":
                st.markdown(tr("**{run} is waiting to train.** The settings above are for another run.", run=name))
            else:
                st.markdown(tr("**{run} is training.** The settings above are for another run.", run=name))
            st.page_link(TRAIN, label=tr("Watch it learn"), icon=":material/visibility:", query_params=query)
            return
        st.markdown(
            tr("**Nothing is training now.** Press *Start training*: this page then shows the network as it learns.")
        )
        if choice is not None:
            name = plain(choice.name)
            st.caption(tr("The model at the top is {model}: see how good it is, or try it on a sequence.", model=name))
            with st.container(horizontal=True):
                links_to_use()


def _its_settings(run: Run, experiment: Experiment) -> None:
    """The network and the settings of the run that is watched, folded; they cannot be changed, but copied."""
    spec = run.spec
    changed = plain(", ".join(f"{setting_name(key)} {value}" for key, value in spec.settings.items()))
    preset, data = plain(spec.preset), plain(name_of(spec.data))
    if changed:
        words = tr("This run: preset {preset}, but {changed}; learns from {data}.", preset=preset, changed=changed,
                   data=data)  # fmt: skip
    else:
        words = tr("This run: preset {preset}; learns from {data}.", preset=preset, data=data)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            tr("Change and train again"),
            icon=":material/edit:",
            on_click=copy_settings,
            args=(as_form(run),),
            help=tr("Opens the form with the settings of this run."),
        )
        st.caption(words, width="stretch")
    with st.expander(
        tr("The network and all settings of this run"),
        icon=":material/schema:",
        key="network",
        on_change="rerun",
        bind="query-params",
    ) as opened:
        if opened.open:
            with errors_shown():
                _network_and_table(run, experiment)


def _network_and_table(run: Run, experiment: Experiment) -> None:
    recorded, asked = recorded_experiment(run.experiment), run.spec
    folder = Store().folder(run.id)
    config = read_config(folder) if (folder / CONFIG).is_file() else None
    model = config or recorded.model_config(asked.preset, **asked.settings)
    training = recorded.train_config(asked.preset, **asked.settings)
    try:
        flowing(experiment, the_model(), key=f"network_{run.id}")
    except NoModelYet:
        drawn(experiment, model.to_json(), key=f"network_{run.id}")
    rows = [
        {
            tr("Setting"): said(told["label"]),
            tr("Value"): str(getattr(part, name)),
            tr("What it does"): said(told["help"]),
        }
        for part in (model, training)
        for name, told in ((spec.name, spec.metadata) for spec in fields(part))
        if told.get("group")
    ]
    st.dataframe(rows, hide_index=True, height=320)


draw()
