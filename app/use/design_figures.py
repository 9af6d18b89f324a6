"""The chart of one design, as a plain plotly dictionary."""

from __future__ import annotations

from typing import Any

from dnaconv_core.design.design import Design
from dnaconv_core.plot.style import safe
from frame.language import tr

_MARGIN = {"l": 46, "r": 14, "t": 8, "b": 40}
_FEW = 30  # edits that are named below the axis


def path(one: Design, judge: list[float] | None, name: str) -> dict[str, Any]:
    """The score after each edit of a design, and a judge's of this name beside it."""
    edits = [tr("start"), *map(str, one.edits)]
    lines = [(tr("model"), list(one.scores), "theme:series0", "solid")]
    if judge is not None:
        lines.append((tr("judge: {name}", name=name), judge, "theme:series1", "dot"))
    traces = [
        {
            "type": "scatter",
            "mode": "lines+markers",
            "x": list(range(len(edits))),
            "y": [round(value, 5) for value in values],
            "name": safe(label),
            "text": edits,
            "line": {"color": color, "dash": dash, "width": 1.6},
            "hovertemplate": "%{text}: %{y:.3f}<extra></extra>",
        }
        for label, values, color, dash in lines
    ]
    ticks = {"tickvals": list(range(len(edits))), "ticktext": edits} if len(edits) <= _FEW else {}
    return {
        "data": traces,
        "layout": {
            "margin": _MARGIN,
            "showlegend": judge is not None,
            "legend": {"orientation": "h", "x": 1, "xanchor": "right", "y": 1.02, "yanchor": "bottom"},
            "xaxis": {"title": {"text": tr("edit")}, **ticks},
            "yaxis": {"title": {"text": tr("score")}},
        },
    }
