"""`dnaconv runs …`."""

from __future__ import annotations

from argparse import Namespace
from typing import Any

from dnaconv_core.commands.base import Answer, metric_line
from dnaconv_core.results import Metric
from dnaconv_core.runs.store import Run, Store


def add(groups: Any, command: Any) -> None:
    actions = command(groups, "runs", runs_list, "list, show or cancel runs").add_subparsers(metavar="ACTION")
    command(actions, "list", runs_list, "list all runs, newest first")
    for name, run, help in (
        ("show", runs_show, "show one run"),
        ("cancel", runs_cancel, "ask a run to stop; its best model is kept"),
    ):
        command(actions, name, run, help).add_argument("id", metavar="RUN")


def runs_list(options: Namespace) -> Answer:
    found = Store().list()
    lines = [f"{run.id:<22} {run.state:<12} epoch {run.epoch:>4}/{run.epochs:<5} {run.name}" for run in found]
    return Answer(
        {"runs": [run.as_json() for run in found]}, "\n".join(lines) or "no runs yet: 'dnaconv train' makes one"
    )


def runs_show(options: Namespace) -> Answer:
    return run_answer(Store().get(options.id))


def runs_cancel(options: Namespace) -> Answer:
    store = Store()
    store.ask_to_stop(options.id)
    return Answer(store.get(options.id).as_json(), f"asked {options.id} to stop")


def run_answer(run: Run) -> Answer:
    lines = [f"run {run.id}: {run.state}, epoch {run.epoch} of {run.epochs}. {run.error or run.message}"]
    for split, metrics in run.metrics.items():
        lines += [f"{split}:", *(f"  {metric_line(name, Metric.from_json(m))}" for name, m in metrics.items())]
    return Answer(run.as_json(), "\n".join(lines))
