"""A run that starts from a trained model: which one, what of it was taken over, and what of its data it has seen.

The source is copied into the run's folder before the first epoch, so that a run can go on, and tell where it came
from, after the source was trained further or deleted.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from dnaconv_core.errors import ConfigError, DnaConvError
from dnaconv_core.experiments import experiment_of, get_experiment
from dnaconv_core.experiments.base import Experiment
from dnaconv_core.files import write_atomic
from dnaconv_core.model.bundle import CONFIG, WEIGHTS, is_bundle, read_config
from dnaconv_core.model.config import ModelConfig
from dnaconv_core.model.inherit import check_alphabet, check_fit, inherit, shape_of
from dnaconv_core.runs.models import find_model
from dnaconv_core.runs.seen import HASHES, seen_in_training
from dnaconv_core.runs.spec import RunSpec
from dnaconv_core.runs.store import Store
from dnaconv_core.storing import check_storing

if TYPE_CHECKING:
    from torch import Tensor

    from dnaconv_core.data.dataset import Dataset
    from dnaconv_core.model.bundle import Bundle
    from dnaconv_core.model.convnet import ConvNet

FOLDER = "start"  # in a run's folder: the model it started from
_FILES = (HASHES, WEIGHTS, CONFIG)  # in this order: with the last two it is a model


class Started(NamedTuple):
    """A network that was given another's weights."""

    outputs: bool  # whether its outputs are the other's too
    held: dict[str, Tensor]  # the rows that stay as they are if filters are frozen: all of each copied convolution
    record: dict[str, Any]  # for the bundle: model, name, sha256 of its weights, what was copied, what it had seen


def settings_from(start: str, experiment: Experiment, preset: str, store: Store | None = None) -> dict[str, Any]:
    """The settings that give this experiment's network the shape of model `start`, as far as the preset has others.

    Raises BundleError where there is no such model, ConfigError where its alphabet is another or its filters are longer
    than the sequences.
    """
    source = read_config(find_model(start, store))
    check_alphabet(experiment.alphabet, source, start)
    if source.kernel_size > experiment.length:
        raise ConfigError(
            f"{start} has filters of {source.kernel_size} bases and these sequences have {experiment.length}: start "
            f"from a model of shorter filters"
        )
    usual = experiment.model_config(preset)
    shape = shape_of(source, task=experiment.task, covariates=bool(experiment.covariates))
    settings = {name: value for name, value in shape.items() if value != getattr(usual, name)}
    begins = experiment.train_config(preset).begin  # a preset may begin with motifs: here the source's filters are
    return settings if begins == "random" else {**settings, "begin": "random"}


def check_start(spec: RunSpec, store: Store | None = None) -> None:
    """Raises BundleError where the model a run starts from is not there, ConfigError where it does not fit."""
    check_source(get_experiment(spec.experiment).model_config(spec.preset, **spec.settings), spec.start, store)


def check_source(config: ModelConfig, start: str, store: Store | None = None) -> None:
    """`check_start` for a network; nothing where it starts random."""
    if start:
        check_fit(config, read_config(find_model(start, store)), start)


def keep_source(start: str, folder: Path, store: Store | None = None) -> Path:
    """The copy of model `start` in a run's folder, made now if there is none."""
    kept = folder / FOLDER
    if not is_bundle(kept):
        check_storing()
        found = find_model(start, store)
        kept.mkdir(parents=True, exist_ok=True)
        for name in _FILES:
            if (found / name).is_file():
                write_atomic(kept / name, (found / name).read_bytes())
    return kept


def first_network(
    config: ModelConfig, spec: RunSpec, valid: Dataset, *, seed: int, source: Path | None
) -> tuple[ConvNet, Started | None]:
    """The network of a run before its first epoch: random, or with what fits of the model in folder `source`.

    Covariates are then standardised as they are there, so that their weights mean the same. Raises ConfigError where
    nothing fits.
    """
    from dnaconv_core.model.bundle import load_bundle
    from dnaconv_core.model.convnet import build

    if source is None:
        return build(config, seed), None
    bundle, experiment = load_bundle(source), get_experiment(spec.experiment)
    theirs = bundle.config
    if (config.covariates, config.covariate_transform) == (theirs.covariates, theirs.covariate_transform):
        config = config.replace(covariate_mean=theirs.covariate_mean, covariate_scale=theirs.covariate_scale)
    model = build(config, seed)
    return model, _take_over(model, bundle, experiment, spec.start, valid)


def same_question(experiment: Experiment, bundle: Bundle) -> bool:
    """Whether the outputs of a model mean what this experiment asks."""
    try:
        other = experiment_of(bundle.experiment, bundle.record)
    except DnaConvError:  # nobody knows what it was asked
        return False
    return other.key == experiment.key or _meaning(other) == _meaning(experiment)


def _meaning(experiment: Experiment) -> tuple[Any, ...]:
    e = experiment
    return e.task, e.label, e.unit, e.quantity, e.class_names, e.names


def _take_over(model: ConvNet, source: Bundle, experiment: Experiment, start: str, valid: Dataset) -> Started:
    """Give `model` the weights of `source` that fit, and tell what that was."""
    import torch

    check_fit(model.config, source.config, start)
    found = inherit(model, source.model, same_question=same_question(experiment, source))
    held = {name: torch.ones(len(model.get_parameter(name)), dtype=torch.bool) for name in found.filters}
    seen = seen_in_training(source.path, valid)
    digest = hashlib.sha256((source.path / WEIGHTS).read_bytes()).hexdigest()
    record = {
        "model": start,
        "name": str(source.record.get("name") or start),
        "sha256": digest,
        "copied": found.words,
        "seen": None if seen is None else seen.seen,
        "of": None if seen is None else seen.n,
    }
    return Started("dense.weight" in found.copied, held, record)


def start_words(started: dict[str, Any]) -> str:
    """Where a run started from, in a sentence without its stop."""
    words = f"started from {started['name']} (weights {started['sha256'][:12]}): {started['copied']}"
    if started.get("seen"):
        words += (
            f"; {started['seen']:,} of {started['of']:,} validation examples were in that model's training part (the "
            f"same sequence), so the figures look too good because of these"
        )
    return words
