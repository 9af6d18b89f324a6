"""Numbers given beside sequences, joined by id: `id value` lines, or CSV/TSV with any number of columns."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from dnaconv_core.data.dataset import Dataset
from dnaconv_core.data.textfile import read_rows
from dnaconv_core.errors import DataError

_ID_NAMES = {"id", "ids", "name", "names", "interval", "locus", "region", "key", "sequence_id", ""}


class Covariates(NamedTuple):
    """ids `(N,)` text, values `(N, C)` float32, and the columns' names (none where the file has no header)."""

    ids: np.ndarray
    values: np.ndarray
    names: tuple[str, ...]


def read_covariates(path: Path | str) -> Covariates:
    """The numbers of each id in a file: split by white space, comma or tab, with or without a header, plain or gzip.

    Raises DataError naming the first line (and how many more) with a wrong number of fields, a value that is not a
    finite number, or an id that came before.
    """
    path = Path(path)
    rows, places, separator, _ = read_rows(path)
    names: tuple[str, ...] = ()
    if _is_header(rows[0], separator):
        names = tuple(name.strip() for name in rows[0][1:])
        rows, places = rows[1:], places[1:]
    if not rows:
        raise DataError(f"{path} has a header but no values below it")
    width = len(rows[0])
    _refuse(
        path,
        [place for row, place in zip(rows, places, strict=True) if len(row) != max(width, 2)],
        f"does not have {max(width, 2)} fields (an id and {max(width, 2) - 1} value{'s' * (width > 2)})",
    )
    if names and len(names) != width - 1:
        raise DataError(f"{path}: the header names {len(names)} columns of values but line {places[0]} has {width - 1}")
    values = np.empty((len(rows), width - 1), np.float32)
    for column in range(1, width):
        values[:, column - 1] = _numbers(path, [row[column] for row in rows], places)
    ids = [row[0].strip() for row in rows]
    _refuse_repeated(path, ids, places)
    return Covariates(np.array(ids, dtype=str), values, names)


def join_covariates(
    dataset: Dataset, path: Path | str, name: str = "accessibility", *, wanted: Sequence[str] = ()
) -> Dataset:
    """The dataset with the file's values as its covariates, matched by id, in place of any it had.

    name: what a single column without a header is called. wanted: the names a model asks for: a file's only column has
    the only name, whatever its header, and columns without a header have these names. Ids of the file that the dataset
    lacks are passed over. Raises DataError naming the first id of the dataset that the file lacks and counting the
    rest, and as `read_covariates` does.
    """
    found = read_covariates(path)
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
    return value if math.isfinite(value) and "_" not in text and abs(value) < 3.4e38 else None


def _numbers(path: Path, texts: list[str], places: list[int]) -> np.ndarray:
    try:
        values = np.array([float(text) for text in texts])
        good = bool(np.isfinite(values).all()) and np.abs(values).max() < 3.4e38 and not any("_" in t for t in texts)
    except ValueError:
        good = False
    if not good:
        wrong = [i for i, text in enumerate(texts) if _number(text) is None]
        _refuse(path, [places[i] for i in wrong], f"has {texts[wrong[0]][:80]!r} where a finite number should be")
    return values


def _refuse_repeated(path: Path, ids: list[str], places: list[int]) -> None:
    if len(set(ids)) == len(ids):
        return
    first: dict[str, int] = {}
    again = [(key, place) for key, place in zip(ids, places, strict=True) if first.setdefault(key, place) != place]
    key = again[0][0]
    _refuse(path, [place for _, place in again], f"repeats the id {key[:60]!r} of line {first[key]}")


def _refuse(path: Path, places: list[int], what: str) -> None:
    """Raise for the first of `places` (line numbers), counting the rest."""
    if places:
        rest = len(places) - 1
        more = f" ({rest:,} more line{'s' * (rest > 1)} like it)" if rest else ""
        raise DataError(f"{path}: line {places[0]} {what}{more}: correct the file")
