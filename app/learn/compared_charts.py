"""Predictions of several runs in one chart: ROC, precision and recall, or measured against predicted values."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from components.chart import chart
from dnaconv_core.evaluate.metrics import labelled
from dnaconv_core.runs.compare import HeldOut
from frame.language import tr
from frame.words import plain

if TYPE_CHECKING:
    from plotly.graph_objects import Figure


def measured_charts(parts: dict[str, HeldOut], label: str, names: list[str]) -> None:
    """All runs in one chart; of many examples a chart for each, whose colours say how many lie close."""
    from dnaconv_core.plot.curves import MANY_DOTS, scatter_figure

    if all(len(part.y) <= MANY_DOTS for part in parts.values()):
        chart(colored(_dots(parts, label), names), key="compared_dots", height=340)
        return
    with st.container(key="shape_compared_dots"):
        columns = st.columns(2)
    for number, (name, part) in enumerate(parts.items()):
        with columns[number % 2]:
            st.caption(plain(name))
            figure = scatter_figure(part.y, part.prediction, ids=part.ids, unit=label)
            chart(figure, key=f"compared_dots_{number}", height=300)


def roc_and_pr_charts(parts: dict[str, HeldOut], names: list[str]) -> None:
    """ROC, and precision and recall, side by side."""
    from dnaconv_core.evaluate.curves import pr_curve_points, roc_curve_points
    from dnaconv_core.plot.curves import pr_figure, roc_figure

    given = {name: ((p.y, p.prediction), {"weights": labelled(p.w)}) for name, p in parts.items()}
    with st.container(key="shape_compared_curves"):
        left, right = st.columns(2)
    with left:
        st.markdown("**ROC**")
        rocs = {name: roc_curve_points(*arrays, **weights) for name, (arrays, weights) in given.items()}
        chart(colored(roc_figure(rocs), names), key="compared_roc", height=320)
    with right:
        st.markdown(tr("**Precision and recall**"))
        prs = {name: pr_curve_points(*arrays, **weights) for name, (arrays, weights) in given.items()}
        chart(colored(pr_figure(prs), names), key="compared_pr", height=320)


def _dots(parts: dict[str, HeldOut], label: str) -> Figure:
    """A dot for each example of each run, by its name; label: what was measured, with its unit. For some thousands."""
    from dnaconv_core.plot.colors import NEUTRAL, categorical
    from dnaconv_core.plot.style import blank, note, safe

    figure = blank(tr("Measured {label}", label=label), tr("Predicted {label}", label=label))
    if not parts:
        return note(figure, tr("None of these runs has stored predictions."))
    for index, (name, part) in enumerate(parts.items()):
        rows = np.flatnonzero(np.isfinite(part.y) & np.isfinite(part.prediction))
        figure.add_scatter(
            x=[float(f"{v:.4g}") for v in part.y[rows].tolist()],
            y=[float(f"{v:.4g}") for v in part.prediction[rows].tolist()],
            text=[safe(part.ids[row]) for row in rows],
            name=safe(name),
            mode="markers",
            marker={"color": categorical(index), "size": 5, "opacity": 0.5},
            hovertemplate=tr("%{text}<br>measured %{x:.3g}<br>predicted %{y:.3g}"),
        )
    ends = [min(float(part.y.min()) for part in parts.values()), max(float(part.y.max()) for part in parts.values())]
    line = {"color": NEUTRAL, "width": 1, "dash": "dot"}
    return figure.add_scatter(x=ends, y=ends, mode="lines", line=line, name=tr("identity"), hoverinfo="skip")


def colored(figure: Figure, names: list[str]) -> Figure:
    """A run has one colour in every chart, also where others have nothing to draw."""
    from dnaconv_core.plot.colors import categorical
    from dnaconv_core.plot.style import safe

    colors = {safe(name): categorical(index) for index, name in enumerate(names)}
    for trace in figure.data:
        if trace.name in colors:
            (trace.marker if trace.mode == "markers" else trace.line).color = colors[trace.name]
    return figure
