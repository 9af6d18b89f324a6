"""Which class is taken for which."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from dnaconv_core.errors import InputError
from dnaconv_core.plot.style import blank, safe

if TYPE_CHECKING:
    from plotly.graph_objects import Figure


_LETTERS = 14  # of a name on an axis; the whole of it is told where one points


def confusion_figure(counts: np.ndarray, names: Sequence[str]) -> Figure:
    """Examples measured as each class (rows) and called each class (columns), `(K, K)` as from `confusion`.

    Colour is the share of the row, so that a rare class is as visible as a common one; the cells hold the counts.
    """
    counts = np.asarray(counts, float)
    if counts.shape != (len(names), len(names)):
        raise InputError(f"counts has shape {counts.shape} for {len(names)} names: it must be (classes, classes)")
    total = counts.sum(axis=1, keepdims=True)
    shares = np.divide(counts, total, out=np.zeros_like(counts), where=total > 0)
    labels = [safe(name) for name in names]
    figure = blank("Called", "Measured", legend=False)
    figure.add_heatmap(
        z=shares.round(4).tolist(),
        x=labels,
        y=labels,
        text=[[f"{n:,.0f}" for n in row] for row in counts],
        texttemplate="%{text}",
        zmin=0,
        zmax=1,
        colorscale="Purples",
        showscale=False,
        hovertemplate="measured %{y}, called %{x}: %{text}, %{z:.1%} of the row<extra></extra>",
    )
    short = [label if len(label) <= _LETTERS else label[: _LETTERS - 1] + "…" for label in map(str, names)]
    ticks = {"type": "category", "tickvals": labels, "ticktext": [safe(label) for label in short]}
    figure.update_xaxes(**ticks).update_yaxes(**ticks, autorange="reversed")
    return figure
