"""Attributions for the pages, kept by what decides them; and the checks beside them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import streamlit as st

from dnaconv_core.experiments import get_experiment
from dnaconv_core.experiments.sources import SYNTHETIC, load
from dnaconv_core.results import Site
from dnaconv_core.runs.siblings import sibling_folders
from dnaconv_core.runs.store import Store
from dnaconv_core.sequence.encoding import one_hot
from frame.cache import bundle
from frame.models import ModelRef, model_in

if TYPE_CHECKING:
    from dnaconv_core.interpret.attribution import Attribution
    from dnaconv_core.interpret.evidence import Check


class Asked(NamedTuple):
    """What a map is of: a model, a sequence as long as it reads, and the raw covariates beside it."""

    model: ModelRef
    sequence: str
    covariates: tuple[float, ...]

    def one_hot(self) -> np.ndarray:
        """`(1, 4, L)`."""
        return one_hot(self.sequence, bundle(self.model).config.alphabet)

    def beside(self) -> np.ndarray | None:
        """The covariates as a row `(1, C)`."""
        return np.array([self.covariates], np.float32) if self.covariates else None


@st.cache_resource(show_spinner=False, max_entries=200)
def explained(asked: Asked, method: str, correct: bool) -> Attribution:
    """The attribution of the sequence by one method."""
    from dnaconv_core.interpret.attribution import GRADIENTS, attribute

    correct = correct and method in GRADIENTS
    return attribute(
        bundle(asked.model).model, asked.one_hot(), method=method, covariates=asked.beside(), correct=correct,
        task=asked.model.output,
    )  # fmt: skip


@st.cache_data(show_spinner=False, max_entries=100)
def substitutions(asked: Asked) -> np.ndarray:
    """The change of the logit for every substitution `(4, L)`."""
    from dnaconv_core.interpret.ism import ism

    return ism(bundle(asked.model).model, asked.one_hot(), asked.beside(), task=asked.model.output)[0]


@st.cache_data(show_spinner=False, max_entries=300)
def predicted(asked: Asked) -> tuple[float, float]:
    """Logit and prediction of the output that is looked at."""
    from dnaconv_core.predict import predict

    model, X, beside = bundle(asked.model).model, asked.one_hot(), asked.beside()
    kinds, output = ("logit", "prediction"), asked.model.output
    return tuple(float(predict(model, X, beside, output=kind)[0, output]) for kind in kinds)


@st.cache_resource(show_spinner=False, max_entries=4)
def planted(model: ModelRef) -> dict[str, tuple[Site, ...]]:
    """Where the sites of the data that this model comes from were planted, by sequence; empty for measured data."""
    if bundle(model).record.get("data") != SYNTHETIC:
        return {}
    data = load(get_experiment(bundle(model).experiment), SYNTHETIC)
    letters, sites = data.sequences(), {}
    for site in data.truth:
        sites.setdefault(letters[site.index], []).append(site)
    return {sequence: tuple(found) for sequence, found in sites.items()}


def siblings(model: ModelRef) -> tuple[ModelRef, ...]:
    """The models of the runs that did the same from other seeds."""
    return tuple(model_in(folder) for folder in sibling_folders(Store(), model.key))


@st.cache_data(show_spinner=False, max_entries=100)
def checks(asked: Asked, methods: tuple[str, ...], correct: bool, alike: tuple[ModelRef, ...]) -> list[Check]:
    """What speaks for and against the first method's map. alike: the same network from other seeds."""
    from dnaconv_core.interpret.attribution import GRADIENTS, NAMES
    from dnaconv_core.interpret.evidence import check_map, network_check

    maps = {NAMES[method]: explained(asked, method, correct) for method in methods}
    model = bundle(asked.model)
    return check_map(
        model.model, asked.one_hot(), maps, covariates=asked.beside(),
        network=network_check(model.metrics, model.config, asked.model.output),
        siblings=[bundle(other).model for other in alike], correct=correct and methods[0] in GRADIENTS,
        task=asked.model.output,
    )  # fmt: skip
