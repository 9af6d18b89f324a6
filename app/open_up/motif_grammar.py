"""The grammar of two motifs: every order, distance, orientation and number in the same backgrounds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from components.chart import chart
from dnaconv_core.errors import InputError
from dnaconv_core.progress import Progress
from dnaconv_core.runs.held_out import HeldOut
from frame.cache import bundle
from frame.job import background
from frame.language import mark, said, tr
from frame.models import ModelRef
from frame.words import Words, ours, plain
from open_up.grammar_figures import effects, table_of
from open_up.motif_bench import backgrounds
from open_up.motif_choice import ask_motif, default_motif, motif_of
from open_up.worded import unit_of

if TYPE_CHECKING:
    from dnaconv_core.interpret.grammar import Grammar, Share
    from dnaconv_core.sequence.motif import Motif

_HELP = mark(
    "Every arrangement is put into the middle of the same shuffled sequences. A dot is the mean of the arrangements "
    "with that choice minus the mean of all; the bars are 95 % intervals over the shuffled sequences."
)
_LEAST = 0.01  # of the differences: what is told by name
_SHARES = mark(
    "How much of the differences between arrangements comes from one choice, or from two choices together beyond the "
    "sum of both."
)


def show(model: ModelRef, data: HeldOut) -> None:
    with st.container(border=True, horizontal=True, vertical_alignment="bottom"):
        first = ask_motif(model, "motif", tr("First motif"), value=default_motif())
        second = ask_motif(model, "second", tr("Second motif"))
        gaps = st.text_input(tr("Bases between"), "0, 5, 10, 20", key="gaps", bind="query-params", width=140)
        copies = st.text_input(
            tr("Copies"), "1, 2", key="copies", bind="query-params", width=80, help=tr("Of the last motif.")
        )
    motifs = [motif_of(text, model, data.alphabet) for text in (first, second) if text]
    given = numbers(gaps, tr("Bases between")), numbers(copies, tr("Copies"))
    found = _measured(model, (first.upper(), second.upper(), *given), motifs, data, *given)
    if found is None:
        return
    unit = unit_of(model)
    with st.container(border=True):
        st.markdown(
            tr("**Effect of each choice on the {unit}**, compared with the mean of all arrangements", unit=unit),
            help=tr(_HELP),
        )
        chart(effects(found.levels, unit), key="grammar_effects", height=28 * len(found.levels) + 70)
    with st.container(border=True):
        st.markdown(tr("**Which choices matter**"), help=tr(_SHARES))
        large = sorted((one for one in found.shares if one.share >= _LEAST), key=lambda one: -one.share)
        for one in large:
            st.markdown(f"- {_share_line(one)}")
        st.markdown("- " + tr("everything else: less than 1% each"))
    with st.container(border=True):
        line = tr(
            "**All {n:d} arrangements**, the strongest first; means over {backgrounds:,} shuffled sequences",
            n=len(found.arrangements), backgrounds=found.n_backgrounds,
        )  # fmt: skip
        st.markdown(line)
        st.dataframe(table_of(found, unit), hide_index=True)


def numbers(text: str, label: str) -> tuple[int, ...]:
    """Whole numbers that are typed with commas. Raises InputError naming the field."""
    try:
        return tuple(dict.fromkeys(int(part) for part in text.split(",") if part.strip()))
    except ValueError:
        problem = tr("{field} is {text!r}: write whole numbers such as 0, 5, 10", field=label, text=text[:60])
        raise InputError(problem) from None


def _share_line(share: Share) -> Words:
    names = [plain(said(name)) for name in share.factors]
    choice = ours(names[0])
    if len(names) > 1:
        choice = tr("{first} and {second} together", first=choice, second=ours(names[1]))
    return tr(
        "{choice}: {share:.0%} of the differences ({low:.0%} to {high:.0%})",
        choice=choice, share=share.share, low=share.low, high=share.high,
    )  # fmt: skip


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

    return background(("grammar", model, *key), work, words=tr("Measuring arrangements"))
