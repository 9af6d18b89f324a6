"""From what a user calls a model to its bundle: a run's id, a folder, or the name of a pretrained or imported one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import NamedTuple

from dnaconv_core.errors import BundleError
from dnaconv_core.experiments import WORDS, all_experiments, experiment_of
from dnaconv_core.experiments.own import KEY
from dnaconv_core.experiments.own_store import adopt
from dnaconv_core.home import models_folder, several, shipped
from dnaconv_core.model.bundle import CONFIG, is_bundle
from dnaconv_core.runs.record import state_word
from dnaconv_core.runs.store import LIVE, Store
from dnaconv_core.sharing import RUNS, shared_by_others

PRETRAINED = shipped("pretrained")


class ModelEntry(NamedTuple):
    key: str  # what to pass as MODEL, and what stands in a link
    kind: str  # 'run', 'pretrained', 'imported', or 'shared' by another user
    name: str
    path: Path


def list_models(store: Store | None = None) -> list[ModelEntry]:
    """Every model that can be used now: runs with a bundle (newest first), then imported, then pretrained ones."""
    store = store or Store()
    found = [ModelEntry(run.id, "run", run.name, store.folder(run.id)) for run in store.list()]
    found += imported() + _in(PRETRAINED, "pretrained")
    found += [ModelEntry(one.name, "shared", one.name, one.path) for one in shared_by_others(RUNS)]
    return [entry for entry in found if is_bundle(entry.path)]


def imported() -> list[ModelEntry]:
    """The models that came from elsewhere."""
    return [entry for entry in _in(models_folder(), "imported") if is_bundle(entry.path)]


def _in(folder: Path, kind: str) -> list[ModelEntry]:
    there = sorted(folder.iterdir()) if folder.is_dir() else ()
    return [ModelEntry(path.name, kind, path.name, path) for path in there if path.name[0] != "."]


def users_of(experiment: str, store: Store | None = None) -> list[str]:
    """Keys of the runs and imported models that answer this experiment's question."""
    store = store or Store()
    runs = [run.id for run in store.list(experiment)]
    return runs + [entry.key for entry in imported() if _experiment_of(entry.path) == experiment]


def _experiment_of(path: Path) -> str:
    try:
        return str(json.loads((path / CONFIG).read_text())["experiment"])
    except (OSError, ValueError, KeyError, TypeError):
        return ""


def find_model(name: str, store: Store | None = None) -> Path:
    """The bundle folder of MODEL. Raises BundleError that lists the choices."""
    store = store or Store()
    places = [store.folder(name), models_folder() / name, PRETRAINED / name]
    if not several():
        places.append(Path(name))
    elif Path(name).name != name:
        raise BundleError(f"there is no model {name[:60]!r}: where several share this, a model is called by its key")
    places += [one.path for one in shared_by_others(RUNS) if one.name == name]
    for path in places:
        if name and is_bundle(path):
            return path
    for run in store.list():
        if run.id == name:
            way = "wait until it has finished" if run.state in LIVE else "let it go on with 'dnaconv runs resume'"
            raise BundleError(f"run {name} has no model yet: it is {state_word(run.state)}, {way}")
    keys = ", ".join(entry.key for entry in list_models(store)[:8]) or "none yet"
    raise BundleError(f"there is no model {name[:60]!r}: give a run's id, a bundle's folder, or one of: {keys}")


def words_back(experiment: str, store: Store | None = None) -> bool:
    """Put back the words of an own experiment whose folder is gone, from a model that answers it; True where it was so.

    Its examples stay gone. Raises DataError where what the model says of it cannot be read.
    """
    if experiment in all_experiments() or not KEY.fullmatch(experiment):
        return False
    for entry in list_models(store):
        if _experiment_of(entry.path) == experiment:
            record = json.loads((entry.path / CONFIG).read_text())
            if WORDS in record:
                adopt(experiment_of(experiment, record))
                return True
    return False
