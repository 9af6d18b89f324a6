"""What stands beside one answer of the Predict page: the held-out examples, and the answer for other covariates."""

from __future__ import annotations

import numpy as np
import streamlit as st

from components.chart import chart
from dnaconv_core.evaluate.ask import Answer
from dnaconv_core.evaluate.detail import response
from dnaconv_core.experiments.base import Experiment
from dnaconv_core.interpret.words import output_word
from dnaconv_core.plot.colors import CATEGORICAL, NEUTRAL
from dnaconv_core.plot.data import histogram
from dnaconv_core.sequence.encoding import one_hot
from frame.cache import bundle, held_out
from frame.language import said, tr
from frame.models import ModelRef
from frame.words import Words, plain
from use import answer_figures as figures


def among(experiment: Experiment, model: ModelRef, answer: Answer, unit: str, *, compared: bool) -> None:
    """Where this prediction lies among the held-out examples."""
    data = held_out(model)
    st.markdown(
        tr("**Among held-out examples**"),
        help=tr("Predictions of this model on {data}; the line is yours.", data=plain(said(data.words))),
    )
    parts = {tr("predictions"): data.prediction}
    if experiment.answer.yes_or_no:
        negative, positive = map(said, experiment.class_names)
        parts = {negative: data.prediction[data.y < 0.5], positive: data.prediction[data.y >= 0.5]}
    marks = {tr("yours"): answer.prediction} if compared else {}
    figure = histogram(parts, x_title=unit, share=True, marks=marks)
    for trace, color in zip(figure.data, (NEUTRAL, CATEGORICAL[0])[-len(parts) :], strict=True):
        trace.marker.color = color
    chart(figure, key="among", height=220, revision=model.key)
    if not compared:
        st.caption(tr("Yours is not among them: too few of its bases are known."))
        return
    words = [
        tr(
            "**{share}** of the {n:,} {name}",
            share=share_below((values < answer.prediction).mean()),
            n=len(values),
            name=plain(name),
        )
        for name, values in parts.items()
        if len(values)
    ]
    st.caption(tr("Higher than {these}.", these=tr(" and ").join(words)))


def responses(model: ModelRef, answer: Answer, covariates: tuple[float, ...], unit: str) -> None:
    """How the answer would change with the first covariate."""
    config, here = bundle(model).config, covariates[0]
    name = config.covariates[0]
    X = one_hot(answer.sequence, config.alphabet)[0]
    tried = np.geomspace(1e-4, max(0.15, 5 * here), 61)
    found = response(bundle(model).model, X, tried, np.float32(covariates), model.output)
    st.markdown(
        tr("**With another {name}**", name=plain(name)),
        help=tr("The same sequence with other values of {name}; the dot is yours.", name=plain(name)),
    )
    left, right = st.columns(2)
    with left:
        drawn = figures.response(found, (here, answer.prediction), name, unit)
        chart(drawn, key="response", height=220, revision=name)
    with right:
        chart(figures.shares(found, here, name, said(output_word(config))), key="shares", height=220, revision=name)


def share_below(share: float) -> Words:
    """A share in words that says 'all' only where it is all: 99.97 % are not 100 %."""
    return tr("all") if share == 1 else f"{min(100 * share, 99.9):.1f} %"
