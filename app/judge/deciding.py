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
from frame.words import plain
from judge.curves import THIS, set_threshold

_CALIBRATION = (
    "Examples in groups of like predictions: their mean prediction and the share that is really positive, with a 95 % "
    "interval. On the dotted line both agree."
)
_COSTS = "The threshold with the least cost of mistakes, by the rates of both mistakes on these examples."


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

    st.markdown("**Calibration: can the probability be believed?**", help=_CALIBRATION)
    points = calibration_curve_points(data.y, data.prediction)
    chart(calibration_figure({THIS: points}), key="calibration", height=290)
    words = prevalence_words(valid)
    if words:
        st.caption(f"{plain(words)}.", help="Brier score: the mean squared error of the probability; lower is better.")


def _calculator(experiment: Experiment, data: HeldOut) -> None:
    st.markdown("**From which probability on should I act?**", help=_COSTS)
    share = round(100 * float((data.y >= 0.5).mean()), 2)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        percent = st.number_input(
            "Positives where I use it (%)", 0.0, 100.0, share, key=f"use_prevalence_{share}", width=190
        )
        alarm = st.number_input("Cost of a false alarm", 0.0, 1e9, 1.0, key="cost_alarm", width=190)
        miss = st.number_input("Cost of a miss", 0.0, 1e9, 10.0, key="cost_miss", width=190)
    found = cheapest(data.y, data.prediction, prevalence=percent / 100, false_alarm=alarm, miss=miss)
    if found is None:
        st.caption("These examples are all of one class.")
        return
    positive = plain(experiment.class_names[1])
    others = f"nothing called: {found.nothing:,.4g}, everything called: {found.everything:,.4g}"
    if math.isinf(found.threshold):
        st.markdown(f"**Call nothing {positive}**: every threshold costs more.")
    else:
        st.markdown(f"**Call it {positive} from {found.threshold:.3f} on.**")
    st.caption(f"Mistakes then cost {found.cost:,.4g} for 1,000 examples ({plain(others)}).")
    if not math.isinf(found.threshold) and st.button("Use this threshold", key="use_threshold"):
        set_threshold(found.threshold)
