"""What speaks for and against a map, in words, below it."""

from __future__ import annotations

import streamlit as st

from dnaconv_core.interpret.attribution import NAMES
from frame.language import mark, said, tr
from frame.words import plain
from open_up.explaining import Asked, checks, siblings

_EVIDENCE = mark(
    "A map can look convincing and still be wrong. These checks are of one of the methods shown: choose which."
)
_CHANCE = mark(
    "On validation data this network is not better than chance: its maps prove nothing, however clear they look."
)


def evidence(asked: Asked, methods: tuple[str, ...], correct: bool) -> None:
    """The checks of one of the methods shown, and what follows from those not passed."""
    first = methods[0]
    if len(methods) > 1:
        first = st.segmented_control(
            tr("Evidence for"), methods, default=first, required=True, format_func=NAMES.get,
            key="evidence_" + "_".join(methods),
        )  # fmt: skip
        first = first if first in methods else methods[0]
    st.markdown(tr("**Evidence for {method}**", method=plain(NAMES[first])), help=tr(_EVIDENCE))
    with st.spinner(tr("Checking the evidence…")):
        found = checks(asked, (first, *(m for m in methods if m != first)), correct, siblings(asked.model))
    for check in found:
        icon = {True: ":material/check_circle:", False: ":material/error:", None: ":material/remove:"}[check.passed]
        color = {True: "green", False: "red", None: "gray"}[check.passed]
        with st.container(horizontal=True, vertical_alignment="center"):
            st.badge(plain(said(check.name)), icon=icon, color=color)
            st.caption(plain(said(check.words)), width="content")
    if found[0].passed is False:
        st.error(tr(_CHANCE), icon=":material/casino:")
    failed = [plain(said(check.name)) for check in found[1:] if check.passed is False]
    if failed:
        told = tr("Do not trust this map as it is. Not passed: {checks}.", checks=", ".join(failed))
        st.warning(told, icon=":material/warning:")
