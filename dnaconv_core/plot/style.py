"""What all figures share: no background and no fonts of their own, so that the page's theme shows through."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

CLEAR = "rgba(0,0,0,0)"
MOST_NAMED = 60  # characters of a name in a legend or a hover text


def blank(x_title: str, y_title: str, *, legend: bool = True) -> Figure:
    """An empty figure with these axis titles."""
    import plotly.graph_objects as go

    figure = go.Figure()
    x_title, y_title = safe(x_title, most=160), safe(y_title, most=160)
    return dress(figure, legend=legend).update_xaxes(title_text=x_title).update_yaxes(title_text=y_title)


def dress(figure: Figure, *, legend: bool = True) -> Figure:
    """Margins, legend above, no background, and no template: the one that Streamlit sets holds placeholder colours."""
    figure.layout.template = {}  # assigned: an update would merge
    return figure.update_layout(
        paper_bgcolor=CLEAR,
        plot_bgcolor=CLEAR,
        margin={"l": 56, "r": 12, "t": 36 if legend else 16, "b": 48},
        showlegend=legend,
        legend={"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom", "bgcolor": CLEAR},
        hovermode="closest",
    )


def for_export(figure: Figure) -> Figure:
    """A copy on white, for a file that stands by itself."""
    import plotly.graph_objects as go

    return go.Figure(figure).update_layout(template="plotly_white", paper_bgcolor="white", plot_bgcolor="white")


def note(figure: Figure, text: str) -> Figure:
    """Write `text` in the middle of an otherwise empty figure."""
    return figure.add_annotation(
        text=safe(text, most=300), x=0.5, y=0.5, xref="paper", yref="paper", showarrow=False, align="center"
    )


def safe(text: object, *, most: int = MOST_NAMED) -> str:
    """A user's text for plotly, which reads some HTML and, in a hover text, %{names}: escaped and cut to length."""
    text = str(text)
    return escape(text if len(text) <= most else text[: most - 1] + "…").replace("%{", "%\u2060{")
