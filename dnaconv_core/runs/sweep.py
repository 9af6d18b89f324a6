"""Many runs of one question: every combination of some settings, in the queue, under one tag."""

from __future__ import annotations

import dataclasses
import itertools
import secrets
from typing import Any, NamedTuple

from dnaconv_core.errors import ConfigError, InputError
from dnaconv_core.runs.queue import check_device, check_queue, ensure_workers
from dnaconv_core.runs.record import MOST_NAME, Run
from dnaconv_core.runs.spec import RunSpec
from dnaconv_core.runs.start import check_start
from dnaconv_core.runs.store import Store

MOST_RUNS = 100


class Sweep(NamedTuple):
    tag: str  # that all the runs have, and no others
    runs: list[Run]


def sweep(store: Store, spec: RunSpec, grid: dict[str, list[Any]], name: str = "") -> Sweep:
    """A run like `spec` for each combination of the values in `grid` (setting: values), the last setting varying first.

    Nothing is queued unless every combination can be: raises ConfigError that names the first one that cannot, and
    InputError for more than 100.
    """
    combinations = [dict(zip(grid, values, strict=True)) for values in itertools.product(*grid.values())]
    if len(combinations) > MOST_RUNS:
        raise InputError(f"these are {len(combinations):,} combinations: a sweep has at most {MOST_RUNS}, vary less")
    made = []
    for changes in combinations:
        words = ", ".join(f"{setting}={value}" for setting, value in changes.items())
        try:
            one = dataclasses.replace(spec, settings={**spec.settings, **changes})
            check_device(one)
            check_start(one, store)
        except ConfigError as error:
            raise ConfigError(f"{words} cannot be trained, so nothing was started: {error}") from None
        made.append((one, f"{name} {words}".strip()[:MOST_NAME].strip()))
    check_queue(store)
    tag = f"sweep-{secrets.token_hex(4)}"
    runs = [store.create(one, words, tags=(tag,), waiting=True) for one, words in made]
    ensure_workers(store)
    return Sweep(tag, runs)
