"""CSV and TSV tables (plain or gzip) with a column of sequences and columns of labels."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from dnaconv_core.data.dataset import Dataset
from dnaconv_core.data.textfile import clean_fast, read_rows
from dnaconv_core.errors import DataError
from dnaconv_core.sequence.encoding import one_hot

# Names that say what a column is, in order of preference; case does not matter
SEQUENCE_NAMES = ("sequence", "seq", "dna", "rna", "guide", "antisense", "sirna")
LABEL_NAMES = ("label", "y", "activity", "bound", "target", "class", "value", "score", "efficacy")
ID_NAMES = ("id", "ids", "name", "locus", "interval")
WEIGHT_NAMES = ("weight", "w")


def read_table(
    path: Path | str,
    *,
    alphabet: str = "DNA",
    sequence: str | None = None,
    labels: Sequence[str] | None = None,
    ids: str | None = None,
    weight: str | None = None,
    covariates: Sequence[str] = (),
) -> Dataset:
    """One example per line below a header. Columns are named, or found by their usual names.

    sequence, ids, weight: a column's name each; labels, covariates: any number of columns. Without ids the examples are
    called row_1, row_2, …; without a label column the dataset has no labels (`y` is `(N, 0)`).
    Raises DataError naming the line and column of what is missing, not a number, of another length or repeated, and
    InputError for a foreign character in a sequence.
    """
    path = Path(path)
    fields, places, _ = read_rows(path)
    header = [name.strip().lstrip("#") for name in fields[0]]
    rows, places = fields[1:], places[1:]
    column = _column(path, header, "sequence", sequence, SEQUENCE_NAMES)
    if column is None:
        raise DataError(
            f"{path} has no column of sequences: its first line should name one 'sequence'; it names "
            f"{', '.join(map(repr, header))[:200]}"
        )
    if not rows:
        raise DataError(f"{path} has a header but no examples below it")
    for row, place in zip(rows, places, strict=True):
        if len(row) != len(header):
            raise DataError(
                f"{path}: line {place} has {len(row)} fields and the header {len(header)}: correct the line"
            )
    id_column = _column(path, header, "id", ids, ID_NAMES)
    weight_column = _column(path, header, "weight", weight, WEIGHT_NAMES)
    if labels is None:
        found = _column(path, header, "label", None, LABEL_NAMES)
        rest = set(range(len(header))) - {column, id_column, weight_column}
        label_columns = [found] if found is not None else sorted(rest) if len(rest) == 1 and not covariates else []
    else:
        label_columns = [_named(path, header, "label", name) for name in labels]
    covariate_columns = [_named(path, header, "covariate", name) for name in covariates]

    def numbers(columns: list[int]) -> np.ndarray:
        values = [_numbers(path, [row[c] for row in rows], places, header[c]) for c in columns]
        return np.stack(values, axis=1) if values else np.empty((len(rows), 0), np.float32)

    letters = _sequences(path, [row[column] for row in rows], places, alphabet)
    y = numbers(label_columns)
    w = np.ones_like(y)
    if weight_column is not None:
        w *= numbers([weight_column])
        if (w < 0).any():
            raise DataError(
                f"{path}: line {places[int(np.argwhere(w < 0)[0][0])]} has a negative weight: use 0 or more"
            )
    names = [f"row_{i}" for i in range(1, len(rows) + 1)]
    if id_column is not None:
        names = _unique(path, [row[id_column].strip() for row in rows], places)
    dataset = Dataset(one_hot(letters, alphabet), y, w, np.array(names, dtype=str), alphabet=alphabet, name=path.name)
    if not covariate_columns:
        return dataset
    return dataset.with_covariates(numbers(covariate_columns), tuple(covariates))


def _named(path: Path, header: list[str], role: str, name: str) -> int:
    if name not in header:
        raise DataError(f"{path} has no {role} column {name!r}: its columns are {', '.join(map(repr, header))[:200]}")
    return header.index(name)


def _column(path: Path, header: list[str], role: str, name: str | None, usual: tuple[str, ...]) -> int | None:
    if name is not None:
        return _named(path, header, role, name)
    lower = [column.lower() for column in header]
    return next((lower.index(known) for known in usual if known in lower), None)


def _sequences(path: Path, texts: list[str], places: list[int], alphabet: str) -> list[str]:
    letters = []
    for text, place in zip(texts, places, strict=True):
        sequence = clean_fast(text.strip(), alphabet, f"{path}: the sequence in line {place}")
        if not sequence or (letters and len(sequence) != len(letters[0])):
            expected = f"the first has {len(letters[0])}" if letters else "it is empty"
            raise DataError(
                f"{path}: the sequence in line {place} has {len(sequence)} bases and {expected}: "
                "a dataset needs equal lengths"
            )
        letters.append(sequence)
    return letters


def _numbers(path: Path, texts: list[str], places: list[int], name: str) -> np.ndarray:
    values = np.empty(len(texts), np.float32)
    for i, (text, place) in enumerate(zip(texts, places, strict=True)):
        try:
            with np.errstate(over="ignore"):  # what float32 cannot hold is infinite, and refused below
                values[i] = float(text)
        except ValueError:
            values[i] = np.nan
        if not np.isfinite(values[i]):
            raise DataError(f"{path}: line {place} has {text[:80]!r} in column {name!r}: it must be a finite number")
    return values


def _unique(path: Path, names: list[str], places: list[int]) -> list[str]:
    seen: dict[str, int] = {}
    for name, place in zip(names, places, strict=True):
        if seen.setdefault(name, place) != place:
            raise DataError(f"{path}: line {place} repeats the id {name!r} of line {seen[name]}: rename it")
    return names
