"""The curves of a training that goes on: drawn every second, so built once and only filled anew."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import streamlit as st

from dnaconv_core.errors import DnaConvError
from dnaconv_core.experiments.base import Experiment
from dnaconv_core.runs.store import MetricRow, Run, Store

_SPLITS = ("train", "valid")
_POINTS = 400  # of a curve; a longer one is thinned
_KEPT = "_followed"


def new_rows(store: Store, run: Run, experiment: Experiment) -> list[MetricRow]:
    """Loss and main metric by epoch; those of earlier epochs are remembered for the session and not read again."""
    kept = st.session_state.get(_KEPT)
    if kept is None or kept[0] != run.id or (kept[1] and kept[1][-1].epoch > run.epoch):  # or it went back, to resume
        kept = st.session_state[_KEPT] = (run.id, [])
    rows = kept[1]
    wanted = ("loss", experiment.main_metric)
    rows += [row for row in store.metrics(run.id, after=rows[-1].epoch if rows else -1) if row.name in wanted]
    return rows


def kept_epoch(rows: Sequence[MetricRow], experiment: Experiment, keep: str) -> int | None:
    """The epoch whose weights are kept so far, the first of equals; None where nothing on validation chooses it."""
    name, sign = ("loss", -1) if keep == "loss" else (experiment.main_metric, 1)
    valid = [row for row in rows if row.split == "valid" and row.name == name and keep != "last"]
    known = [(sign * row.value, -row.epoch) for row in valid if row.value is not None]
    return -max(known)[1] if known else None


def keeps(run: Run, experiment: Experiment) -> str:
    """Which weights this run keeps: 'best', 'loss' or 'last', as in TrainConfig."""
    try:
        return experiment.train_config(run.spec.preset, **run.spec.settings).keep
    except DnaConvError:  # another version's run
        return "best"


def training_chart(
    rows: Sequence[MetricRow], experiment: Experiment, epochs: int, *, keep: str = "best"
) -> dict[str, Any]:
    """What `training_figure` draws, as a dictionary, in a fortieth of the time: its frame is made once."""
    figure = json.loads(_frame(experiment.task))
    by_curve: dict[tuple[str, str], list[MetricRow]] = {}
    for row in rows:
        by_curve.setdefault((row.name, row.split), []).append(row)
    curves = [(name, split) for name in ("loss", experiment.main_metric) for split in _SPLITS]
    for trace, curve in zip(figure["data"], curves, strict=True):
        points = _thinned(by_curve.get(curve, []))
        trace["x"] = [row.epoch for row in points]
        trace["y"] = [None if row.value is None else float(f"{row.value:.5g}") for row in points]
        trace["mode"] = "lines+markers" if len(points) <= 40 else "lines"
    best = kept_epoch(rows, experiment, keep)
    for shape in figure["layout"]["shapes"]:
        shape["x0"] = shape["x1"] = best
        shape["visible"] = best is not None
    last = max([epochs, 1, *(row.epoch for row in rows[-4:])])
    for axis in ("xaxis", "xaxis2"):
        figure["layout"][axis]["range"] = [0, last * 1.02]
    return figure


@st.cache_data(show_spinner=False)
def _frame(task: str) -> str:
    from dnaconv_core.answers import ANSWERS
    from dnaconv_core.plot.curves import training_figure

    rows = [MetricRow(1, split, name, 0.0) for name in ("loss", ANSWERS[task].main_metric) for split in _SPLITS]
    return training_figure(rows, task=task, best_epoch=1, epochs=2).to_json()


def _thinned(rows: list[MetricRow]) -> list[MetricRow]:
    step = -(-len(rows) // _POINTS)
    return rows if step <= 1 else [*rows[:-1:step], rows[-1]]
