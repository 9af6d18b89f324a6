"""Charts of scans, variants and siRNAs, as plain plotly dictionaries."""

from __future__ import annotations

from typing import Any

from dnaconv_core.plot.style import safe
from dnaconv_core.sirna.design import SirnaSite
from frame.language import tr

_MARGIN = {"l": 46, "r": 14, "t": 8, "b": 40}
_FEW = 30


def efficacy(sites: list[SirnaSite], chosen: list[SirnaSite], cds: tuple[int, int] | None, unit: str) -> dict[str, Any]:
    """Predicted activity by the site's first base, the chosen sites as dots, the coding region shaded."""
    ordered = sorted(sites, key=lambda site: site.start)
    hover = tr("site from base %{x:,}: %{y:.3f}") + "<extra></extra>"
    traces = [
        {
            "type": "scatter",
            "mode": "lines",
            "x": [site.start + 1 for site in ordered],
            "y": [round(site.prediction, 4) for site in ordered],
            "name": tr("every site"),
            "line": {"color": "theme:muted", "width": 1.1},
            "hovertemplate": hover,
        },
        {
            "type": "scatter",
            "mode": "markers",
            "x": [site.start + 1 for site in chosen],
            "y": [round(site.prediction, 4) for site in chosen],
            "customdata": [site.start for site in chosen],
            "name": tr("passes the filters"),
            "marker": {"color": "theme:series0", "size": 6},
            "hovertemplate": hover,
        },
    ]
    shapes = []
    if cds:
        box = {"x0": cds[0] + 0.5, "x1": cds[1] + 0.5, "y0": 0, "y1": 1, "yref": "paper", "line": {"width": 0}}
        shapes.append({"type": "rect", "fillcolor": "theme:series0", "opacity": 0.07, **box})
    return {
        "data": traces,
        "layout": {
            "margin": _MARGIN,
            "legend": {"orientation": "h", "x": 1, "xanchor": "right", "y": 1.02, "yanchor": "bottom"},
            "xaxis": {"title": {"text": tr("first base of the site")}, "tickformat": ",d"},
            "yaxis": {"title": {"text": safe(unit)}},
            "shapes": shapes,
        },
    }


def effects(
    values: list[float | None],
    labels: list[str],
    unit: str,
    *,
    threshold: float | None = None,
    ends: list[tuple[float | None, float | None]] | None = None,
    picked: int | None = None,
) -> dict[str, Any]:
    """Alternative minus reference by variant, in order. threshold: a dotted line up and down; ends: of whiskers;
    picked: the one that is outlined."""
    color = ["theme:series0" if value is not None and value >= 0 else "theme:series1" for value in values]
    names = [safe(label) for label in labels]
    places = list(range(1, len(values) + 1))
    bars: dict[str, Any] = {
        "type": "bar",
        "x": places,
        "y": values,
        "customdata": list(range(len(values))),
        "marker": {
            "color": color,
            "line": {"color": "theme:text", "width": [2 if number == picked else 0 for number in range(len(values))]},
        },
        "text": names,
        "textposition": "none",
        "hovertemplate": "%{text}: %{y:+.3f}<extra></extra>",
    }
    if ends and any(low is not None for low, _ in ends):
        up, down = zip(*(_whisker(value, *both) for value, both in zip(values, ends, strict=True)), strict=True)
        bars["error_y"] = {"array": up, "arrayminus": down, "symmetric": False, "color": "theme:text", "thickness": 1}
    named = {"tickvals": places, "ticktext": names, "tickangle": -25} if len(values) <= _FEW else {"tickformat": "d"}
    title = {} if len(values) <= _FEW else {"title": {"text": tr("variant, in the file's order")}}
    axes = {
        "xaxis": {**title, **named, "automargin": True},
        "yaxis": {"title": {"text": tr("ALT − REF ({unit})", unit=safe(unit))}},
    }
    line = {"color": "theme:muted", "width": 1, "dash": "dot"}
    lines = [
        {
            "type": "line",
            "x0": 0,
            "x1": 1,
            "xref": "paper",
            "y0": sign * threshold,
            "y1": sign * threshold,
            "line": line,
        }
        for sign in (1, -1)
        if threshold is not None
    ]
    return {"data": [bars], "layout": {"margin": _MARGIN, "showlegend": False, "shapes": lines, **axes}}


def _whisker(value: float | None, low: float | None, high: float | None) -> tuple[float, float]:
    """How far it reaches up and down."""
    if value is None or low is None or high is None:
        return 0.0, 0.0
    return max(high - value, 0.0), max(value - low, 0.0)
