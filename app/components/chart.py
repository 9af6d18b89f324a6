"""A plotly figure that keeps its zoom, hover and hidden traces while its data change."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from components.palette import figure_pairs
from components.source import nothing, register

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

_chart = register("chart", isolate_styles=False)


def chart(
    figure: Figure | dict[str, Any],
    *,
    key: str,
    height: int = 300,
    revision: str = "same",
    clickable: bool = False,
    toolbar: bool = False,
) -> dict[str, Any] | None:
    """Draw `figure`; returns {"curve", "point", "data"} of the point just clicked, or None.

    Zoom and hidden traces are kept for as long as `revision` stays the same. Colours written as "theme:primary",
    "theme:text", "theme:muted", "theme:grid" or "theme:series0" follow the theme.
    """
    import json

    stored = json.dumps(figure) if isinstance(figure, dict) else figure.to_json()
    data = {
        "figure": stored,
        "height": height,
        "revision": revision,
        "clickable": clickable,
        "toolbar": toolbar,
        "colors": figure_pairs(),
    }
    return _chart(data=data, key=key, on_click_change=nothing).click
