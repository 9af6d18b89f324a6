"""The motifs that a model uses over a whole dataset: looked for when asked, shown as they are found, then kept."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import streamlit as st

from components.chart import chart
from components.logo import Logo, logos
from dnaconv_core.interpret.discovery import Discovery, Pattern
from dnaconv_core.interpret.keep import kept_with, save_discovery
from dnaconv_core.runs.held_out import HeldOut
from dnaconv_core.sequence.motif import to_icm
from dnaconv_core.sequence.motif_text import write_jaspar, write_meme
from frame import state
from frame.cache import bundle
from frame.job import background, begin_again, known, so_far
from frame.language import mark, said, tr, tr_n
from frame.models import ModelRef
from frame.outputs import question
from frame.storing import stores
from frame.where import ask_where
from frame.words import Words, plain
from open_up.bench_figures import bars
from open_up.interpretation import aligned, names
from open_up.motif_choice import spelled
from open_up.reporting import kept_patterns, pictures, report_button
from open_up.targets import NO_RNA, Targets, compare_with
from open_up.worded import groups_of, no_match, unit_of

_FISHER = mark("p: the chance of a difference this large or larger if the pattern were equally common in both groups.")
_HOW = mark(
    "A seqlet is a stretch of a sequence with stronger attribution than shuffled sequences have. Seqlets of positives "
    "and negatives that look alike are aligned, on both strands, and make a pattern."
)


def show(model: ModelRef, data: HeldOut) -> None:
    folder, key = kept_with(model.path), ("motifs", model)
    stored = kept_patterns(model)

    def work(on: str, progress: Any) -> Discovery:
        from dnaconv_core.interpret.findings import patterns_of

        found = patterns_of(
            bundle(model).model, data.one_hot(), data.y, data.beside(), task=model.output, on=on,
            so_far=progress.show, progress=progress,
        )  # fmt: skip
        if not progress.should_stop():
            save_discovery(folder, found, model.output)
        return found

    on = ""
    if stored is None and not known(key):
        place = st.empty()
        with place.container(border=True):
            st.markdown(tr("**Find the motifs** that this model uses, on {data}.", data=plain(said(data.words))))
            st.caption(tr(_HOW))
            st.caption(tr("It takes from some seconds to a few minutes; you can look at other pages meanwhile."))
            on = ask_where("motifs_on")
            if not st.button(
                tr("Find motifs"), type="primary", icon=":material/search:", key="find_motifs", **stores()
            ):
                return
        place.empty()
    fresh = None
    if stored is None or known(key):
        fresh = background(key, partial(work, on), words=tr("Looking for motifs"), going_on=True, on=on)
    some = None if fresh else so_far(key)
    found = fresh or some or stored  # what was found before stays until there is something new
    if found is None:
        return
    by = _summary(found, data, lambda on: begin_again(key, partial(work, on), on), whole=some is None)
    matches = None
    if some is None and found.patterns and by.fit(data.alphabet):
        matches = names([p.motif for p in found.patterns], (*key, len(found.seqlets)), by)
    if found.patterns and not by.fit(data.alphabet):
        st.caption(tr(NO_RNA))
    for number, pattern in enumerate(found.patterns):
        of_it = [m for m in matches[number] if m.significant] if matches else None
        _pattern(number, pattern, of_it, data, by, model)
    if some is None:
        with st.container(border=True):
            report_button(model, by, found)


def _summary(found: Discovery, data: HeldOut, again: Callable[[str], None], *, whole: bool) -> Targets:
    """How many there are. whole: all examples were explained, else these are the patterns so far."""
    n = len(found.patterns)
    with st.container(horizontal=True, vertical_alignment="center"):
        line = tr_n(
            "**{n} pattern** from {seqlets:,} seqlets in {sequences:,} sequences of {data}; {rest:,} fit no pattern.",
            "**{n} patterns** from {seqlets:,} seqlets in {sequences:,} sequences of {data}; {rest:,} fit no pattern.",
            n, seqlets=len(found.seqlets), sequences=len(found.rows), data=plain(said(data.words)),
            rest=found.n_unassigned,
        )  # fmt: skip
        st.markdown(line if whole else tr("So far: {line}", line=line), help=tr(_HOW), width="content")
        motifs = [p.motif for p in found.patterns]
        for kind, write in (("MEME", write_meme), ("JASPAR", write_jaspar)) if n else ():
            file = f"patterns.{kind.lower()}"
            st.download_button(
                plain(kind), write(motifs), file, icon=":material/download:", type="tertiary", on_click="ignore"
            )
        by = compare_with(data.alphabet)
        if whole:
            on = ask_where("motifs_on")
            st.button(
                tr("Look again"), icon=":material/refresh:", type="tertiary", key="find_again", on_click=again,
                args=(on,), **stores(),
            )  # fmt: skip
    if not n and whole:
        st.info(
            tr("No group of similar seqlets is stronger than in shuffled sequences: the model may not use a motif."),
            icon=":material/info:",
        )
    return by


def _to_bench(word: str) -> None:
    st.session_state["motif"] = word
    state.write({"view": "Bench", "motif": word})  # a field that was not there does not write its own


def _pattern(number: int, pattern: Pattern, good: list | None, data: HeldOut, by: Targets, model: ModelRef) -> None:
    """One pattern. good: its significant matches; None while they are looked for."""
    with st.container(border=True):
        _named(number, pattern, good, data.alphabet)
        _commonness(pattern, *groups_of(question(model)))
        unit = unit_of(model)
        drawn = [
            Logo(to_icm(pattern.motif.ppm), tr("What it looks like")),
            Logo(pattern.contribution, tr("What it contributes"), kind="contribution", unit=unit),
        ]
        logos(drawn, key=f"pattern_{number}", alphabet=data.alphabet, height=110, min_width=320, max_column=44)
        with st.container(horizontal=True):
            pictures(drawn[0], f"pattern_{number + 1}", data.alphabet)
        with st.container(key=f"shape_pattern_{number}"):  # one below the other where the window is narrow
            left, right = st.columns([3, 2])
        if good:
            with left:
                st.caption(tr("The most similar in {motifs}, aligned", motifs=plain(by.words)))
                near = aligned(pattern.motif, good[:3])
                logos(near, key=f"near_{number}", height=46, min_width=900, max_column=24, axis=False)
        with right:
            middle = pattern.start + pattern.motif.width // 2
            counts = np.bincount(np.clip(middle, 0, data.codes.shape[1] - 1), minlength=data.codes.shape[1])
            chart(bars(counts, tr("middle of the pattern"), tr("seqlets")), key=f"at_{number}", height=210)


def _named(number: int, pattern: Pattern, good: list | None, alphabet: str) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        word = spelled(pattern.motif, alphabet)
        st.markdown(tr("**Pattern {number:d}** · {word}", number=number + 1, word=plain(word)), width="content")
        if good:
            st.badge(f"{plain(good[0].name)} · q = {good[0].q_value:.2g}", color="violet")
        elif good is not None:
            st.badge(no_match(), color="gray")
        st.button(
            tr("Put on the bench"), icon=":material/labs:", type="tertiary", key=f"bench_{number}",
            on_click=_to_bench, args=(word,),
        )  # fmt: skip


def _commonness(pattern: Pattern, low: Words, high: Words) -> None:
    with st.container(horizontal=True, gap="medium"):  # wraps where the window is narrow
        st.metric(tr("Seqlets"), f"{pattern.n_seqlets:,}", width="content")
        st.metric(tr("In {group}", group=high), f"{pattern.share_positives:.1%}", width="content")
        st.metric(tr("In {group}", group=low), f"{pattern.share_negatives:.1%}", width="content")
        st.metric(tr("Fisher's exact p"), f"{pattern.p_fisher:.1g}", help=tr(_FISHER), width="content")
