"""What each command does: from parsed arguments to an Answer, data for `--json` and text for people."""

from __future__ import annotations

import csv
import dataclasses
import io
from argparse import Namespace
from pathlib import Path
from typing import Any, NamedTuple

from dnaconv_core.errors import ConfigError, InputError
from dnaconv_core.experiments import EXPERIMENTS, get_experiment
from dnaconv_core.experiments.sources import DEFAULT_SPLIT
from dnaconv_core.files import write_atomic
from dnaconv_core.model.config import ModelConfig, TrainConfig
from dnaconv_core.progress import Bar
from dnaconv_core.results import Metric
from dnaconv_core.runs.models import find_model
from dnaconv_core.runs.spec import RunSpec
from dnaconv_core.runs.store import Run, Store


class Answer(NamedTuple):
    data: Any
    text: str


def experiments(options: Namespace) -> Answer:
    listed = [
        {
            "key": e.key,
            "title": e.title,
            "question": e.question,
            "task": e.task,
            "alphabet": e.alphabet,
            "length": e.length,
            "covariates": list(e.covariates),
            "presets": {name: preset.why for name, preset in e.presets.items()},
            "n_parameters": e.model_config().n_parameters,
        }
        for e in EXPERIMENTS.values()
    ]
    lines = [f"{e['key']:<11} {e['question']} ({', '.join(e['presets'])})" for e in listed]
    return Answer({"experiments": listed}, "\n".join(lines))


def data_fetch(options: Namespace) -> Answer:
    from dnaconv_core.data.book import PARTS, fetch

    if options.only and options.only not in PARTS:
        raise InputError(f"--only is {options.only!r}: choose {' or '.join(PARTS)}")
    parts = (options.only,) if options.only else tuple(PARTS)
    placed = fetch(parts, source=Path(options.source) if options.source else None, progress=Bar())
    return Answer({"files": [str(path) for path in placed]}, f"{len(placed)} files are in place")


def data_info(options: Namespace) -> Answer:
    from dnaconv_core.data.formats import dataset_info

    facts = dataset_info(_dataset(options.path, options.alphabet, options.covariates))
    return Answer(facts, "\n".join(f"{name}: {value}" for name, value in facts.items()))


def data_convert(options: Namespace) -> Answer:
    from dnaconv_core.data.diskdataset import write_diskdataset

    data = _dataset(options.path, options.alphabet, options.covariates)
    write_diskdataset(data, Path(options.out))
    return Answer({"path": options.out, "n": len(data)}, f"{len(data):,} examples written to {options.out}")


def train(options: Namespace) -> Answer:
    from dnaconv_core.runs.worker import train_here

    names = [spec.name for config in (ModelConfig, TrainConfig) for spec in dataclasses.fields(config)]
    settings = {name: getattr(options, name) for name in names if getattr(options, name, None) is not None}
    spec = RunSpec(
        get_experiment(options.experiment).key,
        data=_absolute(options.data) if options.data not in ("synthetic", "book") else options.data,
        valid=_absolute(options.valid),
        covariates=_absolute(options.covariates),
        split=_split(options.split),
        preset=options.preset,
        settings=settings,
    )
    store = Store()
    return _run_answer(train_here(store, store.create(spec, options.name).id, Bar()))


def evaluate(options: Namespace) -> Answer:
    from dnaconv_core.evaluate.bootstrap import with_intervals
    from dnaconv_core.model.bundle import load_bundle
    from dnaconv_core.predict import predict as run_model

    bundle = load_bundle(find_model(options.model))
    data = _dataset(options.data, bundle.config.alphabet, options.covariates)
    prediction = run_model(bundle.model, data, progress=Bar())
    metrics = with_intervals(bundle.config.task, data.y, prediction, weights=data.w)
    answer = {
        "model": options.model,
        "experiment": bundle.experiment,
        "n": len(data),
        "metrics": {name: metric.as_json() for name, metric in metrics.items()},
    }
    return Answer(answer, "\n".join(_metric_line(name, metric) for name, metric in metrics.items()))


def predict(options: Namespace) -> Answer:
    from dnaconv_core.data.fasta import read_fasta
    from dnaconv_core.model.bundle import load_bundle
    from dnaconv_core.predict import predict_records
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
    covariates = None
    if bundle.config.covariates:
        from dnaconv_core.data.covariates import covariates_for

        if not options.covariates:
            names = ", ".join(bundle.config.covariates)
            raise InputError(
                f"{options.model} needs {names} beside each sequence: give --covariates FILE of 'id value'"
            )
        covariates = covariates_for([record.id for record in records], Path(options.covariates))
    values = predict_records(bundle.model, records, covariates)
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


def runs_list(options: Namespace) -> Answer:
    found = Store().list()
    lines = [f"{run.id:<22} {run.state:<12} epoch {run.epoch:>4}/{run.epochs:<5} {run.name}" for run in found]
    return Answer(
        {"runs": [run.as_json() for run in found]}, "\n".join(lines) or "no runs yet: 'dnaconv train' makes one"
    )


def runs_show(options: Namespace) -> Answer:
    return _run_answer(Store().get(options.id))


def runs_cancel(options: Namespace) -> Answer:
    store = Store()
    store.ask_to_stop(options.id)
    return Answer(store.get(options.id).as_json(), f"asked {options.id} to stop")


def _run_answer(run: Run) -> Answer:
    lines = [f"run {run.id}: {run.state}, epoch {run.epoch} of {run.epochs}. {run.error or run.message}"]
    for split, metrics in run.metrics.items():
        lines += [f"{split}:", *(f"  {_metric_line(name, Metric.from_json(m))}" for name, m in metrics.items())]
    return Answer(run.as_json(), "\n".join(lines))


def _metric_line(name: str, metric: Metric) -> str:
    if metric.value is None:
        return f"{name:<13} undefined: {metric.undefined}"
    interval = f"  ({metric.low:.4f} to {metric.high:.4f})" if metric.low is not None else ""
    return f"{name:<13} {metric.value:.4f}{interval}"


def _dataset(path: str, alphabet: str, covariates: str):
    from dnaconv_core.data.formats import read_dataset

    return read_dataset(Path(path), alphabet=alphabet, covariates=Path(covariates) if covariates else None)


def _absolute(path: str) -> str:
    """A path as a run stores it: it must still mean the same from another working directory."""
    return str(Path(path).expanduser().absolute()) if path else ""


def _split(text: str) -> dict[str, Any]:
    """--split: 'random', a fraction such as 0.3, or chromosomes such as chr21,chr22."""
    if text in ("", "random"):
        return dict(DEFAULT_SPLIT)
    if text.startswith("chr"):
        return {"kind": "chromosome", "chromosomes": text.split(",")}
    try:
        return {**DEFAULT_SPLIT, "fraction": float(text)}
    except ValueError:
        raise ConfigError(
            f"--split is {text!r}: use 'random', a fraction such as 0.2, or names such as chr22"
        ) from None
