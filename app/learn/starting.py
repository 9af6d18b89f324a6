"""Where the next run starts: from random weights, or from those of a trained model."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import streamlit as st

from dnaconv_core.errors import DnaConvError
from dnaconv_core.experiments.base import Experiment
from dnaconv_core.model.bundle import CONFIG, read_config
from dnaconv_core.runs.models import list_models
from dnaconv_core.runs.start import settings_from
from dnaconv_core.runs.store import Store
from frame.language import mark, said, tr
from frame.words import plain
from learn.form import keep_choice, kept_choice

_RANDOM = mark("Random weights")
_HELP = mark(
    "Weights that fit are copied from this model before the first epoch, and the network below takes its shape. The "
    "run says what was copied. Only models of the same alphabet are offered."
)


def ask_start(experiment: Experiment, *, linked: bool) -> str:
    """The model whose weights the next run starts with, '' for random ones; it stands in the address.

    linked: the address names settings, so that what it says of the start holds also where it says nothing.
    """
    offered = {"": tr(_RANDOM)} | _models(experiment.alphabet)
    unknown = kept_choice("start", offered, "", linked=linked)
    keys = list(offered)
    chosen = st.selectbox(
        tr("Starting weights"), keys, keys.index(st.session_state["start"]), format_func=lambda key: offered[key],
        key="start", help=tr(_HELP),
    )  # fmt: skip
    if unknown:
        named, alphabet = plain(unknown[:60]), plain(experiment.alphabet)
        text = tr("There is no {alphabet} model {model} here to start from.", alphabet=alphabet, model=named)
        st.caption(f":red[{text}]")
    keep_choice("start", chosen, "")
    return chosen


def like(start: str, experiment: Experiment, preset: str) -> dict[str, Any]:
    """The settings of a network like the one that is started from; none, with the reason on the page, if it cannot."""
    if not start:
        return {}
    try:
        return settings_from(start, experiment, preset)
    except DnaConvError as error:
        st.caption(f":red[{plain(said(str(error)))}]")
        return {}


def _models(alphabet: str) -> dict[str, str]:
    """The names of models of this alphabet, by key."""
    found = {}
    for entry in list_models(Store()):
        reads, name = _described(str(entry.path), (entry.path / CONFIG).stat().st_mtime)
        if reads == alphabet:
            found[entry.key] = f"{name or entry.name} · {entry.key}"
    return found


@st.cache_data(show_spinner=False, max_entries=500)
def _described(path: str, changed: float) -> tuple[str, str]:
    """The alphabet and the name of the model in a folder; '' of one that is damaged."""
    try:
        return read_config(Path(path)).alphabet, str(json.loads((Path(path) / CONFIG).read_text()).get("name") or "")
    except (OSError, ValueError, DnaConvError):
        return "", ""
