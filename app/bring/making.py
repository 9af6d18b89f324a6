"""Making the experiment, in a process of its own: its stage, its progress with the time left, Stop; then to Train."""

from __future__ import annotations

from contextlib import suppress

import streamlit as st

from bring.draft import Draft, for_page, start_over
from dnaconv_core.errors import RunError
from dnaconv_core.experiments.recipe import Recipe
from dnaconv_core.runs.making import (
    Making,
    ask_making_to_stop,
    find_making,
    forget_making,
    make_in_background,
    recipe_of,
)
from frame import state
from frame.language import mark, said, tr
from frame.looking import looking, redraw
from frame.page import errors_shown
from frame.pages import TRAIN
from frame.storing import stores
from frame.where import ask_where, dashboard_link
from frame.words import code, ours, plain

_EVERY = 0.5  # seconds between looks
_ENDED = {
    "stopped": (":material/stop_circle:", mark("Making was stopped: nothing was kept.")),
    "interrupted": (
        ":material/power_off:",
        mark("Making was interrupted: its process ended before it was done. Nothing was kept. Make it again."),
    ),
}


def make(draft: Draft, recipe: Recipe | None) -> None:
    """The button, or how far the work is; when it is done, on to training. recipe: None while it cannot be made."""
    making = find_making(draft.lot.token)
    if making is not None and making.state == "finished":
        _done(making)
    live = making is not None and making.live
    with st.container(horizontal=True, vertical_alignment="center"):
        press = st.button(
            tr("Make the experiment"),
            key="make",
            type="primary",
            icon=":material/science:",
            **stores(
                tr(
                    "Reads all of the files and writes the examples in three parts, in a process of its own. You can "
                    "leave this page or close it."
                ),
                disabled=recipe is None or live,
            ),
        )
        on = "" if live else ask_where("making_on")
        if recipe is not None and not live:
            st.caption(tr("Commands will call it {key}.", key=code(recipe.key)), width="content")
    if press and recipe is not None:
        make_in_background(draft.lot.token, recipe, on=on)
        st.rerun()  # the button rests while the work goes on, and the sidebar shows it
    if live:
        looking(_watch, _EVERY)(draft.lot.token)
    elif making is not None and recipe in (None, recipe_of(making)):  # what has been changed since may be right now
        _ended(draft, making)


def _watch(name: str) -> None:
    with errors_shown():
        making = find_making(name)
        if making is None or not making.live:
            return redraw()
        with st.container(border=True, horizontal=True, vertical_alignment="center"):
            st.progress(making.fraction, text=tr("Making: {stage}", stage=plain(said(making.message))))
            look = stores(tr("Ends it; nothing is kept."))
            st.button(tr("Stop"), key="making_stop", icon=":material/stop:", on_click=_stop, args=(name,), **look)
            if making.fraction:  # the cluster has answered
                dashboard_link(making.on)


def _stop(name: str) -> None:
    with suppress(RunError):
        ask_making_to_stop(name)


def _ended(draft: Draft, making: Making) -> None:
    if making.state == "failed":
        st.error(for_page(making.error.replace(f"{draft.lot.folder}/", "")), icon=":material/error:")
    else:
        icon, words = _ENDED[making.state]
        st.markdown(f"{ours(icon)} {tr(ours(words))}")


def _done(making: Making) -> None:
    """On to the Train page with the new experiment chosen; the next visit here begins anew."""
    forget_making(making.name)
    start_over()
    state.choose(experiment=making.key)
    st.switch_page(TRAIN, query_params={"experiment": making.key})
