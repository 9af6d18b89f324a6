"""The questions of the challenge, its hints, and how many points the answers have."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from dnaconv_core.why.challenge import HINT_COSTS, LEVELS, WORDS, Question, Score, hints, score, suspects
from frame import state
from frame.language import said, tr
from frame.words import ours, plain


def answers(level: int, number: int, another: Callable[[], None]) -> None:
    """Ask, or say what the answers were worth. another: what chooses another number."""
    done = st.session_state.setdefault("_challenge_done", {})
    if (level, number) in done:
        _solution(done[level, number], level, another)
        return
    used = _hints(level, number)
    with st.form(f"answers_{level}_{number}"):
        given = {question.key: _ask(question, level, number) for question in LEVELS[level].questions}
        sent = st.form_submit_button(tr("Check my answers"), type="primary", icon=":material/check:")
    if sent:
        done[level, number] = score(level, number, given, used)
        st.session_state["_challenge"][level, number] = done[level, number].points
        st.rerun()


def _hints(level: int, number: int) -> int:
    """Those that were asked for, and the button for one more; returns how many."""
    told = st.session_state.setdefault("_hints", {})
    every, used = hints(level, number), told.get((level, number), 0)
    for one in every[:used]:
        st.info(plain(said(one)), icon=":material/lightbulb:")
    label = tr("Hint {number:d} (−{points:d} points)", number=used + 1, points=HINT_COSTS)
    if used < len(every) and st.button(label, icon=":material/lightbulb:"):
        told[level, number] = used + 1
        st.rerun()
    return used


def _ask(question: Question, level: int, number: int) -> Any:
    words, key = ours(said(question.words)), f"answer_{level}_{number}_{question.key}"
    help = ours(said(question.help)) or None
    if question.kind == "letters":
        return st.text_input(words, key=key, max_chars=30, help=help)
    if question.kind == "number":
        return st.number_input(words, 0, 100, None, key=key, help=help)
    if question.kind == "choice":
        return st.radio(words, question.choices, index=None, format_func=lambda one: ours(said(WORDS[one])), key=key)
    rows = suspects(level, number)
    st.dataframe([{tr("example"): one.id, tr("sequence"): one.sequence} for one in rows], hide_index=True)
    return set(st.multiselect(words, [one.id for one in rows], format_func=plain, key=key))


def _solution(found: Score, level: int, another: Callable[[], None]) -> None:
    with st.container(border=True):
        if found.hints:
            text = tr(
                "#### {points:d} of 100 points ({hints:d} taken off for hints)", points=found.points, hints=found.hints
            )
        else:
            text = tr("#### {points:d} of 100 points", points=found.points)
        st.markdown(text)
        rows = [
            {tr("question"): said(one.question.words), tr("your answer"): said(one.answer),
             tr("right answer"): said(one.truth),
             tr("points"): tr("{n} of {most}", n=one.points, most=one.question.points), "": said(one.why)}
            for one in found.marked
        ]  # fmt: skip
        st.dataframe(rows, hide_index=True)
        if level < len(LEVELS):
            st.button(
                tr("Next level"), type="primary", icon=":material/arrow_forward:",
                on_click=lambda: state.write({"level": str(level + 1)}),
            )  # fmt: skip
        else:
            st.button(tr("Play with another number"), icon=":material/casino:", on_click=another)
