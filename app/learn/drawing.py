"""The network of a form or of a run, drawn on an example of its experiment."""

from __future__ import annotations

from typing import Any

import streamlit as st

from components.network import network
from components.sequence import marks_of
from dnaconv_core.experiments.base import Experiment
from dnaconv_core.model.config import ModelConfig
from dnaconv_core.model.receptive_field import receptive_field
from frame.words import plain


def drawn(experiment: Experiment, model: dict[str, Any], *, key: str = "network") -> None:
    """model: the fields of a ModelConfig, which need not go together."""
    sequence = experiment.examples[0].sequence[: model["length"]].ljust(model["length"], "N")
    marks, width = marks_of(experiment.motif, sequence), len(experiment.motif)
    ends = {"output": _output_word(experiment), "outputs": experiment.names}
    if network(model, sequence=sequence, marks=marks, key=key, **ends) is not None:
        return
    config = ModelConfig(**model)
    field = min(receptive_field(config), config.length)
    words = f"**{config.n_parameters:,} parameters.** A unit of the last layer sees **{field:d} of "
    words += f"{config.length:d} bases**"
    if width:
        relation = "more than" if field > width else "just" if field == width else ":red[less than]"
        words += f", {relation} the {width:d} of the motif {plain(experiment.motif)}"
    st.caption(f"{words}. Point at a layer to see which bases reach it.")


def _output_word(experiment: Experiment) -> str:
    """What stands beside the network's end."""
    if experiment.n_tasks > 1:
        kind = experiment.answer.words.one
        return f"{experiment.n_tasks} {kind}{'es' if kind.endswith('s') else 's'}"
    return "probability" if experiment.answer.yes_or_no else experiment.quantity
