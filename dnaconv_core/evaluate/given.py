"""Sequences to ask a model about, from the text of a file: FASTA, plain letters, or a table with a column of them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from dnaconv_core.data.columns import ID_NAMES, SEQUENCE_NAMES
from dnaconv_core.data.textfile import SEPARATORS, Rows, split_rows
from dnaconv_core.data.values import decimal_point
from dnaconv_core.errors import InputError
from dnaconv_core.predict import wrong_length
from dnaconv_core.results import Record, Skipped
from dnaconv_core.sequence.encoding import Parsed, clean, count_ambiguous

if TYPE_CHECKING:
    from dnaconv_core.model.config import ModelConfig

_LETTERS = re.compile(r"[ACGTUN]{12,}", re.IGNORECASE)  # no word, but a sequence


class Given(NamedTuple):
    """Sequences of a file; covariates `(N, C)` where it has columns of their names; what could not be used."""

    records: list[Record]
    covariates: np.ndarray | None
    skipped: tuple[Skipped, ...] = ()
    notes: tuple[str, ...] = ()
    lines: tuple[int, ...] = ()  # where each record begins, from 1
    file: str = ""


class Sheet(NamedTuple):
    """A table: the names of its columns, the lines below them, and the column that seems to hold sequences."""

    header: list[str]
    rows: Rows
    likely: int
    file: str
    sure: bool  # whether `likely` was told by its name or its letters


def fasta_records(parsed: Parsed, file: str, notes: Sequence[str] = ()) -> Given:
    """The records of FASTA or of letters. Raises InputError where none can be used."""
    parsed.usable()
    return Given(parsed.records, None, tuple(parsed.skipped), tuple(notes), tuple(parsed.lines), file)


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
    usual = next((lower.index(name) for name in SEQUENCE_NAMES if name in lower), next(like, None))
    return Sheet(header, rows, usual or 0, file, usual is not None)


def sheet_records(sheet: Sheet, column: int, config: ModelConfig) -> Given:
    """The sequences in this column, and the model's covariates where all have a column.

    A line with other fields, a foreign letter or a covariate that is none is listed, and the rest goes on. Raises
    InputError for the first where no line can be used.
    """
    header, rows = sheet.header, sheet.rows
    lower = [name.lower() for name in header]
    names = next((lower.index(name) for name in ID_NAMES if name in lower and lower.index(name) != column), None)
    wanted = config.covariates
    beside = [header.index(name) for name in wanted] if wanted and all(name in header for name in wanted) else []
    records: list[Record] = []
    values: list[list[float]] = []
    lines: list[int] = []
    skipped: list[Skipped] = []
    for number, (row, place) in enumerate(zip(rows.fields[1:], rows.places[1:], strict=True), 1):
        try:
            record = _record(row, header, column, config.alphabet)
            numbers = [_covariate(row[i], header[i], rows.separator, config) for i in beside]
        except InputError as error:
            skipped.append(Skipped(sheet.file, place, str(error).strip()))
            continue
        name = row[names].strip() if names is not None else f"row_{number}"
        records.append(record._replace(id=name))
        values.append(numbers)
        lines.append(place)
    if not records:
        raise InputError(f"{sheet.file}: line {skipped[0].line} {skipped[0].reason}")
    covariates = np.array(values, np.float32) if beside else None
    return Given(records, covariates, tuple(skipped), rows.notes, tuple(lines), sheet.file)


def of_length(given: Given, length: int) -> Given:
    """Those whose sequence has this many bases; the others are listed too. Raises InputError where there is none."""
    wrong = {i: words for i, r in enumerate(given.records) if (words := wrong_length(len(r.sequence), length))}
    if not wrong:
        return given
    skipped = [Skipped(given.file, given.lines[i], why) for i, why in wrong.items()]
    if len(wrong) == len(given.records):
        raise InputError(f"{given.file}: the sequence of line {skipped[0].line} {skipped[0].reason}")
    kept = [i for i in range(len(given.records)) if i not in wrong]
    return given._replace(
        records=[given.records[i] for i in kept],
        covariates=None if given.covariates is None else given.covariates[kept],
        skipped=tuple(sorted([*given.skipped, *skipped], key=lambda one: one.line)),
        lines=tuple(given.lines[i] for i in kept),
    )


def _record(row: list[str], header: list[str], column: int, alphabet: str) -> Record:
    if len(row) != len(header):
        raise InputError(f"has {len(row)} fields and the header {len(header)}: correct the line")
    letters = clean(row[column], alphabet, where="")
    if not letters:
        raise InputError(f"has no sequence in column {header[column][:60]!r}: add it or remove the line")
    return Record("", letters, count_ambiguous(letters))


def _covariate(text: str, name: str, separator: str | None, config: ModelConfig) -> float:
    try:
        value = float(decimal_point(text, separator))
    except ValueError:
        value = float("nan")
    least = 0.0 if config.covariate_transform == "log" else -float("inf")
    if not least <= value < float("inf") or value == -float("inf"):
        below = " that is not below 0" if least == 0 else ""
        raise InputError(f"has {text.strip()[:40]!r} as {name}: write a number{below}")
    return value
