"""Several labels, or several classes, of the data: chosen, counted and told."""

from __future__ import annotations

import numpy as np
import streamlit as st

from components.chart import chart
from dnaconv_core.answers.outputs import find_output, output_names
from dnaconv_core.data.dataset import Dataset
from dnaconv_core.errors import InputError
from dnaconv_core.experiments.base import Experiment
from dnaconv_core.plot.data import label_figure
from frame import state
from frame.language import said, tr
from frame.outputs import output_choice
from frame.words import plain

_DRAWN = 12  # labels with a figure each
_TOLD = 4  # labels told beside an example
_IN_A_ROW = 2


def chosen_output(experiment: Experiment) -> int:
    """Choose the label or class of the data that is looked at; its number from 0.

    Raises InputError where the address asks for one that is not there.
    """
    names, kind = output_names(experiment), experiment.answer.words.one
    if len(names) == 1:
        return 0
    try:
        output = find_output(experiment, state.output())
    except InputError as error:
        output_choice(names, -1, kind)
        raise InputError(str(error)) from None
    output_choice(names, output, kind)
    return output


def each_label(experiment: Experiment, data: Dataset) -> None:
    """How many examples each class has; of several labels a small figure each, of the examples where it is known."""
    if experiment.answer.joint:
        st.markdown(tr("**Classes**"), help=plain(said(experiment.label)))
        figure = label_figure(data.y[data.w > 0], task=experiment.task, names=output_names(experiment))
        chart(figure, key="labels", height=240, revision=experiment.key)
        return
    st.markdown(tr("**{n:,} labels**", n=data.y.shape[1]), help=plain(said(experiment.label)))
    names = output_names(experiment)
    for start in range(0, min(len(names), _DRAWN), _IN_A_ROW):
        for column, label in zip(st.columns(_IN_A_ROW), range(start, min(start + _IN_A_ROW, _DRAWN)), strict=False):
            if label < len(names):
                with column:
                    _label(experiment, data, label)
    if len(names) > _DRAWN:
        st.caption(tr("The first {shown:d} of {n:,} labels are drawn.", shown=_DRAWN, n=len(names)))


def _label(experiment: Experiment, data: Dataset, label: int) -> None:
    name, known = output_names(experiment)[label], np.asarray(data.w[:, label]) > 0
    st.caption(tr("{label} · {n:,} known", label=plain(name), n=known.sum()))
    figure = label_figure(data.y[known, label], task=experiment.task, label=name)
    if experiment.answer.yes_or_no:
        figure.update_traces(textangle=0, texttemplate="%{y:,}")  # there is no room for shares
    chart(figure, key=f"labels_{label}", height=170, revision=experiment.key)


def measured(experiment: Experiment, data: Dataset, index: int) -> str:
    """What was measured of one example, in words that are drawn as text."""
    y, w = data.y[index], data.w[index]
    if experiment.answer.joint:
        return output_names(experiment)[int(y[0])] if w[0] > 0 else tr("class not known")
    if experiment.n_tasks == 1:
        value = float(y[0])
        if experiment.answer.yes_or_no:
            return said(experiment.class_names[value >= 0.5])
        return tr("label {value:.2f}", value=value)
    told = [f"{name} {value:.3g}" for name, value, one in zip(output_names(experiment), y, w, strict=True) if one > 0]
    return ", ".join(told[:_TOLD]) + ("…" if len(told) > _TOLD else "")
