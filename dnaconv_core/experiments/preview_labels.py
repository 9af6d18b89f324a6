"""How labels would come out, before anything is made: what each word means, where headers hold a label."""

from __future__ import annotations

import dataclasses
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from dnaconv_core.answers import ANSWERS
from dnaconv_core.data.headers import label_place
from dnaconv_core.data.intervals import read_intervals
from dnaconv_core.data.labels import Guess, LabelRecipe, Labels, guess_mapping
from dnaconv_core.data.loci import usual_width
from dnaconv_core.data.tables import Table, table_labels
from dnaconv_core.text import open_text

_HEADERS = 20_000  # from which the words are told


class LabelPreview(NamedTuple):
    """Labels of all rows of a table, and how words became numbers where they are classes or yes and no."""

    labels: Labels
    guess: Guess | None


class Meaning(NamedTuple):
    """A word of a label and what it stands for."""

    word: str
    means: str
    n: int  # how often it comes


def preview_labels(table: Table, recipe: LabelRecipe) -> LabelPreview:
    """Raises as `table_labels` does."""
    labels = table_labels(table, recipe)
    alone = recipe.how == "columns" and len(recipe.columns) == 1
    if not alone or not is_named(labels.task):
        return LabelPreview(labels, None)
    return LabelPreview(labels, guess_mapping(table.column(recipe.columns[0]), recipe.task, table.separator))


def is_named(task: str) -> bool:
    """Whether labels of this kind are classes, each with a name, not numbers."""
    return ANSWERS[task].yes_or_no or ANSWERS[task].joint


def swapped(recipe: LabelRecipe, guess: Guess) -> tuple[LabelRecipe, Guess]:
    """The recipe that reads yes as no. Raises ConfigError for labels that are not yes and no."""
    other = guess.swapped()
    task = next(key for key, answer in ANSWERS.items() if answer.yes_or_no)
    return dataclasses.replace(recipe, task=task, words=tuple(other.words.items()), classes=other.classes), other


def meanings(guess: Guess) -> list[Meaning]:
    """Every word with what it stands for, the commonest first."""
    found = []
    for word, n in guess.counts.items():
        value = guess.words[word] if word in guess.words else _number(word) if not guess.words else None
        found.append(Meaning(word, _means(guess, value), n))
    return found


def _number(word: str) -> float | None:
    try:
        return float(word.replace(",", "."))
    except ValueError:
        return None


def _means(guess: Guess, value: float | None) -> str:
    if value is None:
        return "not known: left out"
    if guess.kind == "binary":
        return "yes (1)" if value >= 0.5 else "no (0)"
    return f"class {int(value)}"


class HeaderLabels(NamedTuple):
    """Where the labels of a FASTA file stand, and those of the first records; none where no header has one."""

    why: str
    values: list[str]


def header_labels(path: Path, pattern: str = "") -> HeaderLabels:
    """Raises InputError for a pattern that no header has, DataError for a file that cannot be read."""
    headers = [line[1:].strip() for line in islice((line for line in open_text(path) if line[:1] == ">"), _HEADERS)]
    place = label_place(headers, pattern)
    if place is None:
        return HeaderLabels("no header has a label", [])
    return HeaderLabels(place.why, [place.find(header) for header in headers])


class Widths(NamedTuple):
    """Bases of the intervals in a file."""

    least: int
    half: int  # half of them have as many or more
    most: int

    @property
    def window(self) -> int:
        """Bases of a window to begin with: 0 for the intervals themselves where all are alike."""
        return usual_width(self.least, self.half, self.most)


def interval_widths(path: Path) -> Widths:
    """Raises as `read_intervals` does."""
    loci = read_intervals(path).loci
    widths = sorted((loci.end - loci.start).tolist())
    return Widths(widths[0], widths[len(widths) // 2], widths[-1])
