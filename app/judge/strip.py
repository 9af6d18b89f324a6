"""Metrics as a strip of large numbers."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from dnaconv_core.evaluate.metrics import LABELS
from dnaconv_core.results import Metric
from frame.language import mark, said, tr
from frame.words import Words, plain

_GROUPS = mark(
    "Examples that overlap, lie side by side or share most of their sequence say less than as many separate ones: an "
    "interval counts each group once."
)


def strip(names: Sequence[str], valid: dict[str, Metric], train: dict[str, Metric]) -> None:
    """The few numbers to look at first; far better on training than on validation means learned by heart."""
    with st.container(border=True):
        row = st.container(horizontal=True, gap="medium")  # wraps where the window is narrow
        for name in names:
            metric = valid.get(name, Metric(None, undefined="it was not computed"))
            below = [sure(metric)] if sure(metric) else []
            if name in train and name != "prevalence":
                below.append(tr("training {value}", value=number(train[name])))
            with row.container(width="content"):
                st.metric(plain(said(LABELS[name].name)), number(metric), help=explained(name, metric), width="content")
                st.caption("  \n".join(below) or "\u00a0")
        by = next((metric.note for metric in valid.values() if metric.low is not None and metric.note), "")
        if by:
            st.caption(tr("Intervals by {groups}.", groups=plain(said(by))), help=tr(_GROUPS))


def sure(metric: Metric) -> Words:
    """The interval, or that there are too few examples for one; '' where nothing is to be said."""
    if metric.low is not None:
        return tr("95 %: {low:.3f} – {high:.3f}", low=metric.low, high=metric.high)
    return tr("too few to say") if metric.note and metric.note.startswith("too few") else ""


def number(metric: Metric) -> Words:
    return tr("undefined") if metric.value is None else f"{metric.value:.3f}"


def explained(name: str, metric: Metric) -> Words:
    told = [f"{plain(said(LABELS[name].explanation))}."]
    if metric.undefined:
        told.append(tr("Undefined here: {reason}.", reason=plain(said(metric.undefined))))
    if metric.value is not None and metric.low is None and metric.note:
        told.append(tr("No interval: {reason}.", reason=plain(said(metric.note))))
    return " ".join(told)
