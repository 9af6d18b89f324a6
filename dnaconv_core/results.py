"""The NamedTuples that functions hand back when one array is not enough."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

_LARGEST = 1e300  # of a stored number


class Record(NamedTuple):
    """One sequence a user gave: `sequence` is upper case in the model's alphabet, other IUPAC codes included."""

    id: str
    sequence: str
    n_ambiguous: int  # positions that become all-zero columns


class Skipped(NamedTuple):
    """A row that was left out, and why."""

    file: str
    line: int  # from 1; of a record without lines, its number
    reason: str  # one sentence


class Site(NamedTuple):
    """Where a motif was planted in example `index`: half-open [start, end) in its sequence, strand '+' or '-'."""

    index: int  # type: ignore[assignment]  # it hides tuple's own index
    start: int
    end: int
    strand: str
    motif: str


class Metric(NamedTuple):
    """A number with its interval, or no number and the reason why it is undefined.

    note: what the interval goes by ('312 groups of neighbouring windows'), or why there is none.
    """

    value: float | None
    low: float | None = None
    high: float | None = None
    undefined: str | None = None
    note: str | None = None

    def ends(self, digits: int = 3) -> str:
        """'0.610 to 0.732'; '' without an interval."""
        return "" if self.low is None else f"{self.low:.{digits}f} to {self.high:.{digits}f}"

    def told(self, digits: int = 3) -> str:
        """The interval, or why there is none; '' where nothing is known of it."""
        return self.ends(digits) or (self.note or "") * (self.value is not None)

    def as_json(self) -> float | dict[str, Any] | None:
        """A number, or a dictionary of what there is: value, low, high, undefined, note."""
        if self.value is None:
            return {"value": None, "undefined": self.undefined}
        found: dict[str, Any] = {"value": self.value}
        found |= {} if self.low is None else {"low": self.low, "high": self.high}
        found |= {"note": self.note} if self.note else {}
        return found if len(found) > 1 else self.value

    @classmethod
    def from_json(cls, stored: Any) -> Metric:
        """What was stored, never trusted: anything but a number that can be shown leaves the value undefined."""
        if not isinstance(stored, dict):
            stored = {"value": stored}
        value, low, high = (_number(stored.get(name)) for name in ("value", "low", "high"))
        if value is None and stored.get("value") is not None:
            return cls(None, undefined="what was stored is no number")
        if low is None or high is None:
            low = high = None
        return cls(value, low, high, _words(stored.get("undefined")), _words(stored.get("note")))


def _number(stored: Any) -> float | None:
    """The number as it is; None for what is none, is infinite, or has hundreds of digits."""
    return stored if type(stored) in (int, float) and abs(stored) <= _LARGEST else None


def _words(stored: Any) -> str | None:
    return None if stored is None else str(stored)[:300]


class Split(NamedTuple):
    """Indices of the examples in each part."""

    train: np.ndarray
    valid: np.ndarray
