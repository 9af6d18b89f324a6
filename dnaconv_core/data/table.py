"""CSV and TSV tables (plain or gzip) with a column of sequences and columns of labels."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from dnaconv_core.data.columns import ID_NAMES, LABEL_NAMES, MEASURED, SEQUENCE_NAMES, WEIGHT_NAMES
from dnaconv_core.data.dataset import Dataset
from dnaconv_core.data.labels import guess_mapping
from dnaconv_core.data.textfile import read_rows
from dnaconv_core.data.values import decimal_point
from dnaconv_core.errors import DataError, InputError
from dnaconv_core.results import Skipped
from dnaconv_core.sequence.encoding import clean, one_hot


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
    A row with something missing, not a number, of another length or with a foreign character is listed in `skipped`;
    where half of all rows are such, DataError or InputError names the line and column of the first.
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
    wrong: dict[int, str] = {}  # row: what is the matter with it
    for number, row in enumerate(rows):
        if len(row) != len(header):
            wrong[number] = (
                f"line {places[number]} has {len(row)} fields and the header {len(header)}: correct the line"
            )
            rows[number] = (row + [""] * len(header))[: len(header)]
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

    def column_of(c: int) -> list[str]:
        return [row[c] for row in rows]

    letters = _sequences(column_of(column), places, alphabet, wrong)
    y = _stacked([_labels(column_of(c), places, header[c], separator, wrong) for c in label_columns], len(rows))
    w = np.ones_like(y)
    if weight_column is not None:
        weights = _numbers(column_of(weight_column), places, header[weight_column], separator, wrong)
        for number in np.flatnonzero(weights < 0).tolist():
            wrong.setdefault(number, f"line {places[number]} has a negative weight: use 0 or more")
        w *= weights[:, None]
    beside = _stacked(
        [_numbers(column_of(c), places, header[c], separator, wrong) for c in covariate_columns], len(rows)
    )
    skipped = _refused(path, wrong, places)
    kept = [number for number in range(len(rows)) if number not in wrong]
    names = [f"row_{i + 1}" for i in kept]
    if id_column is not None:
        names = unique([rows[i][id_column].strip() for i in kept], str(path), notes)
    X = one_hot([letters[i] for i in kept], alphabet)
    dataset = Dataset(
        X, y[kept], w[kept], np.array(names, dtype=str), alphabet=alphabet, name=path.name, notes=tuple(notes),
        skipped=skipped,
    )  # fmt: skip
    return dataset.with_covariates(beside[kept], tuple(covariates)) if covariate_columns else dataset


def _refused(path: Path, wrong: dict[int, str], places: list[int]) -> tuple[Skipped, ...]:
    """The rows that cannot be used. Raises for the first where they are half of all or more."""
    if not wrong:
        return ()
    if 2 * len(wrong) >= len(places):
        first = wrong[min(wrong)]
        kind = InputError if " at position " in first else DataError
        more = f" ({len(wrong):,} of {len(places):,} rows cannot be used)" if len(wrong) > 1 else ""
        raise kind(f"{path}: {first}{more}")
    return tuple(Skipped(str(path), places[row], _alone(wrong[row], places[row])) for row in sorted(wrong))


def _alone(sentence: str, place: int) -> str:
    """The sentence without the line that it names."""
    return sentence.removeprefix("the sequence in ").removeprefix(f"line {place} ")


def _stacked(columns: list[np.ndarray], n: int) -> np.ndarray:
    return np.stack(columns, axis=1) if columns else np.empty((n, 0), np.float32)


def _named(path: Path, header: list[str], role: str, name: str) -> int:
    if name not in header:
        raise DataError(f"{path} has no {role} column {name!r}: its columns are {', '.join(map(repr, header))[:200]}")
    return header.index(name)


def _column(path: Path, header: list[str], role: str, name: str | None, usual: tuple[str, ...]) -> int | None:
    if name is not None:
        return _named(path, header, role, name)
    lower = [column.lower() for column in header]
    return next((lower.index(known) for known in usual if known in lower), None)


def _sequences(texts: list[str], places: list[int], alphabet: str, wrong: dict[int, str]) -> list[str]:
    """The letters of each row; rows without any, or of another length than most, are noted in `wrong`."""
    letters: list[str] = []
    for number, (text, place) in enumerate(zip(texts, places, strict=True)):
        try:
            letters.append(clean(text.strip(), alphabet, where=f"the sequence in line {place}"))
        except InputError as error:
            wrong.setdefault(number, str(error))
            letters.append("")
    lengths = Counter(len(letters[i]) for i in range(len(letters)) if i not in wrong and letters[i])
    usual = lengths.most_common(1)[0][0] if lengths else 0
    for number, sequence in enumerate(letters):
        if len(sequence) != usual or not sequence:
            others = "the first has" if usual == len(letters[0]) else "most have"
            expected = f"{others} {usual}" if sequence else "it is empty"
            wrong.setdefault(
                number,
                f"the sequence in line {places[number]} has {len(sequence)} bases and {expected}: "
                "a dataset needs equal lengths; 'dnaconv data import' takes any",
            )
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


def _labels(texts: list[str], places: list[int], name: str, separator: str | None, wrong: dict[int, str]) -> np.ndarray:
    """(N,) numbers, or 1 and 0 for yes and no in whatever words; other rows are noted in `wrong`."""
    guess = guess_mapping(texts, separator=separator)
    if guess.kind == "binary" and guess.words:
        known = [guess.words.get(text.strip()) for text in texts]
        for number, value in enumerate(known):
            if value is None:
                wrong.setdefault(number, _no_number(texts[number], places[number], name))
        return np.array([0 if value is None else value for value in known], np.float32)
    return _numbers(texts, places, name, separator, wrong)


def _numbers(
    texts: list[str], places: list[int], name: str, separator: str | None, wrong: dict[int, str]
) -> np.ndarray:
    values = np.empty(len(texts), np.float32)
    for i, text in enumerate(texts):
        try:
            with np.errstate(over="ignore"):  # what float32 cannot hold is infinite, and refused below
                values[i] = float(decimal_point(text, separator))
        except ValueError:
            values[i] = np.nan
        if not np.isfinite(values[i]):
            wrong.setdefault(i, _no_number(text, places[i], name))
            values[i] = 0
    return values


def _no_number(text: str, place: int, name: str) -> str:
    return f"line {place} has {text[:60]!r} in column {name[:60]!r}: it must be a finite number"


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
