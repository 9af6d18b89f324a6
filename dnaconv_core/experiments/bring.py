"""From a user's files to an experiment: read, labelled, cut to one length, divided, looked over, written.

All is made in a folder aside and moved to its place at the end, so that nothing half made is ever seen.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from functools import partial
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from dnaconv_core.answers import ANSWERS
from dnaconv_core.cluster.connect import look
from dnaconv_core.data.code_rows import as_one_hot, codes_of
from dnaconv_core.data.dataset import Dataset
from dnaconv_core.data.diskdataset import write_diskdataset
from dnaconv_core.data.distinct import distinct
from dnaconv_core.data.examples import PARTS, Examples, Skipped
from dnaconv_core.data.fingerprints import name_hashes
from dnaconv_core.errors import DataError
from dnaconv_core.evaluate.referee import referee
from dnaconv_core.evaluate.referee_line import Line
from dnaconv_core.experiments.base import Experiment
from dnaconv_core.experiments.bring_read import read_inputs
from dnaconv_core.experiments.bring_words import describe
from dnaconv_core.experiments.looked_over import facts_of
from dnaconv_core.experiments.own import AUDIT, RECIPE, folder_of, write_experiment
from dnaconv_core.experiments.own_store import data_hash, new_key, own_experiment, scratch, settle
from dnaconv_core.experiments.recipe import Recipe, hashed, read_recipe
from dnaconv_core.files import write_atomic
from dnaconv_core.progress import SILENT, Part, Progress

if TYPE_CHECKING:
    import pandas as pd

_SHARD_BYTES = 64 << 20  # of one-hot in one shard
_LISTED = 1000  # rows left out that are kept with the experiment


class Brought(NamedTuple):
    """A new experiment, what the referee says of it, and what was decided or left out on the way."""

    experiment: Experiment
    audit: list[Line]
    notes: tuple[str, ...]
    skipped: tuple[Skipped, ...]

    def __repr__(self) -> str:
        e = self.experiment
        parts = ", ".join(f"{n:,} {name}" for name, n in e.parts)
        counts = Counter(line.verdict for line in self.audit)
        found = ", ".join(f"{counts[verdict]} {verdict}" for verdict in ("stop", "look", "fine"))
        return f"{e.key}: {parts}, of {e.length:,} bases; {len(self.skipped):,} left out; the referee: {found}"

    def to_frame(self) -> pd.DataFrame:
        """The referee's lines: check, verdict, value, sentence, mend."""
        import pandas as pd

        return pd.DataFrame(self.audit, columns=Line._fields)

    def _repr_html_(self) -> str:
        return f"<p>{escape(repr(self))}</p>{self.to_frame().to_html(index=False, na_rep='')}"

    def as_json(self) -> dict[str, Any]:
        e = self.experiment
        return {
            "experiment": e.key,
            "n": sum(n for _, n in e.parts),
            "parts": dict(e.parts),
            "length": e.length,
            "task": e.task,
            "audit": [line._asdict() for line in self.audit],
            "notes": list(self.notes),
            "skipped": len(self.skipped),
        }


class Prepared(NamedTuple):
    """Examples of one length in their parts, before anything is written."""

    parts: dict[str, Dataset]  # train, valid and test, in this order
    examples: Examples  # all of them, without their letters
    task: str
    notes: tuple[str, ...]
    recipe: Recipe  # with the negatives that were made


def bring(recipe: Recipe, progress: Progress = SILENT, *, on: str = "") -> Brought:
    """Make the experiment that the recipe describes and add it to the others. on: a Dask cluster that packs its shards,
    to the same bytes.

    Nothing stays when something is wrong or the user stops. Raises InputError for a key that is taken, DataError for
    files that cannot be used and when `progress` asks to stop, ConfigError for options that do not fit the data.
    """
    new_key(recipe.key)
    _look_at(on)
    watched = _Watched(progress)
    recipe = hashed(recipe, Part(watched, 0.0, 0.05).report)
    prepared = prepare(recipe, Part(watched, 0.05, 0.45))
    with scratch() as folder:
        brought = _write(folder, prepared, Part(watched, 0.5, 0.48), on)
        settle(folder, recipe.key)
    progress.report(1.0, f"{recipe.key} is ready")
    return brought


