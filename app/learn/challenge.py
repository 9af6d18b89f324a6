"""The last tab of Why Conv1D?: data with a secret, and points for saying what it is."""

from __future__ import annotations

import secrets

import streamlit as st

from dnaconv_core.experiments.base import Experiment
from dnaconv_core.runs.queue import submit
from dnaconv_core.runs.spec import RunSpec
from dnaconv_core.runs.store import Store
from dnaconv_core.why.challenge import LEVELS
from dnaconv_core.why.hidden import MOST_NUMBER
from dnaconv_core.why.play import holding, key_of, made, make
from frame import job, state
from frame.language import mark, said, tr
from frame.looking import redraw
from frame.page import errors_shown
from frame.pages import EVALUATE, FILTERS, MOTIFS, SALIENCY, TRAIN, YOUR_DATA
from frame.storing import stores
from frame.words import Words, ours, plain
from learn.challenge_answers import answers

CHALLENGE = "challenge"  # in the address, as the reason
_ABOUT = mark("Data with a secret: train on them, look at what the network has learned, and say what is in the data.")
_NUMBER = mark("The same number gives everyone the same data, for example a whole class.")
_PAGES = {
    TRAIN: mark("Train"), EVALUATE: mark("Evaluate"), FILTERS: mark("Filters"), MOTIFS: mark("Motifs"),
    SALIENCY: mark("Saliency"), YOUR_DATA: mark("Referee"),
}  # fmt: skip
_ONE = {"depth": 1, "filters": 32, "kernel_size": 12, "pooling": "max", "dropout": 0.0}  # finds a motif in seconds
_QUICK = {3: {"filters": 32, "pooling": "max", "dropout": 0.1}}  # of level 3: three layers, which see both motifs


def draw() -> None:
    level, number = _asked()
    with st.container(border=True):
        st.subheader(tr("Level {level:d}: {title}", level=level, title=_title(level)), anchor=False)
        st.markdown(ours(said(LEVELS[level].story)))
        with errors_shown():
            experiment = made(level, number)
            if experiment is None:
                _make(level, number)
            else:
                _tools(experiment, level)
                _search(level, number)
    if experiment is not None:
        with errors_shown():
            answers(level, number, _another)


def _title(level: int) -> Words:
    return ours(said(LEVELS[level].title))


def _asked() -> tuple[int, int]:
    """The level and number in the address, and what changes them."""
    level, number = (_whole(name, most) for name, most in (("level", len(LEVELS)), ("number", MOST_NUMBER)))
    st.session_state["_level"], st.session_state["_number"] = level, number
    told = st.session_state.setdefault("_challenge", {})
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.segmented_control(
            tr("Level"), list(LEVELS), format_func=lambda one: f"{one:d} {_title(one)}", required=True,
            key="_level", on_change=lambda: state.write({"level": str(st.session_state["_level"])}), help=tr(_ABOUT),
        )  # fmt: skip
        st.number_input(
            tr("Number"), 1, MOST_NUMBER, key="_number", width=140, help=tr(_NUMBER),
            on_change=lambda: state.write({"number": str(st.session_state["_number"])}),
        )  # fmt: skip
        st.button(tr("Another number"), icon=":material/casino:", on_click=_another)
        points = [told.get((one, number)) for one in LEVELS]
        known = [one for one in points if one is not None]
        if known:
            text = tr(
                "**{points:d} points** in {done:d} of {n:d} levels", points=sum(known), done=len(known), n=len(LEVELS)
            )
            st.markdown(text, width="content")
    state.write({"level": str(level), "number": str(number)})
    return level, number


def _another() -> None:
    state.write({"number": str(1 + secrets.randbelow(MOST_NUMBER))})


def _whole(name: str, most: int) -> int:
    text = st.query_params.get(name, "")
    return min(max(int(text), 1), most) if text.isdecimal() and len(text) < 6 else 1


def _make(level: int, number: int) -> None:
    key = ("challenge", level, number)
    help = tr(
        "Makes an experiment, {key}, which every page can open. Takes a few seconds.", key=plain(key_of(level, number))
    )
    press = {"type": "primary", "icon": ":material/play_arrow:"} | stores(help)
    if not job.known(key) and not st.button(tr("Get the data"), **press):
        return
    if job.background(key, lambda progress: make(level, number, progress), words=tr("Making the data")) is not None:
        job.forget(key)
        redraw()


def _tools(experiment: Experiment, level: int) -> None:
    """The way to the pages that help; the experiment at the top is the one that is played."""
    if state.experiment().key != experiment.key:
        state.choose(experiment=experiment.key)
        st.rerun()
    store, query = Store(), state.link()
    trained = any(run.state == "finished" for run in store.list(experiment.key))
    with st.container(horizontal=True, vertical_alignment="center"):
        kind = "secondary" if trained else "primary"
        if st.button(tr("Train a quick network"), icon=":material/model_training:", type=kind, **stores()):
            run = submit(
                store,
                RunSpec(experiment.key, data="own", preset="quick", settings=_QUICK.get(level, _ONE)),
                experiment.key,
            )
            state.choose(run=run.id)
            st.switch_page(TRAIN, query_params=state.link())
        for page, label in _PAGES.items():
            st.page_link(page, label=tr(ours(label)), query_params=query)
    st.caption(tr("Where to look: {places}", places=ours(said(LEVELS[level].tools))))


def _search(level: int, number: int) -> None:
    with st.expander(tr("Search the data for letters"), icon=":material/search:"), errors_shown():
        letters = st.text_input(tr("Letters (IUPAC)"), key="_letters", max_chars=60, placeholder="ACGGT").strip()
        if letters:
            rows = [
                {tr("part"): said(one.part), tr("label"): one.label, tr("examples"): one.examples,
                 tr("contain it"): one.written, tr("contain its reverse complement"): one.turned}
                for one in holding(level, number, letters)
            ]  # fmt: skip
            st.dataframe(rows, hide_index=True)
