"""The referee's lines: a verdict, the figure, why it matters, and what mends it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import partial
from typing import Any

import streamlit as st

from bring.draft import Draft
from dnaconv_core.evaluate.referee_line import Line
from frame.language import mark, said, tr, tr_n
from frame.words import Words, ours, plain

_LOOKS = {
    "stop": (":red[:material/block:]", mark("stop")),
    "look": (":orange[:material/visibility:]", mark("look")),
    "fine": (":green[:material/check_circle:]", mark("fine")),
}
_CHECKS = {
    "size": mark("Size"),
    "balance": mark("Balance"),
    "outliers": mark("Outliers"),
    "clumps": mark("Clumps"),
    "copies": mark("Copies"),
    "copies_across": mark("Copies across parts"),
    "conflicts": mark("Conflicts"),
    "near_copies": mark("Near copies"),
    "length_alone": mark("Length alone"),
    "gc_alone": mark("GC alone"),
    "dinucleotides_alone": mark("Dinucleotides alone"),
    "positions_alone": mark("Positions alone"),
    "unknown": mark("Unknown bases"),
    "strand": mark("Strand"),
}
_COVARIATE = "covariate_"
_MENDS = {  # what a line tells a command to do, as a choice on this page
    "--split groups": ("split", "groups", mark("Keep similar sequences together")),
    "--split chromosome": ("split", "chromosome", mark("Hold out whole chromosomes")),
    "--split blocks": ("split", "blocks", mark("Hold out blocks of the genome")),
    "--split random": ("split", "random", mark("Split at random")),
    "--negatives gc": ("negatives", "gc", mark("Draw negatives with similar GC")),
    "--negatives flanks": ("negatives", "flanks", mark("Take the flanks as negatives")),
    "--negatives shuffle": ("negatives", "shuffle", mark("Shuffle the positives")),
    "--transform rank": ("transform", "rank", mark("Rank the labels")),
    "--task binary": ("task", "binary", mark("Ask for yes or no")),
    "--lengths crop": ("lengths", "crop", mark("Crop all to the same length")),
    "--rna": ("alphabet", "RNA", mark("Read as RNA")),
}


def verdicts(lines: Sequence[Line], draft: Draft | None = None, place: str = "") -> None:
    """What needs a look first; what is fine is folded away. draft: where a button can mend a line."""
    serious = [line for verdict in ("stop", "look") for line in lines if line.verdict == verdict]
    fine = [line for line in lines if line.verdict == "fine"]
    counts = {verdict: sum(line.verdict == verdict for line in lines) for verdict in _LOOKS}
    if serious:
        st.markdown(
            " · ".join(
                f"{ours(icon)} {counts[name]:,} {tr(ours(word))}"
                for name, (icon, word) in _LOOKS.items()
                if counts[name]
            )
        )
    else:
        st.success(tr("The referee found nothing against these data."), icon=":material/check_circle:")
    for line in serious:
        _line(line, draft, place)
    if fine:
        with st.expander(tr_n("{n:,} check is fine", "{n:,} checks are fine", len(fine))):
            for line in fine:
                _line(line, None, place)


def as_html(lines: Sequence[Line], title: str, key: str) -> None:
    """A button that hands the report out as a page of its own."""
    st.download_button(
        tr("Report as HTML"),
        partial(_page, title, list(lines)),
        f"{key}-referee.html",
        "text/html",
        key=f"referee_html_{key}",
        icon=":material/download:",
        type="tertiary",
        on_click="ignore",
    )


def _page(title: str, lines: list[Line]) -> str:
    from dnaconv_core.evaluate.referee_page import referee_page

    return referee_page(title, lines)


def _line(line: Line, draft: Draft | None, place: str) -> None:
    icon, word = _LOOKS[line.verdict]
    with st.container(key=f"verdict_{place}{line.check}", gap="xsmall"):
        verdict = f"{ours(icon)} **{_title(line.check)}** ({tr(ours(word))})"
        st.markdown(f"{verdict} · {plain(said(line.sentence))}")
        mend = _mend(line.mend)
        if mend and draft is not None and draft.offers(*mend):
            key = f"mend_{place}{line.check}"
            st.button(_offer(*mend), key=key, icon=":material/build:", on_click=draft.set, args=mend)
        elif line.mend and "--" not in line.mend:
            st.caption(tr("What helps: {mend}.", mend=plain(said(line.mend))))


def _mend(told: str) -> tuple[str, Any] | None:
    """The field that mends a line, and its value; None where no choice on this page does."""
    if length := re.match(r"--length (\d+)", told):
        return "length", int(length[1])
    return next((mend[:2] for option, mend in _MENDS.items() if told.startswith(option)), None)


def _offer(field: str, value: Any) -> Words:
    """What the button says that sets this field to this value."""
    if field == "length":
        return tr("Make all {n:,} bases long", n=value)
    return tr(ours(next(words for *mend, words in _MENDS.values() if mend == [field, value])))


def _title(check: str) -> Words:
    """The name of a check in words."""
    if check.startswith(_COVARIATE):
        return tr("Covariate {name}", name=plain(check.removeprefix(_COVARIATE)))
    return tr(_CHECKS[check]) if check in _CHECKS else plain(check)
