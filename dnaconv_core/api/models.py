"""Models: trained here, or loaded by name."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from dnaconv_core.api.data import Source, load_data
from dnaconv_core.data.dataset import Dataset
from dnaconv_core.errors import InputError
from dnaconv_core.progress import SILENT, Progress

if TYPE_CHECKING:
    import numpy as np
    from torch import nn

    from dnaconv_core.model.config import ModelConfig
    from dnaconv_core.model.convnet import ConvNet
    from dnaconv_core.results import Metric
    from dnaconv_core.runs.models import ModelEntry
    from dnaconv_core.train.loop import History


@dataclass(frozen=True, eq=False)
class Model:
    """A network, and what is known about it.

    >>> load("rnai_huesken")
    Model(name='rnai_huesken', experiment='rnai')
    """

    network: ConvNet = field(repr=False)  # on the CPU, in evaluation mode
    name: str  # a run's id, a pretrained model's name, or '' for one in memory only
    experiment: str  # the key of the question it answers; 'data' where it was trained on data in memory
    examples: Dataset | None = field(default=None, repr=False)  # held out while it was trained
    metrics: dict[str, dict[str, Metric]] = field(default_factory=dict, repr=False)  # by split, as stored
    history: History | None = field(default=None, repr=False)  # how training in memory went

    @property
    def config(self) -> ModelConfig:
        return self.network.config

    def predict(self, sequences: Source, **more: Any) -> np.ndarray:
        """Predictions `(N, T)`: see `dc.predict`."""
        from dnaconv_core.api.use import predict

        return predict(self, sequences, **more)


def load(model: str | os.PathLike[str] | Model) -> Model:
    """The model with this name: a run's id, a bundle's folder, or a pretrained or imported model. Raises BundleError.

    >>> load("rnai_huesken").config.length
    21
    """
    if isinstance(model, Model):
        return model
    from dnaconv_core.interpret.keep import stored_examples
    from dnaconv_core.model.bundle import load_bundle
    from dnaconv_core.runs.models import find_model

    bundle = load_bundle(find_model(os.fspath(model)))
    examples = stored_examples(bundle.path, bundle.config.alphabet, bundle.config.covariates)
    if examples is not None and examples.length != bundle.config.length:
        examples = None
    return Model(bundle.model, os.fspath(model), bundle.experiment, examples, bundle.metrics)


def wrap(module: nn.Module, length: int, *, alphabet: str = "DNA", task: str = "regression") -> Model:
    """A torch module of your own as a model: whatever maps one-hot `(N, 4, length)`, channels A C G T, to `(N, T)`.

    Functions that are given the module itself wrap it so. task: 'regression' takes its outputs as they are, 'binary'
    as logits of yes, 'classes' as logits of one of T classes; what is attributed is the output before that. The module
    is not copied: it is used on its own device, in evaluation mode, and left as it was found. Raises InputError where
    it cannot read such sequences, or gives another shape.

    >>> from torch import nn
    >>> module = nn.Sequential(nn.Conv1d(4, 8, 5), nn.ReLU(), nn.AdaptiveMaxPool1d(1), nn.Flatten(), nn.Linear(8, 2))
    >>> wrap(module, 20).predict(["ACGTTGCATTACGTTGCATT"]).shape
    (1, 2)
    """
    from dnaconv_core.engine.own_module import own_module

    return Model(own_module(module, length, alphabet=alphabet, task=task), "", "data")


def models() -> list[ModelEntry]:
    """Every model that can be loaded by name: runs (newest first), then imported and pretrained ones.

    >>> "tf_binding_jund" in [entry.key for entry in models()]
    True
    """
    from dnaconv_core.runs.models import list_models

    return list_models()


def train(
    data: Source,
    labels: Any = None,
    *,
    valid: Source | None = None,
    preset: str = "",
    task: str = "",
    strand: str = "both",
    name: str = "",
    progress: Progress = SILENT,
    **settings: Any,
) -> Model:
    """Train a network and return it with the weights of its best validation metric.

    data: an experiment's key ('tf_binding', or one of your own) trains as `dnaconv train` does, and the run is kept in
    the home folder; anything else that `load_data` takes is trained on in memory. valid: validation examples; without
    them a fifth is held out. preset: settings to start from (for data in memory 'auto', which looks at them first,
    'quick' or 'book'). task: 'binary', 'regression' or 'classes'; by default guessed from the labels. strand: 'one'
    where only the given strand of DNA in memory counts. settings: any setting of the network or its training, such as
    epochs=20, filters=32, device='cpu' or the random seed, seed=1. Raises ConfigError for settings that do not work,
    DataError for data that cannot be used.

    >>> model = train(["ACGTTGCA", "TTGGCCAA"] * 20, [1, 0] * 20, preset="quick", epochs=2, filters=4, kernel_size=3)
    >>> model.predict(["ACGTTGCA"]).shape
    (1, 1)
    """
    from dnaconv_core.experiments import all_experiments

    if isinstance(data, str) and not os.path.exists(data) and data in all_experiments():
        if labels is not None or valid is not None or task:
            raise InputError(f"{data} has data and a task of its own: leave labels, valid and task out")
        return _run(data, preset, name, settings, progress)
    from dnaconv_core.api.training import train_in_memory

    examples = load_data(data, labels)
    held = None if valid is None else load_data(valid)
    network, history, held = train_in_memory(examples, held, preset, task, strand, settings, progress)
    return Model(network, "", "data", held, {}, history)


def _run(key: str, preset: str, name: str, settings: dict[str, Any], progress: Progress) -> Model:
    from dnaconv_core.experiments import get_experiment
    from dnaconv_core.experiments.sources import default_preset, default_source
    from dnaconv_core.runs.spec import RunSpec
    from dnaconv_core.runs.store import Store
    from dnaconv_core.runs.worker import train_here

    asked = get_experiment(key)
    source = default_source(asked)
    spec = RunSpec(key, data=source, preset=preset or default_preset(asked, source), settings=settings)
    store = Store()
    run = store.create(spec, name)
    return load(train_here(store, run.id, progress).id)
