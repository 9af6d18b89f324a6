"""A model's predictions of its validation part, kept with it as `predictions.npz`: written, read and checked here."""

from __future__ import annotations

import io
from pathlib import Path
from typing import NamedTuple

import numpy as np

from dnaconv_core.data.code_rows import codes_of
from dnaconv_core.data.dataset import Dataset
from dnaconv_core.errors import BundleError
from dnaconv_core.files import DAMAGED, write_atomic
from dnaconv_core.storing import check_storing

PREDICTIONS = "predictions.npz"
_UNKNOWN = 4  # the code of a base that is not known
_BLOCK = 20_000  # examples turned into codes at once
_NUMBERS = ("y", "prediction", "w")
_WORDS = {
    "codes": "sequences", "y": "labels", "prediction": "predictions", "w": "weights", "ids": "ids",
    "covariates": "covariates",
}  # fmt: skip
_WAY_OUT = "train or import the model again, or name other data"


class Kept(NamedTuple):
    """N examples of a validation part with T labels, as kept with a model.

    A label is unknown where it is NaN or has weight 0. What a file does not hold is NaN, or has no columns.
    """

    ids: np.ndarray  # (N,) str; of a file without: 1, 2, …
    y: np.ndarray  # (N, T)
    w: np.ndarray  # (N, T); of a file without: 1 where y is a number
    prediction: np.ndarray  # (N, T); of classes (N, K) beside labels (N, 1)
    codes: np.ndarray  # (N, L) uint8, 4 for an unknown base
    covariates: np.ndarray  # (N, C) raw

    def pack(self) -> bytes:
        """As the content of the file."""
        out = io.BytesIO()
        np.savez_compressed(out, **self._asdict())
        return out.getvalue()

    def of_output(self, output: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Labels, weights and predictions `(N,)` float64 of one output; of a class the label is whether it is that."""
        y, w, prediction = (np.asarray(part, np.float64) for part in (self.y, self.w, self.prediction))
        if y.shape[1] == prediction.shape[1]:
            return y[:, output], w[:, output], prediction[:, output]
        return np.where(np.isfinite(y[:, 0]), y[:, 0] == output, np.nan), w[:, 0], prediction[:, output]


WHOLE = tuple(name for name in Kept._fields if name != "w")  # what a model's own file has; an old one has no weights


def kept_of(data: Dataset, prediction: np.ndarray) -> Kept:
    """What is kept of examples `(N,)` and the predictions `(N, T)` of them."""
    beside = np.zeros((len(data), 0), np.float32) if data.covariates is None else data.covariates
    blocks = [codes_of(data.X, slice(start, start + _BLOCK)) for start in range(0, len(data), _BLOCK)]
    codes = np.concatenate(blocks or [np.zeros((0, data.length), np.uint8)])
    return Kept(np.asarray(data.ids), data.y, data.w, prediction, codes, beside)


def write_kept(folder: Path, kept: Kept) -> None:
    """Into the folder of a model."""
    check_storing()
    write_atomic(folder / PREDICTIONS, kept.pack())


def read_kept(folder: Path, *needed: str) -> Kept | None:
    """What is kept in the folder of a model, or None where nothing is. needed: names of parts that must be there.

    Raises BundleError for a file that is damaged, lacks a part, or holds parts that do not belong together.
    """
    path = folder / PREDICTIONS
    if not path.is_file():
        return None
    try:
        with np.load(path, allow_pickle=False) as stored:
            parts = {name: stored[name] for name in Kept._fields if name in stored or name in needed}
    except DAMAGED as error:
        raise BundleError(
            f"{path} cannot be read: it does not hold validation predictions ({error}); {_WAY_OUT}"
        ) from None
    _check(path, parts)
    return _filled(parts)


def _check(path: Path, parts: dict[str, np.ndarray]) -> None:
    """BundleError unless the parts have one number of examples, labels and predictions one shape, and none is odd."""
    shapes = {name: part.shape for name, part in parts.items()}
    right = all(len(shape) == (1 if name == "ids" else 2) for name, shape in shapes.items())
    rows = {shape[:1] for shape in shapes.values()}
    of_classes = right and shapes.get("y", (0, 0))[1] == 1  # class numbers, beside a prediction for each class
    numbers = {shapes[name] for name in _NUMBERS if name in shapes and not (of_classes and name == "prediction")}
    if not right or len(rows) != 1 or len(numbers) > 1:
        raise BundleError(f"{path} holds {_listed(shapes)}, which do not belong together: {_WAY_OUT}")
    if "y" in parts and not parts["y"].shape[1]:
        raise BundleError(f"{path} has labels {parts['y'].shape}, no column of them: {_WAY_OUT}")
    codes = parts.get("codes", np.zeros((1, 0), np.uint8))
    if codes.dtype.kind not in "ui" or (codes > _UNKNOWN).any() or (codes < 0).any():
        raise BundleError(f"{path} holds sequences that are no codes from 0 to {_UNKNOWN}: {_WAY_OUT}")
    for name in [name for name in (*_NUMBERS, "covariates") if name in parts]:
        if parts[name].dtype.kind not in "fiub":
            raise BundleError(f"{path} holds {_WORDS[name]} that are no numbers: {_WAY_OUT}")
        if np.isinf(parts[name]).any():
            raise BundleError(f"{path} holds infinite numbers as {_WORDS[name]}: {_WAY_OUT}")


def _filled(parts: dict[str, np.ndarray]) -> Kept:
    """With something that says 'unknown' for each part that is not there."""
    n = len(next(iter(parts.values())))
    unknown = np.full(next((parts[name].shape for name in _NUMBERS if name in parts), (n, 1)), np.nan, np.float32)
    y = parts.get("y", unknown)
    return Kept(
        parts.get("ids", np.arange(1, n + 1)).astype(str),
        y,
        parts.get("w", np.isfinite(y).astype(np.float32)),
        parts.get("prediction", unknown),
        parts.get("codes", np.zeros((n, 0), np.uint8)),
        parts.get("covariates", np.zeros((n, 0), np.float32)),
    )


def _listed(shapes: dict[str, tuple[int, ...]]) -> str:
    *first, last = [f"{words} {shapes[name]}" for name, words in _WORDS.items() if name in shapes] or ["nothing"]
    return f"{', '.join(first)} and {last}" if first else last
