"""What is decided about the examples: windows and negatives where they apply, one length, three parts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import streamlit as st

from bring.draft import Draft
from bring.files import stamp
from components.chart import chart
from dnaconv_core.experiments.preview import Rehearsal, Survey
from dnaconv_core.experiments.preview_labels import Widths, interval_widths
from dnaconv_core.plot.data import length_figure
from frame.words import plain

_NEGATIVES = {
    "gc": "Windows of the genome with like GC",
    "flanks": "The positives' flanks",
    "shuffle": "Shuffled positives",
}
_NEGATIVE_WHY = {
    "gc": "Like the positives in length and GC content: what is learnt must be something else.",
    "flanks": "From the same neighbourhood, so that what a region has in common is not learnt.",
    "shuffle": "The same dinucleotides in another order. They are easy to tell apart: what is learnt may be just that.",
}
_LENGTHS = {
    "auto": "As the data allow",
    "equal": "All the same",
    "crop": "Cropped around the centre",
    "pad": "Padded with N",
}
_SPLITS = {
    "": "The safest",
    "chromosome": "Chromosomes",
    "blocks": "Blocks of the genome",
    "groups": "Groups of similar sequences",
    "random": "At random",
}
_CENTRES = {"summit": "the summit", "middle": "the middle"}
_OVERLAPS = {"keep": "keep all", "drop": "keep the best", "merge": "merge"}


def windows(draft: Draft, path: Path) -> dict[str, Any]:
    """How windows are cut around intervals."""
    widths = _widths(str(path), stamp(path))
    with st.container(horizontal=True):
        within = {"min_value": 0, "max_value": 100_000, "width": 240}
        width = draft.number("Window (bases, 0 for the interval)", "width", widths.window, **within)
        centre = draft.segmented("Centred on", "centre", _CENTRES, "summit", width="content")
        overlaps = draft.segmented("Windows that overlap", "overlaps", _OVERLAPS, "keep", width="content")
    several = f"{widths.least:,} to {widths.most:,} bases; half have {widths.half:,} or more"
    st.caption(f"The intervals have {several if widths.least < widths.most else f'{widths.most:,} bases each'}.")
    return {"width": width, "centre": centre, "overlaps": overlaps}


@st.cache_data(show_spinner="Reading the intervals…", max_entries=5)
def _widths(path: str, stamped: tuple[float, int]) -> Widths:
    return interval_widths(Path(path))


def negatives(draft: Draft, found: Survey, *, genome: bool) -> dict[str, Any]:
    """What positives are compared with, where the files bring none."""
    allowed = {key: words for key, words in _NEGATIVES.items() if key == "shuffle" or (genome and found.has_loci)}
    with st.container(horizontal=True):
        how = draft.segmented("Negatives", "negatives", allowed, next(iter(allowed)), width="content")
        ratio = draft.number("For each positive", "ratio", 1.0, min_value=0.1, max_value=20.0, step=0.5, width=150)
    st.caption(
        _NEGATIVE_WHY[how] + ("" if genome else " Add a genome to draw them from, or a FASTA file of negatives.")
    )
    return {"negatives": how, "ratio": ratio}


def lengths(draft: Draft, found: Survey) -> dict[str, Any]:
    """One length for all: nothing to choose where they have it already."""
    low, high = found.shortest, found.longest
    if low == high:  # the notes below say so
        return {}
    chart(length_figure(found.lengths), key="lengths", height=200)
    with st.container(horizontal=True):
        how = draft.segmented("One length", "lengths", _LENGTHS, "auto", width="content")
        length = 0
        if how in ("crop", "pad"):
            guess = found.long if how == "pad" else low
            length = draft.number("Bases", "length", guess, min_value=1, max_value=100_000, width=140)
    st.caption(f"The {found.n:,} sequences have {low:,} to {high:,} bases; half have {found.half:,} or more.")
    return {"lengths": how, "length": length}


def split(draft: Draft, found: Survey) -> dict[str, Any]:
    """How the three parts are made, unless the files say."""
    if found.has_parts:
        return {}
    here = {"chromosome": found.has_loci, "blocks": found.has_loci}
    allowed = {key: words for key, words in _SPLITS.items() if here.get(key, True)}
    kind = draft.segmented(
        "Parts to train, to choose and to test", "split", allowed, next(iter(allowed)), width="content"
    )
    spec: dict[str, Any] = {"kind": kind} if kind else {}
    if kind == "chromosome":
        names = sorted(set(found.sample.loci.chrom.tolist()), key=lambda name: (len(name), name))
        with st.container(horizontal=True):
            free = {"placeholder": "Chosen for you", "width": 280}
            held = {
                part: draft.several(plain(words), f"{part} chromosomes", names, (), **free)
                for part, words in (("valid", "For validation"), ("test", "For the test"))
            }
        spec |= {part: some for part, some in held.items() if some}
    if kind in ("blocks", "groups", "random"):
        share = draft.number(
            "In validation, and in test", "fraction", 0.1, min_value=0.05, max_value=0.4, step=0.05, width=220
        )
        spec["fraction"] = share
    return spec


def sizes(draft: Draft, rehearsed: Rehearsal) -> None:
    """The three parts and how they came about."""
    words = {"train": "Training", "valid": "Validation", "test": "Test (stays closed)"}
    about = "" if rehearsed.exact else "about "
    with st.container(horizontal=True, gap="medium"):
        for part, n in rehearsed.parts.items():
            st.metric(plain(words[part]), f"{about}{n:,}", width="content")
        st.metric("Length (bases)", f"{rehearsed.experiment.length:,}", width="content")
    told = " ".join(note if note.endswith(".") else f"{note}." for note in rehearsed.notes)
    st.caption(plain(told.replace(f"{draft.lot.folder}/", "")))
