"""The grammar of two motifs: every order, distance, orientation and number in the same backgrounds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from components.chart import chart
from dnaconv_core.errors import InputError
from dnaconv_core.interpret.words import output_word
from dnaconv_core.progress import Progress
from dnaconv_core.runs.held_out import HeldOut
from frame.cache import bundle
from frame.job import background
from frame.models import ModelRef
from frame.words import plain
from open_up.grammar_figures import effects, table_of
from open_up.motif_bench import backgrounds
from open_up.motif_choice import ask_motif, default_motif, motif_of

if TYPE_CHECKING:
    from dnaconv_core.interpret.grammar import Grammar, Share
    from dnaconv_core.sequence.motif import Motif

_HELP = (
    "Every arrangement is put into the middle of the same shuffled sequences. An effect is what arrangements with that "
    "choice have beyond the mean of all; the bars are 95 % intervals over the backgrounds."
)
_LEAST = 0.01  # of the differences: what is told by name
_SHARES = "How much of the differences between arrangements one choice makes, or two together beyond the sum of both."


def show(model: ModelRef, data: HeldOut) -> None:
    with st.container(border=True, horizontal=True, vertical_alignment="bottom"):
        first = ask_motif(model, "motif", "First motif", value=default_motif())
        second = ask_motif(model, "second", "Second motif")
        gaps = st.text_input("Bases between", "0, 5, 10, 20", key="gaps", bind="query-params", width=140)
        copies = st.text_input("Copies", "1, 2", key="copies", bind="query-params", width=80, help="Of the last motif.")
    motifs = [motif_of(text, model, data.alphabet) for text in (first, second) if text]
    given = numbers(gaps, "Bases between"), numbers(copies, "Copies")
    found = _measured(model, (first.upper(), second.upper(), *given), motifs, data, *given)
    if found is None:
        return
    unit = output_word(bundle(model).config)
    with st.container(border=True):
        st.markdown(f"**What each choice does to the {plain(unit)}**, beyond the mean of all arrangements", help=_HELP)
        chart(effects(found.levels, unit), key="grammar_effects", height=28 * len(found.levels) + 70)
    with st.container(border=True):
        st.markdown("**Which choices matter**", help=_SHARES)
        large = sorted((one for one in found.shares if one.share >= _LEAST), key=lambda one: -one.share)
        lines = [_share_line(one) for one in large] + ["everything else: less than 1% each"]
        for line in lines:
            st.markdown(f"- {plain(line)}")
    with st.container(border=True):
        n = found.n_backgrounds
        st.markdown(
            f"**All {len(found.arrangements)} arrangements**, the strongest first; means over {n:,} backgrounds"
        )
        st.dataframe(table_of(found, unit), hide_index=True)


def numbers(text: str, label: str) -> tuple[int, ...]:
    """Whole numbers that are typed with commas. Raises InputError naming the field."""
    try:
        return tuple(dict.fromkeys(int(part) for part in text.split(",") if part.strip()))
    except ValueError:
        raise InputError(f"{label} is {text[:60]!r}: write whole numbers such as 0, 5, 10") from None


def _share_line(share: Share) -> str:
    names = " and ".join(share.factors)
    more = " together" if len(share.factors) > 1 else ""
    return f"{names}{more}: {share.share:.0%} of the differences ({share.low:.0%} to {share.high:.0%})"


def _measured(
    model: ModelRef, key: tuple, motifs: list[Motif], data: HeldOut, gaps: tuple[int, ...], copies: tuple[int, ...]
) -> Grammar | None:
    """Every arrangement; None while it is measured."""

    def work(progress: Progress) -> Grammar:
        from dnaconv_core.interpret.grammar import grammar
        from dnaconv_core.interpret.marginalize import logits

        def measure(X: np.ndarray) -> np.ndarray:
            return logits(bundle(model).model, X, task=model.output)

        turn = data.alphabet == "DNA"
        X = backgrounds(model, data)
        return grammar(measure, X, *motifs, gaps=gaps, copies=copies, turn=turn, progress=progress)

    return background(("grammar", model, *key), work, words="Measuring arrangements")
