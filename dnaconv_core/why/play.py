"""The challenge's data as an experiment of the home folder, made as own data are, and a search for letters in it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from dnaconv_core.data.labels import LabelRecipe
from dnaconv_core.experiments import all_experiments
from dnaconv_core.experiments.base import Experiment
from dnaconv_core.experiments.bring import bring
from dnaconv_core.experiments.recipe import Input, Recipe
from dnaconv_core.experiments.uploads import Lot, new_token
from dnaconv_core.progress import SILENT, Progress
from dnaconv_core.sequence.motif import from_iupac
from dnaconv_core.why.challenge import ids
from dnaconv_core.why.hidden import hide, word


class Holding(NamedTuple):
    """How many examples of a class in a part hold a word."""

    part: str
    label: int
    examples: int
    written: int  # as it is written
    turned: int  # its reverse complement


def key_of(level: int, number: int) -> str:
    return f"challenge_{level}_{number}"


def made(level: int, number: int) -> Experiment | None:
    """The experiment of this level and number, where it was made and its examples are here."""
    found = all_experiments().get(key_of(level, number))
    return found if found is not None and found.has_data else None


def make(level: int, number: int, progress: Progress = SILENT) -> Experiment:
    """Make the experiment, or find the one that was made. Raises InputError for a level or number that is not there,
    or a key that is taken by words alone."""
    if found := made(level, number):
        return found
    lot = Lot(new_token())
    path = lot.keep(f"{key_of(level, number)}.csv", table(level, number).encode())
    recipe = Recipe(
        key_of(level, number), (Input("table", str(path)),), title=f"Challenge {level}, number {number}",
        question="What makes a sequence positive here?", strand="one", sequence="sequence", id="id", part="part",
        labels=LabelRecipe(("label",)), note="Made by the challenge under Why Conv1D?.",
    )  # fmt: skip
    return bring(recipe, progress).experiment


def table(level: int, number: int) -> str:
    """All examples as CSV: id, sequence, label and part."""
    lines = ["id,sequence,label,part"]
    for name, part in hide(level, number).parts.items():
        rows = zip(ids(name), part.codes, part.positive, strict=True)
        lines += [f"{id},{word(codes)},{int(positive)},{name}" for id, codes, positive in rows]
    return "\n".join([*lines, ""])


def holding(level: int, number: int, letters: str) -> list[Holding]:
    """Of each class in each part, how many examples hold these IUPAC letters. Raises InputError for other letters."""
    ppm = from_iupac(letters).ppm
    counts = []
    for name, part in hide(level, number).parts.items():
        written, turned = (_holds(part.codes, matrix > 0) for matrix in (ppm, ppm[::-1, ::-1]))
        counts += [
            Holding(name, label, int(rows.sum()), int(written[rows].sum()), int(turned[rows].sum()))
            for label, rows in ((1, part.positive), (0, ~part.positive))
        ]
    return counts


def _holds(codes: np.ndarray, allowed: np.ndarray) -> np.ndarray:
    """Which of the sequences `codes (n, L)` hold, at some place, an allowed base `(4, w)` in every column: `(n,)`."""
    width = allowed.shape[1]
    places = codes.shape[1] - width + 1
    if places < 1:
        return np.zeros(len(codes), bool)
    fits = np.ones((len(codes), places), bool)
    for column in range(width):
        fits &= allowed[:, column][codes[:, column : column + places]]
    return np.asarray(fits.any(axis=1))
