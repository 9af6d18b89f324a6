"""The referee on data that are here: of an experiment, built-in or own, or of a path."""

from __future__ import annotations

import contextlib
from pathlib import Path

import numpy as np

from dnaconv_core.answers import ANSWERS
from dnaconv_core.data.book import book_part
from dnaconv_core.data.dataset import Dataset
from dnaconv_core.data.formats import read_dataset
from dnaconv_core.data.split import split_dataset
from dnaconv_core.errors import DataError, DnaConvError
from dnaconv_core.evaluate.referee import referee
from dnaconv_core.evaluate.referee_line import Came, Facts, Line
from dnaconv_core.experiments.base import Experiment
from dnaconv_core.experiments.own import RECIPE, folder_of
from dnaconv_core.experiments.recipe import FORMS, NO_COLUMN, Input, Recipe, read_recipe
from dnaconv_core.experiments.sources import BOOK, DEFAULT_SPLIT, OWN, SYNTHETIC, load_own, load_parts
from dnaconv_core.progress import SILENT, Progress


def of_experiment(experiment: Experiment, progress: Progress = SILENT) -> list[Line]:
    """On an own experiment's three parts; on the book's two, where they are here, else on synthetic data."""
    test = None
    if experiment.own:
        train, valid = load_parts(experiment, OWN)
        test = load_own(experiment, "test") if dict(experiment.parts).get("test") else None
    else:
        here = all(book_part(name) is not None for name in experiment.book_parts)
        train, valid = load_parts(experiment, BOOK if here else SYNTHETIC)
    facts = facts_of(experiment)
    if experiment.own:
        with contextlib.suppress(DataError):  # one that was taken in may have no recipe
            facts = facts_of(experiment, read_recipe(folder_of(experiment.key) / RECIPE))
    return referee(train, valid, test, facts, progress=progress)


def facts_of(experiment: Experiment, recipe: Recipe | None = None) -> Facts:
    """What the referee must know, with the size of the network that training starts from, and how the data came."""
    preset = next(iter(experiment.presets))
    n = experiment.model_config(preset).n_parameters
    came = None if recipe is None else _came(recipe)
    return Facts(experiment.task, experiment.strand, experiment.names, n, came)


def _came(recipe: Recipe) -> Came:
    form = next(role for role in FORMS if any(one.role == role for one in recipe.inputs))
    tested = any(recipe.path(role) for role in ("test_positives", "valid", "test"))
    return Came(
        form,
        recipe.negatives or ("file" if recipe.path("negatives") else ""),
        recipe.path("genome") is not None,
        str(recipe.split.get("kind", "")),
        tested or recipe.part not in ("", NO_COLUMN),
    )


def of_path(path: Path, alphabet: str, progress: Progress = SILENT) -> list[Line]:
    """On labelled data in a folder or file, whose validation part is drawn at random, as training would.

    What is no dataset as it is, such as FASTA with labels in its headers, a table of several lengths or an NPZ file, is
    read and divided as an import of it would be.
    """
    try:
        data = read_dataset(path, alphabet=alphabet)
    except DnaConvError:
        data = None
    if data is None or not data.y.shape[1]:
        return _as_imported(path, "" if alphabet == "DNA" else alphabet, progress)
    parts = split_dataset(data, DEFAULT_SPLIT)
    strand = "both" if alphabet == "DNA" else "one"
    facts = Facts(_task_of(data), strand)
    return referee(data.subset(parts.train), data.subset(parts.valid), None, facts, progress=progress)


def _as_imported(path: Path, alphabet: str, progress: Progress) -> list[Line]:
    from dnaconv_core.experiments.bring import prepare
    from dnaconv_core.experiments.recognise import recognise

    (one,) = recognise([path])
    if one.problem:
        raise DataError(one.problem)
    if one.form in ("intervals", "bigWig", "genome"):
        raise DataError(f"{path} needs other files beside it ({one.form}): 'dnaconv data import' looks at them all")
    if one.role == "positives":
        raise DataError(f"{path} has no labels: 'dnaconv data import' takes a file of negatives beside it")
    recipe = Recipe("audit", (Input(one.role, str(path.absolute()), one.name),), alphabet=alphabet)
    made = prepare(recipe, progress)
    alphabet = made.examples.alphabet
    test = made.parts["test"] if len(made.parts["test"]) else None
    facts = Facts(made.task, "both" if alphabet == "DNA" else "one")
    return referee(made.parts["train"], made.parts["valid"], test, facts, progress=progress)


def _task_of(data: Dataset) -> str:
    known = data.y[data.w > 0]
    yes_or_no = next(key for key, answer in ANSWERS.items() if answer.yes_or_no)
    number = next(key for key, answer in ANSWERS.items() if not answer.yes_or_no and not answer.joint)
    return yes_or_no if np.isin(known, (0, 1)).all() else number
