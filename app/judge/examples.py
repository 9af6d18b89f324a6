"""The held-out examples with their errors, and one of them close up."""

from __future__ import annotations

from functools import partial
from typing import Any
from urllib.parse import urlencode

import numpy as np
import streamlit as st

from components.sequence import Row, marks_of, sequences
from dnaconv_core.experiments.base import Experiment
from dnaconv_core.runs.held_out import HeldOut
from dnaconv_core.sequence.interval import browser_url, find_locus
from frame import state
from frame.language import mark, said, tr
from frame.pages import PREDICT, SALIENCY
from frame.words import plain
from judge.curves import box

_ROWS = 500
_WHICH = "which"  # the query parameter
_KINDS = {key: key for key in (mark("All"), mark("Predicted too low"), mark("Predicted too high"))}


def choose(index: int) -> None:
    """Look at this example from now on."""
    st.session_state["_example"] = index


def chosen(data: HeldOut) -> int | None:
    """The example that is looked at."""
    index = st.session_state.get("_example")
    return index if index is not None and index < len(data.y) else None


def examples(experiment: Experiment, data: HeldOut) -> None:
    """The held-out examples, largest error first; on a stretch of a curve, those behind it."""
    error = data.prediction - data.y
    kinds = {"All": np.ones(len(data.y), bool)}
    shown = {key: tr(words) for key, words in _KINDS.items()}
    if experiment.answer.yes_or_no:
        negative, positive = experiment.class_names
        kinds |= {_first_upper(positive): data.y >= 0.5, _first_upper(negative): data.y < 0.5}
    else:
        kinds |= {"Predicted too low": error < 0, "Predicted too high": error > 0}
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
            st.markdown(
                tr("**Examples, largest error first**"), help=tr("Choose a row to see its sequence."), width="content"
            )
            _take_kind(kinds)
            kind = st.segmented_control(
                tr("Which"),
                list(kinds),
                format_func=lambda kind: plain(shown.get(kind) or said(kind)),
                required=True,
                default=st.session_state[_WHICH],
                key=_WHICH,
                label_visibility="collapsed",
            )
            state.write({_WHICH: "" if kind == "All" else str(kind)})
        of_kind = kinds.get(kind, kinds["All"])
        rows = _behind(data, of_kind) if experiment.answer.yes_or_no and box() else np.flatnonzero(of_kind)
        rows = rows[np.argsort(-np.abs(error[rows]), kind="stable")][:_ROWS]
        picked = _table(experiment, data, rows, error)
        if picked is not None:
            choose(picked)
            one_example(experiment, data, picked, "picked")


def _take_kind(kinds: dict[str, Any]) -> None:
    """What was chosen, else what the address asks for: in English in every language, so that a link fits all."""
    if st.session_state.get(_WHICH) not in kinds:
        asked = st.query_params.get(_WHICH)
        st.session_state[_WHICH] = asked if asked in kinds else "All"


def _first_upper(word: str) -> str:
    return word[:1].upper() + word[1:]


def _behind(data: HeldOut, of_kind: np.ndarray) -> np.ndarray:
    """The examples of a kind behind the stretch of the curve, and a line about them."""
    from dnaconv_core.evaluate.curves import stretch_of

    curve, (x0, x1, y0, y1) = box()
    found = stretch_of(curve, data.y, data.prediction, across=(x0, x1), upwards=(y0, y1))
    rows = np.empty(0, int) if found is None else found.rows[of_kind[found.rows]]
    name = tr("ROC") if curve == "roc" else tr("precision-recall")
    with st.container(horizontal=True, vertical_alignment="center"):
        if found is None:
            st.markdown(tr("The box does not touch the {name} curve: drag over the line.", name=name), width="content")
        else:
            words = tr(
                "**{n:,}** behind the chosen part of the {name} curve, predicted {low:.3f} to {high:.3f}",
                n=len(rows),
                name=name,
                low=found.low,
                high=found.high,
            )
            st.markdown(words, width="content")
        st.button(
            tr("Show all"), icon=":material/close:", type="tertiary", on_click=state.write, args=({"stretch": ""},)
        )
    return rows


def _table(experiment: Experiment, data: HeldOut, rows: np.ndarray, error: np.ndarray) -> int | None:
    """The examples at `rows`; the index of the one just picked."""
    columns: dict[str, Any] = {"id": [str(data.ids[i]) for i in rows]}
    links = [_browser(experiment, name) for name in columns["id"]]
    if any(links):
        columns["browser"] = links
    columns |= {"measured": data.y[rows], "predicted": data.prediction[rows], "error": error[rows]}
    letters = [data.sequence(int(i)) for i in rows]
    link = state.link()
    columns["why"] = [f"saliency?{urlencode(state.example(data, int(i), link))}" for i in rows]
    columns["sequence"] = letters
    number = partial(st.column_config.NumberColumn, format="%.3f", width="small")
    event = st.dataframe(
        columns,
        hide_index=True,
        placeholder="–",
        height=300,
        on_select="rerun",
        selection_mode="single-row",
        key=f"examples_{hash(rows.tobytes())}",  # other rows: another table, or the choice would move
        column_config={
            "id": st.column_config.TextColumn(tr("id")),
            "browser": st.column_config.LinkColumn(tr("genome browser"), display_text=tr("open ↗"), width=125),
            "measured": number(tr("measured")),
            "predicted": number(tr("predicted")),
            "error": number(tr("error")),
            "sequence": st.column_config.TextColumn(tr("sequence"), width="large"),
            "why": st.column_config.LinkColumn(
                tr("why"),
                display_text=tr("saliency ↗"),
                width="small",
                help=tr("Which bases the prediction rests on, in a new tab."),
            ),
        },
    )
    picked = event["selection"]["rows"]
    return int(rows[picked[0]]) if picked and picked[0] < len(rows) else None


def one_example(experiment: Experiment, data: HeldOut, index: int, key: str) -> None:
    """One example close up."""
    name, sequence = str(data.ids[index]), data.sequence(index)
    with st.container(horizontal=True, vertical_alignment="center"):
        words = tr(
            "**{name}** · measured {measured:.3g} · predicted {predicted:.3f}",
            name=plain(name),
            measured=data.y[index],
            predicted=data.prediction[index],
        )
        st.markdown(words, width="content")
        link = _browser(experiment, name)
        if link:
            st.link_button(tr("Genome browser"), link, icon=":material/open_in_new:", type="tertiary")
        to = state.example(data, index)
        st.page_link(SALIENCY, label=tr("See why"), icon=":material/highlight:", query_params=to)
        st.page_link(PREDICT, label=tr("Try changes"), icon=":material/biotech:", query_params=to)
    row = Row(sequence, marks=marks_of(experiment.motif, sequence))
    sequences([row], key=f"one_{key}", wrap=True, numbers=True)


def _browser(experiment: Experiment, name: str) -> str | None:
    """The genome browser at this example's locus, where its id is one."""
    locus = find_locus(name) if experiment.assembly else None
    return None if locus is None else browser_url(locus, experiment.assembly)
