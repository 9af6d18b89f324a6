"""One answer of the Predict page close up: what was said, among which others, along the sequence, and why."""

from __future__ import annotations

import numpy as np
import streamlit as st

from components.chart import chart
from components.network import network
from components.sequence import marks_of
from dnaconv_core.evaluate.ask import Answer
from dnaconv_core.evaluate.detail import Detail, response
from dnaconv_core.evaluate.meaning import percent
from dnaconv_core.experiments.base import Experiment
from dnaconv_core.interpret.activations import activations
from dnaconv_core.interpret.words import output_word
from dnaconv_core.plot.colors import CATEGORICAL, NEUTRAL
from dnaconv_core.plot.data import histogram
from dnaconv_core.sequence.encoding import one_hot
from frame import state
from frame.cache import bundle, held_out
from frame.models import ModelRef
from frame.outputs import question
from frame.pages import SALIENCY, STEP_THROUGH
from frame.words import Words, ours, plain
from use import answer_figures as figures
from use.known_alone import known_alone

_STRANDS = "A network that reads one strand may answer differently for the reverse complement, the same DNA."
_SCORE = "The raw output of the network, between 0 and 1: use it to rank sequences; it is not a probability."
_LIT = (
    "What each filter of each layer makes of this sequence: the darker, the more active. Point at a layer to see which "
    "bases reach it."
)


def one_answer(model: ModelRef, answer: Answer, covariates: tuple[float, ...], found: Detail, number: int) -> None:
    """One answer close up: row `number` of what was found."""
    experiment, config = question(model), bundle(model).config
    unit = "score" if experiment.answer.yes_or_no else experiment.label
    marks = marks_of(experiment.motif, answer.sequence)
    with st.container(key="shape_answer"):  # one below the other where the window is narrow
        left, right = st.columns([1, 1.9])
    with left, st.container(border=True, height="stretch"):
        _verdict(model, answer, covariates, found, number)
        _every_output(model, answer)
        to = state.link() | {"sequence": answer.sequence} | state.beside(config.covariates, covariates)
        with st.container(horizontal=True):
            st.page_link(SALIENCY, label="Which bases matter", icon=":material/highlight:", query_params=to)
            st.page_link(STEP_THROUGH, label="Step through", icon=":material/calculate:", query_params=to)
    with right, st.container(border=True, height="stretch"):
        _among(experiment, model, answer, unit, compared=not found.meaning.withheld(number))
    if answer.profile is not None:
        with st.container(border=True):
            st.markdown("**Along the sequence**", help="The prediction of the window that starts at each position.")
            chart(figures.profile(answer.profile, unit), key="profile", height=210, revision=answer.record.id)
    if covariates:
        with st.container(border=True):
            _response(model, answer, covariates, unit)
    with st.container(border=True):
        st.markdown("**From the sequence to the answer**", help=_LIT)
        lit = activations(bundle(model).model, answer.sequence)
        output = f"{answer.prediction:.3f}"
        network(
            config, sequence=answer.sequence, marks=marks, output=output, outputs=_said(model, answer), activations=lit,
            key="lit",
        )  # fmt: skip


def _verdict(model: ModelRef, answer: Answer, covariates: tuple[float, ...], found: Detail, number: int) -> None:
    experiment, means = question(model), found.meaning
    if means.withheld(number):
        known_alone(model, answer, covariates)
        st.caption(f"Read as it is, among unknown bases, it gets {answer.prediction:.3f}: do not rely on that.")
    elif experiment.answer.yes_or_no:
        _probability(model, answer, found, number)
    else:
        st.metric(f"Predicted {plain(experiment.quantity)}", f"{answer.prediction:.3f}", help=plain(experiment.label))
    more = caption(found, number)
    if more:
        st.markdown(more)
    if means.strangers and (far := means.strangers.sentence(number)):
        st.warning(plain(far), icon=":material/travel_explore:")
    if answer.other_strand is not None:
        st.caption(f"Read from the other strand: **{answer.other_strand:.3f}**", help=_STRANDS)
    unknown = answer.record.n_ambiguous
    if unknown:
        bases = "1 base is" if unknown == 1 else f"{unknown:,} bases are"
        st.caption(f":material/help: {bases} ambiguous (N or another IUPAC code): the model sees nothing there.")
    if answer.profile is not None:
        st.caption(f"The strongest of {len(answer.profile):,} windows: it begins at base {answer.start + 1:,}.")


