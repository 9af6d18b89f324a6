"""Training on data that are in memory: the kind of question from the labels, settings from a preset, then the loop."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from dnaconv_core.data.dataset import Dataset
from dnaconv_core.data.split import split_dataset
from dnaconv_core.errors import DataError
from dnaconv_core.experiments.base import Experiment
from dnaconv_core.experiments.own_presets import own_presets
from dnaconv_core.experiments.sources import DEFAULT_SPLIT
from dnaconv_core.progress import Progress

if TYPE_CHECKING:
    from dnaconv_core.model.convnet import ConvNet
    from dnaconv_core.train.loop import History


def train_in_memory(
    data: Dataset,
    valid: Dataset | None,
    preset: str,
    task: str,
    strand: str,
    settings: dict[str, Any],
    progress: Progress,
) -> tuple[ConvNet, History, Dataset]:
    """The network on the CPU, how its training went, and the validation part. Raises as `dc.train` does."""
    if not data.y.shape[1]:
        raise DataError(f"{data.label} has no labels to learn from: give them as the second argument")
    preset = preset or "auto"
    task = task or guess_task(data.y[data.w > 0])
    if valid is None:
        split = split_dataset(data, DEFAULT_SPLIT)
        data, valid = data.subset(split.train), data.subset(split.valid)
    elif valid.length != data.length:
        raise DataError(f"validation examples have {valid.length} bases and the others {data.length}: use one length")
    question = _question(data, task, strand, preset, int(settings.get("seed", 0)))
    question.check(valid)
    return (*_fitted(question, data, valid, preset, settings, progress), valid)


def guess_task(y: np.ndarray) -> str:
    """'binary' where all known labels are 0 or 1, else 'regression': numbers of classes look like any numbers."""
    return "binary" if len(y) and np.isin(y, (0, 1)).all() else "regression"


def _question(data: Dataset, task: str, strand: str, preset: str, seed: int) -> Experiment:
    from dnaconv_core.answers import find_answer
    from dnaconv_core.train.facts import facts_of

    answer = find_answer(task)
    both = data.alphabet == "DNA" and strand == "both"
    facts = facts_of(data, task, both_strands=both, seed=seed) if preset == "auto" else None
    n = answer.n_outputs(data.y, ())
    return Experiment(
        key="data", title="Data in memory", question="", explanation="", task=task, alphabet=data.alphabet,
        length=data.length, label="label", synthetic=None, examples=(), covariates=data.covariate_names, strand=strand,
        presets=own_presets(task, data.alphabet, data.length, strand, facts),
        names=tuple(str(number) for number in range(n)) if n > 1 else (),
    )  # fmt: skip


def _fitted(
    question: Experiment, data: Dataset, valid: Dataset, preset: str, settings: dict[str, Any], progress: Progress
) -> tuple[ConvNet, History]:
    from dnaconv_core.model.convnet import build
    from dnaconv_core.train.device import resolve
    from dnaconv_core.train.loop import fit

    config = question.model_config(preset, data, **settings)
    how = question.train_config(preset, **settings)
    network = build(config, seed=how.seed)
    history = fit(network, data, valid, how, device=resolve(how.device), progress=progress)
    return network.to("cpu").eval(), history
