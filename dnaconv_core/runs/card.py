"""The model card of a run, written from its record and nothing else."""

from __future__ import annotations

import json
import shlex
from typing import Any

from dnaconv_core.answers.labels import LABELS
from dnaconv_core.answers.outputs import answer_of_one, output_names
from dnaconv_core.data.inner import INNER
from dnaconv_core.experiments import experiment_of
from dnaconv_core.experiments.base import Experiment
from dnaconv_core.experiments.sources import BOOK, BOOK_PART, DEFAULT_SPLIT, OWN, SYNTHETIC
from dnaconv_core.model.config import ModelConfig
from dnaconv_core.results import Metric
from dnaconv_core.runs.start import start_words

_LISTED = 12  # names of filters


def write_card(
    experiment: Experiment, model: ModelConfig, record: dict[str, Any], metrics: dict[str, dict[str, Metric]]
) -> str:
    """Markdown: what was asked, on what data, with which network, how well it does, and the command that repeats it."""
    lines = [
        *card_body(experiment, model, record, metrics),
        "",
        "Repeat it:",
        "",
        f"    {command(experiment.key, record)}",
        "",
    ]
    return "\n".join(lines)


def card_body(
    experiment: Experiment, model: ModelConfig, record: dict[str, Any], metrics: dict[str, dict[str, Metric]]
) -> list[str]:
    """The lines of a card, without how to repeat it."""
    last = f"weights of epoch {record['best_epoch']}, the last: this training chose nothing on validation"
    by = "the lowest validation loss" if record["train"].get("keep") == "loss" else "the best on validation"
    chosen = f"{by} of {record['last_epoch']} (which therefore flatters it a little)"
    best = f"weights of epoch {record['best_epoch']}, {chosen}"
    kept = last if record["train"].get("keep") == "last" else best
    members = f"the mean of {model.members} networks of " if model.members > 1 else ""
    on = f", on {record['processor']}" if record.get("processor") else ""  # older records do not say
    return [
        f"# {record['name']}",
        "",
        f"**{experiment.title}**: {experiment.question}",
        "",
        f"- Data: {_data(experiment, record)}, {record['n_train']:,} examples for training and {record['n_valid']:,} "
        f"for validation ({_split(record)})",
        f"- Network: {members}{model.depth} × {model.filters} filters of {model.kernel_size} bases, "
        f"dropout {model.dropout:g}, padding {model.padding}, {model.pooling}, "
        f"{model.strands} strand{'s' * (model.strands == 'both')}, {model.n_parameters:,} parameters",
        f"- Training: {kept}, seed {record['train']['seed']}",
        *([f"- S{start_words(record['started'])[1:]}{_frozen(record)}"] if record.get("started") else []),
        *_begun(record, " of each member" if model.members > 1 else ""),
        f"- Made with dnaconv {record['versions']['dnaconv']}, torch {record['versions']['torch']}{on}",
        "",
        "| metric | training | validation | 95 % interval |",
        "|---|---|---|---|",
        *(_row(name, metrics) for name in metrics["valid"]),
        *_notes(experiment, model, metrics["valid"]),
        *_each(model, metrics),
    ]


def _frozen(record: dict[str, Any]) -> str:
    return "; its filters were frozen" if record["train"].get("freeze_filters") else ""


def _begun(record: dict[str, Any], each: str) -> list[str]:
    """What the first filters were before training, where it was something known."""
    names = record.get("begun", [])
    if not names:
        return []
    what = "motifs of JASPAR CORE" if record["train"].get("begin") == "jaspar" else "words of the training part"
    after = "and stayed so" if record["train"].get("freeze_filters") else "and were trained on"
    listed = ", ".join(names[:_LISTED]) + (f" and {len(names) - _LISTED} more" if len(names) > _LISTED else "")
    return [f"- Filters: the first {len(names)}{each} began as {what} ({listed}) {after}"]


