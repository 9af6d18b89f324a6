"""What is asked, and what the data looks like."""

from __future__ import annotations

import numpy as np
import streamlit as st

from components.chart import chart
from components.logo import Logo, logos
from components.sequence import Mark, Row, sequences
from dnaconv_core.answers.outputs import of_output, output_names
from dnaconv_core.data.dataset import Dataset
from dnaconv_core.experiments import all_experiments, damaged_experiments
from dnaconv_core.experiments.base import Experiment
from dnaconv_core.plot.data import composition_figure, label_figure
from dnaconv_core.plot.summary import Summary
from frame import state
from frame.cache import current_dataset, summary
from frame.language import said, tr
from frame.page import errors_shown, page
from frame.pages import YOUR_DATA
from frame.words import plain
from learn import figures
from learn.card import card
from learn.data_labels import chosen_output, each_label, measured
from learn.data_picker import data_details, data_picker, missing_parts, name_of
from learn.welcome import welcome

_SHOWN = 8
_IN_A_ROW = 3


def draw() -> None:
    with errors_shown():
        welcome()
    with page(tr("Experiments"), tr("Choose a question. Below it are the examples that a network will learn from.")):
        every = list(all_experiments().values())
        for start in range(0, len(every), _IN_A_ROW):
            for column, experiment in zip(st.columns(_IN_A_ROW), every[start : start + _IN_A_ROW], strict=False):
                with column:
                    card(experiment)
        st.page_link(YOUR_DATA, label=tr("Ask a question of your own: bring your data"), icon=":material/upload_file:")
        for sentence in damaged_experiments().values():
            st.warning(plain(said(sentence)), icon=":material/broken_image:")
        experiment = state.experiment()
        st.space("small")
        with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="bottom"):
            st.subheader(
                tr("Data for {experiment}", experiment=plain(said(experiment.title))),
                anchor=False,
                help=plain(said(experiment.explanation)),
                width="content",
            )
            data_picker()
        data_details(experiment)
        with errors_shown():
            if not missing_parts(experiment):
                _data(experiment)


def _data(experiment: Experiment) -> None:
    choice, output = state.data(), chosen_output(experiment)
    with st.spinner(tr("Reading {data}…", data=plain(name_of(choice.source)))):
        found = summary(experiment.key, choice.source, choice.covariates, output)
        data = current_dataset(experiment.key, choice.source, choice.covariates)
    whole = experiment
    if experiment.n_tasks > 1:
        experiment = whole.of_output(output_names(whole)[output])
    _numbers(experiment, found)
    with st.container(key="shape_data"):  # one below the other where the window is narrow
        left, right = st.columns(2)
    with left, st.container(border=True, height="stretch"):
        if whole.n_tasks > 1:
            each_label(whole, data)
        else:
            _labels(experiment, found, data)
    with right, st.container(border=True, height="stretch"):
        if found.sampled == found.n:
            help = tr("Share of each base at each position.")
        else:
            help = tr("Share of each base at each position, in {n:,} of the examples.", n=found.sampled)
        st.markdown(tr("**Bases by position**"), help=help)
        figure = composition_figure(found.composition, alphabet=experiment.alphabet)
        chart(figure, key="composition", height=240, revision=choice.source)
    if found.effect is not None and found.known:
        with st.container(border=True):
            quantity = said(experiment.quantity)
            st.markdown(
                tr("**Which base goes with {quantity}**", quantity=plain(quantity)),
                help=tr(
                    "The mean label of the examples with this base at this position, minus the mean of all. Above the "
                    "line: more {quantity}. This is in the data, so a good network should find it too.",
                    quantity=plain(quantity),
                ),
            )
            effect = Logo(found.effect, kind="contribution", unit=quantity)
            logos([effect], key="effect", alphabet=experiment.alphabet, height=150, max_column=52)
    _examples(whole, data, output)


def _numbers(experiment: Experiment, found: Summary) -> None:
    gc = float(found.composition[1:3].sum(axis=0).mean())
    cells = [
        (tr("Examples"), f"{found.n:,}", None),
        (tr("Length (bases)"), f"{found.length:,}", None),
        (tr("GC content"), f"{gc:.0%}", None),
    ]
    if found.positives is not None:
        cells.insert(1, (tr("Positives"), f"{found.positives:,}", None))
        cells.insert(
            2,
            (
                tr("Prevalence"),
                f"{found.positives / max(found.known, 1):.2%}",
                tr("The share of positives. A PR-AUC of this size is no better than guessing."),
            ),
        )
    else:
        cells.insert(1, (tr("Mean label"), f"{found.label_mean:.2f}", said(experiment.label)))
    if found.known < found.n:
        help = tr("The other examples have no value for this label; the network does not learn it from them.")
        cells.insert(1, (tr("Label known"), f"{found.known:,}", help))
    with st.container(horizontal=True, gap="medium"):  # wraps where the window is narrow
        for name, value, help in cells:
            st.metric(plain(name), plain(value), help=plain(help or "") or None, width="content")


def _labels(experiment: Experiment, found: Summary, data: Dataset) -> None:
    if found.covariate_counts is not None:
        name = plain(said(found.covariate_name).capitalize())
        st.markdown(tr("**{covariate} of both classes**", covariate=name))
        chart(figures.covariate(found, experiment.class_names), key="covariate", height=240, revision=experiment.key)
    else:
        st.markdown(tr("**Labels**"), help=plain(said(experiment.label)))
        figure = label_figure(data.y, task=experiment.task, label=said(experiment.label))
        chart(figure, key="labels", height=240, revision=experiment.key)


def _examples(experiment: Experiment, data: Dataset, output: int) -> None:
    with st.container(border=True):
        help = tr("Half of them have high labels, half have low ones.")
        if data.truth:
            help = tr("Half of them have high labels, half have low ones. Planted motifs are underlined.")
        with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
            st.markdown(tr("**Examples**"), help=help, width="content")
            if st.button(tr("Show others"), icon=":material/shuffle:", key="others"):
                st.session_state["_draw"] = st.session_state.get("_draw", 0) + 1
        rows = _drawn(of_output(experiment, data, output), st.session_state.get("_draw", 0))
        sequences([_row(experiment, data, int(i)) for i in rows], key="examples")


def _drawn(data: Dataset, seed: int) -> np.ndarray:
    """Indices of examples to show: as many with high labels as with low ones."""
    rng, known = np.random.default_rng(seed), np.flatnonzero(np.asarray(data.w[:, 0]) > 0)
    y = np.asarray(data.y[:, 0])[known]
    if not len(y):
        return known
    high = np.flatnonzero(y > np.median(y)) if y.min() < np.median(y) < y.max() else np.flatnonzero(y > y.mean())
    low = np.setdiff1d(np.arange(len(y)), high, assume_unique=True)
    high, low = known[high], known[low]
    half = _SHOWN // 2
    picked = [rng.choice(part, min(half, len(part)), replace=False) for part in (high, low)]
    return np.concatenate(picked)


def _row(experiment: Experiment, data: Dataset, index: int) -> Row:
    note = measured(experiment, data, index)
    if data.covariates is not None and data.covariate_names:
        note += f" · {said(data.covariate_names[0])} {float(data.covariates[index, 0]):.4f}"
    planted = [site for site in data.truth if site.index == index]
    marks = tuple(
        Mark(s.start, s.end, tr("{motif} planted, strand {strand}", motif=s.motif, strand=s.strand)) for s in planted
    )
    return Row(data.sequences(slice(index, index + 1))[0], str(data.ids[index]), note, marks)


draw()
