"""The experiments there are: those of the package and a user's own, in one registry.

Adding one to the package: a file here and a line in EXPERIMENTS.
"""

from __future__ import annotations

from typing import Any

from dnaconv_core.errors import DataError, InputError
from dnaconv_core.experiments.base import Experiment, find
from dnaconv_core.experiments.chromatin import CHROMATIN
from dnaconv_core.experiments.own import from_words, own_experiments, shared_experiments
from dnaconv_core.experiments.rnai import RNAI
from dnaconv_core.experiments.tf_binding import TF_BINDING

EXPERIMENTS: dict[str, Experiment] = {experiment.key: experiment for experiment in (TF_BINDING, CHROMATIN, RNAI)}
WORDS = "experiment_words"  # in a bundle's record: what an own experiment says of itself


def all_experiments() -> dict[str, Experiment]:
    """Those of the package, then those that other users share and those of the home folder as they are now, by key."""
    own = shared_experiments() | own_experiments().experiments
    return EXPERIMENTS | {key: experiment for key, experiment in own.items() if key not in EXPERIMENTS}


def damaged_experiments() -> dict[str, str]:
    """Of own experiments that cannot be read, by the name of their folder: a sentence that says why."""
    return own_experiments().damaged


def get_experiment(name: str) -> Experiment:
    """The experiment of this key (or an unambiguous beginning of it).

    Raises InputError naming those there are, DataError saying what is wrong with one that is damaged.
    """
    if name in EXPERIMENTS:
        return EXPERIMENTS[name]
    if name in (damaged := damaged_experiments()):
        raise DataError(damaged[name])
    return find(all_experiments(), name)


def recorded_experiment(key: str) -> Experiment:
    """The experiment that a run or a model says it is of. Raises InputError that says what is missing without it."""
    if key not in all_experiments() and key not in damaged_experiments():
        raise InputError(
            f"the experiment {key[:60]!r} was removed, and its examples with it: models made on it still predict; to "
            f"train again or measure on its parts, import it again under this key"
        )
    return get_experiment(key)


def experiment_of(key: str, record: dict[str, Any]) -> Experiment:
    """The experiment of a model: the one of this key here, else as the model's own record describes it."""
    known = all_experiments()
    if key not in known and WORDS in record:
        return from_words(record[WORDS], f"{WORDS} of the model")
    return known[key] if key in known else get_experiment(key)
