"""Runs side by side: what was set differently, how good each is, and which is better."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from dnaconv_core.errors import InputError
from dnaconv_core.evaluate.dependence import groups_of_codes
from dnaconv_core.evaluate.held_out import read_kept
from dnaconv_core.evaluate.intervals import Difference, paired_difference
from dnaconv_core.evaluate.metrics import METRICS, labelled
from dnaconv_core.experiments import recorded_experiment
from dnaconv_core.experiments.base import Experiment
from dnaconv_core.results import Metric
from dnaconv_core.runs.store import Run, Store

LEAST, MOST = 2, 6
_OF_DATA = ("length", "alphabet", "n_tasks", "task", "names", "covariates", "covariate_mean", "covariate_scale")


class Setting(NamedTuple):
    """One line of the configurations: its value in each run."""

    name: str
    values: tuple[Any, ...]
    differs: bool


class Pair(NamedTuple):
    """A run against the first one, on the validation examples that both have predicted."""

    run: str
    reference: str
    n: int
    difference: Difference  # run minus reference


class HeldOut(NamedTuple):
    """A run's predictions of its validation part: ids `(N,)`, y, w and prediction `(N,)` of one output.

    labels, weights `(N, T)` and outputs (of classes `(N, K)`) are those of all.
    """

    ids: np.ndarray
    y: np.ndarray
    w: np.ndarray
    prediction: np.ndarray
    labels: np.ndarray
    weights: np.ndarray
    outputs: np.ndarray
    codes: np.ndarray  # (N, L) uint8, or (N, 0) of a file without


class Comparison(NamedTuple):
    runs: list[Run]
    settings: list[Setting]
    metrics: dict[str, list[Metric | None]]  # validation, by name, one of each run; None where a run has none
    metric: str  # what `pairs` are about
    pairs: list[Pair]
    apart: tuple[str, ...] = ()  # runs that were measured on other examples than the first: their figures tell nothing

    def as_json(self) -> dict[str, Any]:
        return {
            "runs": [run.id for run in self.runs],
            "settings": [setting._asdict() for setting in self.settings],
            "metrics": {name: [m and m.as_json() for m in values] for name, values in self.metrics.items()},
            "differences": [
                {"run": pair.run, "reference": pair.reference, "n": pair.n, **pair.difference._asdict()}
                for pair in self.pairs
            ],
        }


def compare_runs(store: Store, ids: Sequence[str], *, metric: str = "") -> Comparison:
    """2 to 6 runs of one kind of experiment, each against the first.

    metric: of the differences, by default the experiment's main one. Raises InputError for another number of runs or
    for runs that answer different kinds of question, RunError for one that does not exist.
    """
    ids = list(dict.fromkeys(ids))
    if not LEAST <= len(ids) <= MOST:
        raise InputError(f"{len(ids)} different runs were chosen: choose {LEAST} to {MOST} to compare")
    runs = [store.get(run) for run in ids]
    experiments = [recorded_experiment(run.experiment) for run in runs]
    for run, experiment in zip(runs, experiments, strict=True):
        if experiment.task != experiments[0].task:
            raise InputError(
                f"run {run.id} is a {experiment.task} and {runs[0].id} a {experiments[0].task}: their metrics differ, "
                f"compare runs of one experiment"
            )
    task, metric = experiments[0].task, metric or experiments[0].main_metric
    parts = [held_out(store, run.id) for run in runs]
    pairs = [
        _pair(task, metric, (runs[0], parts[0]), (run, part), experiments[0].alphabet)
        for run, part in zip(runs[1:], parts[1:], strict=True)
    ]
    stored = {run.id for run, part in zip(runs, parts, strict=True) if part is not None}
    return Comparison(
        runs,
        _settings(runs, experiments),
        {
            name: [Metric.from_json(run.metrics["valid"][name]) if _has(run, name) else None for run in runs]
            for name in METRICS[task]
            if any(_has(run, name) for run in runs)
        },
        metric,
        pairs,
        tuple(pair.run for pair in pairs if pair.n < 2 and {pair.run, pair.reference} <= stored),
    )


def held_out(store: Store, run: str, output: int = 0) -> HeldOut | None:
    """A run's stored predictions, or None where it has none of this output, from 0.

    Raises BundleError for a damaged file.
    """
    kept = read_kept(store.folder(run), "ids", "y", "prediction")
    if kept is None or output >= kept.prediction.shape[1]:
        return None
    return HeldOut(kept.ids, *kept.of_output(output), kept.y, kept.w, kept.prediction, kept.codes)


def _pair(
    task: str, metric: str, first: tuple[Run, HeldOut | None], second: tuple[Run, HeldOut | None], alphabet: str
) -> Pair:
    (reference, a), (run, b) = first, second
    if a is None or b is None:
        reason = f"run {(reference if a is None else run).id} has no stored predictions: let it finish"
        return Pair(run.id, reference.id, 0, Difference(metric, None, undefined=reason))
    _, in_a, in_b = np.intersect1d(a.ids, b.ids, return_indices=True)
    same = np.isclose(a.labels[in_a], b.labels[in_b], equal_nan=True).all(axis=1)
    in_a, in_b = np.sort(in_a[same]), in_b[same][np.argsort(in_a[same])]
    if len(in_a) < 2:
        reason = "they share no validation examples: train them on the same data with the same split"
        return Pair(run.id, reference.id, len(in_a), Difference(metric, None, undefined=reason))
    difference = paired_difference(
        task,
        metric,
        a.labels[in_a],
        b.outputs[in_b],
        a.outputs[in_a],
        weights=labelled(a.weights[in_a]),
        groups=groups_of_codes(a.ids[in_a], a.codes[in_a], alphabet),
    )
    return Pair(run.id, reference.id, len(in_a), difference)


def _settings(runs: list[Run], experiments: list[Experiment]) -> list[Setting]:
    """Every setting of the data, the network and the training, those that differ first."""
    columns = []
    for run, experiment in zip(runs, experiments, strict=True):
        spec = run.spec
        asked = {key: value for key, value in spec.to_json().items() if key != "settings"}
        model = experiment.model_config(spec.preset, **spec.settings).to_json()
        training = experiment.train_config(spec.preset, **spec.settings).to_json()
        columns.append(asked | {key: value for key, value in model.items() if key not in _OF_DATA} | training)
    found = [
        Setting(name, values := tuple(column.get(name) for column in columns), any(v != values[0] for v in values))
        for name in columns[0]
    ]
    return sorted(found, key=lambda setting: not setting.differs)


def _has(run: Run, name: str) -> bool:
    return name in run.metrics.get("valid", {})
