"""Sequences to ask a model about, from the text of a file: FASTA, plain letters, or a table with a column of them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from dnaconv_core.data.columns import ID_NAMES, SEQUENCE_NAMES
from dnaconv_core.data.textfile import SEPARATORS, Rows, split_rows
from dnaconv_core.errors import InputError
from dnaconv_core.results import Record
from dnaconv_core.sequence.encoding import clean, count_ambiguous

if TYPE_CHECKING:
    from dnaconv_core.model.config import ModelConfig

_LETTERS = re.compile(r"[ACGTUN]{12,}", re.IGNORECASE)  # no word, but a sequence


class Given(NamedTuple):
    """Sequences of a file; covariates `(N, C)` where it has columns of their names."""

    records: list[Record]
    covariates: np.ndarray | None


class Sheet(NamedTuple):
    """A table: the names of its columns, the lines below them, and the column that seems to hold sequences."""

    header: list[str]
    rows: Rows
    likely: int


def is_table(text: str, file: str) -> bool:
    """Whether the text is a table, by its file's name or its first line, and not FASTA or letters alone."""
    first = text.lstrip().split("\n", 1)[0].strip()
    named = Path(file.lower().removesuffix(".gz")).suffix in (".csv", ".tsv") or first.lower() in SEQUENCE_NAMES
    return not first.startswith(">") and (named or any(separator in first for separator in SEPARATORS))


def read_sheet(text: str, file: str) -> Sheet:
    """The table in this text. Raises InputError where it has no header, or no lines below it."""
    rows = split_rows(text, file)
    header = [name.strip().lstrip("#") for name in rows.fields[0]]
    if any(_LETTERS.fullmatch(name) for name in header):
        raise InputError(
            f"the first line of {file} holds a sequence: put names above the columns, such as id and sequence"
        )
    if len(rows.fields) == 1:
        raise InputError("the table has a header but no lines below it")
    lower = [name.lower() for name in header]
    like = (i for i, text in enumerate(rows.fields[1][: len(header)]) if _LETTERS.fullmatch(text.strip()))
    usual = next((lower.index(name) for name in SEQUENCE_NAMES if name in lower), next(like, 0))
    return Sheet(header, rows, usual)


def sheet_records(sheet: Sheet, column: int, config: ModelConfig) -> Given:
    """The sequences in this column, and the model's covariates where all have a column. Raises InputError by line."""
    header, rows = sheet.header, sheet.rows
    lower = [name.lower() for name in header]
    names = next((lower.index(name) for name in ID_NAMES if name in lower and lower.index(name) != column), None)
    wanted = config.covariates
    beside = [header.index(name) for name in wanted] if wanted and all(name in header for name in wanted) else []
    records, values = [], []
    for number, (row, place) in enumerate(zip(rows.fields[1:], rows.places[1:], strict=True), 1):
        if len(row) != len(header):
            raise InputError(f"line {place} has {len(row)} fields and the header {len(header)}: correct the line")
        letters = clean(row[column], config.alphabet, where=f"the sequence in line {place}")
        if not letters:
            raise InputError(f"line {place} has no sequence in column {header[column]!r}: add it or remove the line")
        name = row[names].strip() if names is not None else f"row_{number}"
        records.append(Record(name, letters, count_ambiguous(letters)))
        values.append([_covariate(row[i], header[i], place) for i in beside])
    return Given(records, np.array(values, np.float32) if beside else None)


def _covariate(text: str, name: str, place: int) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value < float("inf"):
        raise InputError(f"line {place} has {text.strip()[:40]!r} as {name}: write a number that is not below 0")
    return value
