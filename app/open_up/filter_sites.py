"""Where a filter is active: in which part of the sequences, and in which sequences most."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st

from components.chart import chart
from components.sequence import Mark, Row, sequences
from dnaconv_core.interpret.filters import top_sequences
from frame import state
from frame.language import tr
from frame.pages import SALIENCY
from open_up.interpretation import sample
from open_up.worded import strand_words

if TYPE_CHECKING:
    from open_up.filter_card import Card


def where(card: Card) -> None:
    """By position, and which filters are active in the same sequences."""
    st.markdown(tr("**Where in the sequence**"), help=tr("The first base of each window, over all its sites."))
    chart(_positions(card.scan.positions[card.index]), key="positions", height=230)
    r = card.fires_with
    others = [i for i in np.argsort(-r) if i != card.index and r[i] > 0.3][:4]
    if not others:
        st.caption(tr("No other filter is often active together with it (r above 0.3)."))
        return
    listed = ", ".join(tr("filter {number:d} (r = {r:.2f})", number=i + 1, r=r[i]) for i in others)
    st.caption(tr("Often active together with {filters}.", filters=listed))


def _positions(counts: np.ndarray) -> dict[str, Any]:
    return {
        "data": [
            {
                "type": "bar",
                "x": list(range(1, len(counts) + 1)),
                "y": counts.tolist(),
                "marker": {"color": "theme:series0"},
                "hovertemplate": tr("from base %{x}: %{y} sites") + "<extra></extra>",
            }
        ],
        "layout": {
            "margin": {"l": 46, "r": 10, "t": 8, "b": 40},
            "bargap": 0.05,
            "xaxis": {"title": {"text": tr("first base of the window")}},
            "yaxis": {"title": {"text": tr("sites")}},
        },
    }


def top(card: Card) -> None:
    """The sequences in which the filter is most active, its site marked."""
    data, rows = sample(card.model)
    with st.container(border=True):
        st.markdown(
            tr("**The sequences that activate it most**"), help=tr("Click one to see in Saliency what the model used.")
        )
        found = top_sequences(card.scan, card.index)
        shown = []
        for row, start, minus, value in found:
            i = int(rows[row])
            note = tr("activation {value:.2f} · measured {measured:.3g}", value=value, measured=data.y[i])
            if data.alphabet == "DNA":
                note += f" · {strand_words(minus)}"
            shown.append(
                Row(data.sequence(i), str(data.ids[i]), note, (Mark(start, start + card.scan.width, tr("site")),))
            )
        if not shown:
            st.caption(tr("No sequence activates this filter."))
            return
        clicked = sequences(shown, key="top", clickable=True)
        if clicked is not None:
            st.switch_page(SALIENCY, query_params=state.example(data, int(rows[found[clicked][0]])))
