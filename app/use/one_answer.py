"""One answer of the Predict page close up: what was said, among which others, along the sequence, and why."""

from __future__ import annotations

import numpy as np
import streamlit as st

from components.chart import chart
from components.network import network
from components.sequence import marks_of
from dnaconv_core.evaluate.ask import Answer
from dnaconv_core.evaluate.detail import Detail
from dnaconv_core.evaluate.meaning import percent
from dnaconv_core.interpret.activations import activations
from frame import state
from frame.cache import bundle
from frame.language import mark, said, tr, tr_n
from frame.models import ModelRef
from frame.outputs import question
from frame.pages import SALIENCY, STEP_THROUGH
from frame.words import Words, ours, plain
from use import answer_figures as figures
from use.answer_beside import among, responses, share_below
from use.known_alone import known_alone

_STRANDS = mark("A network that reads one strand may answer differently for the reverse complement, the same DNA.")
_SCORE = mark("The raw output of the network, between 0 and 1: use it to rank sequences; it is not a probability.")
_LIT = mark(
    "How active each filter of each layer is along this sequence: the darker, the more active. Point at a layer to see "
    "which bases it reads."
)


def one_answer(model: ModelRef, answer: Answer, covariates: tuple[float, ...], found: Detail, number: int) -> None:
    """One answer close up: row `number` of what was found."""
    experiment, config = question(model), bundle(model).config
    unit = tr("score") if experiment.answer.yes_or_no else said(experiment.label)
    marks = marks_of(experiment.motif, answer.sequence)
    with st.container(key="shape_answer"):  # one below the other where the window is narrow
        left, right = st.columns([1, 1.9])
    with left, st.container(border=True, height="stretch"):
        _verdict(model, answer, covariates, found, number)
        _every_output(model, answer)
        to = state.link() | {"sequence": answer.sequence} | state.beside(config.covariates, covariates)
        with st.container(horizontal=True):
            st.page_link(SALIENCY, label=tr("Which bases matter"), icon=":material/highlight:", query_params=to)
            st.page_link(STEP_THROUGH, label=tr("Step through"), icon=":material/calculate:", query_params=to)
    with right, st.container(border=True, height="stretch"):
        among(experiment, model, answer, unit, compared=not found.meaning.withheld(number))
    if answer.profile is not None:
        with st.container(border=True):
            about = tr("The prediction of the window that starts at each position.")
            st.markdown(tr("**Along the sequence**"), help=about)
            chart(figures.profile(answer.profile, unit), key="profile", height=210, revision=answer.record.id)
    if covariates:
        with st.container(border=True):
            responses(model, answer, covariates, unit)
    with st.container(border=True):
        st.markdown(tr("**From the sequence to the answer**"), help=tr(_LIT))
        lit = activations(bundle(model).model, answer.sequence)
        output = f"{answer.prediction:.3f}"
        network(
            config, sequence=answer.sequence, marks=marks, output=output, outputs=_outputs(model, answer),
            activations=lit, key="lit",
        )  # fmt: skip


def _verdict(model: ModelRef, answer: Answer, covariates: tuple[float, ...], found: Detail, number: int) -> None:
    experiment, means = question(model), found.meaning
    if means.withheld(number):
        known_alone(model, answer, covariates)
        alone = tr("Alone, among unknown bases, its score is {score:.3f}: do not rely on it.", score=answer.prediction)
        st.caption(alone)
    elif experiment.answer.yes_or_no:
        _probability(model, answer, found, number)
    else:
        title = tr("Predicted {quantity}", quantity=plain(said(experiment.quantity)))
        st.metric(title, f"{answer.prediction:.3f}", help=plain(said(experiment.label)))
    more = caption(found, number)
    if more:
        st.markdown(more)
    if means.strangers and (far := means.strangers.sentence(number)):
        st.warning(plain(said(far)), icon=":material/travel_explore:")
    if answer.other_strand is not None:
        words = tr("Read from the other strand: **{score:.3f}**", score=answer.other_strand)
        st.caption(words, help=tr(_STRANDS))
    unknown = answer.record.n_ambiguous
    if unknown:
        words = tr_n(
            "1 base is ambiguous (N or another IUPAC code): the model sees nothing there.",
            "{n:,} bases are ambiguous (N or another IUPAC code): the model sees nothing there.",
            unknown,
        )
        st.caption(f":material/help: {words}")
    if answer.profile is not None:
        n, first = len(answer.profile), answer.start + 1
        st.caption(tr("The strongest of {n:,} windows: it begins at base {first:,}.", n=n, first=first))


def _probability(model: ModelRef, answer: Answer, found: Detail, number: int) -> None:
    """What is known first, the probability with its interval; then the raw output, which is called score."""
    means, score = found.meaning, answer.prediction
    word = question(model).class_names[1]
    each = bool(model.outputs) and not state.experiment().answer.joint  # one of several labels, told by its name
    output, called = plain(model.output_name), plain(said(word))
    if sentence := means.sentence(number, word):
        chance = float(means.calibrated[number])
        title = tr("Probability of being {word}", word=called)
        if each:
            title = tr("{output}: probability of being {word}", output=output, word=called)
        st.metric(title, plain(percent(chance)))
        st.markdown(plain(said(sentence)) + ".", help=plain(said(means.calibration)))
        st.progress(min(max(chance, 0.0), 1.0))
        words = tr("score **{score:.3f}**", score=score)
        st.markdown(f"{output}: {words}" if each else words, help=tr(_SCORE))
    else:
        words = tr("Score for {word}", word=called)
        st.metric(f"{output}: {words}" if each else words, f"{score:.3f}", help=tr(_SCORE))


def _outputs(model: ModelRef, answer: Answer) -> list[str]:
    """Each of several outputs by its name, with what it says."""
    return [f"{name} {value:.3f}" for name, value in zip(model.outputs, answer.outputs, strict=False)]


def _every_output(model: ModelRef, answer: Answer) -> None:
    """All outputs, highest first; of classes, which one is called."""
    if not model.outputs:
        return
    order = np.argsort(-np.asarray(answer.outputs), kind="stable")
    if state.experiment().answer.joint:
        called = plain(model.outputs[order[0]])
        st.markdown(tr("Called **{name}**, the class with the highest score.", name=called))
    top = max(1.0, *answer.outputs)
    st.dataframe(
        {
            said(state.experiment().answer.words.one): [model.outputs[number] for number in order],
            tr("score"): [float(answer.outputs[number]) for number in order],
        },
        hide_index=True,
        height=min(38 + 35 * len(order), 250),
        key="every_output",
        column_config={tr("score"): st.column_config.ProgressColumn(format="%.3f", min_value=0.0, max_value=top)},
    )


def caption(found: Detail, number: int) -> Words:
    """What stands beside one prediction: its rank among held-out examples, and other seeds or members."""
    parts, place = [], found.meaning.percentile
    if place is not None and np.isfinite(place[number]):
        parts.append(tr("Higher than **{share}** of the held-out examples.", share=share_below(place[number])))
    if found.low is not None and found.high is not None:
        ends = {"low": found.low[number], "high": found.high[number], "what": plain(said(found.seeds))}
        if found.seeds.startswith("lowest"):
            parts.append(tr("Score by seed: {low:.3f} to {high:.3f} ({what}).", **ends))
        else:
            parts.append(tr("Score by member: {low:.3f} to {high:.3f} ({what}).", **ends))
    return ours("  \n".join(parts))
