"""Datasets from files and from memory, and experiments."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from dnaconv_core.data.dataset import Dataset
from dnaconv_core.data.letters import guess_alphabet
from dnaconv_core.errors import DataError, InputError
from dnaconv_core.sequence.encoding import clean, one_hot

if TYPE_CHECKING:
    import pandas as pd

    from dnaconv_core.experiments.base import Experiment
    from dnaconv_core.experiments.bring import Brought

Source: TypeAlias = "str | os.PathLike[str] | Sequence[str] | np.ndarray | pd.DataFrame | Dataset"


def load_data(
    source: Source,
    labels: Any = None,
    *,
    ids: Iterable[str] | None = None,
    alphabet: str = "",
    sequence: str = "sequence",
    label: str | Sequence[str] = "label",
) -> Dataset:
    """A Dataset from a file or folder of any known format, from an experiment's key, or from memory.

    In memory: sequences as a list or array of text, all of one length; one-hot `(N, 4, L)`, integers or floats of 0 and
    1; or a data frame with a column `sequence` and perhaps `label` (one name or several). labels: `(N,)` or `(N, T)`
    numbers, where the source has none; NaN means unknown. alphabet: 'DNA' or 'RNA'; by default guessed from the
    letters. Raises DataError or InputError naming what cannot be read.

    >>> load_data(["TGACTCA", "TTTTTTT"], [1, 0]).y.ravel().tolist()
    [1.0, 0.0]
    """
    if isinstance(source, Dataset):
        return source
    if isinstance(source, str | os.PathLike):
        return _stored(source, alphabet)
    if hasattr(source, "columns"):  # a data frame, of pandas or of another library that looks like it
        source, labels, ids = _of_frame(source, labels, ids, sequence, label)
    X, alphabet = _encoded(source, alphabet)
    y = np.empty((len(X), 0), np.float32) if labels is None else np.asarray(labels, np.float32)
    y = y[:, None] if y.ndim == 1 else y
    if len(y) != len(X):
        raise DataError(f"there are {len(X)} sequences and {len(y)} labels: give one for each")
    w = np.isfinite(y).astype(np.float32)
    names = [f"seq_{number}" for number in range(1, len(X) + 1)] if ids is None else list(map(str, ids))
    return Dataset(X, np.nan_to_num(y), w, np.array(names), alphabet=alphabet, name="the data")


def _stored(source: str | os.PathLike[str], alphabet: str) -> Dataset:
    from dnaconv_core.data.formats import read_dataset
    from dnaconv_core.experiments import all_experiments
    from dnaconv_core.experiments.sources import default_source, load

    path = Path(source).expanduser()
    if not path.exists() and str(source) in (known := all_experiments()):
        return load(known[str(source)], default_source(known[str(source)]))
    return read_dataset(path, alphabet=alphabet or "DNA")


def _of_frame(frame: Any, labels: Any, ids: Any, sequence: str, label: str | Sequence[str]) -> tuple[Any, Any, Any]:
    columns = list(map(str, frame.columns))
    if sequence not in columns:
        raise DataError(f"the data frame has no column {sequence[:60]!r}: name it with sequence=; it has {columns[:8]}")
    wanted = [label] if isinstance(label, str) else list(label)
    if labels is None and (wanted != ["label"] or "label" in columns):
        if missing := [name for name in wanted if name not in columns]:
            raise DataError(f"the data frame has no column {missing[0][:60]!r}: its columns are {columns[:8]}")
        labels = np.stack([np.asarray(frame[name], np.float32) for name in wanted], axis=1)
    if ids is None and "id" in columns:
        ids = list(frame["id"])
    return list(frame[sequence]), labels, ids


def _encoded(source: Any, alphabet: str) -> tuple[np.ndarray, str]:
    """One-hot int8 `(N, 4, L)` and its alphabet."""
    array = np.asarray(source) if not isinstance(source, list | tuple) else None
    if array is not None and array.ndim == 3:
        if array.shape[1] != 4:
            raise DataError(f"the array has shape {array.shape}; one-hot sequences are (examples, 4, length)")
        if not np.isin(array, (0, 1)).all() or (array.sum(axis=1) > 1).any():
            raise DataError("the array is not one-hot: each position has one 1 among its four channels, or none")
        return array.astype(np.int8), alphabet or "DNA"
    texts = [str(text) for text in (source if array is None else array.ravel().tolist())]
    if not texts:
        raise InputError("there are no sequences: give at least one")
    alphabet = alphabet or guess_alphabet(texts)
    cleaned = [clean(text, alphabet, where=f"sequence {number}") for number, text in enumerate(texts, 1)]
    return one_hot(cleaned, alphabet), alphabet


def experiment(key: str) -> Experiment:
    """The experiment with this key, built in or your own. Raises InputError where there is none.

    >>> experiment("rnai").question
    'How well does this 21-base siRNA silence its gene?'
    """
    from dnaconv_core.experiments import get_experiment

    return get_experiment(key)


_ROLES = (
    "table", "positives", "test_positives", "test_negatives", "fasta", "bed", "genome", "blacklist", "bigwig_label",
    "dataset", "valid", "test",
)  # fmt: skip
_MADE = ("gc", "shuffle", "flanks")


def import_data(
    key: str,
    *,
    negatives: str = "",
    label: str | Sequence[str] = (),
    label_ratio: tuple[str, str] | None = None,
    label_bins: Sequence[str] = (),
    pseudo: float = 1.0,
    transform: str = "none",
    class_files: Mapping[str, str | os.PathLike[str]] | None = None,
    bigwig_covariates: Mapping[str, str | os.PathLike[str]] | None = None,
    **given: Any,
) -> Brought:
    """Make an experiment of your own from files, as `dnaconv data import` does; then `dc.train(key)`.

    Files by their role: table, positives, negatives, fasta, bed, genome, … negatives: a file, or how to make them:
    'gc', 'shuffle' or 'flanks'. label: a table's column, or several; label_ratio: log2 of one column over another, both
    plus `pseudo`; label_bins: the mean bin of columns of counts, lowest first; transform: of the number that results.
    class_files: a FASTA file for each class by its name; bigwig_covariates: a track for each covariate by its name.
    Other arguments are fields of a Recipe: question, width, split, … Raises InputError for a key already in use,
    DataError for files that cannot be used.

    >>> import_data("mine", positives="bound.fa", negatives="free.fa")  # doctest: +SKIP
    """
    from dnaconv_core.data.labels import LabelRecipe
    from dnaconv_core.experiments.bring import bring
    from dnaconv_core.experiments.recipe import Input, Recipe

    inputs = [Input(role, _absolute(given.pop(role))) for role in _ROLES if role in given]
    if negatives and negatives not in _MADE:
        inputs.append(Input("negatives", _absolute(negatives)))
    for role, files in (("class", class_files), ("bigwig_covariate", bigwig_covariates)):
        inputs += [Input(role, _absolute(path), name) for name, path in (files or {}).items()]
    known = set(Recipe.__dataclass_fields__) - {"key", "inputs", "labels", "label", "negatives", "version"}
    for name in given:
        if name not in known:
            raise InputError(f"unknown argument {name[:60]!r}: files are {', '.join(_ROLES)}; others {sorted(known)}")
    ways = {"columns": (label,) if isinstance(label, str) else label, "ratio": label_ratio, "bins": label_bins}
    chosen = [(how, tuple(columns)) for how, columns in ways.items() if columns]
    if len(chosen) > 1:
        raise InputError("label, label_ratio and label_bins are three ways to one label: give one of them")
    how, columns = chosen[0] if chosen else ("columns", ())
    labels = LabelRecipe(columns=columns, how=how, pseudo=pseudo, transform=transform)
    made = negatives if negatives in _MADE else ""
    return bring(Recipe(key=key, inputs=tuple(inputs), labels=labels, negatives=made, **given))


def _absolute(path: str | os.PathLike[str]) -> str:
    return os.path.abspath(os.path.expanduser(path))
