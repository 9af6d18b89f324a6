"""Small charts of datasets, as plain plotly dictionaries: plotly itself is only needed in the browser for these."""

from __future__ import annotations

from typing import Any

import numpy as np
from cache import Summary

from dnaconv_core.sequence.encoding import LETTERS

_MARGIN = {"l": 46, "r": 14, "t": 8, "b": 40}


def classes(summary: Summary) -> dict[str, Any]:
    """One bar: positives beside negatives."""
    negatives = summary.n - (summary.positives or 0)
    bars = [("bound", summary.positives, "theme:series0"), ("not bound", negatives, "theme:muted")]
    return {
        "data": [
            {
                "type": "bar",
                "orientation": "h",
                "x": [count],
                "y": [""],
                "name": name,
                "text": [f"{name}  {count:,}"],
                "textposition": "auto",
                "insidetextanchor": "middle",
                "hovertemplate": f"{name}: %{{x:,}} ({count / max(summary.n, 1):.2%})<extra></extra>",
                "marker": {"color": color},
            }
            for name, count, color in bars
        ],
        "layout": {
            "barmode": "stack",
            "showlegend": False,
            "margin": {"l": 4, "r": 4, "t": 0, "b": 4},
            "xaxis": {"visible": False, "fixedrange": True},
            "yaxis": {"visible": False, "fixedrange": True},
        },
    }


def labels(summary: Summary, title: str) -> dict[str, Any]:
    """Histogram of measured numbers, with their mean."""
    middles = (summary.label_edges[1:] + summary.label_edges[:-1]) / 2
    return {
        "data": [_bars(middles, summary.label_counts, "examples", "theme:series0", "%{x:.2f}: %{y:,} examples")],
        "layout": {
            "bargap": 0.06,
            "showlegend": False,
            "margin": _MARGIN,
            "xaxis": {"title": {"text": title}},
            "yaxis": {"title": {"text": "examples"}},
            "shapes": [_upright(summary.label_mean)],
            "annotations": [_note(summary.label_mean, f"mean {summary.label_mean:.2f}")],
        },
    }


def covariate(summary: Summary) -> dict[str, Any]:
    """The covariate's distribution for both classes, each as a share, on a logarithmic axis."""
    middles = 10 ** ((summary.covariate_edges[1:] + summary.covariate_edges[:-1]) / 2)
    shares = summary.covariate_counts / np.maximum(summary.covariate_counts.sum(axis=1, keepdims=True), 1)
    lines = [("not bound", shares[0], "theme:muted"), ("bound", shares[1], "theme:series0")]
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
                "hovertemplate": f"{name}: %{{y:.1%}} near %{{x:.4f}}<extra></extra>",
            }
            for name, share, color in lines
        ],
        "layout": {
            "margin": _MARGIN,
            "legend": {"orientation": "h", "x": 1, "xanchor": "right", "y": 1.02, "yanchor": "bottom"},
            "xaxis": {"type": "log", "title": {"text": summary.covariate_name}, "dtick": 1},
            "yaxis": {"title": {"text": "share of class"}, "tickformat": ".0%"},
        },
    }


def composition(summary: Summary, alphabet: str) -> dict[str, Any]:
    """Share of each base at each position; letters stand at the lines' ends."""
    positions = list(range(1, summary.length + 1))
    lines = [
        {
            "type": "scatter",
            "mode": "lines",
            "x": positions,
            "y": np.round(share, 4).tolist(),
            "name": letter,
            "line": {"color": f"theme:{letter}", "width": 1.8},
            "hovertemplate": f"{letter} at %{{x}}: %{{y:.1%}}<extra></extra>",
        }
        for letter, share in zip(LETTERS[alphabet], summary.composition, strict=True)
    ]
    top = max(0.5, float(summary.composition.max()) * 1.08)
    return {
        "data": lines,
        "layout": {
            "margin": _MARGIN,
            "legend": {"orientation": "h", "x": 1, "xanchor": "right", "y": 1.02, "yanchor": "bottom"},
            "xaxis": {"title": {"text": "position"}, "range": [0.5, summary.length + 0.5]},
            "yaxis": {"range": [0, top], "tickformat": ".0%"},
        },
    }


