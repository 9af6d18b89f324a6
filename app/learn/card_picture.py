"""What is drawn on an experiment's card."""

from __future__ import annotations

import numpy as np
import streamlit as st

from components.logo import Logo, logos
from dnaconv_core.experiments.base import Experiment
from dnaconv_core.experiments.sources import default_source
from dnaconv_core.sequence.motif import from_iupac
from frame.cache import summary


def _effect(experiment: Experiment) -> np.ndarray | None:
    """Which base goes with the label; None where nothing is known of it."""
    if experiment.own and not experiment.has_data:
        return None
    return summary(experiment.key, default_source(experiment)).effect


def picture(experiment: Experiment) -> None:
    """A logo of what there is to find: the motif, or which base at which position goes with the label."""
    if experiment.motif:
        ppm = from_iupac(experiment.motif).ppm
        bits = 2 + (ppm * np.log2(np.where(ppm > 0, ppm, 1))).sum(axis=0)
        drawn = Logo(ppm * bits)
    else:
        effect = _effect(experiment)
        if effect is None:
            return
        drawn = Logo(effect, kind="contribution", unit=experiment.quantity)
    key = f"picture_{experiment.key}"
    image, shows = experiment.picture
    if not image:
        logos([drawn], key=key, alphabet=experiment.alphabet, height=62, max_column=22, axis=False)
        return
    left, right = st.columns([3, 2], vertical_alignment="center", wrap=False)
    with left:
        logos([drawn], key=key, alphabet=experiment.alphabet, height=62, max_column=22, axis=False)
    right.image(image, width="stretch", alt=shows)
