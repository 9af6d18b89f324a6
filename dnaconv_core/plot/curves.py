"""Charts of how good predictions are: points and metrics in, plotly figures out."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from dnaconv_core.answers import ANSWERS
from dnaconv_core.answers.labels import LABELS
from dnaconv_core.evaluate.curves import Calibration, PrCurve, RocCurve
from dnaconv_core.plot.colors import CATEGORICAL, NEUTRAL, categorical
from dnaconv_core.plot.style import CLEAR, blank, dress, note, safe
from dnaconv_core.results import Metric

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

MOST_DOTS = 20_000  # of a scatter; more are not seen apart
MANY_DOTS = 2000  # of a scatter; above, colour says how many lie close
_CELLS = 50
_CROWD = ((0.0, "rgba(90,82,213,0.35)"), (0.5, "#5A52D5"), (1.0, "#C77700"))  # alone, several, many
SPLIT_COLORS = {"train": CATEGORICAL[1], "valid": CATEGORICAL[0], "test": CATEGORICAL[2]}
SPLIT_NAMES = {"train": "training", "valid": "validation", "test": "test"}
_WHOLE = {"range": [-0.02, 1.02], "zeroline": False}


def roc_figure(
    curves: Mapping[str, RocCurve], *, metrics: Mapping[str, Metric] | None = None, faint: Collection[str] = ()
) -> Figure:
    """ROC curves by name, with the diagonal of guessing. Names in `faint` (baselines) are drawn thin and dotted.

    metrics: ROC-AUC by name, shown in the legend.
    """
    figure = blank("False positive rate (of the negatives)", "True positive rate")
    figure.add_scatter(x=[0, 1], y=[0, 1], mode="lines", line=_REFERENCE, name="guessing", hoverinfo="skip")
    for index, (name, curve) in enumerate(curves.items()):
        if curve.undefined is None:
            figure.add_scatter(
                x=_short(curve.fpr),
                y=_short(curve.tpr),
                customdata=_short(curve.thresholds),
                **_series(index, name, metrics, faint),
                hovertemplate="at threshold %{customdata:.3g}<br>false positives %{x:.1%}<br>true positives %{y:.1%}",
            )
    _say_why(figure, curves)
    return figure.update_xaxes(**_WHOLE).update_yaxes(**_WHOLE)


def pr_figure(
    curves: Mapping[str, PrCurve], *, metrics: Mapping[str, Metric] | None = None, faint: Collection[str] = ()
) -> Figure:
    """Precision-recall curves by name, as the steps whose area is PR-AUC, with the prevalence that guessing reaches."""
    figure = blank("Recall (of the positives)", "Precision")
    known = [curve.prevalence for curve in curves.values() if np.isfinite(curve.prevalence)]
    if known:
        label = f"prevalence {known[0]:.2%}"
        figure.add_scatter(x=[0, 1], y=[known[0]] * 2, mode="lines", line=_REFERENCE, name=label, hoverinfo="skip")
    for index, (name, curve) in enumerate(curves.items()):
        if curve.undefined is None:
            style = _series(index, name, metrics, faint)
            figure.add_scatter(
                x=_short(np.append(0.0, curve.recall)),
                y=_short(np.append(curve.precision[:1], curve.precision)),
                customdata=_short(np.append(curve.thresholds[:1], curve.thresholds)),
                **{**style, "line": {**style["line"], "shape": "vh"}},
                hovertemplate="at threshold %{customdata:.3g}<br>recall %{x:.1%}<br>precision %{y:.1%}",
            )
    _say_why(figure, curves)
    return figure.update_xaxes(**_WHOLE).update_yaxes(**_WHOLE)


def calibration_figure(curves: Mapping[str, Calibration]) -> Figure:
    """Predicted probability against the share of positives, with 95 % intervals and the line where they agree."""
    figure = blank("Predicted probability (mean of a group)", "Share of positives")
    shown = [curve for curve in curves.values() if curve.undefined is None]
    most = min(1.0, 1.05 * max([0.0, *(max(c.predicted.max(), c.high.max()) for c in shown)])) or 1.0
    figure.add_scatter(x=[0, most], y=[0, most], mode="lines", line=_REFERENCE, name="calibrated", hoverinfo="skip")
    for index, (name, curve) in enumerate(curves.items()):
        if curve.undefined is None:
            figure.add_scatter(
                x=_short(curve.predicted),
                y=_short(curve.observed),
                error_y=_errors(curve.observed, curve.low, curve.high),
                customdata=curve.count,
                mode="lines+markers",
                name=safe(name),
                marker_color=categorical(index),
                hovertemplate="%{customdata} examples<br>predicted %{x:.3g}<br>positives %{y:.3g}",
            )
    _say_why(figure, curves)
    return figure.update_xaxes(range=[0, most]).update_yaxes(range=[0, most])


def scatter_figure(
    y: np.ndarray,
    prediction: np.ndarray,
    ids: Sequence[str] | None = None,
    *,
    unit: str = "",
    chosen: int | None = None,
    seed: int = 0,
) -> Figure:
    """Measured `(N,)` against predicted `(N,)`, with the identity line; each dot's customdata is its index.

    unit: of y, written on both axes. chosen: the index of an example to ring. Of more than MOST_DOTS examples a random
    part is drawn; of more than MANY_DOTS the colour says how many lie close. What is no finite number is left out.
    """
    y, prediction = np.asarray(y, float).reshape(-1), np.asarray(prediction, float).reshape(-1)
    unit = f" ({unit})" if unit else ""
    figure = blank(f"Measured{unit}", f"Predicted{unit}", legend=False)
    rows = np.flatnonzero(np.isfinite(y) & np.isfinite(prediction))
    if len(rows) == 0:
        return note(figure, "there is no example with a measured and a predicted value")
    if len(rows) > MOST_DOTS:
        rows = np.sort(np.random.default_rng(seed).choice(rows, MOST_DOTS, replace=False))
        figure.update_layout(title={"text": f"{MOST_DOTS:,} of {len(y):,} examples", "font": {"size": 12}})
    marker: dict[str, Any] = {"color": CATEGORICAL[0], "size": 6, "opacity": 0.55}
    if len(rows) > MANY_DOTS:
        crowd = _crowd(y[rows], prediction[rows])
        order = np.argsort(crowd, kind="stable")  # where many lie, they are drawn over what lies alone
        rows = rows[order]
        marker = {"color": np.log10(crowd[order]).round(2), "colorscale": _CROWD, "size": 4, "opacity": 0.8}
    ends = [min(y[rows].min(), prediction[rows].min()), max(y[rows].max(), prediction[rows].max())]
    figure.add_scatter(x=ends, y=ends, mode="lines", line=_REFERENCE, name="identity", hoverinfo="skip")
    figure.add_scatter(
        x=_short(y[rows]),
        y=_short(prediction[rows]),
        customdata=rows,
        text=None if ids is None else [safe(ids[int(i)]) for i in rows],
        mode="markers",
        name="examples",
        marker=marker,
        hovertemplate=("" if ids is None else "%{text}<br>") + "measured %{x:.3g}<br>predicted %{y:.3g}<extra></extra>",
    )
    if chosen is not None and chosen in rows:
        ring = {"color": CLEAR, "size": 14, "line": {"width": 2.5, "color": CATEGORICAL[1]}}
        figure.add_scatter(
            x=[y[chosen]], y=[prediction[chosen]], mode="markers", marker=ring, name="chosen", hoverinfo="skip"
        )
    return figure


def _crowd(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """How many dots lie in the same cell of a grid of 50 × 50, of each dot `(N,)`."""
    counts, *edges = np.histogram2d(x, y, bins=_CELLS)
    column, row = (
        np.clip(np.searchsorted(edge, values, side="right") - 1, 0, _CELLS - 1)
        for edge, values in zip(edges, (x, y), strict=True)
    )
    return counts[column, row]


def training_figure(
    rows: Iterable[Sequence[Any]],
    *,
    task: str,
    metric: str | None = None,
    best_epoch: int | None = None,
    epochs: int = 0,
) -> Figure:
    """Loss (left) and a metric (right) by epoch, for training and validation.

    rows: (epoch, split, name, value), as the run store hands them out; a missing value leaves a gap. metric: by default
    the task's main one. epochs: how far the axes reach, where training goes on. best_epoch is marked.
    """
    from plotly.subplots import make_subplots

    metric = metric or ANSWERS[task].main_metric
    label = LABELS[metric].name
    figure = dress(make_subplots(rows=1, cols=2, horizontal_spacing=0.17))
    series: dict[tuple[str, str], dict[int, float | None]] = {}
    for epoch, split, name, value in rows:
        series.setdefault((name, split), {})[int(epoch)] = value
    for column, name in enumerate(("loss", metric), 1):
        for split in SPLIT_NAMES:
            points = series.get((name, split))
            if points:
                at = sorted(points)
                values = [None if v is None or not np.isfinite(v) else float(v) for v in map(points.get, at)]
                figure.add_scatter(
                    x=at,
                    y=values,
                    row=1,
                    col=column,
                    name=SPLIT_NAMES[split],
                    legendgroup=split,
                    showlegend=column == 1,
                    mode="lines+markers" if len(at) <= 40 else "lines",
                    line={"color": SPLIT_COLORS[split], "width": 2},
                    marker={"size": 5},
                    hovertemplate=f"epoch %{{x}}<br>{name if column == 1 else label} %{{y:.4g}}",
                )
        if best_epoch:
            figure.add_vline(x=best_epoch, line={**_REFERENCE, "dash": "dash"}, row=1, col=column)
        figure.update_yaxes(title_text="Loss" if column == 1 else label, row=1, col=column)
    figure.update_xaxes(title_text="Epoch")
    last = max([epochs, *(epoch for points in series.values() for epoch in points)])
    if not series:
        note(figure, "no epoch has been evaluated yet")
    return figure.update_xaxes(range=[0, last * 1.02]) if last else figure


def interval_figure(results: Mapping[str, Metric], *, metric: str, faint: Collection[str] = ()) -> Figure:
    """One metric of several predictors as dots with their intervals, best on top; those in `faint` are grey."""
    label = LABELS[metric]
    figure = blank(f"{label.name} ({'higher' if label.higher_is_better else 'lower'} is better)", "", legend=False)
    known = {name: m for name, m in results.items() if m.value is not None}
    order = sorted(known, key=lambda name: known[name].value or 0.0, reverse=not label.higher_is_better)
    values = np.array([known[name].value for name in order])
    low = _ends([known[name].low for name in order], values)
    high = _ends([known[name].high for name in order], values)
    if not order:
        return note(figure, "there is nothing to compare yet")
    figure.add_scatter(
        x=_short(values),
        y=[safe(name) for name in order],
        error_x=_errors(values, low, high),
        mode="markers",
        marker={"size": 9, "color": [NEUTRAL if name in faint else CATEGORICAL[0] for name in order]},
        customdata=np.column_stack([low, high]),
        hovertemplate="%{y}: %{x:.3f} (%{customdata[0]:.3f} to %{customdata[1]:.3f})<extra></extra>",
    )
    return figure.update_yaxes(type="category", automargin=True)


_REFERENCE = {"color": NEUTRAL, "width": 1, "dash": "dot"}


def _ends(ends: list[float | None], values: np.ndarray) -> np.ndarray:
    """The ends of intervals, a value itself where it has none."""
    return np.array([value if end is None else end for end, value in zip(ends, values, strict=True)])


def _errors(values: np.ndarray, low: np.ndarray, high: np.ndarray) -> dict[str, Any]:
    return {"array": _short(high - values), "arrayminus": _short(values - low), "thickness": 1.5, "color": NEUTRAL}


def _series(index: int, name: str, metrics: Mapping[str, Metric] | None, faint: Collection[str]) -> dict[str, Any]:
    style = {"width": 1.2, "dash": "dot"} if name in faint else {"width": 2.4, "dash": "solid"}
    value = metrics[name].value if metrics and name in metrics else None
    label = safe(name) + ("" if value is None else f" ({value:.3f})")
    return {"mode": "lines", "line": {"color": categorical(index), **style}, "name": label}


def _say_why(figure: Figure, curves: Mapping[str, RocCurve | PrCurve | Calibration]) -> None:
    """Where no curve could be drawn, the reason in its place."""
    reasons = [curve.undefined for curve in curves.values()]
    if reasons and all(reasons):
        note(figure, reasons[0] or "")
    elif not reasons:
        note(figure, "there is nothing to compare yet")


def _short(values: np.ndarray) -> list[float | None]:
    """Five digits are enough to draw; fewer bytes to send."""
    return [None if not np.isfinite(v) else float(f"{v:.5g}") for v in np.asarray(values, float).tolist()]
