"""The button that starts a search for a better network, with its budget."""

from __future__ import annotations

import streamlit as st

from dnaconv_core.experiments.base import Experiment
from dnaconv_core.experiments.sources import default_preset
from dnaconv_core.runs.search import open_search, search_in_background
from dnaconv_core.runs.spec import RunSpec
from dnaconv_core.runs.store import Store
from frame import state
from frame.language import mark, said, tr
from frame.page import errors_shown
from frame.pages import RUNS
from frame.where import ask_where
from frame.words import plain
from learn.search_section import newest_alive

_MINUTES = 30
_WORDS = mark(
    "Tries networks like the one that **auto** chooses, on folds of the training part. The best is trained again on "
    "the whole part and compared with auto, each from several seeds. It runs in the background."
)


def find_better(experiment: Experiment, *, possible: bool) -> None:
    """A popover: how long to search, and Start. A search of the same data that ended goes on."""
    with st.popover(tr("Find a better network"), icon=":material/travel_explore:", disabled=not possible):
        store, query = Store(), {"experiment": experiment.key, "show": "this experiment"}
        alive = newest_alive(store, experiment.key)
        if alive is not None:
            st.markdown(tr("A search is running: {stage}.", stage=plain(said(alive.stage))))
            st.page_link(RUNS, label=tr("Watch it on Runs"), icon=":material/visibility:", query_params=query)
            return
        st.caption(tr(_WORDS))
        help = tr("If this continues an earlier search of these data, its minutes count too.")
        minutes = st.number_input(tr("Minutes"), 1, 10_000, _MINUTES, key="search_minutes", help=help)
        on = ask_where("search_on")
        if st.button(tr("Start the search"), type="primary", icon=":material/play_arrow:", key="search_start"):
            with errors_shown():
                data = state.data()
                spec = RunSpec(experiment.key, *data, preset=default_preset(experiment, data.source))
                with st.spinner(tr("Reading the data…")):
                    found = open_search(store, spec, minutes=float(minutes), on=on)
                search_in_background(store, found.name)
                st.switch_page(RUNS, query_params=query)
