"""Which of several labels or classes a page is about: chosen below its title, kept in the address."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from dnaconv_core.experiments.base import Experiment
from frame import state
from frame.language import said, tr
from frame.models import ModelRef
from frame.words import plain


def question(model: ModelRef) -> Experiment:
    """The selected experiment; of a model with several outputs, the question that the chosen one answers."""
    experiment = state.experiment()
    return experiment.of_output(model.output_name) if model.outputs else experiment


def output_choice(names: Sequence[str], output: int, kind: str) -> None:
    """Choose the label or class, of these names, that the page shows; nothing is drawn where there is one.

    output: the number of the one shown now, from 0; below 0 where the address asks for one that is not there. kind:
    what one of them is called, 'label' or 'class'.
    """
    if len(names) < 2:
        return
    st.session_state["_output"] = output if output >= 0 else None
    with st.container(horizontal=True, vertical_alignment="bottom", key="output_choice"):
        st.selectbox(  # its choices are drawn as they are, without Markdown
            tr("Shown: {kind}", kind=plain(said(kind))),
            range(len(names)),
            format_func=lambda number: names[number],
            key="_output",
            on_change=lambda: state.choose(output=names[st.session_state["_output"]]),
            placeholder=tr("Choose one"),
            width=280,
        )
        if output >= 0:
            st.caption(
                tr(
                    "One of {n}. Everything below is about this {kind}, unless it says otherwise.",
                    n=len(names),
                    kind=plain(said(kind)),
                )
            )
