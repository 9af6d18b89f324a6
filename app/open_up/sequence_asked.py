"""The sequence that a map is of, and the covariates beside it: both stand in the address, as do the edits made."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
import streamlit as st

from dnaconv_core.experiments.base import Example
from dnaconv_core.interpret.marginalize import typical_covariates
from dnaconv_core.model.config import ModelConfig
from dnaconv_core.sequence.encoding import parse_pasted
from frame import state
from frame.cache import bundle, held_out
from frame.language import said, tr
from frame.models import ModelRef
from frame.words import plain
from open_up.explaining import Asked


def ask_sequence(model: ModelRef) -> Asked:
    """Ask for both; at first they are those of the address, or of the experiment's first example."""
    config = bundle(model).config
    if not st.query_params.get("sequence"):
        first = state.experiment().examples[0]
        start = max(len(first.sequence) - config.length, 0) // 2  # its middle, where what is known of it lies
        _look(first.sequence[start : start + config.length], _beside_of(first))
    with st.container(border=True):
        _examples(model, config)
        current = st.query_params["sequence"]
        st.session_state["_looked"] = current
        st.text_input(tr("Sequence"), key="_looked", on_change=_typed, label_visibility="collapsed")
        values = tuple(_beside_it(name, typical) for name, typical in _typical(config).items())
    text = parse_pasted(current, config.alphabet)[0].sequence
    return Asked(model, _fitted(text, config.length), values)


def _examples(model: ModelRef, config: ModelConfig) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(tr("**Look at**"), width="content")
        for number, example in enumerate(state.experiment().examples):
            st.button(
                plain(said(example.name)), key=f"look_{number}", help=plain(said(example.note)), on_click=_look,
                args=(example.sequence, _beside_of(example)),
            )  # fmt: skip
        help = tr("One of the held-out examples with the highest predictions.")
        if st.button(tr("A high prediction"), icon=":material/trending_up:", help=help, key="look_high"):
            data = held_out(model)
            row = int(np.random.default_rng().choice(np.argsort(-data.prediction)[:50]))
            _look(data.sequence(row), tuple(zip(config.covariates, data.covariates[row], strict=False)))
            st.rerun()


def _fitted(text: str, length: int) -> str:
    """As long as the model reads: N on both sides, or its middle; and a line that says so."""
    if len(text) < length:
        short = tr(
            "The sequence has {n:,} bases and the model reads {length:,}: unknown bases (N) fill both sides.",
            n=len(text), length=length,
        )  # fmt: skip
        st.caption(short)
        before = (length - len(text)) // 2
        return ("N" * before + text).ljust(length, "N")
    if len(text) > length:
        start = (len(text) - length) // 2
        st.caption(tr("The sequence has {n:,} bases; its middle {length:,} are shown.", n=len(text), length=length))
        return text[start : start + length]
    return text


def _look(sequence: str, beside: Sequence[tuple[str, float]] = ()) -> None:
    """Go to another sequence, and to these covariates by name."""
    told = state.beside([name for name, _ in beside], [value for _, value in beside])
    state.write({"sequence": sequence, "edits": "", **told})


def _beside_of(example: Example) -> tuple[tuple[str, float], ...]:
    return tuple(zip(state.experiment().covariates, example.covariates, strict=True))


def _typical(config: ModelConfig) -> dict[str, float]:
    typical = typical_covariates(config)
    return {} if typical is None else dict(zip(config.covariates, map(float, typical), strict=True))


def _beside_it(name: str, typical: float) -> float:
    """Ask for one covariate, which stands in the address as the sequence does."""
    key = f"_beside_{name}"
    st.session_state[key] = state.given_beside(name, typical)
    return st.number_input(
        plain(said(name.capitalize())), min_value=0.0, format="%.4f", step=0.001, key=key, width=220,
        help=tr("The raw value. It starts with a typical one of the training data."),
        on_change=lambda: state.write(state.beside([name], [st.session_state[key]])),
    )  # fmt: skip


def _typed() -> None:
    words = st.session_state["_looked"].split()
    text = "".join(words[1:] if len(words) > 1 and words[0][0] == ">" else words)  # pasted FASTA comes as one line
    if text:
        _look(text)


def trail_of(sequence: str) -> list[tuple[str, str]]:
    """The substitutions in the address that led to this sequence, each as what stood before it and 'A12G'."""
    steps: list[tuple[str, str]] = []
    for words in reversed(st.query_params.get("edits", "").split(",")):
        found = re.fullmatch(r"([A-Z])(\d+)([A-Z])", words)
        at = int(found[2]) - 1 if found else -1
        if not 0 <= at < len(sequence) or sequence[at] != found[3]:
            break
        sequence = sequence[:at] + found[1] + sequence[at + 1 :]
        steps.append((sequence, words))
    return steps[::-1]


def apply(sequence: str, position: int, base: str) -> None:
    """Go on to the sequence with this base there."""
    words = [words for _, words in trail_of(sequence)] + [f"{sequence[position]}{position + 1}{base}"]
    state.write({"sequence": sequence[:position] + base + sequence[position + 1 :], "edits": ",".join(words)})


def undo(trail: list[tuple[str, str]], number: int) -> None:
    """Back to before edit `number`."""
    state.write({"sequence": trail[number][0], "edits": ",".join(words for _, words in trail[:number])})
