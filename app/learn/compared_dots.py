"""Measured against predicted values of several runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dnaconv_core.runs.compare import HeldOut

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

_DOTS = 1500  # of each run


def dots(parts: dict[str, HeldOut], label: str) -> Figure:
    """A dot for each example of each run, by its name; label: what was measured, with its unit."""
    from dnaconv_core.plot.colors import NEUTRAL, categorical
    from dnaconv_core.plot.style import blank, note, safe

    figure = blank(f"Measured {label}", f"Predicted {label}")
    if not parts:
        return note(figure, "none of them has stored predictions")
    for index, (name, part) in enumerate(parts.items()):
        rows = np.flatnonzero(np.isfinite(part.y) & np.isfinite(part.prediction))
        rows = np.sort(np.random.default_rng(0).permutation(rows)[:_DOTS])
        figure.add_scatter(
            x=[float(f"{v:.4g}") for v in part.y[rows].tolist()],
            y=[float(f"{v:.4g}") for v in part.prediction[rows].tolist()],
            text=[safe(part.ids[row]) for row in rows],
            name=safe(name),
            mode="markers",
            marker={"color": categorical(index), "size": 5, "opacity": 0.5},
            hovertemplate="%{text}<br>measured %{x:.3g}<br>predicted %{y:.3g}",
        )
    ends = [min(float(part.y.min()) for part in parts.values()), max(float(part.y.max()) for part in parts.values())]
    line = {"color": NEUTRAL, "width": 1, "dash": "dot"}
    return figure.add_scatter(x=ends, y=ends, mode="lines", line=line, name="identity", hoverinfo="skip")
