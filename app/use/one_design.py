"""One design edit by edit: its score, what each base contributes, and the motifs that it gained."""

from __future__ import annotations

import numpy as np
import streamlit as st

from components.chart import chart
from components.logo import Logo, logos
from dnaconv_core.design.brakes import beside_judge, judge_output
from dnaconv_core.design.design import Design
from dnaconv_core.design.gained import Gained, gained
from dnaconv_core.interpret.attribution import attribute
from dnaconv_core.interpret.words import output_word
from dnaconv_core.predict import predict
from dnaconv_core.sequence.encoding import one_hot
from frame import state
from frame.cache import bundle
from frame.job import background
from frame.language import said, tr, tr_n
from frame.models import ModelRef
from frame.pages import SALIENCY
from frame.words import Words, ours, plain
from use.design_asked import Asked
from use.design_figures import path


def one_design(ref: ModelRef, asked: Asked, one: Design) -> None:
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
    return tr("Gained: {motifs}.", motifs=ours("; ".join(map(_motif, found))))


def _motif(hit: Gained) -> Words:
    name, word, strand = plain(hit.name), plain(hit.word), plain(hit.strand)
    if hit.alike < 2:
        return tr(
            "**{name}** ({word}, {strand} strand, from base {first:d})",
            name=name, word=word, strand=strand, first=hit.start + 1,
        )  # fmt: skip
    return tr_n(
        "**{name}** ({word}, {strand} strand, from base {first:d}, and 1 motif like it)",
        "**{name}** ({word}, {strand} strand, from base {first:d}, and {n:d} motifs like it)",
        hit.alike - 1, name=name, word=word, strand=strand, first=hit.start + 1,
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
