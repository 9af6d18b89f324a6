"""What the commands share: their answer, the model and data they open, and words for numbers and paths."""

from __future__ import annotations

import os
import sys
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from dnaconv_core.answers.outputs import find_output, of_output, output_names, shown_output
from dnaconv_core.cluster.where import HELP
from dnaconv_core.data.dataset import Dataset
from dnaconv_core.data.examples import Skipped
from dnaconv_core.errors import DataError, InputError
from dnaconv_core.results import Metric
from dnaconv_core.runs.models import find_model

if TYPE_CHECKING:
    from dnaconv_core.model.bundle import Bundle
    from dnaconv_core.model.config import ModelConfig
    from dnaconv_core.model.convnet import ConvNet

MODEL_HELP = "a run's id, a bundle's folder, or a pretrained model's name"
COVARIATES_HELP = "lines of 'id value', joined by id"
_SKIPPED_SHOWN = 5  # rows that were left out, told one by one


class Answer(NamedTuple):
    data: Any  # what --json prints
    text: str  # what people read
    code: int = 0  # the exit code


def seed_number(text: str) -> int:
    """The type of an option --seed."""
    if not text.isascii() or not text.isdigit() or len(text) > 10 or int(text) >= 1 << 31:
        raise ArgumentTypeError(f"{text[:60]!r} is no seed: write a whole number from 0 to {(1 << 31) - 1}")
    return int(text)


def tell(notes: Sequence[str]) -> None:
    """What a reader had to decide, on stderr."""
    for note in notes:
        print(note, file=sys.stderr)


def skipped_json(skipped: Sequence[Skipped]) -> dict[str, list[dict[str, Any]]]:
    """What --json adds where rows were left out, which stderr is told of too; nothing where none was."""
    if skipped:
        rows = "row was" if len(skipped) == 1 else "rows were"
        print(f"{len(skipped):,} {rows} left out:", file=sys.stderr)
        for one in skipped[:_SKIPPED_SHOWN]:
            print(f"  {one.file}, line {one.line} {one.reason}", file=sys.stderr)
        if len(skipped) > _SKIPPED_SHOWN:
            print(f"  … and {len(skipped) - _SKIPPED_SHOWN:,} more (--json lists all)", file=sys.stderr)
    return {"skipped": [one._asdict() for one in skipped]} if skipped else {}


def metric_line(name: str, metric: Metric) -> str:
    if metric.value is None:
        return f"{name:<13} undefined: {metric.undefined}"
    told = metric.told(4)
    return f"{name:<13} {metric.value:.4f}" + (f"  ({told})" if told else "")


def grouped_line(metrics: Iterable[Metric]) -> list[str]:
    """One line that says which examples the intervals count together, where they do."""
    words = next((metric.note for metric in metrics if metric.low is not None and metric.note), "")
    return [f"intervals by {words}"] if words else []


def with_model(parser: ArgumentParser) -> ArgumentParser:
    parser.add_argument("model", metavar="MODEL", help=MODEL_HELP)
    return parser


def task_option(parser: ArgumentParser) -> None:
    words = "which output of a model with several, by name or number from 0 (default: the first)"
    parser.add_argument("--task", default="", metavar="NAME|NUMBER", help=words)


def on_option(parser: ArgumentParser) -> None:
    parser.add_argument("--on", default="", metavar="WHERE", help=HELP)


class Chosen(NamedTuple):
    """The output that --task names."""

    number: int  # from 0
    facts: dict[str, str]  # for --json: {"task": name}; nothing where there is one output
    lines: list[str]  # for people


def chosen_output(options: Namespace, config: ModelConfig) -> Chosen:
    """Which output a command is about. Raises InputError where the model has none of that name or number."""
    number = find_output(config, options.task)
    if config.n_tasks == 1:
        return Chosen(number, {}, [])
    return Chosen(number, {"task": output_names(config)[number]}, [f"of {shown_output(config, number)} (see --task)"])


def open_model(options: Namespace) -> Bundle:
    from dnaconv_core.model.bundle import load_bundle

    return load_bundle(find_model(options.model))


def siblings_of(model: str) -> list[ConvNet]:
    """The networks of runs that did the same from other seeds; none where MODEL is no run."""
    from dnaconv_core.model.bundle import load_bundle
    from dnaconv_core.runs.siblings import sibling_folders
    from dnaconv_core.runs.store import Store

    return [load_bundle(folder).model for folder in sibling_folders(Store(), model)]


def open_dataset(path: str, alphabet: str, covariates: str, wanted: Sequence[str] = ()) -> Dataset:
    """Labelled data; what its reader decided is told on stderr. wanted: names of the covariates a model asks for."""
    from dnaconv_core.data.formats import read_dataset

    beside = Path(covariates) if covariates else None
    data = read_dataset(Path(path), alphabet=alphabet, covariates=beside, wanted=wanted)
    tell(data.notes)
    skipped_json(data.skipped)
    return data


def data_options(parser: ArgumentParser) -> None:
    parser.add_argument("--data", default="", metavar="DIR", help="labelled data (default: the kept held-out examples)")
    parser.add_argument("--covariates", default="", metavar="FILE", help=COVARIATES_HELP)


def examples(options: Namespace, bundle: Bundle) -> Dataset | None:
    """--data, else what was kept with the model, else None; of several labels the one that --task names."""
    found = _examples(options, bundle)
    if found is None:
        return None
    return of_output(bundle.config, found, find_output(bundle.config, getattr(options, "task", "")))


def _examples(options: Namespace, bundle: Bundle) -> Dataset | None:
    from dnaconv_core.interpret.keep import stored_examples

    if options.data:
        wanted = bundle.config.covariates
        return open_dataset(options.data, bundle.config.alphabet, options.covariates if wanted else "", wanted)
    found = stored_examples(bundle.path, bundle.config.alphabet, bundle.config.covariates)
    if found is not None and found.length != bundle.config.length:
        raise DataError(
            f"the held-out examples kept with {options.model} have {found.length} bases and it reads "
            f"{bundle.config.length}: give --data DIR"
        )
    return found


def needed_examples(options: Namespace, bundle: Bundle) -> Dataset:
    """--data, else what was kept with the model. Raises InputError where there is neither."""
    found = examples(options, bundle)
    if found is None:
        raise InputError(f"{options.model} has no held-out examples kept with it: give --data DIR")
    return found


def labelled_examples(options: Namespace, bundle: Bundle) -> Dataset:
    """Those whose label is known. Raises InputError where none is: patterns are what tells classes apart."""
    found = needed_examples(options, bundle).labelled()
    if not found.y.shape[1]:
        raise InputError(f"{found.label} has no labels: give --data with examples of both classes, or with activities")
    return found


def absolute(path: str) -> str:
    """A path as a run stores it: it must still mean the same from another working directory. A 'book:PART' stays."""
    if path.startswith("book:"):
        return path
    return os.path.abspath(os.path.expanduser(path)) if path else ""
