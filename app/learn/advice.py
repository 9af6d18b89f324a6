"""Settings that are unwise for the chosen data: said under their fields, before training starts."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import streamlit as st

from dnaconv_core.experiments.base import Experiment
from dnaconv_core.model.config import ModelConfig, TrainConfig
from dnaconv_core.runs.spec import RunSpec
from dnaconv_core.runs.store import Store
from dnaconv_core.runs.sweep import expected_seconds
from dnaconv_core.train.unwise import unwise
from frame.language import said, tr
from frame.words import plain
from learn.named import setting_name
from learn.settings import NETWORK, TRAINING
from learn.suitability import sizes


def advise(experiment: Experiment, spec: RunSpec, settings: dict[str, Any], places: dict[str, Any]) -> None:
    """Say under each unwise field of the form why it is; here, too, where its field may be folded away.

    settings: all fields as set; places: by name, empty ones under the fields.
    """
    model, training = (
        kind(**{one.name: settings[one.name] for one in fields(kind) if one.name in settings})
        for kind in (ModelConfig, TrainConfig)
    )
    seconds = expected_seconds(Store(), spec, {})
    for name, sentence in unwise(model, training, sizes(experiment), seconds).items():
        told = said(sentence)
        told = told[0].upper() + told[1:]
        if name in places:
            places[name].markdown(f":orange[:material/warning: {plain(told)}.]")
        if name not in (*NETWORK, *TRAINING):
            text = tr("{setting}: {reason}.", setting=plain(setting_name(name)), reason=plain(told))
            st.markdown(f":orange[:material/warning: {text}]")
