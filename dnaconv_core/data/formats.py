"""Every data format there is, and one function that reads whichever a path holds.

A format is added with a reader and one line in `FORMATS`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from dnaconv_core.data.covariates import join_covariates
from dnaconv_core.data.dataset import Dataset
from dnaconv_core.data.diskdataset import read_diskdataset
from dnaconv_core.data.fasta import read_fasta_dataset
from dnaconv_core.data.shard_files import METADATA, is_diskdataset
from dnaconv_core.data.table import read_table
from dnaconv_core.errors import DataError
from dnaconv_core.sequence.encoding import LETTERS
from dnaconv_core.sequence.interval import find_locus


class Format(NamedTuple):
    """How to tell a format and read it: `read(path, alphabet=…)` gives a Dataset."""

    recognise: Callable[[Path], bool]
    read: Callable[..., Dataset]
    describe: str


def _ends(*suffixes: str) -> Callable[[Path], bool]:
    """Whether a file's name ends so, with or without .gz."""
    return lambda path: path.is_file() and path.name.lower().removesuffix(".gz").endswith(suffixes)


FORMATS: dict[str, Format] = {
    "diskdataset": Format(is_diskdataset, read_diskdataset, "a DeepChem DiskDataset folder"),
    "fasta": Format(_ends(".fa", ".fasta", ".fna"), read_fasta_dataset, "a FASTA file (.fa, .fasta, .fna, also .gz)"),
    "table": Format(
        _ends(".csv", ".tsv", ".txt", ".tab"), read_table, "a table with a sequence column (.csv, .tsv, also .gz)"
    ),
}


def read_dataset(
    path: Path | str, *, alphabet: str = "DNA", covariates: Path | str | None = None, wanted: Sequence[str] = ()
) -> Dataset:
    """The dataset at `path`, in whichever format it is; `covariates` is a file of `id value` lines joined by id.

    wanted: names of the covariates that are asked for, as `join_covariates` takes them.

    Raises DataError when there is nothing, or nothing that a format recognises, and what the format's reader raises.
    """
    path = Path(path)
    found = recognise(path)
    if found is None:
        raise DataError(_unrecognised(path))
    dataset = FORMATS[found].read(path, alphabet=alphabet)
    return dataset if covariates is None else join_covariates(dataset, covariates, wanted=wanted)


def recognise(path: Path | str) -> str | None:
    """The name in `FORMATS` of what `path` holds, or None."""
    path = Path(path)
    return next((name for name, format in FORMATS.items() if format.recognise(path)), None)


def _unrecognised(path: Path) -> str:
    if not path.exists():
        return f"{path} does not exist: check the name"
    known = "; ".join(format.describe for format in FORMATS.values())
    if not path.is_dir():
        return f"{path} is in none of the known formats: give {known}"
    inside = sorted(child for child in path.iterdir() if is_diskdataset(child))
    if inside:
        names = ", ".join(child.name for child in inside[:5])
        return f"{path} is not a dataset itself but holds some: choose one of {names}"
    what = "has no dataset in it" if any(path.iterdir()) else "is empty"
    return f"{path} {what}: a dataset folder holds {METADATA} and shard-0-X.joblib; or give a file: {known}"


def dataset_info(dataset: Dataset) -> dict[str, Any]:
    """What a dataset holds, ready for JSON.

    Keys: name, n, length, alphabet, composition (share of each letter and N), labels (one entry per task), covariates
    (one entry per name) and, where ids are loci, chromosomes with their counts. X is read in blocks.
    """
    letters = LETTERS[dataset.alphabet]
    counts = np.zeros(4, np.int64)
    rows = max((1 << 24) // (4 * dataset.length), 1)
    for start in range(0, len(dataset), rows):
        counts += dataset.X[start : start + rows].sum(axis=(0, 2), dtype=np.int64)
    total = len(dataset) * dataset.length
    shares = [*counts.tolist(), total - int(counts.sum())]
    info: dict[str, Any] = {
        "name": dataset.name,
        "n": len(dataset),
        "length": dataset.length,
        "alphabet": dataset.alphabet,
        "composition": {letter: count / max(total, 1) for letter, count in zip(letters + "N", shares, strict=True)},
        "labels": [_label_info(dataset.y[:, t], dataset.w[:, t]) for t in range(dataset.y.shape[1])],
        "covariates": [{"name": name, **_range(dataset.covariate(name))} for name in dataset.covariate_names],
    }
    if dataset.notes:
        info["notes"] = list(dataset.notes)
    loci = [locus.chrom for locus in map(find_locus, dataset.ids.tolist()) if locus]
    if loci and len(loci) == len(dataset):
        names, counts = np.unique(loci, return_counts=True)
        info["chromosomes"] = dict(zip(names.tolist(), counts.tolist(), strict=True))
    return info


_MOST_CLASSES = 100  # whole numbers up to there, without gaps, are taken for classes


def _label_info(y: np.ndarray, w: np.ndarray) -> dict[str, Any]:
    labelled = y[w > 0]
    info: dict[str, Any] = {"n": len(labelled), "kind": "regression", **_range(labelled)}
    if len(labelled) and np.isin(labelled, (0, 1)).all():
        positives = int(labelled.sum())
        info |= {"kind": "binary", "positives": positives, "prevalence": positives / len(labelled)}
    elif len(labelled) and 2 <= labelled.max() < _MOST_CLASSES:
        numbers, counts = np.unique(labelled, return_counts=True)
        if np.array_equal(numbers, np.arange(len(numbers))):  # every number from 0 to K-1, and none between
            info |= {"kind": "classes", "counts": counts.tolist()}
    return info


def _range(values: np.ndarray) -> dict[str, float | None]:
    if not len(values):
        return {"min": None, "max": None, "mean": None, "std": None}
    wide = values.astype(np.float64)
    return {"min": float(wide.min()), "max": float(wide.max()), "mean": float(wide.mean()), "std": float(wide.std())}
