"""A model's predictions on examples it did not learn from: stored with its run, or made again from what it records."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import streamlit as st

from dnaconv_core.errors import DataError, DnaConvError
from dnaconv_core.experiments import get_experiment
from dnaconv_core.experiments.sources import SYNTHETIC, load_parts
from dnaconv_core.model.bundle import METRICS
from dnaconv_core.results import Metric
from dnaconv_core.runs.execute import PREDICTIONS
from dnaconv_core.sequence.encoding import LETTERS, one_hot
from frame import state
from frame.cache import bundle

if TYPE_CHECKING:
    from dnaconv_core.model.bundle import Bundle


class HeldOut(NamedTuple):
    """N examples whose label is known, with measured and predicted values, and the words for where they come from."""

    ids: np.ndarray  # (N,)
    y: np.ndarray  # (N,)
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

    def link(self, index: int) -> dict[str, str]:
        """Query parameters of a page that looks at this example."""
        beside = state.beside(self.covariate_names, self.covariates[index])
        return {**state.link(), "sequence": self.sequence(index), **beside}


def held_out(path: Path) -> HeldOut:
    """Of the model in this folder. Raises DnaConvError where there is nothing to predict."""
    stored = path / PREDICTIONS
    return _held_out(str(path), (stored if stored.is_file() else path / "config.json").stat().st_mtime)


def stored_metrics(path: Path) -> dict[str, dict[str, Metric]]:
    """By split, as kept with the model in this folder; read without torch."""
    kept = path / METRICS
    stored = json.loads(kept.read_text()) if kept.is_file() else {}
    return {split: {name: Metric.from_json(m) for name, m in part.items()} for split, part in stored.items()}


@st.cache_resource(show_spinner="Predicting the held-out examples…", max_entries=6)
def _held_out(path: str, changed: float) -> HeldOut:
    folder = Path(path)
    stored = folder / PREDICTIONS
    if not stored.is_file():
        return _again(folder)
    with np.load(stored, allow_pickle=False) as found:
        arrays = {name: found[name] for name in ("ids", "y", "w", "prediction", "codes", "covariates") if name in found}
    told = json.loads((folder / "config.json").read_text())["model"]
    return _made(arrays, True, told["alphabet"], tuple(told.get("covariates", ())))


def _again(folder: Path) -> HeldOut:
    """Predict the recorded validation part; where its files are gone, that of synthetic data."""
    from dnaconv_core.predict import predict

    model = bundle(folder)
    experiment = get_experiment(model.experiment)
    record = model.record
    wanted = [str(record.get(name) or "") for name in ("data", "valid", "covariates")]
    try:
        _, valid = load_parts(experiment, wanted[0] or SYNTHETIC, *wanted[1:], record.get("split"))
        own = True
    except DnaConvError:
        _, valid = load_parts(experiment, SYNTHETIC)
        own = False
    X = np.asarray(valid.X[:])
    arrays = {
        "ids": valid.ids,
        "y": valid.y,
        "w": valid.w,
        "prediction": predict(model.model, valid),
        "codes": np.where(X.any(axis=1), X.argmax(axis=1), 4).astype(np.uint8),
        "covariates": np.zeros((len(valid), 0), np.float32) if valid.covariates is None else valid.covariates,
    }
    return _made(arrays, own, valid.alphabet, model.config.covariates)


def _made(arrays: dict[str, np.ndarray], own: bool, alphabet: str, names: tuple[str, ...]) -> HeldOut:
    words = "the validation part of its own data" if own else "synthetic data, as its own is not here"
    known = (arrays.get("w", np.ones_like(arrays["y"]))[:, 0] > 0) & np.isfinite(arrays["y"][:, 0])
    if not known.any():
        raise DataError(f"no label is known in {words}: evaluate the model on data that have some")
    kept = {name: values[known] for name, values in arrays.items()}
    y, prediction = (kept[name][:, 0].astype(np.float64) for name in ("y", "prediction"))
    found = kept["ids"], y, prediction, kept["codes"], kept["covariates"]
    return HeldOut(*found, words, own, np.flatnonzero(known), alphabet, names)


def activations(model: Bundle, sequence: str) -> list[np.ndarray]:
    """What each layer makes of one sequence: `(F, P)` per layer, from 0 to 1 (the layer's strongest unit)."""
    import torch

    X = torch.from_numpy(one_hot(sequence, model.config.alphabet)).float()  # (1, 4, L)
    with torch.inference_mode():
        layers = [model.model.features(X, depth)[0].numpy() for depth in range(1, model.config.depth + 1)]
    return [layer / max(float(layer.max()), 1e-9) for layer in layers]
