"""Attributions for the pages, kept by what decides them; and the checks beside them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from dnaconv_core.experiments import get_experiment
from dnaconv_core.experiments.sources import SYNTHETIC, load
from dnaconv_core.results import Site
from dnaconv_core.runs.siblings import sibling_folders
from dnaconv_core.runs.store import Store
from dnaconv_core.sequence.encoding import one_hot
from frame.cache import bundle

if TYPE_CHECKING:
    from dnaconv_core.interpret.attribution import Attribution
    from dnaconv_core.interpret.evidence import Check


def explained(path: Path, changed: float, sequence: str, covariates: tuple[float, ...], method: str, correct: bool):
    """The attribution of one sequence."""
    return _explained(str(path), changed, sequence, covariates, method, correct)


@st.cache_resource(show_spinner=False, max_entries=200)
def _explained(path: str, changed: float, sequence: str, covariates: tuple, method: str, correct: bool) -> Attribution:
    from dnaconv_core.interpret.attribution import GRADIENTS, attribute

    model = bundle(Path(path))
    X = one_hot(sequence, model.config.alphabet)
    return attribute(
        model.model, X, method=method, covariates=_row(covariates), correct=correct and method in GRADIENTS
    )


@st.cache_data(show_spinner=False, max_entries=100)
def substitutions(path: str, changed: float, sequence: str, covariates: tuple[float, ...]) -> np.ndarray:
    """The change of the logit for every substitution `(4, L)`."""
    from dnaconv_core.interpret.ism import ism

    model = bundle(Path(path))
    return ism(model.model, one_hot(sequence, model.config.alphabet), _row(covariates))[0]


@st.cache_data(show_spinner=False, max_entries=300)
def predicted(path: str, changed: float, sequence: str, covariates: tuple[float, ...]) -> tuple[float, float]:
    """Logit and prediction."""
    from dnaconv_core.predict import predict

    model = bundle(Path(path))
    X, c = one_hot(sequence, model.config.alphabet), _row(covariates)
    return tuple(float(predict(model.model, X, c, output=kind)[0, 0]) for kind in ("logit", "prediction"))


@st.cache_resource(show_spinner=False, max_entries=4)
def planted(path: str, changed: float) -> dict[str, tuple[Site, ...]]:
    """Where the sites of the data that this model comes from were planted, by sequence; empty for measured data."""
    model = bundle(Path(path))
    if model.record.get("data") != SYNTHETIC:
        return {}
    data = load(get_experiment(model.experiment), SYNTHETIC)
    letters, sites = data.sequences(), {}
    for site in data.truth:
        sites.setdefault(letters[site.index], []).append(site)
    return {sequence: tuple(found) for sequence, found in sites.items()}


def siblings(key: str) -> tuple[str, ...]:
    """Folders of the runs that did the same from other seeds."""
    return tuple(map(str, sibling_folders(Store(), key)))


@st.cache_data(show_spinner="Checking the evidence…", max_entries=100)
def checks(
    path: str,
    changed: float,
    sequence: str,
    covariates: tuple,
    methods: tuple[str, ...],
    correct: bool,
    alike: tuple[str, ...],
) -> list[Check]:
    """What speaks for and against the first method's map."""
    from dnaconv_core.interpret.attribution import GRADIENTS, NAMES
    from dnaconv_core.interpret.evidence import check_map

    model = bundle(Path(path))
    maps = {NAMES[m]: _explained(path, changed, sequence, covariates, m, correct) for m in methods}
    return check_map(
        model.model, one_hot(sequence, model.config.alphabet), maps, covariates=_row(covariates),
        siblings=[bundle(Path(p)).model for p in alike], correct=correct and methods[0] in GRADIENTS,
    )  # fmt: skip


def _row(covariates: tuple[float, ...]) -> np.ndarray | None:
    return np.array([covariates], np.float32) if covariates else None
