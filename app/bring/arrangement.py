"""What is decided about the examples: windows and negatives where they apply, one length, three parts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import streamlit as st

from bring.draft import Draft, sentence, translated
from bring.files import stamp
from components.chart import chart
from dnaconv_core.experiments.preview import Rehearsal, Survey
from dnaconv_core.experiments.preview_labels import Widths, interval_widths
from dnaconv_core.plot.data import length_figure
from frame.language import mark, tr
from frame.words import plain

_NEGATIVES = {
    "gc": mark("Genome windows with similar GC"),
    "flanks": mark("Flanks of the positives"),
    "shuffle": mark("Shuffled positives"),
}
_NEGATIVE_WHY = {
    "gc": mark("They have the length and GC content of the positives, so the network must learn something else."),
    "flanks": mark("Taken beside each positive, so the network does not learn what a whole region has in common."),
    "shuffle": mark(
        "The same dinucleotides in another order. They are easy to tell apart: the network may learn only that they "
        "are shuffled."
    ),
}
_LENGTHS = {
    "auto": mark("Automatic"),
    "equal": mark("All the same"),
    "crop": mark("Cropped around the centre"),
    "pad": mark("Padded with N"),
}
_SPLITS = {
    "": mark("Safest"),
    "chromosome": mark("Chromosomes"),
    "blocks": mark("Blocks of the genome"),
    "groups": mark("Groups of similar sequences"),
    "random": mark("At random"),
}
_CENTRES = {"summit": mark("the summit"), "middle": mark("the middle")}
_OVERLAPS = {"keep": mark("keep all"), "drop": mark("keep the best"), "merge": mark("merge")}
_PARTS = {"train": mark("Training"), "valid": mark("Validation"), "test": mark("Test (stays closed)")}
_HELD = {"valid": mark("For validation"), "test": mark("For the test")}


def windows(draft: Draft, path: Path) -> dict[str, Any]:
    """How windows are cut around intervals."""
    with st.spinner(tr("Reading the intervals…")):
        widths = _widths(str(path), stamp(path))
    with st.container(horizontal=True):
        within = {"min_value": 0, "max_value": 100_000, "width": 240}
        width = draft.number(tr("Window (bases, 0 for the interval)"), "width", widths.window, **within)
        centre = draft.segmented(tr("Centred on"), "centre", translated(_CENTRES), "summit", width="content")
        overlaps = draft.segmented(
            tr("Windows that overlap"), "overlaps", translated(_OVERLAPS), "keep", width="content"
        )
    low, high, half = widths.least, widths.most, widths.half
    if low < high:
        st.caption(
            tr(
                "The intervals have {low:,} to {high:,} bases; half have {half:,} or more.",
                low=low,
                high=high,
                half=half,
            )
        )
    else:
        st.caption(tr("The intervals have {n:,} bases each.", n=high))
    return {"width": width, "centre": centre, "overlaps": overlaps}


@st.cache_data(show_spinner=False, max_entries=5)
def _widths(path: str, stamped: tuple[float, int]) -> Widths:
    return interval_widths(Path(path))


def negatives(draft: Draft, found: Survey, *, genome: bool) -> dict[str, Any]:
    """What positives are compared with, where the files bring none."""
    allowed = [key for key in _NEGATIVES if key == "shuffle" or (genome and found.has_loci)]
    shown = {key: words for key, words in translated(_NEGATIVES).items() if key in allowed}
    with st.container(horizontal=True):
        how = draft.segmented(tr("Negatives"), "negatives", shown, allowed[0], width="content")
        ratio = draft.number(tr("For each positive"), "ratio", 1.0, min_value=0.1, max_value=20.0, step=0.5, width=150)
    more = "" if genome else tr("Add a genome to draw them from, or a FASTA file of negatives.")
    st.caption(f"{tr(_NEGATIVE_WHY[how])} {more}")
    return {"negatives": how, "ratio": ratio}


def lengths(draft: Draft, found: Survey) -> dict[str, Any]:
    """One length for all: nothing to choose where they have it already."""
    low, high = found.shortest, found.longest
    if low == high:  # the notes below say so
        return {}
    chart(length_figure(found.lengths), key="lengths", height=200)
    with st.container(horizontal=True):
        how = draft.segmented(tr("One length"), "lengths", translated(_LENGTHS), "auto", width="content")
        length = 0
        if how != "equal":
            guess = low if how == "crop" else found.long
            length = draft.number(tr("Bases"), "length", guess, min_value=1, max_value=100_000, width=140)
    told = tr(
        "The {n:,} sequences have {low:,} to {high:,} bases; half have {half:,} or more.",
        n=found.n,
        low=low,
        high=high,
        half=found.half,
    )
    st.caption(told)
    return {"lengths": how, "length": length}


def split(draft: Draft, found: Survey) -> dict[str, Any]:
    """How the three parts are made, unless the files say."""
    if found.has_parts:
        return {}
    here = {"chromosome": found.has_loci, "blocks": found.has_loci}
    allowed = {key: words for key, words in translated(_SPLITS).items() if here.get(key, True)}
    kind = draft.segmented(tr("How the data are split into three parts"), "split", allowed, "", width="content")
    spec: dict[str, Any] = {"kind": kind} if kind else {}
    if kind == "chromosome":
        names = sorted(set(found.sample.loci.chrom.tolist()), key=lambda name: (len(name), name))
        with st.container(horizontal=True):
            free = {"placeholder": tr("Chosen for you"), "width": 280}
            held = {
                part: draft.several(plain(words), f"{part} chromosomes", names, (), **free)
                for part, words in translated(_HELD).items()
            }
        spec |= {part: some for part, some in held.items() if some}
    if kind in ("blocks", "groups", "random"):
        share = draft.number(
            tr("Share in validation and in test"), "fraction", 0.1, min_value=0.05, max_value=0.4, step=0.05, width=220
        )
        spec["fraction"] = share
    return spec


def sizes(draft: Draft, rehearsed: Rehearsal) -> None:
    """The three parts and how they came about."""
    with st.container(horizontal=True, gap="medium"):
        for part, n in rehearsed.parts.items():
            value = f"{n:,}" if rehearsed.exact else tr("about {n:,}", n=n)
            st.metric(tr(_PARTS[part]), value, width="content")
        st.metric(tr("Length (bases)"), f"{rehearsed.experiment.length:,}", width="content")
    st.caption(plain(" ".join(sentence(note.replace(f"{draft.lot.folder}/", "")) for note in rehearsed.notes)))
