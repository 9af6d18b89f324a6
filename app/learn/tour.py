"""A tour of five steps over the real pages: begun by a button alone, left at any step, kept in the address."""

from __future__ import annotations

from typing import NamedTuple

import streamlit as st

from frame import state
from frame.language import mark, tr
from frame.pages import EVALUATE, EXPERIMENTS, FILTERS, PREDICT, SALIENCY
from frame.words import ours


class Step(NamedTuple):
    page: str
    words: str


STEPS = (
    Step(EXPERIMENTS, mark("**Examples.** Each is a sequence with a label. Below, planted motifs are underlined.")),
    Step(
        FILTERS,
        mark("**Filters.** The first layer slides short patterns along the sequence. Here is what each has learned."),
    ),
    Step(SALIENCY, mark("**Saliency.** For one sequence: which of its bases made the network say yes.")),
    Step(
        EVALUATE,
        mark("**Evaluate.** How good the network is on examples it has not seen, and how good a simpler method is."),
    ),
    Step(PREDICT, mark("**Predict.** Type a sequence of your own. Then go to *Train* and build a network yourself.")),
)
_MODEL = {"experiment": "tf_binding", "run": "tf_binding_synthetic"}  # came with the project: no page is empty


def tour_button() -> None:
    if st.button(
        tr("Take the tour"),
        icon=":material/signpost:",
        type="tertiary",
        help=tr("Five steps. You can stop at any time."),
    ):
        _go(1)


def tour() -> None:
    """The step that the address names, above the page; nothing where it names none."""
    number = state.tour()
    if not 1 <= number <= len(STEPS):
        return
    with st.container(border=True, key="tour", horizontal=True, vertical_alignment="center"):
        place = tr("{number:d} of {n:d}", number=number, n=len(STEPS))
        st.markdown(f":material/signpost: {place} · {tr(ours(STEPS[number - 1].words))}", width="stretch")
        if number > 1 and st.button(tr("Back"), key="tour_back"):
            _go(number - 1)
        if number < len(STEPS) and st.button(tr("Next"), type="primary", key="tour_next"):
            _go(number + 1)
        st.button(tr("End the tour"), key="tour_end", on_click=state.choose, kwargs={"tour": ""})


def _go(number: int) -> None:
    state.choose(**_MODEL, tour=str(number))
    st.switch_page(STEPS[number - 1].page, query_params=state.link())
