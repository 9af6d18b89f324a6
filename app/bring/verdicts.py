"""The referee's lines: a verdict, the figure, why it matters, and what mends it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import streamlit as st

from bring.draft import Draft
from dnaconv_core.evaluate.referee_line import Line
from frame.words import ours, plain

_LOOKS = {
    "stop": (":red[:material/block:]", "stop"),
    "look": (":orange[:material/visibility:]", "look"),
    "fine": (":green[:material/check_circle:]", "fine"),
}
_MENDS = {  # what a line tells a command to do, as a choice on this page
    "--split groups": ("split", "groups", "Keep similar sequences together"),
    "--split chromosome": ("split", "chromosome", "Hold out whole chromosomes"),
    "--split blocks": ("split", "blocks", "Hold out blocks of the genome"),
    "--split random": ("split", "random", "Split at random"),
    "--negatives gc": ("negatives", "gc", "Draw negatives with like GC"),
    "--negatives flanks": ("negatives", "flanks", "Take the flanks as negatives"),
    "--negatives shuffle": ("negatives", "shuffle", "Shuffle the positives"),
    "--transform rank": ("transform", "rank", "Rank the labels"),
    "--task binary": ("task", "binary", "Ask for yes or no"),
    "--lengths crop": ("lengths", "crop", "Crop all to the same length"),
    "--rna": ("alphabet", "RNA", "Read as RNA"),
}


def verdicts(lines: Sequence[Line], draft: Draft | None = None, place: str = "") -> None:
    """What needs a look first; what is fine is folded away. draft: where a button can mend a line."""
    serious = [line for verdict in ("stop", "look") for line in lines if line.verdict == verdict]
    fine = [line for line in lines if line.verdict == "fine"]
    counts = {verdict: sum(line.verdict == verdict for line in lines) for verdict in _LOOKS}
    if serious:
        st.markdown(
            " · ".join(
                f"{ours(icon)} {counts[name]:,} {ours(word)}" for name, (icon, word) in _LOOKS.items() if counts[name]
            )
        )
    else:
        st.success("The referee found nothing against these data.", icon=":material/check_circle:")
    for line in serious:
        _line(line, draft, place)
    if fine:
        with st.expander(f"{len(fine)} checks are fine"):
            for line in fine:
                _line(line, None, place)


def as_html(lines: Sequence[Line], title: str, key: str) -> None:
    """A button that hands the report out as a page of its own."""
    st.download_button(
        "Report as HTML",
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
        st.markdown(f"{ours(icon)} **{plain(_title(line.check))}** ({plain(word)}) · {plain(line.sentence)}")
        mend = next((m for told, m in _MENDS.items() if line.mend.startswith(told)), None)
        if mend and draft is not None and draft.offers(*mend[:2]):
            key = f"mend_{place}{line.check}"
            st.button(plain(mend[2]), key=key, icon=":material/build:", on_click=draft.set, args=mend[:2])
        elif line.mend and "--" not in line.mend:
            st.caption(f"What helps: {plain(line.mend)}.")


def _title(check: str) -> str:
    """The name of a check in words."""
    words = check.replace("_", " ")
    return words.replace("gc ", "GC ", 1) if words.startswith("gc ") else words[:1].upper() + words[1:]
