"""All logos of one view in one component."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from components.palette import base_pairs
from components.source import nothing, register
from dnaconv_core.plot.glyphs import glyphs
from dnaconv_core.plot.logo import logo_spec
from dnaconv_core.sequence.encoding import LETTERS

_logos = register("logo")


class Logo(NamedTuple):
    """One logo: letter heights `(4, w)`, negative ones drawn below the axis; `kind` as in plot/logo.py."""

    heights: np.ndarray
    title: str = ""
    note: str = ""
    kind: str = "information"
    unit: str | None = None
    spans: tuple[tuple[int, int], ...] = ()  # half-open, shaded
    selected: bool = False


def logos(
    shown: Sequence[Logo],
    *,
    key: str,
    alphabet: str = "DNA",
    height: int = 90,
    min_width: int = 200,
    max_column: int = 0,
    axis: bool = True,
    same_scale: bool = False,
    clickable: bool = False,
    report_hover: bool = False,
    opens: str = "",
) -> dict[str, Any] | None:
    """Draw the logos in a grid; returns {"logo", "position"} just clicked (or under the pointer), or None.

    min_width: pixels a logo needs before fewer stand in a row. max_column: the widest a letter may be, 0 for any.
    same_scale: one vertical scale for all instead of one each. report_hover: also say where the pointer rests.
    opens: the key of the container below that shows what is clicked; it is brought into view.
    """
    whole = _range([logo.heights for logo in shown]) if same_scale and shown else None
    drawn = []
    for logo in shown:
        spec = logo_spec(logo.heights, kind=logo.kind, alphabet=alphabet, unit=logo.unit, y_range=whole)
        drawn.append({**spec, "title": logo.title, "note": logo.note, "spans": logo.spans, "selected": logo.selected})
    data = {
        "logos": drawn,
        "glyphs": glyphs(LETTERS[alphabet]),
        "colors": base_pairs(),
        "height": height,
        "min_width": min_width,
        "max_column": max_column,
        "axis": axis,
        "clickable": clickable,
        "report_hover": report_hover,
        "opens": opens,
    }
    result = _logos(data=data, key=key, on_click_change=nothing, on_hover_change=nothing)
    return result.click or (result.hover if report_hover else None)


def _range(heights: Sequence[np.ndarray]) -> tuple[float, float]:
    high = max(float(np.maximum(h, 0).sum(axis=0).max()) for h in heights)
    low = min(float(np.minimum(h, 0).sum(axis=0).min()) for h in heights)
    return (low, high) if high > low else (0.0, 1.0)
