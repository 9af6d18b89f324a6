"""Rows of delimited text files, read whole up to a stated size."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import NamedTuple

from dnaconv_core.errors import DataError
from dnaconv_core.text import read_text

SEPARATORS = "\t,;"  # of fields, in order of preference; spreadsheets of some countries write semicolons


class Rows(NamedTuple):
    """The fields of each line that is not blank, the lines' numbers (from 1), and what separates fields."""

    fields: list[list[str]]
    places: list[int]
    separator: str | None  # "\t", "," or ";", None for white space
    notes: tuple[str, ...] = ()  # what had to be guessed, a sentence each


def read_rows(path: Path | str) -> Rows:
    """A delimited text file, split at tabs, commas, semicolons or white space, whichever its first line has.

    Raises DataError when it is empty or cannot be split, and as `read_text` does.
    """
    notes: list[str] = []
    return split_rows(read_text(path, notes=notes), str(path))._replace(notes=tuple(notes))


def split_rows(text: str, name: str) -> Rows:
    """The same of a text that was read already; `name` says in errors where it is from."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    places = [number for number, line in enumerate(lines, 1) if line.strip().strip("\t,; ")]
    if not places:
        raise DataError(f"{name} is empty: it should hold one example a line")
    lines = [lines[place - 1] for place in places]
    separator = next((s for s in SEPARATORS if s in lines[0]), None)
    try:
        fields = list(csv.reader(lines, delimiter=separator)) if separator else [line.split() for line in lines]
    except csv.Error as error:
        raise DataError(f"{name} cannot be split into fields ({error}): save it again as CSV") from error
    if len(fields) != len(places):
        raise DataError(f"{name} has a quoted field that runs over several lines: keep each example on one line")
    return Rows(fields, places, separator)