def _each(model: ModelConfig, metrics: dict[str, dict[str, Metric]]) -> list[str]:
    """A table of the outputs by themselves, where there are several."""
    own = {name: metrics[f"valid: {name}"] for name in output_names(model) if f"valid: {name}" in metrics}
    if not own:
        return []
    answer = answer_of_one(model.answer)
    against = " against all others" if model.answer.joint else ""
    lines = [f"Each {model.answer.words.one} by itself{against}, on validation data:", ""]
    lines += [f"| {model.answer.words.one} | {' | '.join(LABELS[name].name for name in answer.ranking)} |"]
    lines += ["|---" * (1 + len(answer.ranking)) + "|"]
    for name, found in own.items():
        lines.append(f"| {name.replace('|', '/')} | {' | '.join(_number(found[key]) for key in answer.ranking)} |")
    return ["", *lines]


def command(experiment: str, record: dict[str, Any]) -> str:
    """The command line that repeats a run, ready for a shell."""
    words = ["dnaconv", "train", experiment, "--data", record["data"]]
    words += ["--valid", record["valid"]] if record["valid"] else []
    if record["covariates"] and experiment_of(experiment, record).covariates:  # else they were passed over
        words += ["--covariates", record["covariates"]]
    of_its_own = (record["valid"] or record["data"] in (BOOK, OWN)) and record["split"].get("kind") != INNER
    if not of_its_own and record["split"] != DEFAULT_SPLIT:
        words += ["--split", json.dumps(record["split"])]
    words += ["--preset", record["preset"]]
    words += ["--from", record["start"]] if record.get("start") else []
    for name, value in record["settings"].items():
        words += [f"--{name.replace('_', '-')}", str(value).lower() if isinstance(value, bool) else str(value)]
    return shlex.join(words)


def _data(experiment: Experiment, record: dict[str, Any]) -> str:
    """What a model was trained on, in words; a folder or file by its name."""
    data, covariates = record["data"], " and ".join(experiment.covariates)
    beside = f" with {covariates}" if covariates else ""
    if data == SYNTHETIC:
        return f"synthetic, made by this program{beside}"
    if data == OWN:
        return f"its own{beside}"
    if data == BOOK:
        return f"the book's {' and '.join(experiment.book_parts)}{beside}"
    return (f"the book's {data.removeprefix(BOOK_PART)}" if data.startswith(BOOK_PART) else data) + beside


def _notes(experiment: Experiment, model: ModelConfig, metrics: dict[str, Metric]) -> list[str]:
    """What the numbers of the table rest on."""
    notes, words = [], experiment.answer.words
    given = [metric for metric in metrics.values() if metric.low is not None]
    if given:
        by = next((f"intervals by {metric.note}" for metric in given if metric.note), "intervals of single examples")
        several = model.n_tasks > 1 and not model.answer.joint
        notes.append(f"{by.capitalize()}" + "; every metric is the mean over the labels" * several + ".")
    if words.calls and "accuracy" in metrics:
        notes.append(words.calls)
    return ["", " ".join(notes)] if notes else []


def _split(record: dict[str, Any]) -> str:
    """How the validation part came about."""
    inner = record["split"].get("kind") == INNER
    if not inner and (record["valid"] or record["data"] in (BOOK, OWN)):
        return "a part of its own"
    words = {
        "random": "drawn at random",
        "chromosome": "other chromosomes: {chromosomes}",
        "blocks": "fold {fold} of {n_folds} by blocks of neighbouring windows, counted from 0",
        INNER: "fold {fold} of {n_folds} of the training part, counted from 0: for a choice, not to be reported",
    }
    split = {"fold": 0, "n_folds": 3 if inner else 5, **record["split"]}
    return words.get(split.get("kind", ""), str(record["split"])).format(**split)


def _row(name: str, metrics: dict[str, dict[str, Metric]]) -> str:
    valid, train = metrics["valid"][name], metrics["train"].get(name, Metric(None))
    return f"| {LABELS[name].name} | {_number(train)} | {_number(valid)} | {valid.told()} |"


def _number(metric: Metric) -> str:
    return f"{metric.value:.4f}" if metric.value is not None else f"undefined: {metric.undefined}"
