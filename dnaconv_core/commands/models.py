"""`dnaconv train`, `dnaconv evaluate` and `dnaconv predict`."""

from __future__ import annotations

import argparse
import csv
import dataclasses
import io
import json
import typing
from argparse import Namespace
from pathlib import Path
from typing import Any

import numpy as np

from dnaconv_core.commands.base import COVARIATES_HELP, MODEL_HELP, Answer, absolute, metric_line, open_dataset
from dnaconv_core.commands.runs import queued_answer, run_answer
from dnaconv_core.data.dataset import Dataset
from dnaconv_core.errors import ConfigError, InputError
from dnaconv_core.experiments import get_experiment
from dnaconv_core.experiments.sources import DEFAULT_SPLIT, default_preset
from dnaconv_core.files import write_atomic
from dnaconv_core.model.config import ModelConfig, TrainConfig
from dnaconv_core.progress import Bar
from dnaconv_core.runs.models import find_model
from dnaconv_core.runs.spec import RunSpec
from dnaconv_core.runs.store import Store


def add(groups: Any, command: Any) -> None:
    training = command(groups, "train", train, "train a network and keep it as a run")
    training.add_argument("experiment", metavar="EXPERIMENT", help="tf_binding, chromatin or rnai")
    training.add_argument("--data", default="synthetic", metavar="DIR", help="a folder or file, 'book', or 'synthetic'")
    training.add_argument("--valid", default="", metavar="DIR", help="validation data; otherwise a part is split off")
    training.add_argument("--covariates", default="", metavar="FILE", help=COVARIATES_HELP)
    training.add_argument("--split", default="", metavar="HOW", help="'random', '0.3' held out, or 'chr21,chr22'")
    training.add_argument(
        "--preset", default="", help="settings to start from (default: book; quick with synthetic data)"
    )
    training.add_argument("--name", default="", help="what to call the run")
    training.add_argument("--detach", action="store_true", help="train in the background, in the queue, and return")
    _setting_options(training)

    evaluation = command(groups, "evaluate", evaluate, "measure a model on labelled data")
    evaluation.add_argument("model", metavar="MODEL", help=MODEL_HELP)
    evaluation.add_argument("--data", required=True, metavar="DIR", help="labelled data: a folder or a file")
    evaluation.add_argument("--covariates", default="", metavar="FILE", help=COVARIATES_HELP)

    prediction = command(groups, "predict", predict, "predict for sequences")
    prediction.add_argument("model", metavar="MODEL", help=MODEL_HELP)
    prediction.add_argument("sequences", nargs="*", metavar="SEQUENCE")
    prediction.add_argument("--fasta", default="", metavar="FILE", help="more sequences, plain or gzip")
    prediction.add_argument("--covariates", default="", metavar="FILE", help=COVARIATES_HELP)
    prediction.add_argument("--out", default="", metavar="FILE.csv", help="write the table there")


def train(options: Namespace) -> Answer:
    from dnaconv_core.runs.queue import submit
    from dnaconv_core.runs.worker import train_here

    specs = [spec for config in (ModelConfig, TrainConfig) for spec in dataclasses.fields(config)]
    chosen = {spec.name: getattr(options, spec.name) for spec in specs if "group" in spec.metadata}
    spec = RunSpec(
        get_experiment(options.experiment).key,
        data=absolute(options.data) if options.data not in ("synthetic", "book") else options.data,
        valid=absolute(options.valid),
        covariates=absolute(options.covariates),
        split=_split(options.split),
        preset=options.preset or default_preset(options.data),
        settings={name: value for name, value in chosen.items() if value is not None},
    )
    store = Store()
    if options.detach:
        return queued_answer(submit(store, spec, options.name), "trains")
    return run_answer(train_here(store, store.create(spec, options.name).id, Bar()))


