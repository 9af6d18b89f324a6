"""A search for a better network: how it went, which settings decided, and what the best have in common."""

from __future__ import annotations

import dataclasses
import math
import textwrap
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from dnaconv_core.answers.labels import LABELS
from dnaconv_core.model.config import ModelConfig, TrainConfig
from dnaconv_core.plot.colors import CATEGORICAL, NEUTRAL
from dnaconv_core.plot.style import blank, note, safe

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

_LOG = {"filters", "members", "batch_size", "learning_rate", "weight_decay"}
_WIDE = 11  # letters in a line of a title
_NONE = "no network has been through all folds yet"


def setting_label(name: str) -> str:
    """What a setting is called in the form."""
    for config in (ModelConfig, TrainConfig):
        for spec in dataclasses.fields(config):
            if spec.name == name:
                return str(spec.metadata.get("label", name))
    return name


def history_figure(scores: Sequence[Sequence[float]], whole: Sequence[bool], *, metric: str) -> Figure:
    """The mean over folds of each trial in the order they were tried, and the best so far.

    scores: of each trial, of the folds it has been through. whole: whether it has been through all; the others are
    small and grey. The first trial is `auto`: a dotted line shows what it reached.
    """
    label = LABELS[metric].name
    figure = blank("Trial", f"{label}, mean of the inner folds")
    means = [sum(of) / len(of) if of else None for of in scores]
    ends: list[float] = []
    best: list[float | None] = []
    for mean, ended in zip(means, whole, strict=True):
        ends += [mean] if ended and mean is not None else []
        best.append(max(ends, default=None))
    numbers = list(range(1, len(means) + 1))
    if not ends:
        return note(figure, _NONE)
    if whole[0]:
        figure.add_hline(y=means[0], line={"color": NEUTRAL, "width": 1, "dash": "dot"})
        figure.add_annotation(x=1, xref="paper", y=means[0], text="auto", showarrow=False, yshift=8, xanchor="right")
    kinds = (("given up early", False, NEUTRAL, 6), ("on every fold", True, CATEGORICAL[0], 9))
    for name, ended, color, size in kinds:
        rows = [i for i, mean in enumerate(means) if whole[i] == ended and mean is not None]
        figure.add_scatter(
            x=[numbers[i] for i in rows],
            y=[_short(means[i]) for i in rows],
            customdata=[len(scores[i]) for i in rows],
            mode="markers",
            name=name,
            marker={"color": color, "size": size},
            hovertemplate=f"trial %{{x}}<br>{label} %{{y:.4g}}<br>folds %{{customdata}}",
        )
    figure.add_scatter(
        x=numbers,
        y=[_short(value) for value in best],
        mode="lines",
        name="best so far",
        line={"color": CATEGORICAL[1], "width": 2, "shape": "hv"},
        hovertemplate=f"trial %{{x}}<br>best {label} %{{y:.4g}}",
    )
    return figure.update_xaxes(range=[0.5, len(means) + 0.5], dtick=1 if len(means) <= 12 else None)


def importance_figure(importance: Mapping[str, float]) -> Figure:
    """The share of each setting in what makes a network one of the best, the largest on top."""
    figure = blank("Share of the importance", "", legend=False)
    if not importance:
        return note(figure, "known once five networks have been through all folds")
    names = sorted(importance, key=lambda name: importance[name])
    figure.add_bar(
        x=[_short(importance[name]) for name in names],
        y=[setting_label(name) for name in names],
        orientation="h",
        marker_color=CATEGORICAL[0],
        hovertemplate="%{y}: %{x:.0%}<extra></extra>",
    )
    return figure.update_xaxes(tickformat=".0%", rangemode="tozero").update_yaxes(type="category", automargin=True)


def parallel_figure(params: Sequence[Mapping[str, Any]], values: Sequence[float], *, metric: str) -> Figure:
    """One line for each network through its settings to what it reached; the better, the darker, the best in its own.

    Each setting has an axis of its own, from its least to its largest value; settings that never changed have none.
    """
    figure = blank("", "", legend=False)
    if not values:
        return note(figure, _NONE)
    columns: dict[str, list[Any]] = {name: [of.get(name) for of in params] for name in params[0]}
    columns = {name: column for name, column in columns.items() if len(set(column)) > 1}
    columns[metric] = list(values)
    axes = {name: _places(name, column) for name, column in columns.items()}
    order = sorted(range(len(values)), key=lambda i: values[i])
    for rank, i in enumerate(order):
        best = rank == len(order) - 1
        share = (rank + 1) / len(order)
        figure.add_scatter(
            x=list(range(len(axes))),
            y=[places[i] for places in axes.values()],
            mode="lines",
            line={"color": CATEGORICAL[1] if best else CATEGORICAL[0], "width": 3.5 if best else 1.5},
            opacity=1.0 if best else 0.15 + 0.7 * share**2,
            text=[f"{_title(name)} {_word(column[i])}" for name, column in columns.items()],
            hovertemplate="%{text}<extra></extra>",
        )
    for place, (name, column) in enumerate(columns.items()):
        figure.add_vline(x=place, line={"color": NEUTRAL, "width": 1})
        for height, text in _ticks(name, column):
            figure.add_annotation(
                x=place, y=height, text=safe(text), showarrow=False, xanchor="left", xshift=4, font={"size": 11}
            )
    titles = ["<br>".join(textwrap.wrap(_title(name), _WIDE)) for name in columns]
    figure.update_xaxes(tickvals=list(range(len(axes))), ticktext=titles, tickangle=0, showgrid=False, zeroline=False)
    figure.update_xaxes(range=[-0.2, len(axes) - 0.3])
    return figure.update_yaxes(visible=False, range=[-0.08, 1.08])


def _title(name: str) -> str:
    return LABELS[name].name if name in LABELS else setting_label(name)


def _word(value: Any) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def _kinds(column: Sequence[Any]) -> list[str] | None:
    """The different words of a column of words, in order."""
    return sorted(set(column)) if isinstance(column[0], str) else None


def _places(name: str, column: Sequence[Any]) -> list[float]:
    """Where each value stands on its axis, from 0 to 1; unknown ones are at the bottom."""
    kinds = _kinds(column)
    if kinds is not None:
        return [kinds.index(value) / max(len(kinds) - 1, 1) for value in column]
    numbers = [math.log(value) if name in _LOG else float(value) for value in column]
    low, high = min(numbers), max(numbers)
    return [round((number - low) / (high - low), 4) if high > low else 0.5 for number in numbers]


def _ticks(name: str, column: Sequence[Any]) -> list[tuple[float, str]]:
    """Height and word of what is written on an axis: each kind, or the ends."""
    kinds = _kinds(column)
    if kinds is not None:
        return [(i / max(len(kinds) - 1, 1), kind) for i, kind in enumerate(kinds)]
    low, high = min(column), max(column)
    return [(0.0, _word(low)), (1.0, _word(high))] if high > low else [(0.5, _word(low))]


def _short(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.5g}")
