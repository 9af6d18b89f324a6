"""Whether the chosen data suit training, told beside the button that starts it."""

from __future__ import annotations

import logging
from typing import Any

import streamlit as st

from dnaconv_core.experiments.base import Experiment
from dnaconv_core.experiments.sources import OWN, SYNTHETIC
from dnaconv_core.experiments.suitable import Suitability, suitable
from dnaconv_core.train.unwise import Sizes
from frame import state
from frame.cache import last_change, summary
from frame.job import quietly
from frame.language import said, tr
from frame.looking import looking, redraw
from frame.words import plain
from learn.data_picker import missing_parts

_EVERY = 1.0  # seconds between looks
_PATIENCE = 0.3
_LEARNT = 0.8  # of examples made here
_NOTHING = Suitability("", {}, ())
_log = logging.getLogger("dnaconv.app")


def suits(experiment: Experiment, settings: dict[str, Any]) -> bool:
    """Say what speaks against training on the chosen data with these settings; False if it would be refused.

    Large data are looked over beside the page, which says so once they have been.
    """
    found = _found(experiment)
    if found is None:
        looking(_wait, _EVERY)(experiment)
        return True
    refused = found.refused or found.outputs.get(settings["output"], "")
    if refused:
        st.markdown(f":red[{plain(said(refused))}]")
    for sentence in found.concerns:
        told = said(sentence)
        st.markdown(f":orange[:material/warning: {plain(told[0].upper() + told[1:])}.]")
    return not refused


def sizes(experiment: Experiment) -> Sizes | None:
    """Of the training part of the chosen data; None where they are not known, or not yet."""
    found = _found(experiment)
    return found and found.sizes


def _wait(experiment: Experiment) -> None:
    if _found(experiment) is not None:
        return redraw()
    st.caption(tr("Checking the examples: do their labels and parts suit training?"))


def _found(experiment: Experiment) -> Suitability | None:
    """None while it is not known. Data made here are as the experiment wants them."""
    asked = state.data()
    if asked.source == SYNTHETIC:
        made = summary(experiment.key, SYNTHETIC)
        return _NOTHING._replace(sizes=Sizes(round(_LEARNT * made.n), both_strands=experiment.strand != "one"))
    if (asked.source == OWN and not experiment.has_data) or missing_parts(experiment):
        return _NOTHING
    changed = tuple(last_change(experiment.key, path) for path in asked if path)
    key = ("suits", experiment.key, *asked, changed)
    return quietly(key, lambda _: _looked_over(experiment, asked), patience=_PATIENCE)


def _looked_over(experiment: Experiment, asked: state.DataChoice) -> Suitability:
    try:
        return suitable(experiment, *asked)
    except Exception:  # the training says what is wrong, if it is
        _log.exception("looking over the data failed")
        return _NOTHING
