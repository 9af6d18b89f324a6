"""Designs: what was gained and whether to believe it, and the list."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import streamlit as st

from components.skipped import show_skipped
from dnaconv_core.design.design import Design, Designs
from dnaconv_core.design.files import designs_csv, designs_fasta
from frame.language import mark, tr
from frame.models import ModelRef
from frame.words import plain
from use.design_asked import Asked
from use.one_design import one_design

_FAR = mark("Share of a design's 6-base words that its nearest validation example lacks, median over designs.")
_NAMES = {
    "name": mark("name"), "score": mark("score"), "start": mark("start"), "judge": mark("judge"), "SD": mark("SD"),
    "distance": mark("distance from examples"), "edits": mark("edits"), "GC": mark("GC"), "sequence": mark("sequence"),
}  # fmt: skip
_DIGITS = {"score": "%.3f", "start": "%.3f", "judge": "%.3f", "SD": "%.3f", "distance": "%.2f", "GC": "%.2f"}


class Made(NamedTuple):
    """Designs, and the distance that is usual among known examples where there are some."""

    found: Designs
    usual: float | None


def show(ref: ModelRef, asked: Asked, made: Made) -> None:
    designs = made.found.designs
    show_skipped(made.found.skipped)
    if not designs:
        st.info(tr("No design keeps the rules: allow more edits, or loosen the rules."), icon=":material/rule:")
        return
    _numbers(designs, made.usual)
    with st.container(border=True):
        one = _list(designs)
    with st.container(border=True):
        one_design(ref, asked, one)


def _numbers(designs: list[Design], usual: float | None) -> None:
    """Medians over the designs: the score, and the brakes beside it."""
    with st.container(horizontal=True):
        st.metric(tr("Designs"), f"{len(designs):,}", width="content")
        before, after = np.median([(one.scores[0], one.scores[-1]) for one in designs], axis=0)
        change = f"{before:.2f} → {after:.2f}"
        st.metric(tr("Median score"), change, help=tr("Before and after the edits."), width="content")
        spread = [one.spread for one in designs if one.spread is not None]
        if spread:
            words = tr("Standard deviation of the ensemble's members, median over designs.")
            st.metric(tr("SD of members"), f"{np.median(spread):.3f}", help=words, width="content")
        judged = [one.judge for one in designs if one.judge is not None]
        if judged:
            before, after = np.median(judged, axis=0)
            words = tr("What the model that was trained apart predicts for starts and designs. Its scale is its own.")
            st.metric(tr("Judge's median"), f"{before:.2f} → {after:.2f}", help=words, width="content")
        far = [one.distance[1] for one in designs if one.distance is not None]
        if far and usual is not None:
            words = tr(_FAR)
            share = float(np.mean(np.array(far) > usual))
            st.metric(tr("Distance from examples"), f"{np.median(far):.2f}", help=words, width="content")
            words = tr("Designs farther from every example than 95 % of the examples are from one another.")
            title = tr("Farther than usual ({usual:.2f})", usual=usual)
            st.metric(title, f"{share:.0%}", help=words, width="content")
    rises = [one.judge[1] - one.judge[0] for one in designs if one.judge is not None]
    if rises:
        agree = sum((rise > 0) == (one.gain > 0) for rise, one in zip(rises, designs, strict=True))
        n = len(rises)
        st.caption(tr("The judge's prediction changes the same way for **{k:,} of {n:,}** designs.", k=agree, n=n))


def _list(designs: list[Design]) -> Design:
    st.markdown(tr("**Designs**, best first"), help=tr("Choose one to see how it was made."))
    columns = {
        "name": [one.id for one in designs],
        "score": [one.scores[-1] for one in designs],
        "start": [one.scores[0] for one in designs],
        "judge": [None if one.judge is None else one.judge[1] for one in designs],
        "SD": [one.spread for one in designs],
        "distance": [None if one.distance is None else one.distance[1] for one in designs],
        "edits": [len(one.edits) for one in designs],
        "GC": [one.gc for one in designs],
        "sequence": [one.sequence for one in designs],
    }
    shown = {name: values for name, values in columns.items() if any(value is not None for value in values)}
    number = st.column_config.NumberColumn
    event = st.dataframe(
        shown,
        hide_index=True,
        placeholder="–",
        height=min(38 + 35 * len(designs), 250),
        on_select="rerun",
        selection_mode="single-row",
        key="design_list",
        column_config={
            name: {**(number(format=_DIGITS[name]) if name in _DIGITS else {}), "label": tr(_NAMES[name])}
            for name in shown
        },
    )
    with st.container(horizontal=True):
        for label, make, name in (("CSV", designs_csv, "designs.csv"), ("FASTA", designs_fasta, "designs.fa")):
            st.download_button(
                plain(label), lambda make=make: make(designs).encode(), name, icon=":material/download:",
                on_click="ignore", key=f"design_{label}",
            )  # fmt: skip
    rows = event["selection"]["rows"]
    return designs[rows[0] if rows and rows[0] < len(designs) else 0]