def again(key: str, progress: Progress = SILENT, *, on: str = "") -> Brought:
    """Make an experiment anew from its own recipe, in its place. Raises as `bring` does; the old one stays then."""
    experiment = own_experiment(key)
    _look_at(on)
    watched = _Watched(progress)
    recipe = hashed(read_recipe(folder_of(experiment.key) / RECIPE), Part(watched, 0.0, 0.05).report)
    prepared = prepare(recipe, Part(watched, 0.05, 0.45))
    with scratch() as folder:
        brought = _write(folder, prepared, Part(watched, 0.5, 0.48), on)
        for name in ("looks.json",):  # the test part stays as open as it was
            if (folder_of(experiment.key) / name).is_file():
                (folder / name).write_bytes((folder_of(experiment.key) / name).read_bytes())
        settle(folder, experiment.key, instead=True)
    progress.report(1.0, f"{experiment.key} was made again")
    return brought


def _look_at(on: str) -> None:
    """Raises ClusterError for a cluster that is not fit: before the files are read, not after."""
    if on:
        look(on)


def prepare(recipe: Recipe, progress: Progress = SILENT) -> Prepared:
    """Read the files and divide them: all that is decided about the data, without writing anything."""
    examples, recipe = read_inputs(recipe, Part(progress, 0.0, 0.5))
    return arrange(recipe, examples, Part(progress, 0.5, 0.5))


def arrange(recipe: Recipe, examples: Examples, progress: Progress = SILENT) -> Prepared:
    """Divide examples that were read, and give them one length."""
    from dnaconv_core.data.lengths import fit_lengths
    from dnaconv_core.experiments.bring_parts import divide

    task = task_of(recipe, examples)
    _check_varied(examples)
    progress.report(0.2, "dividing into train, valid and test")
    part, part_words = divide(examples, recipe.split, recipe.seed)
    progress.report(0.8, "fitting lengths")
    fitted = fit_lengths(examples, recipe.lengths, recipe.length or None)
    codes, examples = fitted.codes, examples._replace(codes=np.zeros(0, np.uint8))  # memory holds them once
    ids = unique_ids(examples.ids)
    examples = examples._replace(ids=ids[:0], loci=None)
    y, w = np.nan_to_num(examples.y).astype(np.float32), np.where(np.isfinite(examples.y), examples.w, 0)
    parts = {}
    for name in PARTS:
        rows = np.flatnonzero(part == name)
        if not len(rows) and name != "test":
            raise DataError(f"no example is left for the {name} part: choose another split, or bring more examples")
        parts[name] = Dataset(
            as_one_hot(codes[rows]), y[rows], w[rows].astype(np.float32), ids[rows],
            None if examples.covariates is None else examples.covariates[rows],
            examples.covariate_names if examples.covariates is not None else (),
            examples.alphabet, f"the {name} part",
        )  # fmt: skip
    notes = tuple(filter(None, (*examples.notes, fitted.sentence, part_words)))
    return Prepared(parts, examples, task, notes, recipe)


def task_of(recipe: Recipe, examples: Examples) -> str:
    """The kind of answer: as chosen, else as the labels are. Raises DataError where the chosen one does not fit."""
    known = examples.y[(examples.w > 0) & np.isfinite(examples.y)]
    computed = recipe.labels.how != "columns" or recipe.path("bigwig_label") is not None
    chosen = recipe.task or recipe.labels.task or ("regression" if computed else "")
    if not chosen:
        binary = len(examples.classes) <= 2 and np.isin(known, (0, 1)).all()
        chosen = "classes" if len(examples.classes) > 2 else "binary" if binary else "regression"
    if problem := ANSWERS[chosen].label_problem(known):
        raise DataError(f"the examples have {problem.format(experiment=recipe.key)}")
    return chosen


