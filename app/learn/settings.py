"""The settings of the next run: a preset to start from, and every field of the network and its training."""

from __future__ import annotations

from typing import Any

import streamlit as st

from dnaconv_core.errors import DnaConvError
from dnaconv_core.evaluate.metrics import check_pairing
from dnaconv_core.experiments.base import Experiment
from dnaconv_core.model.config import ModelConfig, TrainConfig
from dnaconv_core.runs.start import check_source
from dnaconv_core.train.begin import check_begin
from dnaconv_core.train.unwise import check_balance
from frame import state
from frame.language import said, tr
from frame.words import plain
from learn.form import came_by_link, config_form, fields_of, forget, keep_choice, kept_choice, only_choice
from learn.lasting import how_long
from learn.starting import ask_start, like

NETWORK = ("depth", "filters", "kernel_size", "dropout")
TRAINING = ("epochs", "learning_rate", "batch_size")
OF_DATA = ("length", "alphabet", "task", "n_tasks", "names", "covariates")  # not asked: they follow from the data
ADVANCED = ("pool_between", "keep_layers", "stretches", "hidden", "composition")
START = ("begin", "begin_share", "freeze_filters")
_COPIED = "_copied"  # the address holds the settings of a run, all of them
_OF_COVARIATES = {"covariate_transform", "covariate_gain"}


def first_preset(experiment: Experiment) -> str:
    """The preset that the form opens on: of a user's own data what is chosen from them, else the quick one."""
    return "auto" if experiment.own else "quick"


def ask_preset(experiment: Experiment) -> tuple[str, str]:
    """Which preset, and which model's weights ('' for random ones) the next run starts from.

    Changing one of them, or the experiment, puts every field back.
    """
    first = first_preset(experiment)
    copied = st.session_state.pop(_COPIED, False)
    linked = copied or came_by_link(ModelConfig, "model") or came_by_link(TrainConfig, "train")
    if st.session_state.get("_form_of", (experiment.key,))[0] != experiment.key and "preset" not in st.query_params:
        st.session_state["preset"] = first  # presets of the same name are others in another experiment
    kept_choice("preset", experiment.presets, first, linked=linked)
    presets = [first, *(name for name in experiment.presets if name != first)]
    chosen = st.segmented_control(
        tr("Preset"),
        presets,
        format_func=plain,
        required=True,
        default=st.session_state["preset"],
        key="preset",
        help="  \n".join(
            f"**{plain(name)}**: {plain(said(preset.why))}." for name, preset in experiment.presets.items()
        ),
    )
    keep_choice("preset", chosen, first)
    how_long(experiment, presets)
    start = ask_start(experiment, linked=linked)
    if linked or st.session_state.get("_form_of") not in (None, (experiment.key, chosen, start)):
        forget(ModelConfig, "model", address=not linked)
        forget(TrainConfig, "train", address=not linked)
    st.session_state["_form_of"] = (experiment.key, chosen, start)
    return chosen, start


def copy_settings(settings: dict[str, str]) -> None:
    """A click: leave the run that is watched, and open the form with these settings, and no others, for the next."""
    state.choose(run="", data=settings.get("data", ""), valid=settings.get("valid", ""))
    state.choose(covariates=settings.get("covariates", ""))
    named = [spec.name for spec in (*fields_of(ModelConfig, "model"), *fields_of(TrainConfig, "train"))]
    rest = {name: value for name, value in settings.items() if name not in state.NAMES}
    state.write(dict.fromkeys(("preset", "start", "name", *named), "") | rest)
    st.session_state[_COPIED] = True


def ask_settings(
    experiment: Experiment, preset: str, length: int, start: str = ""
) -> tuple[dict[str, Any], dict[str, Any], DnaConvError | None, dict[str, Any]]:
    """The form: all fields of ModelConfig and TrainConfig as set, what is wrong, and a place under each field.

    start: the model whose weights it starts with; the network then begins with that one's shape.
    """
    shape = like(start, experiment, preset)
    standard, train = experiment.model_config(preset, **shape), experiment.train_config(preset, **shape)
    given = {name: getattr(standard, name) for name in OF_DATA} | {"length": length}
    given |= {spec.name: getattr(standard, spec.name) for spec in fields_of(ModelConfig, "model")}
    idle = only_choice(ModelConfig, "model", given) | (set() if standard.covariates else _OF_COVARIATES)
    rest = [s.name for s in fields_of(ModelConfig, "model") if s.name not in (*NETWORK, *ADVANCED, *idle)]
    later = [s.name for s in fields_of(TrainConfig, "train") if s.name not in (*TRAINING, *START)]
    places: dict[str, Any] = {}
    more = {"below": places, "reasons": experiment.presets[preset].reasons}
    training = config_form(TrainConfig, "train", train, only=START[2:], **more) if start else {}
    model = given | config_form(ModelConfig, "model", standard, only=NETWORK, **more)
    with st.expander(tr("More about the network")):
        model |= config_form(ModelConfig, "model", standard, only=rest, **more)
    with st.expander(tr("Advanced")):
        model |= config_form(ModelConfig, "model", standard, only=[n for n in ADVANCED if n not in idle], **more)
    training |= config_form(TrainConfig, "train", train, only=TRAINING, **more)
    with st.expander(tr("More about the training")):
        training |= config_form(TrainConfig, "train", train, only=later, **more)
    if start:  # its filters are there already
        training |= {name: getattr(train, name) for name in START[:2]}
    else:
        with st.expander(tr("More about the start")):
            training |= config_form(TrainConfig, "train", train, only=START, **more)
    wrong = None
    checks = (
        lambda: check_pairing(experiment.task, training["loss"]),
        lambda: check_balance(experiment.task, TrainConfig(**training)),
        lambda: ModelConfig(**model),
        lambda: check_begin(ModelConfig(**model), TrainConfig(**training), from_model=bool(start)),
        lambda: check_source(ModelConfig(**model), start),
    )
    for check in checks:
        try:
            check()
        except DnaConvError as error:
            wrong = error
            places.get(str(error).split()[0], st).markdown(f":red[{plain(said(str(error)))}]")
    return model, training, wrong, places
