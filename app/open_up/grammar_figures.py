"""Charts and tables of a grammar of motifs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from dnaconv_core.plot.style import safe

if TYPE_CHECKING:
    from dnaconv_core.interpret.grammar import Grammar, Level


def effects(levels: Sequence[Level], unit: str) -> dict[str, Any]:
    """A dot for each level with its interval, the factors below each other."""
    unit = safe(unit)
    names = [f"{one.factor}: {one.level}" for one in levels]
    dots = {
        "type": "scatter",
        "mode": "markers",
        "x": [round(one.mean, 4) for one in levels],
        "y": names,
        "marker": {"size": 9, "color": "theme:series0"},
        "error_x": {
            "type": "data",
            "symmetric": False,
            "array": [round(one.high - one.mean, 4) for one in levels],
            "arrayminus": [round(one.mean - one.low, 4) for one in levels],
            "color": "theme:series0",
        },
        "hovertemplate": f"%{{y}}: %{{x:+.3f}} {unit}<extra></extra>",
    }
    layout = {
        "margin": {"l": 190, "r": 16, "t": 8, "b": 42},
        "showlegend": False,
        "xaxis": {"title": {"text": f"change of the {unit}, beyond the mean"}, "zeroline": True},
        "yaxis": {"autorange": "reversed", "type": "category"},
    }
    return {"data": [dots], "layout": layout}


def table_of(found: Grammar, unit: str) -> list[dict[str, Any]]:
    """A row for each arrangement, the strongest first."""
    rows = sorted(found.arrangements, key=lambda one: -one.mean)
    return [
        {
            f"Change of the {unit}": round(one.mean, 3),
            "95 % from": round(one.low, 3),
            "to": round(one.high, 3),
            **dict(zip(found.factors, one.levels, strict=True)),
        }
        for one in rows
    ]
