"""Columns of text as numbers: decimal commas, percent signs and the many ways to write that a value is missing."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

MISSING = frozenset(("", "na", "n/a", "#n/a", "nan", "<na>", "null", "none", "nd", "n.d.", ".", "-", "–", "?"))
_THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2}(,\d{3})+(\.\d+)?")
_LARGEST = 3.4e38  # that float32 holds


class Numbers(NamedTuple):
    """values: `(N,)` float64, NaN where missing or no number; wrong: `(N,)` whether something else stands there."""

    values: np.ndarray
    wrong: np.ndarray
    notes: tuple[str, ...] = ()  # what was taken off: percent signs, commas

    @property
    def share(self) -> float:
        """Of what is not missing, the share that is a number; 1 where everything is missing."""
        known, wrong = int(np.isfinite(self.values).sum()), int(self.wrong.sum())
        return known / (known + wrong) if known + wrong else 1.0


def is_missing(text: str) -> bool:
    return text.strip().lower() in MISSING


def numbers_of(column: Sequence[str] | np.ndarray, separator: str | None = None) -> Numbers:
    """The numbers of a column. `separator` of the file's fields: beside ';' a comma is a decimal one.

    Elsewhere '1,234' is a thousand and '1,23' a decimal comma. Percent signs are taken off: '80 %' is 80.
    """
    if isinstance(column, np.ndarray) and column.dtype.kind in "biuf":
        values = column.astype(np.float64)
        return Numbers(np.where(np.isfinite(values), values, np.nan), np.isinf(values))
    try:
        values = np.array([float(text) for text in column], np.float64)
        if np.isfinite(values).all() and np.abs(values).max(initial=0) < _LARGEST and not _odd(column):
            return Numbers(values, np.zeros(len(values), bool))
    except (ValueError, TypeError):
        pass
    return _slowly([str(text).strip() for text in column], separator)


def decimal_point(text: str, separator: str | None) -> str:
    """A number of a file whose fields are separated by ';' with a point in the place of its decimal comma."""
    return _decimal(text) if separator == ";" else text


def _odd(column: Iterable[str]) -> bool:
    return any("_" in text for text in column)  # Python's own '1_000'


def _slowly(texts: list[str], separator: str | None) -> Numbers:
    notes = []
    if any(text.endswith("%") for text in texts):
        texts = [text.removesuffix("%").rstrip() for text in texts]
        notes.append("percent signs were taken off: 80 % is 80")
    commas = [text for text in texts if "," in text]
    if commas:
        thousands = separator != ";" and all(_THOUSANDS.fullmatch(text) for text in commas)
        texts = [text.replace(",", "") if thousands else _decimal(text) for text in texts]
        notes.append("commas were read as " + ("thousands" if thousands else "decimal commas"))
    values = np.array([_number(text) for text in texts], np.float64)
    missing = np.array([text.lower() in MISSING for text in texts], bool)
    wrong = np.isnan(values) & ~missing
    return Numbers(values, wrong, tuple(notes))


def _decimal(text: str) -> str:
    """'1.234,5' and '0,5' as Python writes them."""
    return text.replace(".", "").replace(",", ".") if "," in text else text


def _number(text: str) -> float:
    try:
        value = float(text.replace("\N{MINUS SIGN}", "-"))
    except ValueError:
        return np.nan
    return value if abs(value) < _LARGEST and "_" not in text else np.nan
