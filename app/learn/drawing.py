"""The network of a form, drawn on an example of its experiment; that of a run, with an example of its data in it."""

from __future__ import annotations

from typing import Any

import numpy as np
import streamlit as st

from components.network import network
from components.sequence import marks_of
from dnaconv_core.experiments.base import Experiment
from dnaconv_core.interpret.activations import activations
from dnaconv_core.model.config import ModelConfig
from dnaconv_core.model.receptive_field import receptive_field
from frame import state
from frame.cache import bundle, held_out
from frame.language import said, tr
from frame.models import ModelRef
from frame.pages import STEP_THROUGH
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
    words = [
        tr("**{n:,} parameters.**", n=config.n_parameters),
        tr("A unit of the last layer sees **{field:d} of {length:d} bases**.", field=field, length=config.length),
    ]
    if width:
        motif = plain(experiment.motif)
        if field < width:
            words.append(tr(":red[That is less than the motif {motif}, of {width:d} bases.]", motif=motif, width=width))
        elif field == width:
            words.append(tr("That is just the motif {motif}, of {width:d} bases.", motif=motif, width=width))
        else:
            words.append(tr("That is more than the motif {motif}, of {width:d} bases.", motif=motif, width=width))
    st.caption(" ".join([*words, tr("Point at a layer to see which bases reach it.")]))


def flowing(experiment: Experiment, model: ModelRef, *, key: str) -> None:
    """A held-out example on its way through a trained network; the strongest first, then others on a click."""
    config, data = bundle(model).config, held_out(model)
    order = np.argsort(-data.prediction, kind="stable")
    number = st.session_state.get(f"_example_{key}", 0) % len(order)
    row = int(order[number])
    sequence, predicted = data.sequence(row), float(data.prediction[row])
    network(
        config, sequence=sequence, marks=marks_of(experiment.motif, sequence), output=f"{predicted:.3f}",
        outputs=experiment.names, activations=activations(bundle(model).model, sequence), key=key,
    )  # fmt: skip
    with st.container(horizontal=True, vertical_alignment="center"):
        label = plain(_label(experiment, data.y[row]))
        st.caption(
            tr(
                "A real example from {data}: {label}, predicted **{predicted:.3f}**.",
                data=plain(said(data.words)),
                label=label,
                predicted=predicted,
            ),
            help=tr("Darker cells are more active. Point at a layer to see which bases reach it."),
            width="content",
        )
        step = max(len(order) // 7, 1)  # over the whole range of predictions in a few clicks
        st.button(
            tr("Another example"), key=f"another_{key}", icon=":material/shuffle:", type="tertiary",
            on_click=lambda: st.session_state.update({f"_example_{key}": number + step}),
        )  # fmt: skip
        st.page_link(
            STEP_THROUGH, label=tr("Step through"), icon=":material/calculate:", query_params=state.example(data, row)
        )


def _label(experiment: Experiment, y: float) -> str:
    if experiment.n_tasks == 1 and experiment.answer.yes_or_no:
        return said(experiment.class_names[int(y >= 0.5)])
    return tr("measured {value:.3g}", value=y)


def _output_word(experiment: Experiment) -> str:
    """What stands beside the network's end."""
    if experiment.n_tasks > 1:
        kind = experiment.answer.words.one
        if kind == "class":
            return tr("{n} classes", n=experiment.n_tasks)
        return tr("{n} labels", n=experiment.n_tasks)
    return tr("probability") if experiment.answer.yes_or_no else said(experiment.quantity)
