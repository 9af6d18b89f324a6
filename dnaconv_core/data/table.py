"""CSV and TSV tables (plain or gzip) with a column of sequences and columns of labels."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from dnaconv_core.data.columns import ID_NAMES, LABEL_NAMES, MEASURED, SEQUENCE_NAMES, WEIGHT_NAMES
from dnaconv_core.data.dataset import Dataset
from dnaconv_core.data.labels import guess_mapping
from dnaconv_core.data.textfile import clean_fast, read_rows
from dnaconv_core.data.values import decimal_point, is_missing
from dnaconv_core.errors import DataError
from dnaconv_core.sequence.encoding import one_hot


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
    called row_1, row_2, …, and an id that comes again gets a number behind it; without a label column `y` is
    `(N, 0)`. Labels are numbers, with decimal commas in a file of ';', or yes and no in usual words.
    Raises DataError naming the line and column of what is missing, not a number or of another length, and InputError
    for a foreign character in a sequence.
    """
    path = Path(path)
    fields, places, separator, told = read_rows(path)
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
    notes = list(told)
    if labels is None:
        rest = sorted(set(range(len(header))) - {column, id_column, weight_column})
        label_columns = _usual_label(header, rows, rest, separator, alone=not covariates)
        notes += [f"{path}: the label is column {header[c]!r}" for c in label_columns]
    else:
        label_columns = [_named(path, header, "label", name) for name in labels]
    covariate_columns = [_named(path, header, "covariate", name) for name in covariates]

    def numbers(columns: list[int]) -> np.ndarray:
        values = [_numbers(path, [row[c] for row in rows], places, header[c]) for c in columns]
        return np.stack(values, axis=1) if values else np.empty((len(rows), 0), np.float32)

    letters = _sequences(path, [row[column] for row in rows], places, alphabet)
    found = [_labels(path, [row[c] for row in rows], places, header[c], separator) for c in label_columns]
    y = np.stack(found, axis=1) if found else np.empty((len(rows), 0), np.float32)
    w = np.ones_like(y)
    if weight_column is not None:
        w *= numbers([weight_column])
        if (w < 0).any():
            raise DataError(
                f"{path}: line {places[int(np.argwhere(w < 0)[0][0])]} has a negative weight: use 0 or more"
            )
    names = [f"row_{i}" for i in range(1, len(rows) + 1)]
    if id_column is not None:
        names = unique([row[id_column].strip() for row in rows], str(path), notes)
    X = one_hot(letters, alphabet)
    dataset = Dataset(X, y, w, np.array(names, dtype=str), alphabet=alphabet, name=path.name, notes=tuple(notes))
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
    letters: list[str] = []
    for text, place in zip(texts, places, strict=True):
        sequence = clean_fast(text.strip(), alphabet, f"{path}: the sequence in line {place}")
        if not sequence or (letters and len(sequence) != len(letters[0])):
            expected = f"the first has {len(letters[0])}" if letters else "it is empty"
            raise DataError(
                f"{path}: the sequence in line {place} has {len(sequence)} bases and {expected}: "
                "a dataset needs equal lengths; 'dnaconv data import' takes any"
            )
        letters.append(sequence)
    return letters


def _usual_label(
    header: list[str], rows: list[list[str]], rest: list[int], separator: str | None, *, alone: bool
) -> list[int]:
    """The column of labels by its usual name, one that changes before one that does not; or the only other column."""
    lower = {header[c].lower(): c for c in reversed(rest)}
    known = [lower[name] for name in LABEL_NAMES if name in lower]
    if known:
        likely = [*known, *(lower[name] for name in MEASURED if name in lower)]
        return [next((c for c in likely if _changes([row[c] for row in rows], separator)), known[0])]
    return rest if len(rest) == 1 and alone else []


def _changes(texts: list[str], separator: str | None) -> bool:
    """Whether a column holds numbers or yes and no, and not always the same."""
    guess = guess_mapping(texts, separator=separator)
    return guess.kind in ("numbers", "binary") and len(guess.counts) > 1


def _labels(path: Path, texts: list[str], places: list[int], name: str, separator: str | None) -> np.ndarray:
    """(N,) numbers, or 1 and 0 for yes and no in whatever words."""
    guess = guess_mapping(texts, separator=separator)
    if guess.kind == "binary" and guess.words and not any(map(is_missing, texts)):
        return np.array([guess.words[text.strip()] for text in texts], np.float32)
    return _numbers(path, [decimal_point(text, separator) for text in texts], places, name)


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


def unique(names: list[str], source: str, notes: list[str]) -> list[str]:
    """The names, those that come again with '_2', '_3', … behind them; `notes` gets a sentence about them."""
    times: Counter[str] = Counter()
    taken, found = set(names), []
    for name in names:
        times[name] += 1
        again = name
        while times[name] > 1 and again in taken:
            again = f"{name}_{times[name]}"
            times[name] += again in taken
        taken.add(again)
        found.append(again)
    renamed = [(old, new) for old, new in zip(names, found, strict=True) if old != new]
    if renamed:
        old, new = renamed[0]
        notes.append(f"{source}: {len(renamed):,} ids came before and got a number behind them: {old!r} is {new!r}")
    return found
