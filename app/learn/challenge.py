"""The last tab of Why Conv1D?: data with a secret, and points for saying what it is."""

from __future__ import annotations

import secrets
from typing import Any

import streamlit as st

from dnaconv_core.experiments.base import Experiment
from dnaconv_core.runs.queue import submit
from dnaconv_core.runs.spec import RunSpec
from dnaconv_core.runs.store import Store
from dnaconv_core.why.challenge import HINT_COSTS, LEVELS, WORDS, Question, Score, hints, score, suspects
from dnaconv_core.why.hidden import MOST_NUMBER
from dnaconv_core.why.play import holding, key_of, made, make
from frame import job, state
from frame.page import errors_shown
from frame.pages import EVALUATE, FILTERS, MOTIFS, SALIENCY, TRAIN, YOUR_DATA
from frame.storing import stores
from frame.words import ours, plain

CHALLENGE = "challenge"  # in the address, as the reason
_ABOUT = "Data with a secret: train on them, look at what the network learnt, and say what is in there."
_NUMBER = "The same number gives everyone the same data, in a class for instance."
_ONE = {"depth": 1, "filters": 32, "kernel_size": 12, "pooling": "max", "dropout": 0.0}  # finds a motif in seconds
_QUICK = {3: {"filters": 32, "pooling": "max", "dropout": 0.1}}  # of level 3: three layers, which see both motifs


def draw() -> None:
    level, number = _asked()
    with st.container(border=True):
        st.subheader(f"Level {level:d}: {ours(LEVELS[level].title)}", anchor=False)
        st.markdown(ours(LEVELS[level].story))
        with errors_shown():
            experiment = made(level, number)
            if experiment is None:
                _make(level, number)
            else:
                _tools(experiment, level)
                _search(level, number)
    if experiment is not None:
        with errors_shown():
            _answers(level, number)


def _asked() -> tuple[int, int]:
    """The level and number in the address, and what changes them."""
    level, number = (_whole(name, most) for name, most in (("level", len(LEVELS)), ("number", MOST_NUMBER)))
    st.session_state["_level"], st.session_state["_number"] = level, number
    told = st.session_state.setdefault("_challenge", {})
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.segmented_control(
            "Level", list(LEVELS), format_func=lambda one: f"{one:d} {ours(LEVELS[one].title)}", required=True,
            key="_level", on_change=lambda: state.write({"level": str(st.session_state["_level"])}), help=_ABOUT,
        )  # fmt: skip
        st.number_input(
            "Number", 1, MOST_NUMBER, key="_number", width=140, help=_NUMBER,
            on_change=lambda: state.write({"number": str(st.session_state["_number"])}),
        )  # fmt: skip
        st.button("Another number", icon=":material/casino:", on_click=_another)
        points = [told.get((one, number)) for one in LEVELS]
        known = [one for one in points if one is not None]
        if known:
            st.markdown(f"**{sum(known):d} points** in {len(known)} of {len(LEVELS)} levels", width="content")
    state.write({"level": str(level), "number": str(number)})
    return level, number


def _another() -> None:
    state.write({"number": str(1 + secrets.randbelow(MOST_NUMBER))})


def _whole(name: str, most: int) -> int:
    text = st.query_params.get(name, "")
    return min(max(int(text), 1), most) if text.isdecimal() and len(text) < 6 else 1


def _make(level: int, number: int) -> None:
    key = ("challenge", level, number)
    help = f"Makes an experiment, {key_of(level, number)}, which every page can open. Takes some seconds."
    press = {"type": "primary", "icon": ":material/play_arrow:"} | stores(plain(help))
    if not job.known(key) and not st.button("Get the data", **press):
        return
    if job.background(key, lambda progress: make(level, number, progress), words="Making the data") is not None:
        job.forget(key)
        st.rerun()