def _probability(model: ModelRef, answer: Answer, found: Detail, number: int) -> None:
    """What is known first, the probability with its interval; then the raw output, which is called score."""
    means, word = found.meaning, question(model).class_names[1]
    output = f"{plain(model.output_name)}: " if model.outputs and not state.experiment().answer.joint else ""
    if said := means.sentence(number, word):
        value = percent(float(means.calibrated[number]))
        start = f"{output}probability" if output else "Probability"
        st.metric(f"{start} of being {plain(word)}", plain(value))
        st.markdown(plain(said) + ".", help=plain(means.calibration))
        st.progress(min(max(float(means.calibrated[number]), 0.0), 1.0))
        st.markdown(f"{output}score **{answer.prediction:.3f}**", help=_SCORE)
    else:
        st.metric(f"{output}Score for {plain(word)}", f"{answer.prediction:.3f}", help=_SCORE)


def _said(model: ModelRef, answer: Answer) -> list[str]:
    """Each of several outputs by its name, with what it says."""
    return [f"{name} {value:.3f}" for name, value in zip(model.outputs, answer.outputs, strict=False)]


def _every_output(model: ModelRef, answer: Answer) -> None:
    """All outputs, highest first; of classes, which one is called."""
    if not model.outputs:
        return
    order = np.argsort(-np.asarray(answer.outputs), kind="stable")
    if state.experiment().answer.joint:
        called = model.outputs[order[0]]
        st.markdown(f"Called **{plain(called)}**, the class with the highest score.")
    top = max(1.0, *answer.outputs)
    st.dataframe(
        {
            state.experiment().answer.words.one: [model.outputs[number] for number in order],
            "score": [float(answer.outputs[number]) for number in order],
        },
        hide_index=True,
        height=min(38 + 35 * len(order), 250),
        key="every_output",
        column_config={"score": st.column_config.ProgressColumn(format="%.3f", min_value=0.0, max_value=top)},
    )


def _among(experiment: Experiment, model: ModelRef, answer: Answer, unit: str, *, compared: bool) -> None:
    """Where this prediction lies among the held-out examples."""
    data = held_out(model)
    st.markdown(
        "**Among held-out examples**", help=f"Predictions of this model on {plain(data.words)}; the line is yours."
    )
    parts = {"predictions": data.prediction}
    if experiment.answer.yes_or_no:
        negative, positive = experiment.class_names
        parts = {negative: data.prediction[data.y < 0.5], positive: data.prediction[data.y >= 0.5]}
    marks = {"yours": answer.prediction} if compared else {}
    figure = histogram(parts, x_title=unit, share=True, marks=marks)
    for trace, color in zip(figure.data, (NEUTRAL, CATEGORICAL[0])[-len(parts) :], strict=True):
        trace.marker.color = color
    chart(figure, key="among", height=220, revision=model.key)
    if not compared:
        st.caption("Yours is not among them: too few of its bases are known.")
        return
    words = [
        f"**{share_below((values < answer.prediction).mean())}** of the {len(values):,} {plain(name)}"
        for name, values in parts.items()
        if len(values)
    ]
    st.caption(f"Higher than {' and '.join(words)}.")


def _response(model: ModelRef, answer: Answer, covariates: tuple[float, ...], unit: str) -> None:
    """How the answer would change with the first covariate."""
    config, here = bundle(model).config, covariates[0]
    name = config.covariates[0]
    X = one_hot(answer.sequence, config.alphabet)[0]
    tried = np.geomspace(1e-4, max(0.15, 5 * here), 61)
    found = response(bundle(model).model, X, tried, np.float32(covariates), model.output)
    st.markdown(
        f"**If its {plain(name)} were different**", help="The same sequence with other values; the dot is yours."
    )
    left, right = st.columns(2)
    with left:
        drawn = figures.response(found, (here, answer.prediction), name, unit)
        chart(drawn, key="response", height=220, revision=name)
    with right:
        chart(figures.shares(found, here, name, output_word(config)), key="shares", height=220, revision=name)


def caption(found: Detail, number: int) -> Words:
    """What stands beside one prediction: its rank among held-out examples, and other seeds or members."""
    parts, place = [], found.meaning.percentile
    if place is not None and np.isfinite(place[number]):
        parts.append(f"Higher than **{share_below(place[number])}** of the held-out examples.")
    if found.low is not None:
        spread = f"{found.low[number]:.3f} to {found.high[number]:.3f}"
        parts.append(f"Score by {'seed' if found.seeds.startswith('lowest') else 'member'}: {spread} ({found.seeds}).")
    return ours("  \n".join(parts))


def share_below(share: float) -> Words:
    """A share in words that says 'all' only where it is all: 99.97 % are not 100 %."""
    return "all" if share == 1 else f"{min(100 * share, 99.9):.1f} %"
