"""Design siRNAs against an mRNA."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from components.chart import chart
from components.reference_file import reference_file
from components.sequences_in import pasted_or_file
from dnaconv_core.data.references import TRANSCRIPTOMES
from dnaconv_core.errors import InputError
from dnaconv_core.experiments import all_experiments
from dnaconv_core.results import Record
from dnaconv_core.sequence.encoding import reverse_complement_text
from dnaconv_core.sirna.design import Design, design
from dnaconv_core.sirna.offtargets import LENGTH
from dnaconv_core.text import whole_number
from frame import state
from frame.cache import bundle
from frame.job import background
from frame.language import mark, said, tr
from frame.models import the_model
from frame.page import model_page
from frame.words import plain
from use import figures
from use.one_sirna import one_sirna
from use.sirna_sites import filtered, sites_table

if TYPE_CHECKING:
    from pathlib import Path

_LINE = mark("The guide strand of every 21-base site of an mRNA is scored, with what designers look at beside it.")
_MOST = 30_000  # bases of mRNA on a page


def draw() -> None:
    with model_page(tr("siRNA design"), tr(_LINE)) as head:
        if not state.experiment().guides:
            _switch()
        ref = the_model()
        head(f"{tr(_LINE)} {tr('Model: **{name}**.', name=plain(ref.name))}")
        if before := st.session_state.pop("_switched", ""):
            now, other = plain(said(state.experiment().title)), plain(said(before))
            st.toast(tr("This page designs siRNAs: it now shows {now}, not {other}.", now=now, other=other))
        with st.container(border=True):
            records, transcriptome, cds = _asked()
        if not records:
            st.info(tr("Paste an mRNA above, or choose the example."), icon=":material/arrow_upward:")
            return
        total = sum(len(record.sequence) for record in records)
        if total > _MOST:
            raise InputError(f"these are {total:,} bases and this page takes {_MOST:,}: use 'dnaconv sirna'")
        path = transcriptome
        read = path.stat().st_mtime if path is not None and path.is_file() else 0.0
        key, span, model = ("sirna", ref, tuple(records), str(path), read, cds.strip()), _span(cds), bundle(ref)
        found = background(
            key, lambda progress: design(model, records, cds=span, transcriptome=path, progress=progress)
        )
        if found is not None:
            _shown(found)


def _switch() -> None:
    """Go to the first experiment whose guides can be designed, with its own first model, and say so."""
    before, other = state.experiment(), next(one for one in all_experiments().values() if one.guides)
    st.session_state["_switched"] = before.title
    state.choose(experiment=other.key)
    st.rerun()


def _asked() -> tuple[list[Record], Path | None, str]:
    """mRNAs, the path of a transcriptome and the coding region, as they are typed."""
    example = _example(tuple(one.sequence for one in state.experiment().examples))
    records = pasted_or_file("sirna", {tr("Example mRNA"): example}, "RNA", what=tr("mRNA (RNA or DNA letters)"))
    left, right = st.columns(2)
    with left:
        transcriptome = reference_file(
            "sirna_transcriptome",
            TRANSCRIPTOMES,
            tr("Transcriptome (optional)"),
            placeholder="/data/transcripts.fa.gz",
            help=tr(
                "A FASTA file in which matches of every guide are counted; seed sites in 3′ UTRs are counted apart "
                "where its headers tell where these are, as GENCODE's do."
            ),
        )
    cds = right.text_input(
        tr("Coding region (optional)"),
        key="sirna_cds",
        placeholder="251-1450",
        help=tr(
            "Of a single mRNA: first and last base, counted from 1. If you leave this empty, it is guessed: the "
            "longest open reading frame."
        ),
    )
    return records, transcriptome, cds


@st.cache_data(show_spinner=False)
def _example(guides: tuple[str, ...]) -> str:
    """A made-up mRNA with an open reading frame and the target sites of these guides."""
    rng = np.random.default_rng(11)
    letters = np.array(list("ACGU"))
    codons = [a + b + c for a in "ACGU" for b in "ACGU" for c in "ACGU" if a + b + c not in ("UAA", "UAG", "UGA")]
    coding = "AUG" + "".join(codons[i] for i in rng.integers(0, len(codons), 260)) + "UAA"
    tail = "".join(letters[rng.integers(0, 4, 320)])
    for number, guide in enumerate(guides):
        at = 60 + 80 * number
        tail = tail[:at] + reverse_complement_text(guide, "RNA") + tail[at + LENGTH :]
    return ">example_mRNA\n" + "".join(letters[rng.integers(0, 4, 120)]) + coding + tail


def _span(text: str) -> tuple[int, int] | None:
    if not text.strip():
        return None
    start, end = map(whole_number, map(str.strip, (text.partition("-")[::2])))
    if start is None or end is None:
        raise InputError(f"the coding region is {text[:60]!r}: write start-end, such as 251-1450")
    return start - 1, end


def _shown(found: Design) -> None:
    names = list(dict.fromkeys(site.id for site in found.sites))
    name = st.selectbox(tr("mRNA"), names, key="sirna_which") if len(names) > 1 else names[0]
    sites = [site for site in found.sites if site.id == name]
    with st.container(border=True):
        chosen = filtered(sites)
    cds = found.cds.get(name)
    with st.container(horizontal=True):
        st.metric(tr("Sites"), f"{len(sites):,}", width="content")
        st.metric(tr("Pass the filters"), f"{len(chosen):,}", width="content")
        half = f" ± {found.margin.half:.2f}" if found.margin else ""
        told = f" {said(found.margin.words())}." if found.margin else ""
        best, label = f"{sites[0].prediction:.2f}{half}", said(state.experiment().label)
        st.metric(tr("Best prediction"), best, help=plain(f"{label}.{told}"), width="content")
        how = tr("Coding region")
        if cds:
            how = tr("Coding region, guessed (longest ORF)") if found.guessed else tr("Coding region, given")
        none = tr("No open reading frame of 300 bases was found, and no coding region was given.")
        span = f"{cds[0] + 1:,}–{cds[1]:,}" if cds else tr("not known")
        st.metric(how, span, help=None if cds else none, width="content")
    with st.container(border=True):
        clicked = chart(
            figures.efficacy(sites, chosen, cds, label),
            key="sirna_track",
            height=230,
            revision=name,
            clickable=True,
        )
    if not chosen:
        st.info(tr("No site passes: loosen the filters above."), icon=":material/filter_alt_off:")
        return
    about = tr("None: the model has too few validation predictions.")
    if found.margin:
        about = plain(said(found.margin.words()))
    site = sites_table(chosen, guessed=found.guessed, about=about)
    if site is None and clicked and isinstance(clicked["data"], int):
        site = next((one for one in chosen if one.start == clicked["data"]), None)
    one_sirna(site or chosen[0])


draw()
