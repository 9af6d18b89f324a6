"""A search for a better network: begun, led to its end in one process, stopped, and gone on with.

    python -m dnaconv_core.runs.search NAME LOCK

The leading process holds the lock of the search's folder and trains nothing itself: its trials are runs in the queue.
"""

from __future__ import annotations

import hashlib
import os
import signal
import sys
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from dnaconv_core.errors import DnaConvError, InputError, RunError
from dnaconv_core.experiments import get_experiment
from dnaconv_core.experiments.sources import load_training
from dnaconv_core.progress import SILENT, Progress
from dnaconv_core.runs import lock, process
from dnaconv_core.runs.queue import check_place
from dnaconv_core.runs.record import checked_tags
from dnaconv_core.runs.search_desk import Desk, Stopped
from dnaconv_core.runs.search_record import LOG, RECORD, STOP, Search, folder_of, read_search, write_search
from dnaconv_core.runs.spec import RunSpec
from dnaconv_core.runs.store import Store
from dnaconv_core.runs.watch import BY_THE_USER, FROM_OUTSIDE
from dnaconv_core.storing import check_storing
from dnaconv_core.train.auto import auto
from dnaconv_core.train.facts import facts_of
from dnaconv_core.train.search import complete

if TYPE_CHECKING:
    from dnaconv_core.data.dataset import Dataset
    from dnaconv_core.experiments.base import Experiment

MOST_MINUTES, MOST_TRIALS = 7 * 24 * 60, 1000


def open_search(
    store: Store, spec: RunSpec, *, minutes: float = 0.0, trials: int = 0, tag: str = "", seed: int = 0, on: str = ""
) -> Search:
    """The search for this experiment and these data: a new one, or the one there is, with this budget in all.

    spec: which data, and how they are divided; its settings hold for every trial (device, epochs …). on: a Dask cluster
    that trains its runs (see `cluster.where`). Raises InputError without a budget, and DnaConvError for data that
    cannot be read and for a cluster that is not fit.
    """
    check_storing()
    if not (0 <= minutes <= MOST_MINUTES and 0 <= trials <= MOST_TRIALS and (minutes or trials)):
        raise InputError(
            f"a search needs a budget: give minutes (up to {MOST_MINUTES:,}) or trials (up to {MOST_TRIALS:,})"
        )
    spec = replace(spec, settings={**spec.settings, **({"seed": seed} if seed else {})})
    check_place(spec, on)
    tag = checked_tags((tag,))[0] if tag.strip() else ""
    train, experiment = _training_part(spec), spec.experiment
    name = f"{experiment.replace('_', '-')}-{_hash(train, spec, tag, seed)}"
    try:
        search = read_search(store, name)
        if search.state == "running":
            raise RunError(f"the search {name} is running already: stop it first, or wait for its end")
    except RunError:
        if (folder_of(store, name) / RECORD).exists():
            raise
        metric, tag = get_experiment(experiment).main_metric, tag or f"search-{name[-8:]}"
        search = Search(name, experiment, metric, tag, spec.to_json(), seed, created=time.time())
    search.minutes, search.trials, search.on = float(minutes), int(trials), on
    folder_of(store, name).mkdir(parents=True, exist_ok=True)
    write_search(store, search)
    return search


def _training_part(spec: RunSpec) -> Dataset:
    return load_training(get_experiment(spec.experiment), spec.data, spec.valid, spec.covariates, spec.split)


def _hash(train: Dataset, spec: RunSpec, tag: str, seed: int) -> str:
    """Of the training part and all that is asked: the same again goes on with the same search."""
    asked = [*spec.to_json().items(), get_experiment(spec.experiment).data_hash, tag, seed]
    found = hashlib.sha256(repr(asked).encode())
    for start in range(0, len(train), 20_000):
        found.update(np.packbits(np.asarray(train.X[start : start + 20_000]) > 0).tobytes())
    for part in (train.y, train.w, train.covariates):
        found.update(b"" if part is None else np.ascontiguousarray(part, np.float32).tobytes())
    return found.hexdigest()[:8]


