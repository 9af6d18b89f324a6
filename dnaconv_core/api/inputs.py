"""From what a caller has to what a model reads."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from dnaconv_core.api.data import Source, load_data
from dnaconv_core.api.models import Model, load, wrap
from dnaconv_core.data.dataset import Dataset
from dnaconv_core.errors import InputError
from dnaconv_core.predict import wrong_length

if TYPE_CHECKING:
    from torch import nn

    from dnaconv_core.model.config import ModelConfig

AnyModel: TypeAlias = "str | os.PathLike[str] | Model | nn.Module"


def opened(model: AnyModel, sequences: Source | None = None, length: int = 0) -> Model:
    """A Model from whatever names one, or from a torch module.

    How many bases a module of one's own reads is `length`, or what the `sequences` have that it is to read.
    """
    if isinstance(model, str | os.PathLike | Model):
        return load(model)
    if "torch" not in sys.modules or not isinstance(model, sys.modules["torch"].nn.Module):
        raise InputError(
            f"the model is a {type(model).__name__}: give a run's id, a folder, a pretrained model's name, what "
            f"dc.train returned, or a torch module"
        )
    from dnaconv_core.model.convnet import ConvNet

    if isinstance(model, ConvNet):
        return Model(model, "", "data")
    if not length and sequences is None:
        raise InputError("how many bases the module reads is not known: give dc.wrap(module, length=…) in its place")
    data = None if sequences is None else load_data(as_source(sequences))
    return wrap(model, length or (data.length if data else 0), alphabet=data.alphabet if data else "DNA")


def readable(model: Model, source: Source, covariates: Any = None) -> Dataset:
    """The sequences, of the model's length and with its covariates. A text that is no file is one sequence.

    covariates: raw values `(N, C)` or, for one sequence or one covariate, `(C,)` or `(N,)`. Raises InputError naming
    the first sequence that the model cannot read, or the covariates that are missing.
    """
    config, data = model.config, of_its_length(model, source)
    if covariates is not None:
        data = data.with_covariates(_rows(covariates, len(data), config), config.covariates)
    if missing := [name for name in config.covariates if name not in data.covariate_names]:
        raise InputError(f"this model needs {', '.join(missing)} beside each sequence: give covariates=")
    return data


def as_source(source: Source) -> Source:
    """What `load_data` takes: a text that is no file is one sequence."""
    return [source] if isinstance(source, str) and not os.path.exists(source) else source


def of_its_length(model: Model, source: Source) -> Dataset:
    """The sequences alone. Raises InputError naming the first where the model reads another length."""
    data = load_data(as_source(source), alphabet=model.config.alphabet)
    if wrong := wrong_length(data.length, model.config.length):
        raise InputError(f"sequence 1 ({str(data.ids[0])[:60]!r}) {wrong}")
    return data


def _rows(covariates: Any, n: int, config: ModelConfig) -> np.ndarray:
    wanted = (n, len(config.covariates))
    values = np.asarray(covariates, np.float32)
    if not config.covariates:
        raise InputError("covariates were given but this model takes none: leave them out")
    if values.size != wanted[0] * wanted[1]:
        raise InputError(f"covariates have shape {values.shape}: this needs {wanted}, {', '.join(config.covariates)}")
    return values.reshape(wanted)


def labelled(model: Model, data: Source | None, covariates: Any = None) -> Dataset:
    """These examples, or those that were held out when it was trained. Raises InputError where there are none."""
    found = model.examples if data is None else readable(model, data, covariates)
    if found is None:
        raise InputError(f"{model.name or 'the model'} has no held-out examples kept with it: give data=")
    return found


def needed_labels(model: Model, data: Source | None, covariates: Any = None) -> Dataset:
    """`labelled`, those whose label is known. Raises InputError where none is."""
    found = labelled(model, data, covariates).labelled()
    if not found.y.shape[1]:
        raise InputError(f"{found.label} has no labels: give a Dataset with them, such as dc.load_data(X, labels)")
    return found