def _check_varied(examples: Examples) -> None:
    """DataError where no label ever changes."""
    known = np.where((examples.w > 0) & np.isfinite(examples.y), examples.y, np.nan)
    seen = [column[np.isfinite(column)] for column in known.T]
    if all(not len(column) or np.ptp(column) == 0 for column in seen):
        value = next((column[0] for column in seen if len(column)), np.nan)
        word = examples.classes[int(value)] if int(value) < len(examples.classes) else f"{value:g}"
        raise DataError(f"every label is {word[:60]!r}: nothing can be learnt; choose another label, or bring more")


def unique_ids(ids: np.ndarray) -> np.ndarray:
    """Ids as given, the second of a name as 'name#2' and so on."""
    if len(distinct(name_hashes(ids))) == len(ids):  # nearly always, and without a million texts in memory
        return ids.astype(str)
    names = ids.astype(str).tolist()
    taken: set[str] = set(names)
    seen: dict[str, int] = {}
    for place, name in enumerate(names):
        number = seen[name] = seen.get(name, 0) + 1
        if number > 1:
            while (made := f"{name}#{number}") in taken:
                number += 1
            seen[name] = number
            taken.add(made)
            names[place] = made
    return np.array(names, str)


def _told(progress: Part, name: str, share: float) -> None:
    progress.report(share, f"writing {name}")


class _Writing(NamedTuple):
    """Progress of the shards of one part."""

    progress: Part
    name: str

    def report(self, fraction: float, message: str) -> None:
        _told(self.progress, self.name, fraction)

    def should_stop(self) -> bool:
        return self.progress.should_stop()


def _write(folder: Path, prepared: Prepared, progress: Progress, on: str) -> Brought:
    """Everything of an experiment, into a folder of its own."""
    parts, examples, recipe = prepared.parts, prepared.examples, prepared.recipe
    experiment = describe(recipe, prepared.task, examples, parts)
    experiment = replace(experiment, data_hash=data_hash(parts))
    facts = facts_of(experiment, recipe)
    audit = referee(
        parts["train"], parts["valid"], parts["test"], facts, seed=recipe.seed, progress=Part(progress, 0, 0.4)
    )
    for number, (name, data) in enumerate(parts.items()):
        if len(data):
            told, size = Part(progress, 0.4 + 0.2 * number, 0.2), max(1, _SHARD_BYTES // (4 * data.length))
            X = as_one_hot(codes_of(data.X, slice(None)), partial(_told, told, name))
            how: dict[str, Any] = {"shard_size": size, "level": 1, "on": on}  # twice as fast as 3
            write_diskdataset(replace(data, X=X), folder / name, progress=_Writing(told, name), **how)
    found = Brought(experiment, audit, prepared.notes, examples.skipped)
    stored = {
        "lines": [line._asdict() for line in audit],
        "notes": list(found.notes),
        "skipped": len(found.skipped),
        "left_out": [row._asdict() for row in found.skipped[:_LISTED]],
    }
    write_atomic(folder / AUDIT, (json.dumps(stored, indent=1) + "\n").encode())
    write_atomic(folder / RECIPE, (json.dumps(recipe.to_json(), indent=1) + "\n").encode())
    write_experiment(folder, experiment)
    return found


def read_audit(key: str) -> dict[str, Any]:
    """What the referee found when the experiment was made. Raises DataError where that cannot be read."""
    file = folder_of(key) / AUDIT
    try:
        stored = json.loads(file.read_bytes())
        return {**stored, "lines": [Line(**line) for line in stored["lines"]]}
    except (OSError, ValueError, KeyError, TypeError):
        raise DataError(f"{file} cannot be read: look over the data again with 'dnaconv data audit {key}'") from None


class _Watched:
    """Progress that ends the work where the user has asked to stop."""

    def __init__(self, progress: Progress) -> None:
        self.progress = progress

    def report(self, fraction: float, message: str) -> None:
        if self.progress.should_stop():
            raise DataError("stopped: nothing was kept")
        self.progress.report(fraction, message)

    def should_stop(self) -> bool:
        return self.progress.should_stop()
