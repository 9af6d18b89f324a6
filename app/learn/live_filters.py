"""The first layer of a run as logos, with the names of known motifs that filters have come to look like."""

from __future__ import annotations

from functools import partial

import numpy as np
import streamlit as st

from components.logo import Logo, logos
from dnaconv_core.experiments.base import Experiment
from dnaconv_core.interpret.kernel_names import KernelName, kernel_names, one_word
from dnaconv_core.runs.store import LIVE, Run, Store
from frame.job import quietly
from frame.words import plain

_FILTERS = 16
_PATIENCE = 10.0  # seconds that the page of a run which has ended waits for names: it is not drawn again by itself
_HELP = (
    "{} kernels, drawn as weights. Letters above the line raise the filter's output, those below lower it. A name says "
    "which known motif the kernel looks like (Tomtom, q at most 0.02): the Filters page reads it from the data."
)


def live_filters(store: Store, run: Run, experiment: Experiment) -> None:
    """The filters as they are now; of a run that has ended, at any evaluation."""
    epochs = store.filter_epochs(run.id)
    if not epochs:
        return
    epoch = epochs[-1]
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        title = st.empty()
        if run.state not in LIVE and len(epochs) > 1:
            epoch = st.select_slider(
                "Epoch", epochs, value=epoch, key=f"epoch_{run.id}", label_visibility="collapsed", width=320
            )
    found = store.filters(run.id, epoch)
    if found is None:
        return
    names = _names(run, found.epoch, found.kernels, experiment)
    kernels = found.kernels[:_FILTERS]
    of = f"{len(kernels)} of {len(found.kernels)}" if len(found.kernels) > len(kernels) else f"{len(kernels)}"
    alike = sum(bool(name.word) for name in names)
    words = f" · **{alike} of {len(names)} look like {plain(one_word(experiment.motif))}**" if alike else ""
    title.markdown(f"**First-layer filters after epoch {found.epoch:,}**{words}", help=_HELP.format(of))
    drawn = [
        Logo(kernel - kernel.mean(axis=0), str(i + 1), str(names[i]) if names else "", "contribution", "weight")
        for i, kernel in enumerate(kernels)
    ]
    logos(
        drawn,
        key=f"filters_{run.id}",
        alphabet=experiment.alphabet,
        height=52,
        min_width=120,
        axis=False,
        same_scale=True,
    )


def _names(run: Run, epoch: int, kernels: np.ndarray, experiment: Experiment) -> list[KernelName]:
    """Those of this epoch, as soon as they are known; found beside the page, which takes seconds the first time."""
    work = partial(kernel_names, kernels, experiment.motif, alphabet=experiment.alphabet)
    key = ("kernel_names", run.id, epoch, len(kernels), run.state in LIVE)
    return quietly(key, lambda _: work(), patience=0.2 if run.state in LIVE else _PATIENCE) or []
