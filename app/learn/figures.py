"""Charts of the data, as plain plotly dictionaries."""

from __future__ import annotations

from typing import Any

import numpy as np

from dnaconv_core.plot.style import safe
from dnaconv_core.plot.summary import Summary
from frame.language import said, tr

_LOG = {"dtick": 1, "tickformat": "~g", "exponentformat": "none"}
_MARGIN = {"l": 46, "r": 14, "t": 8, "b": 40}


def covariate(summary: Summary, names: tuple[str, str]) -> dict[str, Any]:
    """The covariate's distribution for both classes, each as a share, on a logarithmic axis."""
    middles = 10 ** ((summary.covariate_edges[1:] + summary.covariate_edges[:-1]) / 2)
    shares = summary.covariate_counts / np.maximum(summary.covariate_counts.sum(axis=1, keepdims=True), 1)
    lines = [(safe(said(names[0])), shares[0], "theme:muted"), (safe(said(names[1])), shares[1], "theme:series0")]
    return {
        "data": [
            {
                "type": "scatter",
                "mode": "lines",
                "fill": "tozeroy",
                "x": middles.tolist(),
                "y": share.tolist(),
                "name": name,
                "line": {"color": color, "shape": "hvh", "width": 1.5},
                "hovertemplate": tr("{name}: %{{y:.1%}} near %{{x:.4f}}", name=name) + "<extra></extra>",
            }
            for name, share, color in lines
        ],
        "layout": {
            "margin": _MARGIN,
            "legend": {"orientation": "h", "x": 1, "xanchor": "right", "y": 1.02, "yanchor": "bottom"},
            "xaxis": {"type": "log", "title": {"text": safe(said(summary.covariate_name))}, **_LOG},
            "yaxis": {"title": {"text": tr("share of class")}, "tickformat": ".0%"},
        },
    }
