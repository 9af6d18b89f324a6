"""The models an experiment has: its runs, and bundles that were imported or came with the project."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from dnaconv_core.answers.outputs import find_output, output_names
from dnaconv_core.errors import DnaConvError, InputError, RunError
from dnaconv_core.experiments import get_experiment
from dnaconv_core.model.bundle import WEIGHTS, read_config
from dnaconv_core.results import Metric
from dnaconv_core.runs.models import list_models
from dnaconv_core.runs.record import state_word
from dnaconv_core.runs.store import LIVE, Run, Store
from dnaconv_core.sharing import BY
from frame import state
from frame.language import day_and_time, said, tr
from frame.words import Words, plain


class ModelRef(NamedTuple):
    """A finished model: what stands in a link, its name, its folder, and when its weights last changed.

    Of several outputs, the names and the number of the one that is looked at, from 0. Results are kept by all this, so
    that those of other weights or outputs are not taken for them.
    """

    key: str
    name: str
    path: Path
    changed: float
    outputs: tuple[str, ...] = ()  # empty where there is one
    output: int = 0

    @property
    def output_name(self) -> str:
        """What the output that is looked at is called; '' where there is one."""
        return self.outputs[self.output] if self.outputs else ""


def model_in(path: Path, key: str = "", name: str = "") -> ModelRef:
    """The model in this folder as it is now."""
    return ModelRef(key or path.name, name or path.name, path, (path / WEIGHTS).stat().st_mtime)


class Choice(NamedTuple):
    """A model that can be chosen: a run, which may still be training (then `path` is None), or a bundle's folder."""

    key: str
    name: str
    label: str  # main metric and name, or what the run is doing
    run: Run | None
    path: Path | None
    value: float | None = None  # of the experiment's main metric on validation data


def state_of(state: str) -> Words:
    """What a run in this state is called."""
    return plain(said(state_word(state)))


class NoModelYet(Exception):
    """There is no finished model to show; `choice` is what was chosen, if anything."""

    def __init__(self, choice: Choice | None) -> None:
        super().__init__()
        self.choice = choice


class _Description(NamedTuple):
    experiment: str
    name: str
    value: float | None  # of the experiment's main metric on validation data


@lru_cache(500)  # not Streamlit's cache: it is asked for each model at each draw
def describe(home: str, path: str, changed: float) -> _Description | None:
    """What a bundle says of itself, without torch; None for one that is damaged (choosing it would say how)."""
    try:
        config = json.loads((Path(path) / "config.json").read_text())
        metrics = Path(path) / "metrics.json"
        stored = json.loads(metrics.read_text()) if metrics.is_file() else {}
        experiment = get_experiment(config["experiment"])
        value = Metric.from_json(stored.get("valid", {}).get(experiment.main_metric)).value
        return _Description(experiment.key, str(config.get("name") or Path(path).name), value)
    except (OSError, ValueError, KeyError, AttributeError, DnaConvError):
        return None


def catalog(experiment: str) -> dict[str, Choice]:
    """What can be chosen for this experiment, by key: runs that live or have a model, then imported and pretrained.

    Trainings on an inner fold are not offered: they serve a choice.
    """
    store = Store()
    runs = {run.id: run for run in store.list(experiment)}
    hidden = {run.id for run in runs.values() if run.spec.inner and run.id != state.run()}  # a search has hundreds
    ready: dict[str, Choice] = {}
    for entry in list_models(store):
        found = describe(str(store.home), str(entry.path), (entry.path / "config.json").stat().st_mtime)
        if found is not None and found.experiment == experiment and entry.key not in hidden:
            name = said(found.name) if entry.kind == "pretrained" else found.name
            label = name if found.value is None else f"{found.value:.2f} · {name}"
            if entry.kind == "shared":
                label = tr("{label} · by {user}", label=label, user=entry.key.partition(BY)[0])
            ready[entry.key] = Choice(entry.key, name, label, runs.get(entry.key), entry.path, found.value)
    choices: dict[str, Choice] = {}
    for run in runs.values():
        if run.id in ready:
            choices[run.id] = ready[run.id]
        elif (run.state in LIVE and run.id not in hidden) or run.id == state.run():
            choices[run.id] = Choice(run.id, run.name, f"{run.name} · {said(state_word(run.state))}", run, None)
    return _told_apart(choices | ready)


def _told_apart(choices: dict[str, Choice]) -> dict[str, Choice]:
    """The choices with a day and time, else a key, in the labels that two of them share."""

    def again(more: Callable[[Choice], str]) -> dict[str, Choice]:
        times = Counter(choice.label for choice in choices.values())
        return {
            key: one._replace(label=f"{one.label} · {more(one)}") if times[one.label] > 1 else one
            for key, one in choices.items()
        }

    choices = again(lambda one: day_and_time(one.run.created) if one.run else one.key)
    return again(lambda one: one.key)


def first_of(choices: dict[str, Choice]) -> Choice | None:
    """The one that a page is about where the address names none."""
    return next((choice for choice in choices.values() if choice.path), None)


class UnknownOutput(InputError):
    """The address names a label or class that the model does not have; `model.output` is then -1."""

    def __init__(self, message: str, model: ModelRef) -> None:
        super().__init__(message)
        self.model = model


def the_model() -> ModelRef:
    """The finished model and the output of it that the page is about.

    Raises NoModelYet without one, RunError or UnknownOutput where the address names something that is not there.
    """
    choice = selected()
    if choice is None or choice.path is None:
        raise NoModelYet(choice)
    model, config = model_in(choice.path, choice.key, choice.name), read_config(choice.path)
    if config.n_tasks == 1:
        return model
    model = model._replace(outputs=tuple(output_names(config)))
    try:
        return model._replace(output=find_output(config, state.output()))
    except InputError as error:
        raise UnknownOutput(str(error), model._replace(output=-1)) from None


def selected() -> Choice | None:
    """The model in the address, or this experiment's first; None where there is none. Raises RunError if unknown."""
    choices = catalog(state.experiment().key)
    key = state.run()
    if not key:
        return first_of(choices)
    if key not in choices:
        raise RunError(tr("there is no model '{key}' here: choose another one at the top, or train one", key=key))
    return choices[key]
