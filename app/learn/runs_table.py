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
from frame.language import mark, said, tr
from frame.models import state_of
from frame.words import Words
from learn.data_picker import name_of
from learn.named import setting_name

_SCORE = mark("Score")
_SPARKS = 60  # points of a sparkline


def runs_table(store: Store, runs: list[Run], *, one_experiment: bool) -> list[Run]:
    """The sortable table; returns the runs ticked in it, which stand in the address."""
    from pyarrow import Table

    known = all_experiments()
    metrics = {run.id: _metric(run, known) for run in runs}
    curves = store.curves("valid", metrics)
    wanted = st.query_params.get("runs", "").split(",")
    label = said(LABELS[metrics[runs[0].id]].name) if one_experiment else tr(_SCORE)
    rows = [
        _row(run, curves[run.id], metrics[run.id], label, "" if one_experiment else _title(run, known)) for run in runs
    ]
    config = st.column_config
    chosen = st.dataframe(
        Table.from_pylist(rows),  # by itself Streamlit would go through pandas, which takes ten times as long
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
            label: config.NumberColumn(
                format="%.4f", help=tr("Of the network with the best weights so far, on validation data.")
            ),
            "95 %": config.TextColumn(tr("95 % interval")),
            "Validation": config.LineChartColumn(
                tr("By epoch"), help=tr("The score on validation data at each evaluation.")
            ),
            tr("Time"): config.TextColumn(help=tr("Time spent training, also after Resume.")),
            tr("Made"): config.DatetimeColumn(format="D MMM, HH:mm"),
            tr("Settings"): config.TextColumn(width="large"),
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


def _time(seconds: float) -> Words:
    """17 min 44 s, not 1064 s."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if not seconds:
        return ""
    if hours:
        return tr("{hours:d} h {minutes:d} min", hours=hours, minutes=minutes)
    if minutes:
        return tr("{minutes:d} min {seconds:d} s", minutes=minutes, seconds=rest)
    return tr("{n:.0f} s", n=rest)


def _metric(run: Run, known: Mapping[str, Experiment]) -> str:
    """The main metric of a run's experiment; where that was removed, the one that the run has."""
    if run.experiment in known:
        return known[run.experiment].main_metric
    mains = [answer.main_metric for answer in ANSWERS.values()]
    return next((name for name in mains if name in run.metrics.get("valid", {})), mains[0])


def _title(run: Run, known: Mapping[str, Experiment]) -> str:
    if run.experiment in known:
        return said(known[run.experiment].title)
    return tr("{experiment} (removed)", experiment=run.experiment)


def _row(run: Run, curve: list[float | None], main: str, label: str, experiment: str) -> dict[str, Any]:
    """label: of the score. experiment: its title, or '' where all are of one."""
    metric = Metric.from_json(run.metrics.get("valid", {}).get(main))
    known = [value for value in curve if value is not None]
    step = max(1, -(-len(known) // _SPARKS))
    settings = ", ".join(f"{setting_name(name)} {value}" for name, value in run.spec.settings.items())
    return {  # what matters most first: a narrow window shows no more
        tr("Name"): run.name,
        label: max(known, default=None) if metric.value is None else metric.value,
        **({tr("Metric"): said(LABELS[main].name)} if experiment else {}),
        tr("State"): state_of(run.state),
        **({tr("Experiment"): experiment} if experiment else {}),
        "95 %": said(metric.told()),
        "Validation": known[::step] or None,
        tr("Made"): datetime.datetime.fromtimestamp(run.created),
        tr("Settings"): f"{name_of(run.spec.data)}, {run.spec.preset}" + (f": {settings}" if settings else ""),
        tr("Epochs"): tr("{epoch} of {n}", epoch=run.epoch, n=run.epochs) if run.epochs else "",
        tr("Time"): _time(run.seconds),
        tr("Tags"): list(run.tags),
        tr("Device"): run.device,
    }
