"""What is worth keeping between reruns: data, models, summaries; and torch, imported while the first page is read."""

from __future__ import annotations

import gc
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import streamlit as st

from dnaconv_core.experiments import get_experiment
from dnaconv_core.experiments.own import EXPERIMENT, folder_of
from dnaconv_core.experiments.sources import OWN, SYNTHETIC, load
from dnaconv_core.plot.data import base_frequencies

if TYPE_CHECKING:
    from dnaconv_core.data.dataset import Dataset
    from dnaconv_core.model.bundle import Bundle

_SAMPLED = 20_000  # rows that compositions and examples are taken from, of a large dataset


@st.cache_resource(show_spinner=False)
def warm_up() -> threading.Thread:
    """Import what later pages need, once per server, after the first page is out; then keep it from the collector."""

    def work() -> None:
        time.sleep(2.5)
        import plotly.graph_objects
        import torch

        from dnaconv_core.model import bundle, convnet

        gc.collect()
        gc.freeze()  # a full collection after each fragment run would walk all of torch: 190 ms instead of 30
        del plotly, torch, bundle, convnet

    thread = threading.Thread(target=work, name="warm-up", daemon=True)
    thread.start()
    return thread


@st.cache_resource(show_spinner=False, max_entries=4)
def dataset(experiment: str, source: str, covariates: str = "", changed: float = 0.0) -> Dataset:
    """All examples of a source. `changed` is when the folder last did, so that new content is read."""
    return load(get_experiment(experiment), source, covariates)


def current_dataset(experiment: str, source: str, covariates: str = "") -> Dataset:
    """The examples of a source as it is now."""
    return dataset(experiment, source, covariates, _last_change(experiment, source))


def _last_change(experiment: str, source: str) -> float:
    """When what a source names last changed; 0 where it never does, or is not there."""
    path = folder_of(experiment) / EXPERIMENT if source == OWN else Path(source)
    return path.stat().st_mtime if source != SYNTHETIC and path.exists() else 0.0


class Summary(NamedTuple):
    """What a dataset looks like, small enough to draw."""

    n: int
    length: int
    positives: int | None  # of a yes-or-no label
    label_mean: float
    composition: np.ndarray  # (4, L) share of each base
    effect: np.ndarray | None  # (4, L) mean label where this base stands here, minus the mean of all
    covariate_name: str
    covariate_counts: np.ndarray | None  # (2, bins) for labels below and from 0.5
    covariate_edges: np.ndarray | None
    sampled: int


def summary(experiment: str, source: str, covariates: str = "") -> Summary:
    """What a source looks like, as it is now."""
    return _summary(experiment, source, covariates, _last_change(experiment, source))


@st.cache_data(show_spinner=False, max_entries=8)
def _summary(experiment: str, source: str, covariates: str, changed: float) -> Summary:
    data = current_dataset(experiment, source, covariates)
    y = np.asarray(data.y[:, 0], np.float64)
    binary = get_experiment(experiment).answer.yes_or_no
    rows = np.sort(np.random.default_rng(0).permutation(len(data))[:_SAMPLED])
    X = np.asarray(data.X[rows], np.float32)  # (n, 4, L)
    effect = None
    if not binary:
        here = X.sum(axis=0)
        centred = y[rows] - y[rows].mean()
        effect = np.divide(np.tensordot(centred, X, 1), here, out=np.zeros(here.shape), where=here >= 20)
    name, c_counts, c_edges = "", None, None
    if data.covariates is not None and len(data.covariate_names):
        name = data.covariate_names[0]
        values = np.log10(np.maximum(data.covariates[:, 0], 1e-5))
        c_edges = np.histogram_bin_edges(values, bins=40)
        c_counts = np.stack([np.histogram(values[y < 0.5], c_edges)[0], np.histogram(values[y >= 0.5], c_edges)[0]])
    return Summary(
        len(data),
        data.length,
        int((y >= 0.5).sum()) if binary else None,
        float(y.mean()),
        base_frequencies(X),
        effect,
        name,
        c_counts,
        c_edges,
        len(rows),
    )


@st.cache_resource(show_spinner="Loading the model…", max_entries=6)
def _bundle(path: str, changed: float) -> Bundle:
    from dnaconv_core.model.bundle import load_bundle

    return load_bundle(Path(path))


def bundle(path: Path) -> Bundle:
    """The model in this folder, read again when its weights change."""
    return _bundle(str(path), changed(path))


def changed(path: Path) -> float:
    """When the weights in this folder last did."""
    weights = path / "weights.safetensors"
    return weights.stat().st_mtime if weights.exists() else 0.0
