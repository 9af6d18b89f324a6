"""Attributions of one sequence under one another, with its marks, and the map of every substitution."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from components.palette import base_pairs
from components.source import nothing, register
from dnaconv_core.plot.glyphs import glyphs
from dnaconv_core.plot.logo import logo_spec
from dnaconv_core.sequence.encoding import LETTERS

_saliency = register("saliency")


class Track(NamedTuple):
    """One logo of signed letters `(4, L)`."""

    heights: np.ndarray
    title: str
    note: str
    unit: str


class Span(NamedTuple):
    """A stretch [start, end) to shade: kind 'hit' or 'planted'."""

    start: int
    end: int
    label: str
    kind: str = "hit"


def saliency(
    sequence: str,
    tracks: Sequence[Track],
    *,
    key: str,
    alphabet: str = "DNA",
    marks: Sequence[Span] = (),
    change: np.ndarray | None = None,
    unit: str = "logit",
    height: int = 84,
) -> dict[str, Any] | None:
    """Draw the tracks on one axis; returns {"position", "base"} of the substitution just clicked in the map, or None.

    change: of the output for every substitution `(4, L)`, drawn as the map, in `unit`.
    """
    drawn = []
    for track in tracks:
        spec = logo_spec(track.heights, kind="contribution", alphabet=alphabet, unit=track.unit)
        drawn.append({**spec, "title": track.title, "note": track.note})
    data = {
        "sequence": sequence,
        "length": len(sequence),
        "logos": drawn,
        "marks": [mark._asdict() for mark in marks],
        "map": None if change is None else np.round(change.astype(float), 4).tolist(),
        "unit": unit,
        "bases": LETTERS[alphabet],
        "glyphs": glyphs(LETTERS[alphabet]),
        "colors": base_pairs(),
        "height": height,
    }
    return _saliency(data=data, key=key, on_edit_change=nothing).edit
