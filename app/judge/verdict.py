"""What a network adds to simple predictors, in one sentence; and its test part, opened on request and counted."""

from __future__ import annotations

import streamlit as st

from dnaconv_core.answers.outputs import answer_of_one
from dnaconv_core.evaluate.metrics import LABELS
from dnaconv_core.experiments import get_experiment
from dnaconv_core.experiments.base import Experiment
from dnaconv_core.experiments.own_store import looks
from dnaconv_core.runs.tested import Tested, looked_words, open_test
from dnaconv_core.runs.verdict import verdict_of
from frame.cache import bundle
from frame.language import mark, said, tr, tr_n
from frame.models import ModelRef
from frame.page import errors_shown
from frame.storing import stores
from frame.words import plain
from judge.strip import explained, number, strip, sure

_SHOWN = "_tested"  # what was measured on test parts in this session, by model
_LOOKS = {
    "adds": (st.success, ":material/trending_up:"),
    "nothing": (st.info, ":material/trending_flat:"),
    "worse": (st.warning, ":material/trending_down:"),
}
_WHY = mark(
    "The test part has not been used yet: no network learned from it, and no epoch was chosen with it. Each look is "
    "counted: what you choose after a look is no longer tested by it. Open it once, when you have decided."
)


def verdict(model: ModelRef, experiment: Experiment) -> None:
    """What this model of an own experiment adds to the best simple predictor; nothing of others."""
    if not experiment.own:
        return
    found = verdict_of(model.path, experiment.task)
    if found.kind in _LOOKS:
        box, icon = _LOOKS[found.kind]
        box(plain(said(found.sentence)), icon=icon)
    else:
        st.caption(plain(said(found.sentence)))


def test_part(model: ModelRef) -> None:
    """The test part of an own experiment: closed, or its figures with intervals and how often it was looked at."""
    experiment = get_experiment(bundle(model).experiment)
    if not experiment.own or not (n := dict(experiment.parts).get("test")):
        return
    shown = st.session_state.setdefault(_SHOWN, {})
    tested = shown.get((model.path, model.changed))
    with st.container(border=True, key="test_part"):
        st.markdown(tr("**The test part**"), help=tr(_WHY))
        if tested is not None:
            _figures(experiment, tested)
            return
        times = looks(experiment.key)
        before = (
            tr_n("It was looked at {n:,} time so far.", "It was looked at {n:,} times so far.", times)
            if times
            else tr("It was never looked at.")
        )
        st.caption(f"{tr('{n:,} examples that no network learnt from.', n=n)} {before}")
        with st.popover(tr("Open the test part"), icon=":material/lock_open:"):
            st.markdown(tr(_WHY))
            if st.button(tr("Open it, and count this look"), key="open_test", type="primary", **stores()):
                with errors_shown():
                    shown[model.path, model.changed] = open_test(bundle(model))
                    st.rerun()


def _figures(experiment: Experiment, tested: Tested) -> None:
    st.caption(tr("{n:,} examples, {looks}.", n=tested.n, looks=plain(said(looked_words(tested.looks)))))
    strip(experiment.answer.first_metrics, tested.metrics, {})
    if tested.each:
        name = answer_of_one(experiment.answer).main_metric
        st.caption(tr("{metric} of each:", metric=plain(said(LABELS[name].name))))
        with st.container(horizontal=True, gap="medium"):  # wraps where the window is narrow
            for output, metric in tested.each.items():
                between = sure(metric) or "\u00a0"
                with st.container(width="content"):
                    st.metric(plain(output), number(metric), help=explained(name, metric), width="content")
                    st.caption(between)
    if tested.warning:
        st.warning(f"{plain(said(tested.warning))}.", icon=":material/visibility:")
