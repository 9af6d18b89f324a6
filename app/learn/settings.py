"""The settings of the next run: a preset to start from, and every field of the network and its training."""

from __future__ import annotations

from typing import Any

import streamlit as st

from dnaconv_core.errors import ConfigError
from dnaconv_core.evaluate.metrics import check_pairing
from dnaconv_core.experiments.base import Experiment
from dnaconv_core.model.config import ModelConfig, TrainConfig
from frame.words import plain
from learn.form import came_by_link, config_form, fields_of, forget, only_choice

NETWORK = ("depth", "filters", "kernel_size", "dropout")
TRAINING = ("epochs", "learning_rate", "batch_size")
OF_DATA = ("length", "alphabet", "task", "n_tasks", "names", "covariates")  # not asked: they follow from the data
_OF_COVARIATES = {"covariate_transform", "covariate_gain"}


def ask_preset(experiment: Experiment) -> str:
    """Which preset the form starts from; changing it, or the experiment, puts every field back."""
    names = list(experiment.presets)
    chosen = st.segmented_control(
        "Start from",
        names,
        format_func=plain,
        default=names[0],
        required=True,
        key="preset",
        bind="query-params",
        help="  \n".join(f"**{plain(name)}**: {plain(preset.why)}." for name, preset in experiment.presets.items()),
    )
    linked = came_by_link(ModelConfig, "model") or came_by_link(TrainConfig, "train")
    if linked or st.session_state.get("_form_of") not in (None, (experiment.key, chosen)):
        forget(ModelConfig, "model", address=not linked)
        forget(TrainConfig, "train", address=not linked)
    st.session_state["_form_of"] = (experiment.key, chosen)
    return chosen


def ask_settings(
    experiment: Experiment, preset: str, length: int
) -> tuple[dict[str, Any], dict[str, Any], ConfigError | None]:
    """The form: all fields of ModelConfig and TrainConfig as set, and what is wrong with the network."""
    standard, train = experiment.model_config(preset), experiment.train_config(preset)
    given = {name: getattr(standard, name) for name in OF_DATA} | {"length": length}
    given |= {spec.name: getattr(standard, spec.name) for spec in fields_of(ModelConfig, "model")}
    idle = only_choice(ModelConfig, "model", given) | (set() if standard.covariates else _OF_COVARIATES)
    rest = [s.name for s in fields_of(ModelConfig, "model") if s.name not in NETWORK and s.name not in idle]
    later = [s.name for s in fields_of(TrainConfig, "train") if s.name not in TRAINING]
    places: dict[str, Any] = {}
    more = {"below": places, "reasons": experiment.presets[preset].reasons}
    model = given | config_form(ModelConfig, "model", standard, only=NETWORK, **more)
    with st.expander("More about the network"):
        model |= config_form(ModelConfig, "model", standard, only=rest, **more)
    training = config_form(TrainConfig, "train", train, only=TRAINING, **more)
    with st.expander("More about the training"):
        training |= config_form(TrainConfig, "train", train, only=later, **more)
    wrong = None
    checks = (
        lambda: check_pairing(experiment.task, training["loss"]),
        lambda: TrainConfig(**training),
        lambda: ModelConfig(**model),
    )
    for check in checks:
        try:
            check()
        except ConfigError as error:
            wrong = error
            places.get(str(error).split()[0], st).markdown(f":red[{plain(error)}]")
    return model, training, wrong
