"""The table of runs: sortable, with the ticked ones in the address."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any

import streamlit as st

from dnaconv_core.answers import ANSWERS
from dnaconv_core.evaluate.metrics import LABELS
from dnaconv_core.experiments import all_experiments
from dnaconv_core.experiments.base import Experiment
from dnaconv_core.results import Metric
from dnaconv_core.runs.store import Run, Store

_SCORE = "Score"
_SPARKS = 60  # points of a sparkline


def runs_table(store: Store, runs: list[Run], *, one_experiment: bool) -> list[Run]:
    """The sortable table; returns the runs ticked in it, which stand in the address."""
    known = all_experiments()
    metrics = {run.id: _metric(run, known) for run in runs}
    curves = store.curves("valid", metrics)
    wanted = st.query_params.get("runs", "").split(",")
    label = LABELS[metrics[runs[0].id]].name if one_experiment else _SCORE
    rows = [_row(run, curves[run.id], metrics[run.id], "" if one_experiment else _title(run, known)) for run in runs]
    rows = [{label if name == _SCORE else name: value for name, value in row.items()} for row in rows]
    config = st.column_config
    chosen = st.dataframe(
        rows,
        hide_index=True,
        key=f"runs_{hash(tuple(run.id for run in runs))}",  # other rows: another table, or a tick would move
        on_select="rerun",
        selection_mode="multi-row",
        selection_default={
            "selection": {"rows": [i for i, run in enumerate(runs) if run.id in wanted], "columns": [], "cells": []}
        },
        height="content" if len(rows) <= 12 else 460,
        placeholder="–",
        column_config={
            label: config.NumberColumn(format="%.4f", help="Of the best network so far, on validation data."),
            "95 %": config.TextColumn("95 % interval"),
            "Validation": config.LineChartColumn("By epoch", help="The score on validation data at each evaluation."),
            "Time": config.TextColumn(help="Time spent training, resumes included."),
            "Made": config.DatetimeColumn(format="D MMM, HH:mm"),
            "Settings": config.TextColumn(width="large"),
        },
    )
    found = [runs[row] for row in chosen["selection"]["rows"] if row < len(runs)]
    text = ",".join(run.id for run in found)
    if text != st.query_params.get("runs", ""):
        if text:
            st.query_params["runs"] = text
        else:
            st.query_params.pop("runs", None)
    return found


def _time(seconds: float) -> str:
    """17 min 44 s, not 1064 s."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    words = f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s" if minutes else f"{rest} s"
    return words if seconds else ""


def _metric(run: Run, known: Mapping[str, Experiment]) -> str:
    """The main metric of a run's experiment; where that was removed, the one that the run has."""
    if run.experiment in known:
        return known[run.experiment].main_metric
    mains = [answer.main_metric for answer in ANSWERS.values()]
    return next((name for name in mains if name in run.metrics.get("valid", {})), mains[0])


def _title(run: Run, known: Mapping[str, Experiment]) -> str:
    return known[run.experiment].title if run.experiment in known else f"{run.experiment} (removed)"


def _row(run: Run, curve: list[float | None], main: str, experiment: str) -> dict[str, Any]:
    """experiment: its title, or '' where all are of one."""
    metric = Metric.from_json(run.metrics.get("valid", {}).get(main))
    known = [value for value in curve if value is not None]
    step = max(1, -(-len(known) // _SPARKS))
    data = run.spec.data if run.spec.data in ("synthetic", "book") else run.spec.data.rstrip("/").rpartition("/")[2]
    settings = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in run.spec.settings.items())
    return {  # what matters most first: a narrow window shows no more
        "Name": run.name,
        _SCORE: max(known, default=None) if metric.value is None else metric.value,
        **({"Metric": LABELS[main].name} if experiment else {}),
        "State": run.state,
        **({"Experiment": experiment} if experiment else {}),
        "95 %": metric.told(),
        "Validation": known[::step] or None,
        "Made": datetime.datetime.fromtimestamp(run.created),
        "Settings": f"{data}, {run.spec.preset}" + (f": {settings}" if settings else ""),
        "Epochs": f"{run.epoch} of {run.epochs}" if run.epochs else "",
        "Time": _time(run.seconds),
        "Tags": list(run.tags),
        "Device": run.device,
    }