def search_here(store: Store, name: str, progress: Progress = SILENT) -> Search:
    """Lead a search to its end in this process; returns its record.

    A stop (by `progress`, by `ask_search_to_stop`, Ctrl-C or SIGTERM) keeps what is there: 'stopped'. Raises RunError
    where another process leads it, and what went wrong.
    """
    check_storing()
    held = lock.take(folder_of(store, name))
    if held is None:
        raise RunError(f"the search {name} is running already: stop it first, or wait for its end")
    try:
        return _lead(store, name, progress)
    finally:
        os.close(held)


def search_in_background(store: Store, name: str) -> None:
    """Lead a search in a process of its own, which outlives this one. Raises RunError where one leads it."""
    check_storing()
    folder = folder_of(store, name)
    held = lock.take(folder)
    if held is None:
        raise RunError(f"the search {name} is running already: stop it first, or wait for its end")
    try:
        search = replace(read_search(store, name), state="waiting", stage="starting", error="")
        (folder / STOP).unlink(missing_ok=True)
        write_search(store, search)
        process.start("dnaconv_core.runs.search", name, held=held, log=folder / LOG, home=store.home)
    finally:
        os.close(held)


def main(arguments: list[str]) -> int:
    """`python -m dnaconv_core.runs.search NAME LOCK`; LOCK is an open descriptor that holds the search's lock."""
    os.set_inheritable(int(arguments[1]), False)
    try:
        _lead(Store(), arguments[0], SILENT)
    except DnaConvError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


def _lead(store: Store, name: str, progress: Progress) -> Search:
    """All stages, in the process that holds the lock."""
    from dnaconv_core.runs.search_judge import judge
    from dnaconv_core.runs.search_trials import Trials, open_study

    search = read_search(store, name)
    (folder_of(store, name) / STOP).unlink(missing_ok=True)
    search.state, search.error = "running", ""
    desk = Desk(store, search, progress)
    before = signal.getsignal(signal.SIGTERM)
    _on_sigterm(_interrupt)
    try:
        desk.say("looking at the data")
        if not search.start:
            _begin_from_auto(search)
        Trials(desk, open_study(desk)).all()
        judge(desk)
        search.state, search.stage, search.fraction, search.left = "finished", "done", 1.0, None
        progress.report(1.0, "done")
    except (Stopped, KeyboardInterrupt) as end:
        search.state, search.stage, search.left = "stopped", str(end) or BY_THE_USER, None
        desk.cancel_all()
    except Exception as error:
        known = isinstance(error, DnaConvError)
        words = (
            str(error) if known else f"an unexpected {type(error).__name__}: {folder_of(store, name) / LOG} has more"
        )
        search.state, search.stage, search.error, search.left = "failed", "failed", words, None
        desk.cancel_all()
        raise
    finally:
        desk.save()
        _on_sigterm(before)
    return search


def _interrupt(*_: Any) -> None:
    raise KeyboardInterrupt(FROM_OUTSIDE)


def _on_sigterm(handler: Any) -> None:
    try:
        signal.signal(signal.SIGTERM, handler)
    except ValueError:  # not in the main thread, where signals do not arrive anyway
        return


def _begin_from_auto(search: Search) -> None:
    """What `auto` chooses for the training part is where the search starts."""
    spec = search.run_spec
    experiment = get_experiment(spec.experiment)
    if experiment.own:
        preset, settings = "auto", spec.settings
        search.why = experiment.presets["auto"].why
    else:
        train = _training_part(spec)
        both = experiment.alphabet == "DNA" and experiment.strand == "both"
        chosen = auto(facts_of(train, experiment.task, both_strands=both))
        preset, search.why = next(iter(experiment.presets)), chosen.why
        settings = {**_as_usual(experiment, preset), **chosen.settings, **spec.settings}
    base = replace(spec, preset=preset, settings=settings)
    search.spec = base.to_json()
    search.start = complete(
        experiment.model_config(base.preset, **base.settings), experiment.train_config(base.preset, **base.settings)
    )


def _as_usual(experiment: Experiment, preset: str) -> dict[str, Any]:
    """What a preset sets otherwise, as by default, and how the experiment's covariates are best taken."""
    from dnaconv_core.model.config import ModelConfig, TrainConfig

    usual = {**ModelConfig().to_json(), **TrainConfig().to_json()}
    settings = {name: usual[name] for name in experiment.presets[preset].settings}
    if experiment.covariates and (tuned := experiment.presets.get("tuned")):
        settings |= {name: value for name, value in tuned.settings.items() if name.startswith("covariate_")}
    return settings


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
