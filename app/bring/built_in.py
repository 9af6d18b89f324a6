"""The referee on the data of an experiment that comes with the program, once it is asked for."""

from __future__ import annotations

import streamlit as st

from bring.verdicts import as_html, verdicts
from dnaconv_core.errors import DnaConvError
from dnaconv_core.experiments import EXPERIMENTS
from dnaconv_core.experiments.looked_over import of_experiment
from frame.job import background
from frame.words import plain, show_error


def built_in() -> None:
    """Choose one, and its lines; nothing is read before."""
    chosen = st.selectbox(
        "The referee on data that come with the program",
        list(EXPERIMENTS),
        index=None,
        placeholder="Choose an experiment",
        format_func=lambda key: EXPERIMENTS[key].title,
        key="referee_of",
        width=400,
    )
    if chosen is None:
        return
    try:
        lines = background(
            ("looked_over", chosen), lambda progress: of_experiment(EXPERIMENTS[chosen], progress), words="The referee"
        )
    except DnaConvError as error:
        show_error(error)
        return
    if lines is not None:
        st.caption(f"{plain(EXPERIMENTS[chosen].title)}: the book's data where they are here, else synthetic ones.")
        verdicts(lines, place="built_in_")
        as_html(lines, EXPERIMENTS[chosen].title, chosen)
