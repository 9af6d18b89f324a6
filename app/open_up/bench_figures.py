"""Charts of the motif bench, as plain plotly dictionaries."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from dnaconv_core.plot.style import safe
from dnaconv_core.sequence.encoding import LETTERS
from frame.language import tr

if TYPE_CHECKING:
    from dnaconv_core.interpret.marginalize import Curve, Mutations

_MARGIN = {"l": 52, "r": 12, "t": 10, "b": 42}


def substitutions(found: Mutations, alphabet: str, unit: str) -> dict[str, Any]:
    """The change for every base of the motif replaced by each other one."""
    unit = safe(unit)
    word = found.word.replace("T", "U") if alphabet == "RNA" else found.word
    return {
        "data": [
            {
                "type": "heatmap",
                "z": np.round(found.change, 3).tolist(),
                "x": [f"{letter}{i}" for i, letter in enumerate(word, 1)],
                "y": list(LETTERS[alphabet]),
                "colorscale": [[0, "rgb(33,102,172)"], [0.5, "rgba(127,134,148,0.08)"], [1, "rgb(200,0,45)"]],
                "zmid": 0,
                "colorbar": {"title": {"text": f"Δ {unit}"}, "thickness": 10},
                "hovertemplate": tr("%{{x}} to %{{y}}: %{{z:+.2f}} {unit}", unit=unit) + "<extra></extra>",
            }
        ],
        "layout": {"margin": _MARGIN, "yaxis": {"autorange": "reversed"}, "xaxis": {"type": "category"}},
    }


def band(
    curve: Curve, x_title: str, first: int, *, unit: str, name: str = "", color: str = "theme:series0"
) -> dict[str, Any]:
    """A mean by place with its interval; `first` is what place 0 is called."""
    unit, name = safe(unit), name or tr("effect")
    x = (curve.at + first).tolist()
    band = {
        "type": "scatter",
        "mode": "lines",
        "x": x + x[::-1],
        "y": np.round(np.concatenate([curve.high, curve.low[::-1]]), 4).tolist(),
        "fill": "toself",
        "line": {"width": 0, "color": color},
        "opacity": 0.25,
        "hoverinfo": "skip",
        "showlegend": False,
    }
    line = {
        "type": "scatter",
        "mode": "lines",
        "x": x,
        "y": np.round(curve.mean, 4).tolist(),
        "name": name,
        "line": {"color": color, "width": 2},
        "hovertemplate": tr("{name} at %{{x}}: %{{y:+.2f}} {unit}", name=name, unit=unit) + "<extra></extra>",
    }
    axes = {
        "xaxis": {"title": {"text": x_title}},
        "yaxis": {"title": {"text": tr("change of the {unit}", unit=unit)}, "rangemode": "tozero"},
    }
    return {"data": [band, line], "layout": {"margin": _MARGIN, "showlegend": False, **axes}}


def bars(counts: np.ndarray, x_title: str, y_title: str) -> dict[str, Any]:
    """Counts by position."""
    bar = {
        "type": "bar",
        "x": list(range(1, len(counts) + 1)),
        "y": counts.tolist(),
        "marker": {"color": "theme:series0"},
        "hovertemplate": tr("base %{x}: %{y}") + "<extra></extra>",
    }
    axes = {"xaxis": {"title": {"text": x_title}}, "yaxis": {"title": {"text": y_title}}}
    return {"data": [bar], "layout": {"margin": _MARGIN, "bargap": 0.05, **axes}}
