"""Sequences as coloured letters."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from components.palette import base_pairs
from components.source import nothing, register
from dnaconv_core.sequence.motif import IUPAC

_sequences = register("sequence")


class Mark(NamedTuple):
    """A span [start, end) to underline."""

    start: int
    end: int
    label: str


class Row(NamedTuple):
    """One sequence with what stands beside it."""

    sequence: str
    label: str = ""
    note: str = ""
    marks: tuple[Mark, ...] = ()
    selected: bool = False


def marks_of(motif: str, sequence: str) -> tuple[Mark, ...]:
    """Where this IUPAC word stands in the sequence; nowhere for an empty one."""
    word = "".join(f"[{IUPAC[letter]}]" for letter in motif)
    return tuple(Mark(m.start(), m.end(), motif) for m in re.finditer(word, sequence)) if word else ()


def sequences(
    rows: Sequence[Row], *, key: str, wrap: bool = False, numbers: bool = False, clickable: bool = False
) -> int | None:
    """Draw the rows; returns the number of the row just clicked, or None.

    wrap: long sequences go on below instead of scrolling. numbers: positions above every tenth letter.
    """
    data = {
        "rows": [row._asdict() | {"marks": [mark._asdict() for mark in row.marks]} for row in rows],
        "wrap": wrap,
        "numbers": numbers,
        "clickable": clickable,
        "colors": base_pairs(),
    }
    return _sequences(data=data, key=key, on_row_change=nothing).row
