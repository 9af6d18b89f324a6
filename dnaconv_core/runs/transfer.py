"""A model as one file: out of here as a `.zip` that tells all about itself, and in again without trusting it.

`config.json`, `weights.safetensors`, `metrics.json` and `card.md` are the bundle; beside them lie `predictions.csv` (of
the validation part), `history.csv` (the metrics by epoch) and `command.txt` (what repeats the training).
"""

from __future__ import annotations

import contextlib
import csv
import hashlib
import io
import json
import re
import zipfile
from array import array
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from dnaconv_core.errors import BundleError, DnaConvError
from dnaconv_core.evaluate.held_out import PREDICTIONS, WHOLE, Kept, read_kept
from dnaconv_core.experiments import EXPERIMENTS, WORDS, experiment_of
from dnaconv_core.experiments.base import Experiment
from dnaconv_core.experiments.own import from_words
from dnaconv_core.experiments.own_store import adopt, adopted_key
from dnaconv_core.files import FORMULA, ZIP_DAMAGED, safe_cell
from dnaconv_core.home import home, models_folder
from dnaconv_core.model.bundle import CARD, CONFIG, METRICS, WEIGHTS, Bundle, load_bundle
from dnaconv_core.model.config import ModelConfig
from dnaconv_core.quota import check_upload
from dnaconv_core.results import Metric
from dnaconv_core.runs.card import command, write_card
from dnaconv_core.runs.model_zip import COMMAND, HISTORY, TABLE, ModelZip
from dnaconv_core.runs.models import find_model
from dnaconv_core.runs.seen import HASHES, read_hashes
from dnaconv_core.runs.store import Store
from dnaconv_core.scratch import scratch
from dnaconv_core.sequence.encoding import LETTERS
from dnaconv_core.storing import check_storing

_MOST_LETTERS = 1 << 28  # of all ids together, each as long as the longest: that is how numpy keeps them
_NO_RECORD = (KeyError, TypeError, ValueError, AttributeError, DnaConvError)  # it does not hold what is asked for


