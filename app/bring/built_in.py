"""The referee on the data of an experiment that comes with the program, once it is asked for."""

from __future__ import annotations

import streamlit as st

from bring.verdicts import as_html, verdicts
from dnaconv_core.errors import DnaConvError
from dnaconv_core.experiments import EXPERIMENTS
from dnaconv_core.experiments.looked_over import of_experiment
from frame.job import background
from frame.language import said, tr
from frame.words import plain, show_error


def built_in() -> None:
    """Choose one, and its lines; nothing is read before."""
    chosen = st.selectbox(
        tr("The referee's report on built-in data"),
        list(EXPERIMENTS),
        index=None,
        placeholder=tr("Choose an experiment"),
        format_func=lambda key: said(EXPERIMENTS[key].title),
        key="referee_of",
        width=400,
    )
    if chosen is None:
        return
    try:
        lines = background(
            ("looked_over", chosen),
            lambda progress: of_experiment(EXPERIMENTS[chosen], progress),
            words=tr("The referee"),
        )
    except DnaConvError as error:
        show_error(error)
        return
    if lines is not None:
        title = plain(said(EXPERIMENTS[chosen].title))
        st.caption(tr("{title}: the book's data if they are here, otherwise synthetic data.", title=title))
        verdicts(lines, place="built_in_")
        as_html(lines, EXPERIMENTS[chosen].title, chosen)
