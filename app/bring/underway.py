"""In the sidebar: experiments that are being made, by this page, another or a command, and those that are ready."""

from __future__ import annotations

import streamlit as st

from bring.draft import TOKEN
from dnaconv_core.experiments.uploads import Lot
from dnaconv_core.runs.making import Making, forget_making, list_makings
from dnaconv_core.storing import read_only
from frame import state
from frame.language import tr
from frame.looking import looking
from frame.pages import TRAIN, YOUR_DATA
from frame.words import plain

_EVERY = 1.0  # seconds between looks


def underway() -> None:
    """A line for each; nothing where there is none."""
    found = list_makings()
    chosen = state.experiment().key
    for making in found:
        if making.state == "finished" and making.key == chosen and not read_only():
            forget_making(making.name)  # it has been opened
    if any(making.live or making.state == "finished" for making in found):
        looking(_lines, _EVERY if any(making.live for making in found) else None)()


def _lines() -> None:
    found = list_makings()
    with st.container(gap="small", key="underway"):
        for making in found:
            if making.live:
                _live(making)
            elif making.state == "finished":
                words = tr("{title} is ready", title=plain(making.title or making.key))
                st.page_link(TRAIN, label=words, icon=":material/check:", query_params={"experiment": making.key})


def _live(making: Making) -> None:
    title = plain(making.title or making.key)
    if Lot(making.name).folder.is_dir():
        label = tr("Making {title}", title=title)
        st.page_link(YOUR_DATA, label=label, icon=":material/science:", query_params={TOKEN: making.name})
    else:
        st.caption(f":material/science: {tr('Making {title}', title=title)}")
    st.progress(making.fraction)
