"""What is done to a user's own experiments: rename, note, delete; take in the one that came with a model."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import shutil
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from dnaconv_core import sharing
from dnaconv_core.data.code_rows import codes_of
from dnaconv_core.data.dataset import Dataset
from dnaconv_core.errors import DataError, InputError
from dnaconv_core.experiments import EXPERIMENTS, all_experiments, get_experiment
from dnaconv_core.experiments.base import Experiment
from dnaconv_core.experiments.own import (
    EXPERIMENT,
    KEY,
    KEY_RULE,
    LOOKS,
    experiments_folder,
    folder_of,
    own_experiments,
    write_experiment,
)
from dnaconv_core.files import not_written, write_atomic
from dnaconv_core.home import home
from dnaconv_core.quota import check_room
from dnaconv_core.scratch import scratch as scratch_folder
from dnaconv_core.scratch import sweep
from dnaconv_core.storing import check_storing

_BLOCK = 1 << 24  # letters hashed at once
_SAME = ("task", "alphabet", "length", "question", "label", "names", "covariates")  # what makes two the same question


def own_experiment(key: str) -> Experiment:
    """The own experiment of this key. Raises InputError for one of the package or none, DataError for a damaged one."""
    experiment = get_experiment(key)
    if not experiment.own:
        raise InputError(f"{experiment.key} comes with the program: only your own experiments can be changed")
    if experiment.key not in own_experiments().experiments:
        raise InputError(f"{experiment.key} is shared by another user: only its owner can change it")
    return experiment


def new_key(key: str) -> str:
    """A key that is free. Raises InputError for one that cannot be, or is taken."""
    if not KEY.fullmatch(key):
        raise InputError(f"the key {key[:60]!r} is not allowed: {KEY_RULE}")
    if key in EXPERIMENTS:
        raise InputError(f"{key} is an experiment of the program's own: choose another key")
    if folder_of(key).exists():
        raise InputError(
            f"there is an experiment {key} already: choose another key, or delete it with 'dnaconv data delete {key}'"
        )
    return key


def change_words(key: str, **words: str) -> Experiment:
    """The experiment with another `title`, `question`, `label`, `explanation` or `note`, stored and checked."""
    check_storing()
    changed: dict[str, Any] = {name: text.strip() for name, text in words.items()}
    experiment = replace(own_experiment(key), **changed)
    write_experiment(folder_of(experiment.key), experiment)
    return own_experiment(experiment.key)


def delete_experiment(key: str, *, used: bool) -> bool:
    """Remove an experiment and its examples; True when its words stay.

    used: whether runs or models refer to it: then `experiment.json` stays, so that they still say what they answer. The
    folder is moved out of sight in one step and then removed. A damaged one can be deleted, too.
    """
    check_storing()
    damaged = key in own_experiments().damaged
    folder = experiments_folder() / (key if damaged else own_experiment(key).key)
    trash = experiments_folder() / f".deleted-{secrets.token_hex(4)}"
    emptied = None if damaged or not used else replace(own_experiment(key), parts=(), data_hash="")
    os.replace(folder, trash)
    sharing.share(sharing.EXPERIMENTS, folder.name, on=False)  # another of this key is not meant
    if emptied is not None:
        _place(emptied)
    shutil.rmtree(trash, ignore_errors=True)
    return emptied is not None


def adopted_key(experiment: Experiment) -> str:
    """The key under which an experiment that came with a model is here, or would be."""
    if not experiment.own:
        return experiment.key
    for number in range(1, 1000):
        end = "" if number == 1 else f"_{number}"
        key = experiment.key[: 40 - len(end)] + end
        here = all_experiments().get(key)
        if here is not None and all(getattr(here, name) == getattr(experiment, name) for name in _SAME):
            return key
        if here is None and not folder_of(key).exists():
            return key
    raise InputError(f"there are too many experiments called {experiment.key}: delete some")


def adopt(experiment: Experiment) -> None:
    """Put an experiment that came with a model beside the others, in words only, where it is not here."""
    if experiment.own and experiment.key not in all_experiments():
        _place(replace(experiment, parts=(), data_hash=""))


def _place(experiment: Experiment) -> None:
    check_storing()
    with scratch() as folder:
        write_experiment(folder, experiment)
        settle(folder, experiment.key)


def scratch() -> AbstractContextManager[Path]:
    """A folder next to the experiments in which one is made; gone afterwards, unless `settle` has moved it."""
    check_storing()
    check_room(home())
    sweep(experiments_folder(), ".deleted-")
    return scratch_folder(experiments_folder(), ".making-")


def settle(folder: Path, key: str, *, instead: bool = False) -> None:
    """Move a finished experiment to its place, in one step; `instead` of the one that is there.

    Raises InputError when somebody else was faster, DataError where the place cannot be written.
    """
    place, old = experiments_folder() / key, experiments_folder() / f".deleted-{secrets.token_hex(4)}"
    try:
        if instead:
            os.replace(place, old)
        try:
            os.replace(folder, place)
        except BaseException:  # also Ctrl-C: the old one comes back
            if instead and not place.exists():
                os.replace(old, place)
            raise
    except OSError as error:
        if not instead and place.exists():
            raise InputError(f"there is an experiment {key} already: choose another key") from None
        raise DataError(not_written(experiments_folder(), error)) from None
    shutil.rmtree(old, ignore_errors=True)


def data_hash(parts: dict[str, Dataset]) -> str:
    """sha256 of the examples in all parts: sequences, labels, weights, ids and covariates."""
    digest = hashlib.sha256()
    for name, data in parts.items():
        digest.update(f"{name} {data.X.shape} {data.y.shape} {data.alphabet} {data.covariate_names}".encode())
        rows = max(1, _BLOCK // data.length)
        for start in range(0, len(data), rows):
            block = slice(start, start + rows)
            digest.update(np.ascontiguousarray(codes_of(data.X, block)).data)
            for values in (data.y, data.w, data.covariates):
                if values is not None:
                    digest.update(np.ascontiguousarray(values[block], "<f4").data)
            digest.update("\n".join(np.asarray(data.ids[block]).tolist()).encode("utf-8", "surrogatepass"))
    return digest.hexdigest()


def looks(key: str) -> int:
    """How often the test part of this experiment was opened."""
    try:
        stored = json.loads(_looks_file(key).read_text())
        return int(stored["looks"])
    except (OSError, ValueError, KeyError, TypeError):
        return 0


def count_look(key: str) -> int:
    """Note that the test part is opened now; returns the number of times with this one."""
    check_storing()
    seen = looks(key) + 1
    if (folder_of(key) / EXPERIMENT).is_file():
        file = _looks_file(key)
        file.parent.mkdir(parents=True, exist_ok=True)
        write_atomic(file, json.dumps({"looks": seen}).encode())
    return seen


def _looks_file(key: str) -> Path:
    """Beside an own experiment; for one that another user shares in this user's home."""
    own = experiments_folder() / key
    return own / LOOKS if own.exists() else home() / "shared" / "looks" / f"{key}.json"
