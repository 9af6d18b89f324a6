"""ROC and precision-recall curves, on which a stretch can be chosen: it stands in the address."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from components.chart import selectable_chart
from dnaconv_core.evaluate.metrics import LABELS
from dnaconv_core.plot.colors import CATEGORICAL
from dnaconv_core.results import Metric
from dnaconv_core.runs.baselines import StoredBaseline
from dnaconv_core.runs.held_out import HeldOut
from frame import state
from frame.language import mark, said, tr
from frame.words import plain

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

_SIDES = ("x0", "x1", "y0", "y1")
_DRAG = mark(
    "Click on the curve to set the threshold there; the ring shows where it is. Drag over a part to see the examples "
    "behind it; a double click removes the choice."
)


def curves(data: HeldOut, metrics: dict[str, Metric], simpler: Sequence[StoredBaseline]) -> None:
    """ROC and precision-recall of the model and, faint, of the best simpler predictor."""
    from dnaconv_core.evaluate.curves import pr_curve_points, roc_curve_points
    from dnaconv_core.plot.curves import pr_figure, roc_figure

    ours = this_model()
    shown = {ours: (data.prediction, metrics)}
    known = [b for b in simpler if b.prediction is not None and b.metrics["auroc"].value is not None]
    if known:
        best = max(known, key=lambda b: b.metrics["auroc"].value)
        shown[said(best.name)] = (best.prediction[data.rows], best.metrics)
    faint = [name for name in shown if name != ours]
    pages = (
        ("roc", tr("ROC curve"), "auroc", roc_curve_points, roc_figure),
        ("pr", tr("Precision-recall curve"), "auprc", pr_curve_points, pr_figure),
    )
    chosen = box()
    with st.container(key="shape_curves"):  # one below the other where the window is narrow
        columns = st.columns(2)
    for column, (key, title, name, points, figure) in zip(columns, pages, strict=True):
        with column, st.container(border=True):
            st.markdown(f"**{plain(title)}**", help=f"{plain(said(LABELS[name].explanation))}. {tr(_DRAG)}")
            lines = {who: points(data.y, prediction) for who, (prediction, _) in shown.items()}
            values = {who: found[name] for who, (_, found) in shown.items()}
            drawn = figure(lines, metrics=values, faint=faint)
            _mark(drawn, _at(key, data, threshold()))
            shown_box = dict(zip(_SIDES, chosen[1], strict=True)) if chosen is not None and chosen[0] == key else None
            dragged, clicked = selectable_chart(drawn, key=name, height=340, box=shown_box)
            if clicked is not None and _is_ours(drawn, clicked["curve"]) and clicked["data"] is not None:
                set_threshold(float(clicked["data"]))
            if dragged is not None:
                sides = ",".join(f"{dragged[side]:.4g}" for side in _SIDES) if dragged else ""
                state.write({"stretch": f"{key},{sides}" if sides else ""})
                st.rerun()


def this_model() -> str:
    """What the model is called beside others."""
    return tr("this model")


def _is_ours(figure: Figure, curve: int) -> bool:
    """Whether the trace of this number is the model's own line."""
    return 0 <= curve < len(figure.data) and str(figure.data[curve].name).startswith(this_model())


def threshold() -> float:
    """From which probability on an example is called positive: as it was set on the page, or in the address."""
    try:
        return min(max(float(st.session_state.get("threshold", st.query_params.get("threshold", 0.5))), 0.0), 1.0)
    except ValueError:
        return 0.5


def set_threshold(value: float) -> None:
    """Take this threshold, rounded down so that an example with just this score is called positive."""
    st.session_state["_threshold_asked"] = min(max(math.floor(value * 1000) / 1000, 0.0), 1.0)
    st.rerun()


def take_threshold() -> None:
    """Give the slider what was asked for in the run before, or its first value; call before it is drawn."""
    if "_threshold_asked" in st.session_state:
        st.session_state["threshold"] = st.session_state.pop("_threshold_asked")
    elif "threshold" not in st.session_state and "threshold" not in st.query_params:
        st.session_state["threshold"] = 0.5


def _at(curve: str, data: HeldOut, threshold: float) -> tuple[float, float] | None:
    """Where the threshold lies on a curve of the model; None where there is no such point."""
    called, truly = data.prediction >= threshold, data.y >= 0.5
    hits = float((called & truly).sum())
    if not 0 < truly.sum() < len(truly) or (curve == "pr" and not called.any()):
        return None
    share = hits / float(truly.sum())
    if curve == "roc":
        return float((called & ~truly).sum()) / float((~truly).sum()), share
    return share, hits / float(called.sum())


def _mark(figure: Figure, point: tuple[float, float] | None) -> None:
    """The threshold as a ring on the curve."""
    if point is None:
        return
    ring = {"size": 13, "symbol": "circle-open", "color": CATEGORICAL[1], "line": {"width": 2.5}}
    figure.add_scatter(
        x=[point[0]],
        y=[point[1]],
        mode="markers",
        marker=ring,
        name=tr("the threshold"),
        hoverinfo="skip",
        showlegend=False,
    )


def box() -> tuple[str, tuple[float, ...]] | None:
    """The curve ('roc' or 'pr') and the box on it that the address asks for."""
    curve, *sides = st.query_params.get("stretch", "").split(",")
    try:
        found = tuple(float(side) for side in sides)
    except ValueError:
        return None
    return (curve, found) if curve in ("roc", "pr") and len(found) == len(_SIDES) and np.isfinite(found).all() else None
