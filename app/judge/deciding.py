"""Whether a probability can be believed, and from which one on it pays to act."""

from __future__ import annotations

import math

import streamlit as st

from components.chart import chart
from dnaconv_core.evaluate.decide import cheapest
from dnaconv_core.experiments.base import Experiment
from dnaconv_core.results import Metric
from dnaconv_core.runs.held_out import HeldOut
from dnaconv_core.runs.simpler import prevalence_words
from frame.language import mark, said, tr
from frame.words import plain
from judge.curves import set_threshold, this_model

_CALIBRATION = mark(
    "Examples in groups of similar predictions: their mean prediction and the share that is really positive, with a "
    "95 % interval. On the dotted line both agree."
)
_COSTS = mark("The threshold at which mistakes cost least, by the rates of both kinds of mistake on these examples.")
_BRIER = mark("Brier score: the mean squared error of the probability; lower is better.")


def deciding(experiment: Experiment, data: HeldOut, valid: dict[str, Metric]) -> None:
    with st.container(key="shape_deciding"):  # one below the other where the window is narrow
        left, right = st.columns(2)
    with left, st.container(border=True, height="stretch"):
        _calibration(data, valid)
    with right, st.container(border=True, height="stretch"):
        _calculator(experiment, data)


def _calibration(data: HeldOut, valid: dict[str, Metric]) -> None:
    from dnaconv_core.evaluate.curves import calibration_curve_points
    from dnaconv_core.plot.curves import calibration_figure

    st.markdown(tr("**Calibration: can the probability be believed?**"), help=tr(_CALIBRATION))
    points = calibration_curve_points(data.y, data.prediction)
    chart(calibration_figure({this_model(): points}), key="calibration", height=290)
    words = prevalence_words(valid)
    if words:
        st.caption(f"{plain(said(words))}.", help=tr(_BRIER))


def _calculator(experiment: Experiment, data: HeldOut) -> None:
    st.markdown(tr("**At what probability should I act?**"), help=tr(_COSTS))
    share = round(100 * float((data.y >= 0.5).mean()), 2)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        percent = st.number_input(
            tr("Positives in my data (%)"), 0.0, 100.0, share, key=f"use_prevalence_{share}", width=190
        )
        alarm = st.number_input(tr("Cost of a false alarm"), 0.0, 1e9, 1.0, key="cost_alarm", width=190)
        miss = st.number_input(tr("Cost of a miss"), 0.0, 1e9, 10.0, key="cost_miss", width=190)
    found = cheapest(data.y, data.prediction, prevalence=percent / 100, false_alarm=alarm, miss=miss)
    if found is None:
        st.caption(tr("These examples are all of one class."))
        return
    positive = plain(said(experiment.class_names[1]))
    if math.isinf(found.threshold):
        st.markdown(tr("**Call nothing {positive}**: every threshold costs more.", positive=positive))
    else:
        told = tr("**Call it {positive} at {threshold:.3f} or above.**", positive=positive, threshold=found.threshold)
        st.markdown(told)
    costs = tr(
        "Mistakes then cost {cost:,.4g} for 1,000 examples (call none: {nothing:,.4g}; call all: {everything:,.4g}).",
        cost=found.cost,
        nothing=found.nothing,
        everything=found.everything,
    )
    st.caption(costs)
    if not math.isinf(found.threshold) and st.button(tr("Use this threshold"), key="use_threshold"):
        set_threshold(found.threshold)
