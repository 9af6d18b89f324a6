"""A plotly figure that keeps its zoom, hover and hidden traces while its data change."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from components.palette import figure_pairs
from components.source import nothing, register
from frame.language import ENGLISH, language, said

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

_chart = register("chart", isolate_styles=False)
# plotly reads some HTML in every text, links among it. Names are escaped where a figure is made; should one be missed,
# nothing but these tags without attributes passes here.
_SPOKEN = ("text", "name", "hovertemplate", "ticktext", "hovertext", "x", "y")  # fields of a figure that may be texts
_CATEGORIES = 60  # of an axis, at most
_TAGS = re.compile(r"(?:<|\\u003c)(?!/?(?:br|b|i|sub|sup|extra)\s*/?(?:>|\\u003e))", re.IGNORECASE)


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
    return _drawn(figure, key, height=height, revision=revision, clickable=clickable, toolbar=toolbar).click


def selectable_chart(
    figure: Figure, *, key: str, height: int = 300, box: dict[str, float] | None = None
) -> tuple[dict[str, float] | None, dict[str, Any] | None]:
    """Draw `figure`, on which dragging selects; returns the box just drawn as {"x0", "x1", "y0", "y1"}, or None, and
    the point just clicked as `chart` does.

    A double click takes the selection away and returns {}. box: the one to show.
    """
    options: dict[str, Any] = {"selectable": True, "clickable": True, "box": box, "toolbar": True}
    found = _drawn(figure, key, height=height, revision=str(box), **options)
    return found.stretch, found.click


def _drawn(figure: Figure | dict[str, Any], key: str, **options: Any) -> Any:
    import json

    written = json.dumps(figure) if isinstance(figure, dict) else figure.to_json()
    if language() != ENGLISH:
        written = json.dumps(_spoken(json.loads(written)))
    stored = _TAGS.sub("&lt;", written)
    data = {"figure": stored, "colors": figure_pairs(), **options}
    return _chart(data=data, key=key, on_click_change=nothing, on_stretch_change=nothing)


def _spoken(drawn: Any, kind: str = "") -> Any:
    """A figure with the words that the core gave it in the page's language; kind: the field that it is."""
    if isinstance(drawn, dict):
        return {name: value if name == "template" else _spoken(value, name) for name, value in drawn.items()}
    if isinstance(drawn, list):
        spoken = drawn and isinstance(drawn[0], (dict, str)) and (kind not in ("x", "y") or len(drawn) <= _CATEGORIES)
        return [_spoken(value, kind) for value in drawn] if spoken else drawn
    return said(drawn) if isinstance(drawn, str) and kind in _SPOKEN else drawn
