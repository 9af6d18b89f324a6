"""Whether sequences and covariates fit a model, and a dataset's covariates in its order."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dnaconv_core.errors import InputError

if TYPE_CHECKING:
    from dnaconv_core.data.dataset import Dataset, MappedRows
    from dnaconv_core.model.config import ModelConfig
    from dnaconv_core.model.convnet import ConvNet


def check_input(config: ModelConfig, X: np.ndarray | MappedRows, covariates: np.ndarray | None) -> np.ndarray | None:
    """The covariates as float32 `(N, C)` (None where the model takes none); InputError when anything does not fit."""
    if X.ndim != 3 or X.shape[1] != 4:
        raise InputError(f"X has shape {tuple(X.shape)}; one-hot sequences are (examples, 4, length)")
    if X.shape[2] != config.length:
        raise InputError(
            f"the sequences have {X.shape[2]} bases; this model reads {config.length}: cut or pad them, or scan them"
        )
    if not config.covariates:
        return None
    names = ", ".join(config.covariates)
    if covariates is None:
        raise InputError(f"this model needs {names} beside each sequence: give the covariates")
    covariates = np.ascontiguousarray(covariates, dtype=np.float32)
    if covariates.shape != (len(X), len(config.covariates)):
        raise InputError(
            f"covariates have shape {covariates.shape}; this model takes {len(config.covariates)} ({names}) for each "
            f"of {len(X)} sequences"
        )
    if not np.isfinite(covariates).all():
        row = int(np.flatnonzero(~np.isfinite(covariates).all(axis=1))[0])
        raise InputError(f"the covariates of sequence {row + 1} are not finite numbers: correct or leave out that row")
    return covariates


def covariates_for(model: ConvNet, data: Dataset) -> np.ndarray | None:
    """The dataset's raw covariates `(N, C)` in the model's order. Raises InputError naming one that is missing."""
    names = model.config.covariates
    missing = [name for name in names if name not in data.covariate_names]
    if missing:
        raise InputError(f"{data.label} has no {', '.join(missing)}, which this model needs: join them by id first")
    if data.covariates is None or not names:
        return None
    return data.covariates[:, [data.covariate_names.index(name) for name in names]]
