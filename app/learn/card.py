"""An experiment's card: what there is to find, the question, and what goes in and comes out."""

from __future__ import annotations

import numpy as np
import streamlit as st

from components.logo import Logo, logos
from dnaconv_core.experiments.base import Experiment
from dnaconv_core.experiments.sources import default_source
from dnaconv_core.sequence.motif import from_iupac
from frame import state
from frame.cache import summary
from frame.language import said, tr
from frame.pages import TRAIN
from frame.words import Words, plain


def _effect(experiment: Experiment) -> np.ndarray | None:
    """Which base goes with the label; None where nothing is known of it."""
    if experiment.own and not experiment.has_data:
        return None
    return summary(experiment.key, default_source(experiment)).effect


def _picture(experiment: Experiment) -> None:
    """A logo of what there is to find: the motif, or which base at which position goes with the label."""
    if experiment.motif:
        ppm = from_iupac(experiment.motif).ppm
        bits = 2 + (ppm * np.log2(np.where(ppm > 0, ppm, 1))).sum(axis=0)
        drawn = Logo(ppm * bits)
    else:
        effect = _effect(experiment)
        if effect is None:
            return
        drawn = Logo(effect, kind="contribution", unit=said(experiment.quantity))
    key = f"picture_{experiment.key}"
    image, shows = experiment.picture
    if not image:
        logos([drawn], key=key, alphabet=experiment.alphabet, height=62, max_column=22, axis=False)
        return
    left, right = st.columns([3, 2], vertical_alignment="center", wrap=False)
    with left:
        logos([drawn], key=key, alphabet=experiment.alphabet, height=62, max_column=22, axis=False)
    right.image(image, width="stretch", alt=said(shows))


def card(experiment: Experiment) -> None:
    chosen = experiment.key == state.experiment().key
    with st.container(border=True, key=f"card_{'on' if chosen else experiment.key}", height="stretch"):
        with st.container(height=74, border=False):
            _picture(experiment)
        st.markdown(f"**{plain(said(experiment.title))}**")
        st.markdown(plain(said(experiment.question)))
        st.caption(_goes_in_and_out(experiment))
        with st.container(horizontal=True, vertical_alignment="bottom", height="stretch"):
            if chosen:
                if st.button(tr("Train"), key="train_it", type="primary", icon=":material/arrow_forward:"):
                    st.switch_page(TRAIN, query_params=state.link())
            else:
                st.button(
                    tr("Choose"),
                    key=f"choose_{experiment.key}",
                    on_click=state.choose,
                    kwargs={"experiment": experiment.key},
                )


def _goes_in_and_out(experiment: Experiment) -> Words:
    length, alphabet, answer = experiment.length, plain(experiment.alphabet), _comes_out(experiment)
    if not experiment.covariates:
        return tr("{length:,} bases of {alphabet} → {answer}", length=length, alphabet=alphabet, answer=answer)
    beside = plain(", ".join(map(said, experiment.covariates)))
    text = tr("{length:,} bases of {alphabet} → {answer} · with {beside}", length=length, alphabet=alphabet,
              answer=answer, beside=beside)  # fmt: skip
    return text


def _comes_out(experiment: Experiment) -> Words:
    """What an answer is, in a few words."""
    answer, n = experiment.answer, experiment.n_tasks
    if answer.joint:
        return tr("one of {n:,} classes", n=n)
    return plain(said(answer.words.short)) if n == 1 else f"{n:,} × {plain(said(answer.words.short))}"
