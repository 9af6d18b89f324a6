"""The experiments there are. Adding one: a file here and a line in EXPERIMENTS."""

from __future__ import annotations

from dnaconv_core.experiments.base import Experiment, find
from dnaconv_core.experiments.chromatin import CHROMATIN
from dnaconv_core.experiments.rnai import RNAI
from dnaconv_core.experiments.tf_binding import TF_BINDING

EXPERIMENTS: dict[str, Experiment] = {experiment.key: experiment for experiment in (TF_BINDING, CHROMATIN, RNAI)}


def get_experiment(name: str) -> Experiment:
    """The experiment of this key (or an unambiguous beginning of it). Raises InputError naming those there are."""
    return find(EXPERIMENTS, name)
