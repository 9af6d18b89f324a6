"""A model's predictions on examples it did not learn from: kept with it, or made again from what it records."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np

from dnaconv_core.errors import DataError, DnaConvError
from dnaconv_core.evaluate.held_out import WHOLE, Kept, kept_of, read_kept
from dnaconv_core.experiments import get_experiment
from dnaconv_core.experiments.sources import SYNTHETIC, load_parts
from dnaconv_core.model.bundle import Bundle, load_bundle, read_config
from dnaconv_core.predict import predict
from dnaconv_core.sequence.encoding import LETTERS, from_codes

_OWN, _INSTEAD = "the validation part of its own data", "synthetic data, as its own is not here"


class HeldOut(NamedTuple):
    """N examples whose label is known, with measured and predicted values, and the words for where they come from."""

    ids: np.ndarray  # (N,)
    y: np.ndarray  # (N,) of the first task
    prediction: np.ndarray  # (N,)
    codes: np.ndarray  # (N, L) uint8, 4 for an unknown base
    covariates: np.ndarray  # (N, C)
    words: str
    own: bool  # the validation part of the model's own data
    rows: np.ndarray  # (N,) where they stand among all that were stored
    alphabet: str
    covariate_names: tuple[str, ...] = ()

    def sequence(self, index: int) -> str:
        letters = np.frombuffer((LETTERS[self.alphabet] + "N").encode(), np.uint8)
        return letters[self.codes[index]].tobytes().decode()

    def one_hot(self, rows: np.ndarray | slice = slice(None)) -> np.ndarray:
        """One-hot `(n, 4, L)` of the examples at `rows`."""
        return from_codes(self.codes[rows].astype(np.int8))

    def beside(self, rows: np.ndarray | slice = slice(None)) -> np.ndarray | None:
        """Their covariates `(n, C)`; None where the model takes none."""
        return self.covariates[rows] if self.covariates.shape[1] else None


def held_out(folder: Path, load: Callable[[Path], Bundle] = load_bundle) -> HeldOut:
    """Of the model in this folder. Raises DnaConvError where it is damaged, or there is nothing to predict.

    load: how to get the model where nothing was kept; else it, and torch, are not needed.
    """
    kept, own = read_kept(folder, *WHOLE), True
    if kept is None:
        bundle = load(folder)
        (kept, own), config = _again(bundle), bundle.config
    else:
        config = read_config(folder)
    words = _OWN if own else _INSTEAD
    known = (kept.w[:, 0] > 0) & np.isfinite(kept.y[:, 0])
    if not known.any():
        raise DataError(f"no label is known in {words}: evaluate the model on data that have some")
    ids, y, _, prediction, codes, covariates = (part[known] for part in kept)
    y, prediction = (part[:, 0].astype(np.float64) for part in (y, prediction))
    rows = np.flatnonzero(known)
    return HeldOut(ids, y, prediction, codes, covariates, words, own, rows, config.alphabet, config.covariates)


def _again(bundle: Bundle) -> tuple[Kept, bool]:
    """Predict the recorded validation part; where its files are gone, that of synthetic data. Which of both it was."""
    experiment, record = get_experiment(bundle.experiment), bundle.record
    data, valid, covariates = (str(record.get(name) or "") for name in ("data", "valid", "covariates"))
    try:
        _, part = load_parts(experiment, data or SYNTHETIC, valid, covariates, record.get("split"))
        own = True
    except DnaConvError:
        _, part = load_parts(experiment, SYNTHETIC)
        own = False
    return kept_of(part, predict(bundle.model, part)), own
