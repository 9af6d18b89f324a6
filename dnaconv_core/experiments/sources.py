"""From the name of a data source to a training and a validation part."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from dnaconv_core.data.book import book_part
from dnaconv_core.data.dataset import Dataset
from dnaconv_core.data.diskdataset import read_diskdataset
from dnaconv_core.data.formats import read_dataset
from dnaconv_core.data.inner import INNER
from dnaconv_core.data.split import split_dataset
from dnaconv_core.errors import ConfigError, DataError
from dnaconv_core.experiments.base import Experiment
from dnaconv_core.experiments.own import folder_of
from dnaconv_core.storing import check_file

SYNTHETIC, BOOK, OWN = "synthetic", "book", "own"
ACCESSIBILITY = "accessibility.txt"  # the covariate of the book's windows
BOOK_PART = "book:"  # followed by the name of one part of the book's data
DEFAULT_SPLIT = {"kind": "random", "fraction": 0.2, "seed": 0}


def default_source(experiment: Experiment) -> str:
    """The data to begin with: an own experiment's own, else synthetic ones."""
    return OWN if experiment.own else SYNTHETIC


def default_preset(experiment: Experiment, source: str) -> str:
    """The preset to begin with: synthetic data are learnt quickly, measured data are compared with the book."""
    if experiment.own:
        return next(iter(experiment.presets))
    return "quick" if source == SYNTHETIC else "book"


def book_files(experiment: Experiment) -> list[str]:
    """The parts of the book's data that this experiment needs, by name."""
    return [*filter(None, experiment.book_parts), *([ACCESSIBILITY] if experiment.covariates else [])]


def load(experiment: Experiment, source: str, covariates: str = "") -> Dataset:
    """All examples of a source: 'synthetic', 'book' or 'own' (its training part), 'book:PART', or a folder or file.

    covariates: a file of `id value` lines, joined by id; the book's data bring their own. Raises DataError when the
    source is not there or not readable, ConfigError when it cannot answer the experiment's question.
    """
    if source == SYNTHETIC:
        if covariates:
            raise ConfigError("covariates were given with synthetic data, which brings its own: leave them out")
        if experiment.synthetic is None:
            raise ConfigError(f"{experiment.key} has no synthetic data: leave the data out to take its own")
        return experiment.synthetic()
    if source == OWN:
        return load_own(experiment, "train")
    data = _book(experiment, 0) if source == BOOK else _read(experiment, source, covariates)
    experiment.check(data)
    return data


def load_parts(
    experiment: Experiment, source: str, valid: str = "", covariates: str = "", split: dict[str, Any] | None = None
) -> tuple[Dataset, Dataset]:
    """Training and validation examples: `valid` names the second part, else `split` (see data/split.py) makes it.

    An inner split divides the training part itself: the reported one is not even read.
    """
    data = load(experiment, source, covariates)
    within = split is not None and split["kind"] == INNER
    if source == OWN and not valid and not within:
        return data, load_own(experiment, "valid")
    if (valid or source == BOOK) and not within:
        held_out = _book(experiment, 1) if not valid else _read(experiment, valid, covariates)
        experiment.check(held_out)
        if held_out.length != data.length:
            raise DataError(
                f"{held_out.label} has sequences of {held_out.length} bases and {data.label} of {data.length}: "
                f"both parts need the same length"
            )
        return data, held_out
    parts = split_dataset(data, split or DEFAULT_SPLIT)
    return data.subset(parts.train), data.subset(parts.valid)


def load_training(
    experiment: Experiment, source: str, valid: str = "", covariates: str = "", split: dict[str, Any] | None = None
) -> Dataset:
    """The training part alone, as `load_parts` gives it: the other is not read where it is one of its own."""
    data = load(experiment, source, covariates)
    if valid or source in (BOOK, OWN):
        return data
    return data.subset(split_dataset(data, split or DEFAULT_SPLIT).train)


def load_own(experiment: Experiment, part: str) -> Dataset:
    """One part ('train', 'valid' or 'test') of an own experiment's data.

    Raises ConfigError for an experiment of the package, DataError where the examples are not here.
    """
    if not experiment.own:
        raise ConfigError(f"{experiment.key} has no data of its own: choose 'synthetic', 'book', or a path")
    if not dict(experiment.parts).get(part):
        why = f"no {part} part" if experiment.has_data else "no examples here: it came with a model, or was emptied"
        raise DataError(f"{experiment.key} has {why}; import its data with 'dnaconv data import {experiment.key}'")
    words = {"train": "training", "valid": "validation"}.get(part, part)
    data = read_diskdataset(folder_of(experiment.key) / part, alphabet=experiment.alphabet)
    data = replace(data, name=f"the {words} part of {experiment.key}")
    experiment.check(data)
    return data


def _read(experiment: Experiment, path: str, covariates: str) -> Dataset:
    if path.startswith(BOOK_PART):
        return _book_part(experiment, path.removeprefix(BOOK_PART))
    for file in filter(None, (path, covariates)):
        check_file(file)
    return read_dataset(
        Path(path),
        alphabet=experiment.alphabet,
        covariates=Path(covariates) if covariates and experiment.covariates else None,
        wanted=experiment.covariates,
    )


def _book(experiment: Experiment, number: int) -> Dataset:
    """The training (0) or validation (1) part of the book's data, with its covariates where the experiment has any."""
    return _book_part(experiment, experiment.book_parts[number])


def _book_part(experiment: Experiment, name: str) -> Dataset:
    folder = book_part(name)
    if folder is None:
        raise DataError(f"the book's {name} is not in the data folder: get it with 'dnaconv data fetch'")
    if not experiment.covariates:
        return read_diskdataset(folder, alphabet=experiment.alphabet)
    return read_dataset(folder, alphabet=experiment.alphabet, covariates=book_part(ACCESSIBILITY))
