"""Tables of any kind as columns: CSV, TSV, semicolons, white space, Parquet; with or without a header."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from dnaconv_core.data.examples import Skipped
from dnaconv_core.errors import DataError
from dnaconv_core.text import open_text

SEPARATORS = ("\t", ";", ",", "|")
_HEAD = 50  # lines from which separator and header are told
_BLOCK = 20_000  # rows turned into columns at a time
_PARQUET_BYTES = 8 << 30  # the most a Parquet file may declare
_LETTERS = re.compile(r"[ACGTUN]{5,}", re.IGNORECASE)


class Table(NamedTuple):
    """Columns of equal length by their names in the header; text, or numbers where the file has types (Parquet)."""

    name: str  # of the file
    header: tuple[str, ...]  # unique
    columns: list[list[str] | np.ndarray]
    places: Sequence[int]  # line of each row, from 1; of Parquet the row's number
    separator: str | None = None  # None: white space, or no text
    skipped: tuple[Skipped, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def n(self) -> int:
        return len(self.places)

    def column(self, name: str) -> list[str] | np.ndarray:
        """The column of this name, in any case where that is unambiguous. Raises DataError listing those there are."""
        lower = [known.lower() for known in self.header]
        if name in self.header:
            return self.columns[self.header.index(name)]
        if lower.count(name.lower()) == 1:
            return self.columns[lower.index(name.lower())]
        raise DataError(f"{self.name} has no column {name[:60]!r}: it has {', '.join(map(repr, self.header))[:300]}")


def read_columns(path: Path | str, *, limit: int | None = None) -> Table:
    """All columns of a table, told apart by content: Parquet, or text split at tabs, ';', ',', '|' or white space.

    A first line 'sep=;' is obeyed, remarks ('#') above the header are passed over, and a first line that holds a
    sequence is no header. limit: rows read at most, for a preview. A row with another number of fields is skipped and
    listed. Raises DataError where the file is empty, or more rows are skipped than kept.
    """
    path = Path(path)
    if path.is_file():
        with path.open("rb") as file:
            if file.read(4) == b"PAR1":
                return _parquet(path, limit)
    lines = open_text(path)
    numbered = ((number, line) for number, line in enumerate(lines, 1) if line.strip().strip("\t,;|"))
    table = _read(str(path), numbered, limit)
    return table._replace(notes=(*lines.notes, *table.notes))


# Text


def _read(name: str, numbered: Iterator[tuple[int, str]], limit: int | None) -> Table:
    given, remark, numbered = _above(numbered)
    head = list(islice(numbered, _HEAD))
    if not head:
        raise DataError(f"{name} is empty: it should hold one example a line, below a header")
    if head[0][1].startswith(">"):
        raise DataError(f"{name} is FASTA, as its line {head[0][0]} begins with '>': give it as --positives or --fasta")
    separator = given or _separator([line for _, line in head])
    header, first = _header(head, remark, separator, name)
    rows = _Rows(name, len(header), separator)
    rows.take(chain(head[first:], numbered), limit)
    if not rows.places:
        if rows.skipped:
            raise DataError(f"{name}: line {rows.skipped[0].line} {rows.skipped[0].reason}")
        raise DataError(f"{name} has a header but no examples below it")
    if len(rows.skipped) > len(rows.places):
        worst, whole = rows.skipped[0], len(rows.skipped) + len(rows.places)
        raise DataError(
            f"{name}: {len(rows.skipped):,} of {whole:,} rows cannot be used; the first is line {worst.line}, which "
            f"{worst.reason}"
        )
    return Table(
        name, header, [*rows.columns], rows.places, separator, tuple(rows.skipped),
        ("the first line holds an example, so the columns have no names",) if not first and not remark else (),
    )  # fmt: skip


class _Rows:
    """Rows as they come, kept as columns."""

    def __init__(self, name: str, width: int, separator: str | None) -> None:
        self.name, self.width, self.separator = name, width, separator
        self.columns: list[list[str]] = [[] for _ in range(width)]
        self.places: list[int] = []
        self.skipped: list[Skipped] = []

    def take(self, numbered: Iterator[tuple[int, str]], limit: int | None) -> None:
        while limit is None or len(self.places) < limit:
            most = _BLOCK if limit is None else min(_BLOCK, limit - len(self.places))
            block = list(islice(numbered, most))
            if not block:
                return
            places, lines = zip(*block, strict=True)
            fields = _split(lines, self.separator)
            if len(fields) == len(lines) and all(len(row) == self.width for row in fields):
                self.places += places
            else:
                fields = self._good(places, lines)
            for column, values in zip(self.columns, zip(*fields, strict=True), strict=bool(fields)):
                column += values

    def _good(self, places: Sequence[int], lines: Sequence[str]) -> list[list[str]]:
        """The rows of the right width, line by line; the others are noted."""
        kept = []
        for place, line in zip(places, lines, strict=True):
            fields = _split([line], self.separator)
            row = fields[0] if len(fields) == 1 else []
            if len(row) == self.width and not _runs_on(line, self.separator):
                kept.append(row)
                self.places.append(place)
                continue
            self.skipped.append(Skipped(self.name, place, self._why(row, line)))
        return kept

    def _why(self, row: list[str], line: str) -> str:
        if _runs_on(line, self.separator):
            return "has a quoted field that runs over several lines: keep each example on one line"
        return f"has {len(row)} field{'s' * (len(row) != 1)} where the header has {self.width}"


def _runs_on(line: str, separator: str | None) -> bool:
    """Whether a quoted field begins in this line and ends in another, or the other way round."""
    return (
        separator is not None
        and line.count('"') % 2 == 1
        and any(field.startswith('"') or field.endswith('"') for field in map(str.strip, line.split(separator)))
    )


def _split(lines: Iterable[str], separator: str | None) -> list[list[str]]:
    if separator is None:
        return [line.split() for line in lines]
    lines = list(lines)
    if not any('"' in line for line in lines):  # quicker, and for fields of any length
        spaced = any(f"{separator} " in line or line[:1] == " " for line in lines)
        rows = [line.split(separator) for line in lines]
        return [[field.lstrip(" ") for field in row] for row in rows] if spaced else rows
    try:
        return list(csv.reader(lines, delimiter=separator, skipinitialspace=True))
    except csv.Error:
        return []


def _above(numbered: Iterator[tuple[int, str]]) -> tuple[str, str, Iterator[tuple[int, str]]]:
    """The separator that a first line 'sep=;' names, the last remark, which may be the header, and the lines below."""
    given = remark = ""
    for number, line in numbered:
        told = re.fullmatch(r'"?sep=(.)"?', line, re.IGNORECASE)
        if told and not given:
            given = told[1]
        elif line.startswith("#"):
            remark = line.lstrip("#").strip()
        else:
            return given, remark, chain([(number, line)], numbered)
    return given, remark, numbered


def _separator(lines: list[str]) -> str | None:
    """What splits the first line into several fields and most lines into as many (or one more: R's names of rows)."""
    best: tuple[float, int, str | None] = (0.0, 0, None)
    for separator in SEPARATORS:
        widths = [len(fields[0]) if (fields := _split([line], separator)) else 0 for line in lines]
        usual = Counter(widths[1:] or widths).most_common(1)[0][0]
        width = usual if usual == widths[0] + 1 else widths[0]
        score = (sum(found in (widths[0], width) for found in widths) / len(lines), width, separator)
        if widths[0] > 1 and score[:2] > best[:2]:
            best = score
    return best[2]


def _header(head: list[tuple[int, str]], remark: str, separator: str | None, name: str) -> tuple[tuple[str, ...], int]:
    """Names of the columns, and how many lines of `head` they take."""
    rows = [fields[0] if (fields := _split([line], separator)) else [] for _, line in head]
    width, times = Counter(map(len, rows[1:] or rows)).most_common(1)[0]
    width = width if 2 * times > len(rows) - 1 else len(rows[0])
    above = [fields[0] for fields in [_split([remark], separator)] if fields]
    if above and len(above[0]) == width and _is_data(rows[0]) and not _is_data(above[0]):
        return _unique(above[0]), 0
    if _is_data(rows[0]):
        return tuple(f"column_{number}" for number in range(1, width + 1)), 0
    if len(rows[0]) == width - 1:  # R's tables have no name above the names of rows
        return _unique(["row", *rows[0]]), 1
    return _unique(rows[0]), 1


def _is_data(row: list[str]) -> bool:
    return any(_LETTERS.fullmatch(field.strip()) for field in row)


def _unique(names: list[str]) -> tuple[str, ...]:
    found: list[str] = []
    for number, name in enumerate(names, 1):
        name = " ".join(name.strip().lstrip("#").split()) or f"column_{number}"
        again = name
        while again in found:
            again = f"{name}_{number}"
            number += 1
        found.append(again)
    return tuple(found)


# Parquet


def _parquet(path: Path, limit: int | None) -> Table:
    import pyarrow
    from pyarrow import parquet

    try:
        file = parquet.ParquetFile(path)
        rows = file.metadata.num_rows
        names = [field.name for field in file.schema_arrow if not pyarrow.types.is_nested(field.type)]
        if not rows or not names:
            raise DataError(f"{path} has no examples: it has {rows} rows and {len(names)} columns of plain values")
        size = sum(file.metadata.row_group(i).total_byte_size for i in range(file.metadata.num_row_groups))
        if size > _PARQUET_BYTES:
            raise DataError(f"{path} unpacks to {size / 2**30:.1f} GiB: split it")
        batches = file.iter_batches(batch_size=_BLOCK if limit is None else min(limit, _BLOCK), columns=names)
        whole = pyarrow.Table.from_batches(islice(batches, None if limit is None else -(-limit // _BLOCK)))
    except (pyarrow.ArrowException, OSError, ValueError) as error:
        raise DataError(f"{path} cannot be read as Parquet ({str(error)[:100]}): write it again") from error
    whole = whole.slice(0, limit)
    header = _unique(names)
    return Table(str(path), header, [_values(whole.column(i)) for i in range(len(names))], range(1, len(whole) + 1))


def _values(column: Any) -> list[str] | np.ndarray:
    """Numbers and truth values as an array, NaN for nulls; all else as text."""
    import pyarrow.types as types

    kind = column.type
    if types.is_integer(kind) or types.is_floating(kind) or types.is_decimal(kind):
        return column.cast("float64", safe=False).to_numpy()
    return ["" if value is None else str(value) for value in column.to_pylist()]
