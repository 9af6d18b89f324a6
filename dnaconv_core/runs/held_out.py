"""A model's predictions on examples it did not learn from: kept with it, or made again from what it records."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np

from dnaconv_core.answers.outputs import shown_output
from dnaconv_core.errors import DataError, DnaConvError
from dnaconv_core.evaluate.dependence import Groups, groups_of_codes
from dnaconv_core.evaluate.held_out import WHOLE, Kept, kept_of, read_kept
from dnaconv_core.experiments import recorded_experiment
from dnaconv_core.experiments.sources import SYNTHETIC, load_parts
from dnaconv_core.model.bundle import Bundle, load_bundle, read_config
from dnaconv_core.model.config import ModelConfig
from dnaconv_core.predict import predict
from dnaconv_core.sequence.encoding import LETTERS, from_codes

_OWN, _INSTEAD = "the validation part of its own data", "synthetic data, as its own is not here"


class HeldOut(NamedTuple):
    """N examples whose label is known, with measured and predicted values, and the words for where they come from."""

    ids: np.ndarray  # (N,)
    y: np.ndarray  # (N,) of one output; of a class, whether the example is of it
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

    def groups(self) -> Groups:
        """Which of the examples depend on each other."""
        return groups_of_codes(self.ids, self.codes, self.alphabet)

    def beside(self, rows: np.ndarray | slice = slice(None)) -> np.ndarray | None:
        """Their covariates `(n, C)`; None where the model takes none."""
        return self.covariates[rows] if self.covariates.shape[1] else None


def held_out(folder: Path, load: Callable[[Path], Bundle] = load_bundle, output: int = 0) -> HeldOut:
    """Of one output of the model in this folder, from 0.

    load: how to get the model where nothing was kept; else it, and torch, are not needed. Raises DnaConvError where the
    model is damaged, or there is nothing to predict.
    """
    kept, own, config = kept_examples(folder, load)
    words = _OWN if own else _INSTEAD
    y, w, prediction = kept.of_output(output)
    known = (w > 0) & np.isfinite(y)
    if not known.any():
        of = shown_output(config, output)
        named = f"no label of the {of}," if of else "no label"
        raise DataError(f"{named} is known in {words}: evaluate the model on data with some")
    ids, codes, covariates = (part[known] for part in (kept.ids, kept.codes, kept.covariates))
    rows = np.flatnonzero(known)
    return HeldOut(
        ids, y[known], prediction[known], codes, covariates, words, own, rows, config.alphabet, config.covariates
    )


def kept_examples(folder: Path, load: Callable[[Path], Bundle] = load_bundle) -> tuple[Kept, bool, ModelConfig]:
    """All outputs of the model in this folder: what was kept, or is predicted now; whether it is of its own data."""
    kept = read_kept(folder, *WHOLE)
    if kept is not None:
        return kept, True, read_config(folder)
    bundle = load(folder)
    return *_again(bundle), bundle.config


def _again(bundle: Bundle) -> tuple[Kept, bool]:
    """Predict the recorded validation part; where its files are gone, that of synthetic data. Which of both it was."""
    experiment, record = recorded_experiment(bundle.experiment), bundle.record
    data, valid, covariates = (str(record.get(name) or "") for name in ("data", "valid", "covariates"))
    try:
        _, part = load_parts(experiment, data or SYNTHETIC, valid, covariates, record.get("split"))
        own = True
    except DnaConvError:
        _, part = load_parts(experiment, SYNTHETIC)
        own = False
    return kept_of(part, predict(bundle.model, part)), own