def _bars(x: np.ndarray, y: np.ndarray, name: str, color: str, hover: str) -> dict[str, Any]:
    return {
        "type": "bar",
        "x": x.tolist(),
        "y": y.tolist(),
        "name": name,
        "marker": {"color": color},
        "hovertemplate": f"{hover}<extra></extra>",
    }


def _upright(x: float) -> dict[str, Any]:
    line = {"color": "theme:text", "width": 1, "dash": "dot"}
    return {"type": "line", "x0": x, "x1": x, "y0": 0, "y1": 1, "yref": "paper", "line": line}


def _note(x: float, text: str) -> dict[str, Any]:
    return {
        "x": x,
        "y": 1,
        "yref": "paper",
        "text": text,
        "showarrow": False,
        "xanchor": "left",
        "xshift": 4,
        "font": {"size": 11},
    }


def among(parts: dict[str, np.ndarray], here: float, title: str) -> dict[str, Any]:
    """Histograms of predictions, each as a share of its class, and a line at this one."""
    values = np.concatenate([np.append(part, here) for part in parts.values()])
    edges = np.histogram_bin_edges(values, bins=40)
    middles = (edges[1:] + edges[:-1]) / 2
    colors = ("theme:muted", "theme:series0") if len(parts) > 1 else ("theme:series0",)
    traces = []
    for (name, part), color in zip(parts.items(), colors, strict=True):
        share = np.histogram(part, edges)[0] / max(len(part), 1)
        traces.append(
            _bars(middles, np.round(share, 5), name, color, f"{name}: %{{y:.1%}} near %{{x:.2f}}") | {"opacity": 0.65}
        )
    return {
        "data": traces,
        "layout": {
            "barmode": "overlay",
            "bargap": 0.04,
            "margin": _MARGIN,
            "showlegend": len(parts) > 1,
            "legend": {"orientation": "h", "x": 1, "xanchor": "right", "y": 1.02, "yanchor": "bottom"},
            "xaxis": {"title": {"text": title}},
            "yaxis": {"tickformat": ".0%"},
            "shapes": [_upright(here) | {"line": {"color": "theme:text", "width": 2}}],
            "annotations": [_note(here, f"yours {here:.3f}")],
        },
    }


def profile(values: np.ndarray, title: str) -> dict[str, Any]:
    """Predictions of windows by their start."""
    line = {
        "type": "scatter",
        "mode": "lines",
        "x": list(range(1, len(values) + 1)),
        "y": np.round(values, 4).tolist(),
        "line": {"color": "theme:series0", "width": 1.6},
        "fill": "tozeroy",
        "hovertemplate": "window from base %{x:,}: %{y:.3f}<extra></extra>",
    }
    axes = {
        "xaxis": {"title": {"text": "first base of the window"}},
        "yaxis": {"title": {"text": title}, "rangemode": "tozero"},
    }
    return {"data": [line], "layout": {"margin": _MARGIN, "showlegend": False, **axes}}


def response(tried: np.ndarray, found: np.ndarray, here: tuple[float, float], name: str, title: str) -> dict[str, Any]:
    """The prediction against a covariate on a logarithmic axis, with a dot at this one."""
    line = {
        "type": "scatter",
        "mode": "lines",
        "x": tried.tolist(),
        "y": np.round(found, 4).tolist(),
        "line": {"color": "theme:series0", "width": 2.2},
        "hovertemplate": f"{name} %{{x:.4f}}: %{{y:.3f}}<extra></extra>",
    }
    dot = {
        "type": "scatter",
        "mode": "markers",
        "x": [here[0]],
        "y": [here[1]],
        "marker": {"color": "theme:text", "size": 11},
        "hovertemplate": f"yours: {name} %{{x:.4f}}, %{{y:.3f}}<extra></extra>",
    }
    axes = {
        "xaxis": {"type": "log", "title": {"text": name}, "dtick": 1},
        "yaxis": {"title": {"text": title}, "rangemode": "tozero"},
    }
    return {"data": [line, dot], "layout": {"margin": _MARGIN, "showlegend": False, **axes}}
