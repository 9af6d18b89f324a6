"""The first screen: what this is in one sentence, a filter that learns, and three ways to begin."""

from __future__ import annotations

import streamlit as st

from components.film import film, recorded
from dnaconv_core.experiments import get_experiment
from dnaconv_core.interpret.kernel_names import one_word
from dnaconv_core.runs.queue import submit
from dnaconv_core.runs.spec import RunSpec
from dnaconv_core.runs.store import Store
from frame import state
from frame.language import tr
from frame.page import errors_shown
from frame.pages import PREDICT, TRAIN, YOUR_DATA
from frame.storing import stores
from frame.words import plain
from learn.tour import tour_button

_QUICK = {"epochs": 10}  # the site is in the filters by epoch 5


def welcome() -> None:
    """Above all else on the first page."""
    experiment = get_experiment(recorded()["experiment"])
    word = plain(one_word(experiment.motif))
    with st.container(border=True, key="shape_welcome"):
        left, right = st.columns([7, 3], gap="medium", vertical_alignment="center")
        with left:
            st.markdown(tr("### dnaconv shows how a small neural network learns to read DNA and RNA."))
            st.markdown(
                tr(
                    "Here one of its filters learns the motif **{word}** from examples with and without it. It is "
                    "never told the motif. Watch it learn, or use your own sequences.",
                    word=word,
                )
            )
            with st.container(horizontal=True, vertical_alignment="center"):
                watch = st.button(
                    tr("Watch a network find {word}", word=word),
                    type="primary",
                    icon=":material/play_arrow:",
                    key="watch_it",
                    **stores(tr("A short training on synthetic sequences. The page shows it live.")),
                )
                st.page_link(YOUR_DATA, label=tr("Bring your data"), icon=":material/upload_file:")
                query = {"experiment": experiment.key}
                st.page_link(PREDICT, label=tr("Open a trained network"), icon=":material/biotech:", query_params=query)
                tour_button()
        with right:
            film(key="film")
    if watch:
        with errors_shown():
            spec = RunSpec(experiment.key, preset="quick", settings=_QUICK, baselines="quick")
            run = submit(Store(), spec, f"find {word}")
            state.choose(experiment=experiment.key, run=run.id)
            st.switch_page(TRAIN, query_params=state.link())
