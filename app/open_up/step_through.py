"""The arithmetic: one sequence through the network, number by number, and what another base changes."""

from __future__ import annotations

import numpy as np
import streamlit as st

from components.sequence import marks_of
from components.step import Told, step, tell
from dnaconv_core.engine.stepping import Walk, step_through
from frame import state
from frame.cache import bundle
from frame.language import mark, tr
from frame.models import ModelRef, the_model
from frame.page import errors_shown, model_page
from frame.pages import PREDICT, SALIENCY
from frame.words import plain
from open_up.explaining import Asked
from open_up.sequence_asked import apply, ask_sequence, trail_of, undo

_HELP = mark(
    "Drag along the sequence or press the arrow keys: left and right slide the filter, up and down take another one. "
    "Click a number to see where it comes from, a letter to change it: what changes is underlined. Red raises the "
    "sum, blue lowers it."
)


def draw() -> None:
    with model_page(tr("Step through"), tr("One sequence through the network, number by number.")) as head:
        model = the_model()
        line = tr(
            "One sequence through **{model}**, number by number. Slide a filter, click a number, change a letter.",
            model=plain(model.name),
        )
        head(line, model)
        _through(model)


@st.fragment  # a base that is changed draws no more than this
def _through(model: ModelRef) -> None:
    with errors_shown():
        asked = ask_sequence(model)
        _steps(asked)
        beside = state.beside(bundle(model).config.covariates, asked.covariates)
        to = {**state.link(), "sequence": asked.sequence, **beside}
        with st.container(horizontal=True):
            st.page_link(SALIENCY, label=tr("Which bases matter"), icon=":material/highlight:", query_params=to)
            st.page_link(PREDICT, label=tr("Predict"), icon=":material/biotech:", query_params=to)


def _steps(asked: Asked) -> None:
    sequence, trail = asked.sequence, trail_of(asked.sequence)
    with st.container(border=True):
        st.markdown(tr("**From letters to the answer**"), help=tr(_HELP))
        step(
            _told(asked, trail[0][0] if trail else sequence),
            sequence,
            model=asked.model.key,
            before=(_told(asked._replace(sequence=trail[0][0]), trail[0][0]), trail[0][0]) if trail else None,
            edits=[words for _, words in trail],
            names=asked.model.outputs,
            marks=marks_of(state.experiment().motif, sequence),
            on_edit=lambda position, base: apply(sequence, position, base),
            on_undo=lambda: undo(trail, len(trail) - 1),
            key="step",
        )


@st.cache_resource(show_spinner=False, max_entries=60)
def _told(asked: Asked, original: str) -> Told:
    """What of the sequence's walk is shown, to be compared with that of the original."""
    walk = _walk(asked)
    return tell(walk, None if original == asked.sequence else _walk(asked._replace(sequence=original)))


def _walk(asked: Asked) -> Walk:
    beside = np.float32(asked.covariates) if asked.covariates else None
    return step_through(bundle(asked.model).model, asked.one_hot()[0], beside, output=asked.model.output)


draw()
