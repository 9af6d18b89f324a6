"""A long sequence that one pans and zooms: scores, peaks, motif hits and letters; the server sends what is in sight."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import streamlit as st

from components.palette import base_pairs
from components.source import nothing, register
from dnaconv_core.plot.glyphs import glyphs
from dnaconv_core.sequence.encoding import LETTERS

_track = register("track")


class View(NamedTuple):
    """Bases [start, end) that are looked at."""

    start: int
    end: int


class Box(NamedTuple):
    """A peak's or a hit's place, [start, end), with what is said of it; thick: the site within a peak's window."""

    start: int
    end: int
    strand: str
    label: str
    word: str = ""
    thick: tuple[int, int] = (0, 0)
    number: int = -1


class Served(NamedTuple):
    """What is known of [start, end), more than the view: so it moves at once."""

    start: int
    end: int
    lines: np.ndarray  # (lines, n) scores, NaN where there are none
    peaks: Sequence[Box]
    hits: Sequence[Box] | None  # None: not looked for at this zoom
    letters: str  # '' where too many
    worth: np.ndarray | None  # (n,) of each letter's base from `start` on; None: not at this zoom, or not yet
    coming: bool = False  # worth is being computed: ask again


def view_of(key: str, bounds: View) -> View:
    """What this track's browser last said it shows; all before it has said anything."""
    said = st.session_state.get(f"_{key}_view")
    if not said:
        return bounds
    start, end = max(int(said["start"]), bounds.start), min(int(said["end"]), bounds.end)
    return View(start, end) if start < end else bounds


def track(
    served: Served,
    *,
    key: str,
    name: str,
    bounds: View,
    overview: np.ndarray,
    names: Sequence[str],
    span: tuple[float, float],
    units: tuple[str, str],
    threshold: float | None = None,
    alphabet: str = "DNA",
    motif: str = "",
    goto: View | None = None,
    picked: int = -1,
    places: Sequence[tuple[int, int, int]] = (),
) -> int | None:
    """Draw the track; returns the number of the peak just clicked, or None.

    overview: the highest scores of all that `bounds` holds. span: of the score's axis. units: of the score, and of what
    a base is worth. goto: where to go now, when it differs from the last such wish. picked: the peak that is chosen.
    places: number, middle and width of all peaks, in order, to go from one to the next.
    """
    data = {
        "name": name,
        "bounds": bounds,
        "overview": _numbers(overview),
        "names": list(names),
        "span": span,
        "units": units,
        "threshold": threshold,
        "motif": motif,
        "goto": goto,
        "picked": picked,
        "places": list(places),
        **served._asdict(),
        "lines": [_numbers(line) for line in served.lines],
        "peaks": [box._asdict() for box in served.peaks],
        "hits": None if served.hits is None else [box._asdict() for box in served.hits],
        "worth": None if served.worth is None else _numbers(served.worth),
        "glyphs": glyphs(LETTERS[alphabet]),
        "colors": base_pairs(),
    }

    def looked() -> None:
        if st.session_state[key].view:
            st.session_state[f"_{key}_view"] = dict(st.session_state[key].view)

    return _track(data=data, key=key, on_view_change=looked, on_pick_change=nothing).pick


def _numbers(values: np.ndarray) -> list[float | None]:
    """For JSON, which knows no NaN."""
    rounded = np.round(np.asarray(values, np.float64), 4)
    return np.where(np.isnan(rounded), None, rounded.astype(object)).tolist()
