"""ROC and precision-recall curves, on which a stretch can be chosen: it stands in the address."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import streamlit as st

from components.chart import selectable_chart
from dnaconv_core.evaluate.metrics import LABELS
from dnaconv_core.results import Metric
from dnaconv_core.runs.baselines import StoredBaseline
from dnaconv_core.runs.held_out import HeldOut
from frame import state
from frame.words import plain

THIS = "this model"
_SIDES = ("x0", "x1", "y0", "y1")
_DRAG = "Drag over a part of the curve to see the examples behind it; a double click takes the choice away."


def curves(data: HeldOut, metrics: dict[str, Metric], simpler: Sequence[StoredBaseline]) -> None:
    """ROC and precision-recall of the model and, faint, of the best simpler predictor."""
    from dnaconv_core.evaluate.curves import pr_curve_points, roc_curve_points
    from dnaconv_core.plot.curves import pr_figure, roc_figure

    shown = {THIS: (data.prediction, metrics)}
    known = [b for b in simpler if b.prediction is not None and b.metrics["auroc"].value is not None]
    if known:
        best = max(known, key=lambda b: b.metrics["auroc"].value)
        shown[best.name] = (best.prediction[data.rows], best.metrics)
    faint = [name for name in shown if name != THIS]
    pages = (
        ("roc", "ROC curve", "auroc", roc_curve_points, roc_figure),
        ("pr", "Precision-recall curve", "auprc", pr_curve_points, pr_figure),
    )
    chosen = box()
    with st.container(key="shape_curves"):  # one below the other where the window is narrow
        columns = st.columns(2)
    for column, (key, title, name, points, figure) in zip(columns, pages, strict=True):
        with column, st.container(border=True):
            st.markdown(f"**{plain(title)}**", help=f"{LABELS[name].explanation}. {_DRAG}")
            lines = {who: points(data.y, prediction) for who, (prediction, _) in shown.items()}
            values = {who: found[name] for who, (_, found) in shown.items()}
            drawn = figure(lines, metrics=values, faint=faint)
            shown_box = dict(zip(_SIDES, chosen[1], strict=True)) if chosen is not None and chosen[0] == key else None
            dragged = selectable_chart(drawn, key=name, height=340, box=shown_box)
            if dragged is not None:
                sides = ",".join(f"{dragged[side]:.4g}" for side in _SIDES) if dragged else ""
                state.write({"stretch": f"{key},{sides}" if sides else ""})
                st.rerun()


def box() -> tuple[str, tuple[float, ...]] | None:
    """The curve ('roc' or 'pr') and the box on it that the address asks for."""
    curve, *sides = st.query_params.get("stretch", "").split(",")
    try:
        found = tuple(float(side) for side in sides)
    except ValueError:
        return None
    return (curve, found) if curve in ("roc", "pr") and len(found) == len(_SIDES) and np.isfinite(found).all() else None
