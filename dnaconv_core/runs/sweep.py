"""Many runs of one question: every combination of some settings, in the queue, under one tag."""

from __future__ import annotations

import dataclasses
import itertools
import secrets
import statistics
from collections.abc import Sequence
from typing import Any, NamedTuple

from dnaconv_core.errors import ConfigError, DnaConvError, InputError
from dnaconv_core.experiments import get_experiment
from dnaconv_core.runs.queue import all_slots, check_device, check_place, check_queue, ensure_workers
from dnaconv_core.runs.record import MOST_NAME, Run
from dnaconv_core.runs.spec import RunSpec
from dnaconv_core.runs.start import check_start
from dnaconv_core.runs.store import Store

MOST_RUNS = 100
TAG = "sweep-"  # how the tag of a sweep begins
_EARLIER = 20  # runs that an expected time is taken from


class Sweep(NamedTuple):
    tag: str  # that all the runs have, and no others
    runs: list[Run]


def combinations(grid: dict[str, list[Any]]) -> list[dict[str, Any]]:
    """Every combination of the values in `grid` (setting: values), the last setting varying first."""
    return [dict(zip(grid, values, strict=True)) for values in itertools.product(*grid.values())]


def sweep(store: Store, spec: RunSpec, grid: dict[str, list[Any]], name: str = "", *, on: str = "") -> Sweep:
    """A run like `spec` for each of the `combinations` of `grid`, here or on a Dask cluster (see `cluster.where`).

    Nothing is queued unless every combination can be: raises ConfigError that names the first one that cannot, and
    InputError for more than 100; ClusterError for a cluster that is not fit.
    """
    asked = combinations(grid)
    if len(asked) > MOST_RUNS:
        raise InputError(f"these are {len(asked):,} combinations: a sweep has at most {MOST_RUNS}, vary less")
    made = []
    for changes in asked:
        words = ", ".join(f"{setting}={value}" for setting, value in changes.items())
        try:
            one = dataclasses.replace(spec, settings={**spec.settings, **changes})
            if not on:
                check_device(one)
            check_start(one, store)
        except ConfigError as error:
            raise ConfigError(f"{words} cannot be trained, so nothing was started: {error}") from None
        made.append((one, f"{name} {words}".strip()[:MOST_NAME].strip()))
    check_queue(store)
    check_place(spec, on)
    tag = f"{TAG}{secrets.token_hex(4)}"
    runs = [store.create(one, words, tags=(tag,), waiting=True, place=on) for one, words in made]
    ensure_workers(store)
    return Sweep(tag, runs)


def expected_seconds(store: Store, spec: RunSpec, grid: dict[str, list[Any]]) -> float | None:
    """About how long a sweep takes, by the pace of the newest runs on the same data; None where there are none.

    A run's pace is its seconds per epoch and per multiplication of its convolutions; runs share the machine's slots.
    Raises ConfigError for a combination that cannot be.
    """
    work = [_work(dataclasses.replace(spec, settings={**spec.settings, **changes})) for changes in combinations(grid)]
    earlier = [run for run in store.list(spec.experiment) if run.spec.data == spec.data and run.epoch and run.seconds]
    paces = [pace for run in earlier[:_EARLIER] if (pace := _pace(run)) is not None]
    if not paces:
        return None
    return statistics.median(paces) * sum(work) / max(1, min(len(all_slots()), len(work)))


def varied(runs: Sequence[Run]) -> list[str]:
    """The settings in which the runs of a sweep differ."""
    names = dict.fromkeys(name for run in runs for name in run.spec.settings)
    return [name for name in names if len({str(run.spec.settings.get(name)) for run in runs}) > 1]


def _pace(run: Run) -> float | None:
    try:
        return run.seconds / (_work(run.spec) * run.epoch / run.epochs) if run.epochs else None
    except DnaConvError:  # another version's run
        return None


def _work(spec: RunSpec) -> float:
    """Epochs × multiplications per sequence."""
    from dnaconv_core.train.search import cost

    experiment = get_experiment(spec.experiment)
    model = experiment.model_config(spec.preset, **spec.settings)
    return experiment.train_config(spec.preset, **spec.settings).epochs * cost(model)
