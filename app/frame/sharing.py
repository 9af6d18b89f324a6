"""What users of one server let each other see: the switch of the owner, and what others share, for looking only."""

from __future__ import annotations

import streamlit as st

from dnaconv_core.experiments.own import shared_experiments
from dnaconv_core.home import home, several
from dnaconv_core.model.bundle import CONFIG, is_bundle
from dnaconv_core.sharing import RUNS, is_shared, share, shared_by_others
from frame.language import mark, said, tr
from frame.models import describe
from frame.pages import EVALUATE, TRAIN
from frame.storing import stores
from frame.words import plain

_HELP = mark("Other users of this server can look at it and use it; only you can change it.")


def share_switch(kind: str, key: str) -> None:
    """Of a run or an experiment of one's own; nothing where there are no others."""
    if not several():
        return
    name = f"share_{kind}_{key}"
    st.session_state[name] = is_shared(kind, key)
    st.toggle(
        tr("Shared"),
        key=name,
        on_change=lambda: share(kind, key, st.session_state[name]),
        width="content",
        **stores(tr(_HELP)),
    )


def runs_of_others() -> None:
    """A line for each run that another user shares and that can be used."""
    there = [one for one in (shared_by_others(RUNS) if several() else []) if is_bundle(one.path)]
    if there:
        st.subheader(tr("Shared by others"), anchor=False)
    for one in there:
        told = describe(str(home()), str(one.path), (one.path / CONFIG).stat().st_mtime)
        with st.container(horizontal=True, vertical_alignment="center"):
            name = plain(told.name if told else one.key)
            words = tr("**{name}** · shared by {user}", name=name, user=plain(one.owner))
            st.markdown(words, width="content")
            if told is None:
                st.caption(tr("Its experiment is not shared, so it cannot be opened."))
                continue
            query = {"experiment": told.experiment, "run": one.name}
            st.page_link(EVALUATE, label=tr("Evaluate"), icon=":material/insights:", query_params=query)


def questions_of_others() -> None:
    """A line for each experiment that another user shares."""
    there = shared_experiments() if several() else {}
    if there:
        st.subheader(tr("Shared by others"), anchor=False)
    for key, experiment in there.items():
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"**{plain(said(experiment.title))}**", width="content")
            st.page_link(TRAIN, label=tr("Train"), icon=":material/model_training:", query_params={"experiment": key})
