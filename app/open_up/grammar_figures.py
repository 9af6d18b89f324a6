"""Charts and tables of a grammar of motifs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from dnaconv_core.plot.style import safe
from frame.language import mark, said, tr

# What the factors of a grammar and their levels are called there
_OF_THE_CORE = (
    mark("order"), mark("distance"), mark("first motif"), mark("second motif"), mark("copies"),
    mark("first, second"), mark("second, first"), mark("forward"), mark("reversed"),
)  # fmt: skip

if TYPE_CHECKING:
    from dnaconv_core.interpret.grammar import Grammar, Level


def effects(levels: Sequence[Level], unit: str) -> dict[str, Any]:
    """A dot for each level with its interval, the factors below each other."""
    unit = safe(unit)
    names = [f"{said(one.factor)}: {said(one.level)}" for one in levels]
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
        "xaxis": {"title": {"text": tr("change of the {unit}, compared with the mean", unit=unit)}, "zeroline": True},
        "yaxis": {"autorange": "reversed", "type": "category"},
    }
    return {"data": [dots], "layout": layout}


def table_of(found: Grammar, unit: str) -> list[dict[str, Any]]:
    """A row for each arrangement, the strongest first."""
    rows = sorted(found.arrangements, key=lambda one: -one.mean)
    return [
        {
            tr("Change of the {unit}", unit=unit): round(one.mean, 3),
            tr("95 % from"): round(one.low, 3),
            tr("95 % to"): round(one.high, 3),
            **dict(zip(map(said, found.factors), map(said, one.levels), strict=True)),
        }
        for one in rows
    ]
