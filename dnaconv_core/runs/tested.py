"""A model on the test part of its own experiment: the figures, and that the part was looked at."""

from __future__ import annotations

from typing import NamedTuple

from dnaconv_core.answers.outputs import answer_of_one
from dnaconv_core.data.dataset import Dataset
from dnaconv_core.evaluate.dependence import groups_of
from dnaconv_core.evaluate.each import evaluate_outputs
from dnaconv_core.evaluate.intervals import with_intervals
from dnaconv_core.evaluate.metrics import labelled
from dnaconv_core.experiments import recorded_experiment
from dnaconv_core.experiments.own_store import count_look
from dnaconv_core.experiments.sources import load_own
from dnaconv_core.model.bundle import Bundle
from dnaconv_core.predict import predict
from dnaconv_core.progress import SILENT, Progress
from dnaconv_core.results import Metric
from dnaconv_core.runs.seen import seen_in_training, seen_sentence
from dnaconv_core.storing import check_storing


class Tested(NamedTuple):
    """Figures of `n` test examples with their intervals; each: the main one of every output, where there are several.

    looks: how often the part was opened, with this time. warning: where examples were learnt from; else ''.
    """

    n: int
    metrics: dict[str, Metric]
    each: dict[str, Metric]
    looks: int
    warning: str


def open_test(bundle: Bundle, progress: Progress = SILENT) -> Tested:
    """Measure the model on its own experiment's test part, and count that.

    Raises ConfigError for an experiment of the package, DataError where the part is not here: nothing is counted then.
    """
    check_storing()
    experiment = recorded_experiment(bundle.experiment)
    data = load_own(experiment, "test")
    prediction = predict(bundle.model, data, progress=progress)
    groups = groups_of(data)
    metrics = with_intervals(bundle.config.task, data.y, prediction, weights=labelled(data.w), groups=groups)
    main = answer_of_one(bundle.config.answer).main_metric
    outputs = evaluate_outputs(bundle.config, data.y, prediction, labelled(data.w), groups=groups) or {}
    each = {name: found[main] for name, found in outputs.items()}
    warning = seen_sentence(seen_in_training(bundle.path, data))
    return Tested(len(data), metrics, each, count_look(experiment.key), warning)


def looked_words(looks: int) -> str:
    """How often the test part was looked at, and what that means."""
    if looks == 1:
        return "opened for the first time"
    return f"opened for time {looks}: what is chosen by it is no longer tested by it"


def part_words(part: str, data: Dataset, looks: int) -> str:
    """Which part figures are of, and what must be known of that."""
    if part != "test":
        return f"{data.label}, {len(data):,} examples, on which the epoch was chosen: it flatters a little"
    return f"{data.label}, {len(data):,} examples, {looked_words(looks)}"
