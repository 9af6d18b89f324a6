"""`dnaconv predict`: scores of sequences, and what they mean."""

from __future__ import annotations

import csv
import io
from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from dnaconv_core.answers.outputs import output_names
from dnaconv_core.cluster.where import where
from dnaconv_core.commands.base import (
    Answer,
    chosen_output,
    on_option,
    open_model,
    siblings_of,
    skipped_json,
    task_option,
    with_model,
)
from dnaconv_core.commands.sequences import add_sequence_options, given_sequences
from dnaconv_core.data.dataset import Dataset
from dnaconv_core.errors import InputError
from dnaconv_core.files import safe_cell, write_atomic
from dnaconv_core.progress import Bar

if TYPE_CHECKING:
    from dnaconv_core.evaluate.detail import Detail
    from dnaconv_core.evaluate.meaning import Meaning
    from dnaconv_core.model.bundle import Bundle


def add(groups: Any, command: Any) -> None:
    prediction = with_model(command(groups, "predict", predict, "scores of sequences, and what they mean"))
    add_sequence_options(prediction)
    prediction.add_argument(
        "--details",
        action="store_true",
        help="also the other strand, the probability (a calibrated score) with its interval, percentiles and seeds",
    )
    on_option(prediction)
    task_option(prediction)
    prediction.add_argument("--out", default="", metavar="FILE.csv", help="write the table there")
    prediction.add_argument(
        "--backgrounds",
        type=int,
        default=0,
        metavar="N",
        help="put sequences that are mostly unknown bases into N shuffled validation examples, and say the mean",
    )


def predict(options: Namespace) -> Answer:
    from dnaconv_core.evaluate.calibration import read_reference
    from dnaconv_core.evaluate.meaning import meaning

    bundle, on = open_model(options), where(options.on)
    if options.details and options.on and on:
        raise InputError("--details are computed here: leave out --on, or --details")
    data, skipped = given_sequences(options, bundle.config)
    of = chosen_output(options, bundle.config)
    one = bundle.config.n_tasks == 1
    means = None
    if options.details:
        found = _details(bundle, data, options.model, of.number)
        columns, means = found.columns(), found.meaning
    else:
        columns = _predictions(bundle, data, [of.number] if options.task or one else None, on)
    shown = list(columns)
    if one and not options.details:
        reference = read_reference(bundle.path)
        means = meaning(bundle.config, np.asarray(data.X[:]), columns["prediction"], reference)
    if means is not None:  # JSON alone: the table has three columns
        columns |= _said(means, columns["prediction"], bundle.config.answer.yes_or_no)
    if options.backgrounds:
        columns |= _backgrounds(options, bundle, data, of.number)
        shown += [name for name in columns if name.startswith("in_backgrounds")]
    values = [[None if value != value else value for value in column.tolist()] for column in columns.values()]
    rows = [
        {"id": name, "sequence": sequence, **dict(zip(columns, numbers, strict=True))}
        for name, sequence, *numbers in zip(data.ids.tolist(), data.sequences(), *values, strict=True)
    ]
    table = io.StringIO()
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow(["id", "sequence", *map(safe_cell, shown)])
    writer.writerows([safe_cell(row["id"]), row["sequence"], *(row[name] for name in shown)] for row in rows)
    none = dict.fromkeys(["id", "sequence", *columns])
    rows += [{**none, **row} for row in skipped_json(skipped).get("skipped", ())]  # JSON alone
    lines = [f"{len(data):,} predictions written to {options.out}"] if options.out else [table.getvalue().rstrip()]
    if options.out:
        write_atomic(Path(options.out), table.getvalue().encode())
    return Answer(rows, "\n".join(lines))


def _said(means: Meaning, scores: np.ndarray, yes_or_no: bool) -> dict[str, np.ndarray]:
    """Columns `(N,)` of --json: the score by its name, the probability and its interval, the place, and why none."""
    found = {
        "score": scores if yes_or_no else None,
        "probability": means.calibrated,
        "probability_low": means.calibrated_low,
        "probability_high": means.calibrated_high,
        "percentile": means.percentile,
        "unlike": means.strangers and means.strangers.share,
        "known": means.known,
    }
    if means.known is not None:
        found["withheld"] = np.array([means.withheld(number) or None for number in range(len(scores))], object)
    return {name: values for name, values in found.items() if values is not None}


def _backgrounds(options: Namespace, bundle: Bundle, data: Dataset, output: int) -> dict[str, np.ndarray]:
    """Columns `(N,)`: what the model says, on average over backgrounds, of sequences too little of which is known."""
    from dnaconv_core.evaluate.calibration import read_reference
    from dnaconv_core.evaluate.meaning import ENOUGH_KNOWN, curve_of
    from dnaconv_core.interpret.in_backgrounds import backgrounds_of, in_backgrounds

    reference = read_reference(bundle.path, output)
    X, curve = backgrounds_of(bundle.config, reference, options.backgrounds), curve_of(bundle.config, reference)
    known = np.asarray(data.X[:]).any(axis=1).mean(axis=1)
    columns: dict[str, np.ndarray] = {}
    for number in np.flatnonzero((known > 0) & (known < ENOUGH_KNOWN)):
        beside = None if data.covariates is None else data.covariates[number]
        found = in_backgrounds(bundle.model, data.X[number], X, curve=curve, covariates=beside, task=output)
        for name, of in (("score", found.score), ("change", found.change), ("probability", found.probability)):
            for end, value in of._asdict().items() if of else ():
                column = f"in_backgrounds_{name}" + ("" if end == "mean" else f"_{end}")
                columns.setdefault(column, np.full(len(data), np.nan))[number] = value
    return columns


def _predictions(bundle: Bundle, data: Dataset, outputs: list[int] | None, on: str) -> dict[str, np.ndarray]:
    """Columns `(N,)`: 'prediction', of several outputs 'prediction_NAME' each, and of classes the one called."""
    from dnaconv_core.interpret.blocks import in_blocks
    from dnaconv_core.model.inputs import covariates_for
    from dnaconv_core.predict import predict as run_model

    config, model = bundle.config, bundle.model
    if on:
        found = in_blocks("predict", model, data.X, covariates_for(model, data), on=on, progress=Bar())
    else:
        found = run_model(model, data, progress=Bar())
    if config.n_tasks == 1:
        return {"prediction": found[:, 0]}
    names = output_names(config)
    columns = {f"prediction_{names[t]}": found[:, t] for t in outputs or range(config.n_tasks)}
    return columns | ({"class": np.array(names)[found.argmax(axis=1)]} if config.answer.joint else {})


def _details(bundle: Bundle, data: Dataset, model: str, output: int) -> Detail:
    from dnaconv_core.evaluate.calibration import read_reference
    from dnaconv_core.evaluate.detail import explain

    reference = read_reference(bundle.path, output)
    return explain(bundle.model, data, reference=reference, siblings=siblings_of(model), task=output)