def evaluate(options: Namespace) -> Answer:
    from dnaconv_core.evaluate.bootstrap import with_intervals
    from dnaconv_core.evaluate.metrics import labelled
    from dnaconv_core.model.bundle import load_bundle
    from dnaconv_core.predict import predict as run_model

    bundle = load_bundle(find_model(options.model))
    data = open_dataset(options.data, bundle.config.alphabet, options.covariates)
    prediction = run_model(bundle.model, data, progress=Bar())
    metrics = with_intervals(bundle.config.task, data.y, prediction, weights=labelled(data.w))
    answer = {
        "model": options.model,
        "experiment": bundle.experiment,
        "n": len(data),
        "metrics": {name: metric.as_json() for name, metric in metrics.items()},
    }
    return Answer(answer, "\n".join(metric_line(name, metric) for name, metric in metrics.items()))


def predict(options: Namespace) -> Answer:
    from dnaconv_core.data.covariates import join_covariates
    from dnaconv_core.data.fasta import read_fasta
    from dnaconv_core.model.bundle import load_bundle
    from dnaconv_core.predict import encode_records
    from dnaconv_core.predict import predict as run_model
    from dnaconv_core.sequence.encoding import parse_pasted

    bundle = load_bundle(find_model(options.model))
    alphabet = bundle.config.alphabet
    records = []
    for number, text in enumerate(options.sequences, 1):
        records += [record._replace(id=f"seq_{number}") for record in parse_pasted(text, alphabet)]
    if options.fasta:
        records += read_fasta(Path(options.fasta), alphabet)
    if not records:
        raise InputError("there is nothing to predict: give sequences or --fasta FILE")
    X = encode_records(records, bundle.config)
    unlabelled = np.full((len(X), bundle.config.n_tasks), np.nan, np.float32)
    ids = np.array([record.id for record in records])
    data = Dataset(X, unlabelled, unlabelled, ids, alphabet=alphabet, name="the sequences")
    if bundle.config.covariates:
        names = ", ".join(bundle.config.covariates)
        if not options.covariates:
            raise InputError(
                f"{options.model} needs {names} beside each sequence: give --covariates FILE of 'id value'"
            )
        data = join_covariates(data, Path(options.covariates))
    values = run_model(bundle.model, data)
    rows = [
        {"id": record.id, "sequence": record.sequence, "prediction": float(value[0])}
        for record, value in zip(records, values, strict=True)
    ]
    table = io.StringIO()
    writer = csv.DictWriter(table, ["id", "sequence", "prediction"], lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    if options.out:
        write_atomic(Path(options.out), table.getvalue().encode())
        return Answer(rows, f"{len(rows):,} predictions written to {options.out}")
    return Answer(rows, table.getvalue().rstrip())


def _split(text: str) -> dict[str, Any]:
    """--split: 'random', a fraction such as 0.3, chromosomes such as chr21,chr22, or a recorded split as JSON."""
    if text in ("", "random"):
        return dict(DEFAULT_SPLIT)
    if text.startswith("chr"):
        return {"kind": "chromosome", "chromosomes": text.split(",")}
    try:
        if text.startswith("{"):
            return json.loads(text)
        return {**DEFAULT_SPLIT, "fraction": float(text)}
    except ValueError:
        raise ConfigError(
            f"--split is {text!r}: use 'random', a fraction such as 0.2, or names such as chr22"
        ) from None


def _setting_options(parser: argparse.ArgumentParser) -> None:
    """One option for every setting that has a group, from the configuration's own schema."""
    for config in (ModelConfig, TrainConfig):
        hints = typing.get_type_hints(config)
        for spec in dataclasses.fields(config):
            if "group" in spec.metadata:
                parser.add_argument(
                    f"--{spec.name.replace('_', '-')}",
                    dest=spec.name,
                    type=_truth if hints[spec.name] is bool else hints[spec.name],
                    choices=spec.metadata.get("choices"),
                    default=None,
                    metavar=None if "choices" in spec.metadata else spec.name.upper(),
                    help=spec.metadata["help"],
                )


def _truth(text: str) -> bool:
    if text.lower() not in ("true", "false"):
        raise argparse.ArgumentTypeError(f"{text!r} is not 'true' or 'false'")
    return text.lower() == "true"
