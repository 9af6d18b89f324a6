"""Charts of one answer, as plain plotly dictionaries."""

from __future__ import annotations

from typing import Any

import numpy as np

from dnaconv_core.evaluate.detail import Response
from dnaconv_core.plot.style import safe
from frame.language import tr

_MARGIN = {"l": 46, "r": 14, "t": 8, "b": 40}
_LOG = {"dtick": 1, "tickformat": "~g", "exponentformat": "none"}


def profile(values: np.ndarray, title: str) -> dict[str, Any]:
    """Predictions of windows by their start."""
    title = safe(title)
    line = {
        "type": "scatter",
        "mode": "lines",
        "x": list(range(1, len(values) + 1)),
        "y": np.round(values, 4).tolist(),
        "line": {"color": "theme:series0", "width": 1.6},
        "fill": "tozeroy",
        "hovertemplate": tr("window from base %{x:,}: %{y:.3f}") + "<extra></extra>",
    }
    axes = {
        "xaxis": {"title": {"text": tr("first base of the window")}},
        "yaxis": {"title": {"text": title}, "rangemode": "tozero"},
    }
    return {"data": [line], "layout": {"margin": _MARGIN, "showlegend": False, **axes}}


def response(found: Response, here: tuple[float, float], name: str, title: str) -> dict[str, Any]:
    """The prediction against a covariate on a logarithmic axis, with a dot at this one."""
    name, title = safe(name), safe(title)
    line = {
        "type": "scatter",
        "mode": "lines",
        "x": found.tried.tolist(),
        "y": np.round(found.prediction, 4).tolist(),
        "line": {"color": "theme:series0", "width": 2.2},
        "hovertemplate": f"{name} %{{x:.4f}}: %{{y:.3f}}<extra></extra>",
    }
    dot = {
        "type": "scatter",
        "mode": "markers",
        "x": [here[0]],
        "y": [here[1]],
        "marker": {"color": "theme:text", "size": 11},
        "hovertemplate": tr("yours: {name} %{{x:.4f}}, %{{y:.3f}}", name=name) + "<extra></extra>",
    }
    axes = {
        "xaxis": {"type": "log", "title": {"text": name}, **_LOG},
        "yaxis": {"title": {"text": title}, "rangemode": "tozero"},
    }
    return {"data": [line, dot], "layout": {"margin": _MARGIN, "showlegend": False, **axes}}


def shares(found: Response, here: float, name: str, unit: str) -> dict[str, Any]:
    """What the sequence and its covariate add to the output, against the covariate, on a logarithmic axis."""
    name, unit = safe(name), safe(unit)
    parts = {tr("sequence"): found.of_sequence, name: found.of_covariate}
    lines = [
        {
            "type": "scatter",
            "mode": "lines",
            "x": found.tried.tolist(),
            "y": np.round(values, 4).tolist(),
            "name": label,
            "line": {"color": color, "width": 2},
            "hovertemplate": tr("{label}: %{{y:+.2f}} at {name} %{{x:.4f}}", label=label, name=name)
            + "<extra></extra>",
        }
        for (label, values), color in zip(parts.items(), ("theme:series0", "theme:series1"), strict=True)
    ]
    mark = {"type": "line", "x0": here, "x1": here, "y0": 0, "y1": 1, "yref": "paper"}
    return {
        "data": lines,
        "layout": {
            "margin": _MARGIN,
            "legend": {"orientation": "h", "x": 1, "xanchor": "right", "y": 1.02, "yanchor": "bottom"},
            "xaxis": {"type": "log", "title": {"text": name}, "dtick": 1, "tickformat": "~g"},
            "yaxis": {"title": {"text": tr("share of the {unit}", unit=unit)}},
            "shapes": [mark | {"line": {"color": "theme:muted", "width": 1, "dash": "dot"}}] if here > 0 else [],
        },
    }
