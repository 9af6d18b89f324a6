"""Covariates of sequences, joined by id: `id value` lines, or CSV/TSV with any number of columns."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np

from dnaconv_core.data.dataset import Dataset
from dnaconv_core.data.textfile import read_rows
from dnaconv_core.errors import DataError
from dnaconv_core.results import Skipped

_ID_NAMES = {"id", "ids", "name", "names", "interval", "locus", "region", "key", "sequence_id", ""}
_LARGEST = 3.4e38  # a float32 holds


class Covariates(NamedTuple):
    """ids `(N,)` text, values `(N, C)` float32, and the columns' names (none where the file has no header).

    bad: the ids whose lines could not be used; skipped: these lines.
    """

    ids: np.ndarray
    values: np.ndarray
    names: tuple[str, ...]
    bad: frozenset[str] = frozenset()
    skipped: tuple[Skipped, ...] = ()


def read_covariates(path: Path | str) -> Covariates:
    """The numbers of each id in a file: split by white space, comma or tab, with or without a header, plain or gzip.

    Left out and listed are lines with a wrong number of fields or a value that is not a finite number, and all lines
    of an id that has different values. Raises DataError, with the first of them, where these are more than the others.
    """
    path = Path(path)
    rows, places, separator, _ = read_rows(path)
    names: tuple[str, ...] = ()
    if _is_header(rows[0], separator):
        names = tuple(name.strip() for name in rows[0][1:])
        rows, places = rows[1:], places[1:]
    if not rows:
        raise DataError(f"{path} has a header but no values below it")
    width = max(Counter(map(len, rows)).most_common(1)[0][0], 2)
    if names and len(names) != width - 1:
        raise DataError(f"{path}: the header names {len(names)} columns of values but line {places[0]} has {width - 1}")
    values, wrong = _numbers(rows, width)
    ids = [row[0].strip() for row in rows]
    wrong |= _contradictions(ids, values, places, wrong)
    skipped = [Skipped(str(path), places[row], wrong[row]) for row in sorted(wrong)]
    if len(skipped) > len(rows) - len(skipped):
        rest = len(skipped) - 1
        more = f" ({rest:,} more line{'s' * (rest > 1)} cannot be used either)" if rest else ""
        raise DataError(f"{path}: line {skipped[0].line} {skipped[0].reason}{more}: correct the file")
    good = _once(ids, wrong)
    bad = frozenset(ids[row] for row in wrong) - {ids[row] for row in good}
    return Covariates(np.array(ids, dtype=str)[good], values[good], names, bad, tuple(skipped))


def join_covariates(
    dataset: Dataset, path: Path | str, name: str = "accessibility", *, wanted: Sequence[str] = ()
) -> Dataset:
    """The dataset with the file's values as its covariates, matched by id, in place of any it had.

    name: what a single column without a header is called. wanted: the names a model asks for: a file's only column has
    the only name, whatever its header, and columns without a header have these names. Ids of the file that the dataset
    lacks are passed over. An example whose line cannot be used is left out, and the line listed. Raises DataError
    naming the first id of the dataset that the file lacks and counting the rest, and as `read_covariates` does.
    """
    found = read_covariates(path)
    if found.skipped:
        lost = np.array([key in found.bad for key in dataset.ids.tolist()], bool)
        if lost.all():
            raise DataError(f"{path}: line {found.skipped[0].line} {found.skipped[0].reason}: correct the file")
        dataset = replace(dataset.subset(~lost), skipped=(*dataset.skipped, *found.skipped))
    values, names = _rows_of(found, dataset.ids.tolist(), path, dataset.label), found.names
    n = values.shape[1]
    if len(wanted) == n and (n == 1 or not names):
        names = tuple(wanted)
    elif not names:
        names = (name,) if n == 1 else tuple(f"{name}_{i + 1}" for i in range(n))
    return dataset.with_covariates(values, names)


def covariates_for(ids: Sequence[str], path: Path | str) -> np.ndarray:
    """The file's values `(N, C)` for these ids, in their order. Raises DataError as `join_covariates` does."""
    return _rows_of(read_covariates(path), list(ids), path, "what was given")


def _rows_of(found: Covariates, ids: list[str], path: Path | str, label: str) -> np.ndarray:
    place = {key: row for row, key in enumerate(found.ids.tolist())}
    rows = [place.get(key, -1) for key in ids]
    missing = [key for key, row in zip(ids, rows, strict=True) if row < 0]
    if missing:
        more = f" and {len(missing) - 1:,} more" if len(missing) > 1 else ""
        raise DataError(
            f"{path} has no value for id {missing[0]!r}{more} of the {len(ids):,} in {label}: "
            "add a line for each, or leave those examples out"
        )
    return found.values[np.array(rows, int)]


def _is_header(row: list[str], separator: str | None) -> bool:
    """A first line without a single number; without separators also one that does not call its ids by a usual name."""
    if any(_number(field) is not None for field in row[1:]):
        return False
    return separator is not None or row[0].lstrip("#").lower() in _ID_NAMES


def _number(text: str) -> float | None:
    """A finite number, or None."""
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) and "_" not in text and abs(value) < _LARGEST else None


def _numbers(rows: list[list[str]], width: int) -> tuple[np.ndarray, dict[int, str]]:
    """The values `(N, width - 1)`, and by row why it has none."""
    if (whole := _all_numbers(rows, width)) is not None:
        return whole, {}
    values, wrong = np.zeros((len(rows), width - 1)), {}
    for place, row in enumerate(rows):
        if len(row) != width:
            wrong[place] = f"does not have {width} fields (an id and {width - 1} value{'s' * (width > 2)})"
            continue
        found = [_number(text) for text in row[1:]]
        if None in found:
            wrong[place] = f"has {row[1 + found.index(None)][:60]!r} where a finite number should be"
        else:
            values[place] = found
    return values.astype(np.float32), wrong


def _all_numbers(rows: list[list[str]], width: int) -> np.ndarray | None:
    """The values at one go, where every line is good: several times faster."""
    if any(len(row) != width for row in rows):
        return None
    try:
        values = np.array([[float(text) for text in row[1:]] for row in rows])
    except ValueError:
        return None
    good = np.isfinite(values).all() and np.abs(values).max() < _LARGEST
    return values.astype(np.float32) if good and not any("_" in text for row in rows for text in row[1:]) else None


def _contradictions(ids: list[str], values: np.ndarray, places: list[int], wrong: dict[int, str]) -> dict[int, str]:
    """By row why it cannot be used: another one has its id and other values. It does not matter which came first."""
    if len(set(ids)) == len(ids):
        return {}
    first: dict[str, int] = {}
    told: dict[int, str] = {}
    for row, key in enumerate(ids):
        if row in wrong:
            continue
        before = first.setdefault(key, row)
        if not np.array_equal(values[row], values[before]):
            told[row] = f"repeats the id {key[:60]!r} of line {places[before]} with another value"
            told.setdefault(before, f"has another value than line {places[row]}, which repeats its id {key[:60]!r}")
    unsure = {ids[row] for row in told}
    return told | {
        row: f"repeats the id {key[:60]!r} of line {places[first[key]]}"
        for row, key in enumerate(ids)
        if key in unsure and row not in told and row not in wrong
    }


def _once(ids: list[str], wrong: dict[int, str]) -> list[int]:
    """The rows that can be used, of each id the first."""
    first: dict[str, int] = {}
    for row, key in enumerate(ids):
        if row not in wrong:
            first.setdefault(key, row)
    return list(first.values())
