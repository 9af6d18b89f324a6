"""What is worth keeping between reruns: data, models, summaries; and torch, imported while the first page is read."""

from __future__ import annotations

import gc
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from dnaconv_core.answers.outputs import answer_of_one, of_output
from dnaconv_core.evaluate.held_out import PREDICTIONS, Kept
from dnaconv_core.experiments import get_experiment
from dnaconv_core.experiments.own import EXPERIMENT, folder_of
from dnaconv_core.experiments.sources import OWN, SYNTHETIC, load
from dnaconv_core.home import home
from dnaconv_core.model.bundle import CONFIG
from dnaconv_core.plot.summary import Summary, summarise
from dnaconv_core.runs import held_out as examples
from dnaconv_core.runs.held_out import HeldOut
from frame.language import Later, mark
from frame.models import ModelRef

if TYPE_CHECKING:
    from dnaconv_core.data.dataset import Dataset
    from dnaconv_core.model.bundle import Bundle


@st.cache_resource(show_spinner=False)
def warm_up() -> threading.Thread:
    """Import what later pages need, once per server, after the first page is out; then keep it from the collector."""

    def work() -> None:
        time.sleep(2.5)
        import plotly.graph_objects
        import torch

        from dnaconv_core.model import bundle, convnet

        gc.collect()
        gc.freeze()  # a full collection would walk all of torch: 190 ms instead of 30
        del plotly, torch, bundle, convnet

    thread = threading.Thread(target=work, name="warm-up", daemon=True)
    thread.start()
    return thread


@st.cache_resource(show_spinner=False, max_entries=4)
def _dataset(home: str, experiment: str, source: str, covariates: str, changed: float) -> Dataset:
    """All examples of a source of this home. `changed` is when the folder last did, so that new content is read."""
    return load(get_experiment(experiment), source, covariates)


def current_dataset(experiment: str, source: str, covariates: str = "") -> Dataset:
    """The examples of a source as it is now."""
    return _dataset(str(home()), experiment, source, covariates, last_change(experiment, source))


def last_change(experiment: str, source: str) -> float:
    """When what a source names last changed; 0 where it never does, or is not there."""
    path = folder_of(experiment) / EXPERIMENT if source == OWN else Path(source)
    try:
        return path.stat().st_mtime if source != SYNTHETIC else 0.0
    except (OSError, ValueError):  # a name may be too long, or hold what no name may
        return 0.0


def summary(experiment: str, source: str, covariates: str = "", output: int = 0) -> Summary:
    """What a source looks like, as it is now. output: the label or class that is looked at, from 0."""
    return _summary(str(home()), experiment, source, covariates, output, last_change(experiment, source))


@st.cache_data(show_spinner=False, max_entries=8)
def _summary(home: str, experiment: str, source: str, covariates: str, output: int, changed: float) -> Summary:
    asked = get_experiment(experiment)
    data = of_output(asked, current_dataset(experiment, source, covariates), output)
    return summarise(data, binary=answer_of_one(asked.answer).yes_or_no)


def bundle(model: ModelRef) -> Bundle:
    """The model itself, read again when its weights change."""
    return _bundle(model.path, model.changed)


@st.cache_resource(show_spinner=Later(mark("Loading the model…")), max_entries=6)
def _bundle(path: Path, changed: float) -> Bundle:
    from dnaconv_core.model.bundle import load_bundle

    return load_bundle(path)


def held_out(model: ModelRef) -> HeldOut:
    """The examples it did not learn from, with labels and predictions of the output that is looked at.

    Raises DnaConvError where there is nothing to predict.
    """
    return _held_out(model, _predicted(model))


def every_output(model: ModelRef) -> Kept:
    """The same examples with all labels and predictions."""
    return _every_output(model, _predicted(model))


def _predicted(model: ModelRef) -> float:
    """When the predictions were made."""
    kept = model.path / PREDICTIONS
    return (kept if kept.is_file() else model.path / CONFIG).stat().st_mtime


@st.cache_resource(show_spinner=Later(mark("Predicting the held-out examples…")), max_entries=6)
def _held_out(model: ModelRef, written: float) -> HeldOut:
    return examples.held_out(model.path, lambda _: bundle(model), model.output)


@st.cache_resource(show_spinner=Later(mark("Predicting the held-out examples…")), max_entries=2)
def _every_output(model: ModelRef, written: float) -> Kept:
    return examples.kept_examples(model.path, lambda _: bundle(model))[0]
