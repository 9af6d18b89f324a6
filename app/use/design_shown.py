"""Designs: what was gained and whether to believe it, the list, and one of them edit by edit."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import streamlit as st

from components.chart import chart
from components.logo import Logo, logos
from components.skipped import show_skipped
from dnaconv_core.design.brakes import beside_judge, judge_output
from dnaconv_core.design.design import Design, Designs
from dnaconv_core.design.files import designs_csv, designs_fasta
from dnaconv_core.design.gained import Gained, gained
from dnaconv_core.interpret.attribution import attribute
from dnaconv_core.interpret.words import output_word
from dnaconv_core.predict import predict
from dnaconv_core.sequence.encoding import one_hot
from frame import state
from frame.cache import bundle
from frame.job import background
from frame.language import mark, said, tr, tr_n
from frame.models import ModelRef
from frame.pages import SALIENCY
from frame.words import Words, plain
from use.design_asked import Asked
from use.design_figures import path

_NAMES = (
    mark("name"), mark("score"), mark("start"), mark("judge"), mark("SD"), mark("distance"), mark("edits"), mark("GC"),
    mark("sequence"),
)  # fmt: skip


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
        _one(ref, asked, one)


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
            words = tr(
                "Share of a design's 6-base words that its nearest validation example lacks, median over designs."
            )
            share = float(np.mean(np.array(far) > usual))
            st.metric(tr("Distance from examples"), f"{np.median(far):.2f}", help=words, width="content")
            words = tr("Designs farther from every example than 95 % of the examples are from one another.")
            title = tr("Farther than usual ({usual:.2f})", usual=usual)
            st.metric(title, f"{share:.0%}", help=words, width="content")
    rises = [one.judge[1] - one.judge[0] for one in designs if one.judge is not None]
    if rises:
        agree = sum((rise > 0) == (one.gain > 0) for rise, one in zip(rises, designs, strict=True))
        words = tr(
            "The judge's prediction changes the same way for **{n:,} of {all:,}** designs.", n=agree, all=len(rises)
        )
        st.caption(words)


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
    event = st.dataframe(
        shown,
        hide_index=True,
        placeholder="–",
        height=min(38 + 35 * len(designs), 250),
        on_select="rerun",
        selection_mode="single-row",
        key="design_list",
        column_config={
            **{name: {"label": tr(name)} for name in shown},
            **{
                name: st.column_config.NumberColumn(tr(name), format="%.3f")
                for name in ("score", "start", "judge", "SD")
            },
            **{name: st.column_config.NumberColumn(tr(name), format="%.2f") for name in ("distance", "GC")},
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


def _one(ref: ModelRef, asked: Asked, one: Design) -> None:
    """The path of one design: score by edit, the map before and after, motifs gained."""
    steps = one.steps()
    edits = plain(", ".join(map(str, one.edits))) or tr("no edit helps")
    st.markdown(tr("**{name}**, edit by edit: {edits}", name=plain(one.id), edits=edits))
    judge = _judge_path(ref, asked, tuple(steps)) if asked.judge is not None else None
    name = "" if asked.judge is None else asked.judge.name
    chart(path(one, judge, name), key="design_path", height=230, revision=one.id)
    at = len(one.edits)
    if at:
        at = st.slider(tr("Edits made"), 0, at, at, key=f"design_step_{hash(one)}")
    config = bundle(ref).config
    maps = _maps(ref, asked, (steps[0], steps[at]))
    spans = tuple((edit.place, edit.place + 1) for edit in one.edits[:at])
    unit = said(output_word(config))
    after = tr_n("after 1 edit", "after {n} edits", at)
    drawn = [
        Logo(maps[0], tr("start"), tr("score {value:.3f}", value=one.scores[0]), "contribution", unit, spans),
        Logo(maps[1], after, tr("score {value:.3f}", value=one.scores[at]), "contribution", unit, spans),
    ]
    st.caption(tr("What each base contributes (in-silico mutagenesis); edited positions are shaded."))
    logos(drawn, key="design_maps", alphabet=config.alphabet, height=110, min_width=900, same_scale=True)
    if config.alphabet == "DNA" and one.edits:
        named = background(("design_motifs", one), lambda _: gained(one), words=tr("Naming motifs"))
        if named is not None:
            st.markdown(_gained(named))
    link = state.link() | {"sequence": one.sequence} | state.beside(config.covariates, asked.covariates)
    st.page_link(SALIENCY, label=tr("Look at this design in Saliency"), icon=":material/highlight:", query_params=link)


def _gained(found: list[Gained]) -> Words:
    if not found:
        return tr("No motif of JASPAR was gained.")
    return tr("Gained: {motifs}.", motifs="; ".join(map(_motif, found)))


def _motif(hit: Gained) -> Words:
    name, word, strand = plain(hit.name), plain(hit.word), plain(hit.strand)
    if hit.alike < 2:
        return tr(
            "**{name}** ({word}, {strand} strand, from base {first:d})",
            name=name, word=word, strand=strand, first=hit.start + 1,
        )  # fmt: skip
    return tr(
        "**{name}** ({word}, {strand} strand, from base {first:d}, and {n:d} motifs like it)",
        name=name, word=word, strand=strand, first=hit.start + 1, n=hit.alike - 1,
    )  # fmt: skip


@st.cache_data(show_spinner=False, max_entries=50)
def _maps(ref: ModelRef, asked: Asked, sequences: tuple[str, ...]) -> np.ndarray:
    model = bundle(ref)
    X = one_hot(sequences, model.config.alphabet)
    beside = np.tile(np.float32(asked.covariates), (len(X), 1)) if asked.covariates else None
    return attribute(model.model, X, method="ism", task=ref.output, covariates=beside).values * X


@st.cache_data(show_spinner=False, max_entries=50)
def _judge_path(ref: ModelRef, asked: Asked, sequences: tuple[str, ...]) -> list[float]:
    model, judge = bundle(ref), bundle(asked.judge)
    given = np.float32(asked.covariates) if asked.covariates else None
    beside = beside_judge(model.config, judge.config, given)
    beside = None if beside is None else np.tile(beside, (len(sequences), 1))
    output = judge_output(model.config, judge.config, ref.output)
    return predict(judge.model, one_hot(sequences, judge.config.alphabet), beside)[:, output].tolist()