def _tools(experiment: Experiment, level: int) -> None:
    """The way to the pages that help; the experiment at the top is the one that is played."""
    if state.experiment().key != experiment.key:
        state.choose(experiment=experiment.key)
        st.rerun()
    store, query = Store(), state.link()
    trained = any(run.state == "finished" for run in store.list(experiment.key))
    with st.container(horizontal=True, vertical_alignment="center"):
        kind = "secondary" if trained else "primary"
        if st.button("Train a quick network", icon=":material/model_training:", type=kind, **stores()):
            run = submit(
                store,
                RunSpec(experiment.key, data="own", preset="quick", settings=_QUICK.get(level, _ONE)),
                experiment.key,
            )
            state.choose(run=run.id)
            st.switch_page(TRAIN, query_params=state.link())
        for page, label in ((TRAIN, "Train"), (EVALUATE, "Evaluate"), (FILTERS, "Filters"), (MOTIFS, "Motifs"),
                            (SALIENCY, "Saliency")):  # fmt: skip
            st.page_link(page, label=ours(label), query_params=query)
        st.page_link(YOUR_DATA, label="Referee", query_params=query)
    st.caption(f"Where to look: {ours(LEVELS[level].tools)}")


def _search(level: int, number: int) -> None:
    with st.expander("Search the data for letters", icon=":material/search:"), errors_shown():
        letters = st.text_input("Letters (IUPAC)", key="_letters", max_chars=60, placeholder="ACGGT").strip()
        if letters:
            rows = [
                {"part": one.part, "label": one.label, "examples": one.examples, "with it": one.written,
                 "with its reverse complement": one.turned}
                for one in holding(level, number, letters)
            ]  # fmt: skip
            st.dataframe(rows, hide_index=True)


def _answers(level: int, number: int) -> None:
    done = st.session_state.setdefault("_challenge_done", {})
    if (level, number) in done:
        _solution(done[level, number], level)
        return
    used = _hints(level, number)
    with st.form(f"answers_{level}_{number}"):
        answers = {question.key: _ask(question, level, number) for question in LEVELS[level].questions}
        sent = st.form_submit_button("Check my answers", type="primary", icon=":material/check:")
    if sent:
        done[level, number] = score(level, number, answers, used)
        st.session_state["_challenge"][level, number] = done[level, number].points
        st.rerun()


def _hints(level: int, number: int) -> int:
    """Those that were asked for, and the button for one more; returns how many."""
    told = st.session_state.setdefault("_hints", {})
    every, used = hints(level, number), told.get((level, number), 0)
    for one in every[:used]:
        st.info(plain(one), icon=":material/lightbulb:")
    if used < len(every) and st.button(f"Hint {used + 1} (−{HINT_COSTS} points)", icon=":material/lightbulb:"):
        told[level, number] = used + 1
        st.rerun()
    return used


def _ask(question: Question, level: int, number: int) -> Any:
    words, key = ours(question.words), f"answer_{level}_{number}_{question.key}"
    help = ours(question.help) or None
    if question.kind == "letters":
        return st.text_input(words, key=key, max_chars=30, help=help)
    if question.kind == "number":
        return st.number_input(words, 0, 100, None, key=key, help=help)
    if question.kind == "choice":
        return st.radio(words, question.choices, index=None, format_func=lambda one: ours(WORDS[one]), key=key)
    rows = suspects(level, number)
    st.dataframe([{"example": one.id, "sequence": one.sequence} for one in rows], hide_index=True)
    return set(st.multiselect(words, [one.id for one in rows], format_func=plain, key=key))


def _solution(found: Score, level: int) -> None:
    with st.container(border=True):
        off = f", {found.hints} for hints taken off" if found.hints else ""
        st.markdown(f"#### {found.points:d} of 100 points{plain(off)}")
        rows = [
            {"question": one.question.words, "your answer": one.answer, "right answer": one.truth,
             "points": f"{one.points} of {one.question.points}", "": one.why}
            for one in found.marked
        ]  # fmt: skip
        st.dataframe(rows, hide_index=True)
        if level < len(LEVELS):
            st.button(
                "Next level", type="primary", icon=":material/arrow_forward:",
                on_click=lambda: state.write({"level": str(level + 1)}),
            )  # fmt: skip
        else:
            st.button("Play with another number", icon=":material/casino:", on_click=_another)