def export_model(name: str, store: Store | None = None) -> bytes:
    """The `.zip` of a run, an imported or a pretrained model. Raises BundleError where there is no model."""
    store = store or Store()
    folder = find_model(name, store)
    bundle = load_bundle(folder)
    files = {
        CONFIG: (folder / CONFIG).read_bytes(),
        WEIGHTS: (folder / WEIGHTS).read_bytes(),
        METRICS: (folder / METRICS).read_bytes() if (folder / METRICS).is_file() else b"{}",
        CARD: _card(bundle).encode(),
    }
    with contextlib.suppress(*_NO_RECORD):
        files[COMMAND] = (command(bundle.experiment, bundle.record) + "\n").encode()
    if (folder / PREDICTIONS).is_file():
        try:
            kept = read_kept(folder, *WHOLE)
            if kept is not None:
                files[TABLE] = _predictions_csv(kept, bundle.config).encode()
        except (BundleError, *ZIP_DAMAGED) as error:
            raise BundleError(
                f"{folder / PREDICTIONS} does not hold the model's validation predictions ({error}): remove it to "
                f"export the model without them"
            ) from None
    if (folder / HASHES).is_file():
        read_hashes(folder / HASHES)
        files[HASHES] = (folder / HASHES).read_bytes()
    history = store.metrics(name) if store.folder(name) == folder else []
    if history:
        files[HISTORY] = _csv(["epoch", "split", "name", "value"], history).encode()
    elif (folder / HISTORY).is_file():
        files[HISTORY] = (folder / HISTORY).read_bytes()
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for file, content in files.items():
            archive.writestr(zipfile.ZipInfo(file, (1980, 1, 1, 0, 0, 0)), content, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def import_model(archive: Path | bytes) -> str:
    """Add a model from a `.zip` to the others and return its key; the same file twice gives the same key.

    Nothing is written outside a folder of its own, and nothing stays when something is wrong. Raises BundleError for
    other names than a bundle's, too much to unpack, weights that do not fit the configuration, and tables that do not
    fit either.
    """
    check_storing()
    check_upload(home(), len(archive) if isinstance(archive, bytes) else 0)
    with ModelZip(archive) as packed:
        config_json = packed.read(CONFIG)
        experiment, config = _described(config_json)
        packed.check_weights(config)
        if config.task != experiment.task or config.alphabet != experiment.alphabet:
            raise BundleError(f"{CONFIG} describes a {config.task} of {config.alphabet}, which {experiment.key} is not")
        predictions = _predictions_npz(partial(packed.lines, TABLE, config.length), config) if TABLE in packed else None
        files = {name: packed.read(name) for name in packed if name != TABLE} | {CONFIG: config_json}
    if HASHES in files:
        read_hashes(files[HASHES])
    if predictions is not None:
        files[PREDICTIONS] = predictions
    name = str(json.loads(files[CONFIG]).get("name") or "model")
    digest = hashlib.sha256(files[CONFIG] + files[WEIGHTS]).hexdigest()[:6]
    slug = re.sub(r"[^A-Za-z0-9]+", "-", name).strip("-").lower()[:40] or "model"
    target = models_folder() / f"{slug}-{digest}"
    if target.is_dir():
        return target.name
    experiment = replace(experiment, key=adopted_key(experiment))
    files[CONFIG] = _called(files[CONFIG], experiment)
    try:
        with scratch(models_folder(), ".import-") as part:
            for file, content in files.items():
                (part / file).write_bytes(content)
            try:
                load_bundle(part)
                _check_metrics(files.get(METRICS, b"{}"))
            except BundleError as error:
                raise BundleError(str(error).replace(f"{part}/", "")) from None
            part.replace(target)
            adopt(experiment)
    except OSError as error:
        if not target.is_dir():  # else somebody imported the same file at the same time
            raise BundleError(
                f"{models_folder()} cannot be written ({error.strerror}): free some space there, make it writable, or "
                f"set DNACONV_HOME to another"
            ) from None
    return target.name


def _called(config: bytes, experiment: Experiment) -> bytes:
    """The configuration with the key that its experiment has here: another may have had the one it came with."""
    stored = json.loads(config)
    if stored["experiment"] == experiment.key:
        return config
    stored["experiment"] = stored[WORDS]["key"] = experiment.key
    return json.dumps(stored, indent=1).encode()


def _check_metrics(content: bytes) -> None:
    """BundleError for a number that is none; their form was looked at when the bundle was loaded."""
    for split, part in json.loads(content).items():
        for name, stored in part.items():
            metric = stored if isinstance(stored, dict) else {"value": stored}
            for value in (metric.get("value"), metric.get("low"), metric.get("high")):
                if value is not None and Metric.from_json(value).value is None:
                    raise BundleError(f"{METRICS}: {name} of {split!r} is no finite number: export the model again")


def _described(content: bytes) -> tuple[Any, ModelConfig]:
    try:
        config = json.loads(content)
        experiment = _experiment(config)
        if experiment.key != config["experiment"]:  # the beginning of a key does on a command line, not in a file
            raise ValueError(experiment.key)
        return experiment, ModelConfig.from_json(config["model"])
    except DnaConvError as error:
        raise BundleError(f"{CONFIG} does not describe a model that can be used here: {error}") from None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise BundleError(f"{CONFIG} does not describe a model: export the model again") from None


def _experiment(config: dict[str, Any]) -> Experiment:
    """The question of a model, in its own words where it brings any: the key may mean another one here."""
    key = str(config["experiment"])
    if key in EXPERIMENTS or WORDS not in config:
        return experiment_of(key, config)
    return from_words(config[WORDS], WORDS)


def _card(bundle: Bundle) -> str:
    """Written from the record where it has all that a card tells, else the card that came with the model."""
    try:
        return write_card(experiment_of(bundle.experiment, bundle.record), bundle.config, bundle.record, bundle.metrics)
    except _NO_RECORD:
        return bundle.card


def _predictions_csv(kept: Kept, config: ModelConfig) -> str:
    letters = np.frombuffer((LETTERS[config.alphabet] + "N").encode(), np.uint8)
    columns = [
        [safe_cell(name) for name in kept.ids.tolist()],
        [letters[codes].tobytes().decode() for codes in kept.codes],
    ]
    for values in (kept.y, kept.prediction, kept.w, kept.covariates):  # each (N, k)
        columns += [[f"{value:.9g}" for value in column] for column in values.T]
    return _csv(_header(config), zip(*columns, strict=True))


def _header(config: ModelConfig) -> list[str]:
    numbered = [""] if config.n_tasks == 1 else [f"_{number}" for number in range(1, config.n_tasks + 1)]
    labels = [""] if config.answer.joint else numbered  # of classes the one number of the class
    parts = (("measured", labels), ("predicted", numbered), ("weight", labels))
    return ["id", "sequence", *(f"{word}{task}" for word, tasks in parts for task in tasks), *config.covariates]


def _n_labels(config: ModelConfig) -> int:
    return 1 if config.answer.joint else config.n_tasks


def _predictions_npz(lines: Callable[[], Iterator[str]], config: ModelConfig) -> bytes:
    """The arrays of an exported table, checked against the model's shape; it is looked through before it is kept."""
    header, labels, known = _header(config), _n_labels(config), LETTERS[config.alphabet] + "N"
    n, longest = 0, 0
    for name, _, _ in _rows(lines(), header, config.length, known):
        n, longest = n + 1, max(longest, len(name))
        if n * longest > _MOST_LETTERS:
            raise BundleError(f"{TABLE} has an id of {longest:,} letters, too long for {n:,} rows or more")
    ids, sequences, values = [], bytearray(), array("f")
    for name, sequence, rest in _rows(lines(), header, config.length, known):
        ids.append(name[1:] if name[:1] == "'" and name[1:].startswith(FORMULA) else name)
        sequences += sequence.encode()
        values.extend(rest)
    numbers = np.frombuffer(values, np.float32).reshape(len(ids), len(header) - 2)
    lookup = np.full(256, 4, np.uint8)
    lookup[np.frombuffer(known.encode(), np.uint8)] = range(5)
    letters = np.frombuffer(sequences, np.uint8)
    weights = labels + config.n_tasks  # where they begin
    return Kept(
        ids=np.array(ids, str),
        y=numbers[:, :labels],
        prediction=numbers[:, labels:weights],
        w=numbers[:, weights : weights + labels],
        covariates=numbers[:, weights + labels :],
        codes=lookup[letters].reshape(len(ids), config.length),
    ).pack()


def _rows(lines: Iterator[str], header: list[str], length: int, known: str) -> Iterator[tuple[str, str, list[float]]]:
    """Id, sequence and numbers of each row of the table, one at a time: there may be many."""
    try:
        rows = csv.reader(lines)
        if next(rows, None) != header:
            raise BundleError(f"{TABLE} has other columns than {', '.join(header)}: export the model again")
        for number, row in enumerate(rows, 2):
            if len(row) != len(header):
                raise BundleError(f"{TABLE}, line {number}: it has {len(row)} cells for {len(header)} columns")
            name, sequence, *rest = row
            if len(sequence) != length or set(sequence) - set(known):
                raise BundleError(f"{TABLE}, line {number}: the sequence does not have {length} of {known}")
            told = np.array(rest, np.float32)  # what is too large for 32 bits becomes infinite
            if np.isinf(told).any():
                raise BundleError(f"{TABLE} holds a number that is infinite: export the model again")
            yield name, sequence, told.tolist()
    except (ValueError, OverflowError, csv.Error) as error:
        raise BundleError(f"{TABLE} is not a table of numbers ({error}): export the model again") from None


def _csv(header: list[str], rows: Any) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(map(safe_cell, header))
    writer.writerows(rows)
    return out.getvalue()
