"""From the files of a recipe to Examples, whatever form they have."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from dnaconv_core.data.examples import Examples, joined
from dnaconv_core.data.intervals import read_intervals
from dnaconv_core.errors import DataError, InputError
from dnaconv_core.experiments.recipe import NO_COLUMN, Recipe
from dnaconv_core.progress import Progress


def read_inputs(recipe: Recipe, progress: Progress) -> tuple[Examples, Recipe]:
    """Every example of the recipe's files, with negatives where they are to be made; and the recipe, which says how.

    Raises what the readers raise, and DataError where nothing can be learnt: no labels, or yes in every row of a table.
    """
    examples = read_files(recipe, progress)
    if recipe.negatives and not only_positives(examples):
        raise InputError("negatives are made for positives only: these examples have labels of both kinds")
    recipe = usual_negatives(recipe, examples)
    return (with_negatives(recipe, examples, progress) if recipe.negatives else examples), recipe


def usual_negatives(recipe: Recipe, examples: Examples) -> Recipe:
    """The recipe, in which peaks or positives that came alone are compared with what fits them best: windows of like GC
    content where their genome came too, else shuffles. Raises DataError for labels that are all yes.
    """
    if recipe.negatives or examples.classes or not only_positives(examples):
        return recipe
    form, file = next((role, path) for role in _FORMS if (path := recipe.path(role)))
    if form not in ("positives", "bed"):
        raise DataError(f"{file} has positives only: choose another label, or have negatives made with --negatives")
    placed = examples.loci is not None and bool((examples.loci.chrom != "").all())
    return dataclasses.replace(recipe, negatives="gc" if placed and recipe.path("genome") else "shuffle")


def read_files(recipe: Recipe, progress: Progress) -> Examples:
    """Every example of the recipe's files as they are; where negatives are to be made, without the bigWigs' values.

    Raises what the readers raise, and DataError where there are no labels.
    """
    form = next(role for role in _FORMS if recipe.path(role))
    examples = _FORMS[form](recipe, progress)
    examples = _with_tracks(recipe, examples, progress) if not recipe.negatives else examples
    if not examples.y.shape[1] or not (examples.w > 0).any():
        raise DataError(f"{recipe.path(form)} has no labels: say which column, header or file tells them")
    return examples


def only_positives(examples: Examples) -> bool:
    """Whether every known label is 1."""
    return bool((examples.y[examples.w > 0] == 1).all())


def _table(recipe: Recipe, progress: Progress) -> Examples:
    from dnaconv_core.data.columns import parts_of
    from dnaconv_core.data.tables import Columns, guess_columns, read_columns, table_examples

    table = read_columns(recipe.file("table"))
    guessed = guess_columns(table)
    labels = recipe.labels.columns or guessed.labels
    if not labels:
        why = guessed.why.get("labels", "").replace(": choose", ": choose it with --label")
        raise DataError(f"{table.name} has no column that is surely the label: {why}")
    columns = Columns(
        sequence=recipe.sequence or guessed.sequence,
        labels=labels,
        id=_column(recipe.id, guessed.id),
        weight=_column(recipe.weight, guessed.weight),
        covariates=recipe.covariates,
        part=_column(recipe.part, None if recipe.split else guessed.part),
        loci=guessed.loci,
    )
    if recipe.part not in ("", NO_COLUMN) and not (parts_of(table.column(recipe.part))[0] != "").any():
        raise DataError(f"column {recipe.part!r} of {table.name} never says training, validation or test")
    made = dataclasses.replace(recipe.labels, columns=labels, task=recipe.task or recipe.labels.task)
    return table_examples(table, columns, alphabet=recipe.alphabet, recipe=made)


def _column(chosen: str, guess: str | None) -> str | None:
    return None if chosen == NO_COLUMN else chosen or guess


def _positives(recipe: Recipe, progress: Progress) -> Examples:
    from dnaconv_core.data.fasta_examples import pair_examples

    found = pair_examples(recipe.file("positives"), recipe.path("negatives"), alphabet=recipe.alphabet)
    tested = recipe.path("test_positives"), recipe.path("test_negatives")
    if not any(tested):
        return found
    if not all(tested):
        raise InputError("a test part needs both: --test-positives and --test-negatives")
    test = pair_examples(
        recipe.file("test_positives"), recipe.file("test_negatives"), alphabet=recipe.alphabet or found.alphabet
    )
    parts = [found._replace(part=np.full(found.n, "", "U5")), test._replace(part=np.full(test.n, "test", "U5"))]
    return joined(parts)


def _fasta(recipe: Recipe, progress: Progress) -> Examples:
    from dnaconv_core.data.fasta_examples import labelled_fasta

    made = dataclasses.replace(recipe.labels, task=recipe.task or recipe.labels.task)
    pattern = recipe.label_pattern
    return labelled_fasta(recipe.file("fasta"), alphabet=recipe.alphabet, label_pattern=pattern, recipe=made)


def _classes(recipe: Recipe, progress: Progress) -> Examples:
    from dnaconv_core.data.fasta_examples import class_examples

    return class_examples(recipe.named("class"), alphabet=recipe.alphabet)


def _bed(recipe: Recipe, progress: Progress) -> Examples:
    from dnaconv_core.data.genome import Genome
    from dnaconv_core.data.intervals import interval_examples
    from dnaconv_core.data.loci import usual_width

    intervals = read_intervals(recipe.file("bed"), progress=progress)
    width, notes = recipe.width, []
    if width < 0:
        least, half, most = np.percentile(intervals.loci.end - intervals.loci.start, (0, 50, 100)).astype(int).tolist()
        width = usual_width(least, half, most)
        notes = [f"The intervals have {least:,} to {most:,} bases: windows of {width:,} were taken around them."]
    blacklist = recipe.path("blacklist")
    with Genome(recipe.file("genome")) as genome:
        examples = interval_examples(
            intervals,
            genome,
            width=width or None,
            centre=recipe.centre,
            alphabet=recipe.alphabet or "DNA",
            stranded=True if recipe.strand == "one" else None,
            blacklist=read_intervals(blacklist).loci if blacklist else None,
            overlaps=recipe.overlaps,
            progress=progress,
        )
    return examples._replace(notes=(*examples.notes, *(notes if width else ())))


def _dataset(recipe: Recipe, progress: Progress) -> Examples:
    """Data in a format of the program's own, whose validation and test parts may be files of their own."""
    lots = []
    for role, part in (("dataset", "train"), ("valid", "valid"), ("test", "test")):
        path = recipe.path(role)
        if path is not None:
            found = _of_dataset(path, recipe.alphabet or "DNA")
            alone = not (recipe.path("valid") or recipe.path("test"))
            lots.append(found if alone else found._replace(part=np.full(found.n, part, "U5")))
    return joined(lots)


def _of_dataset(path: Path, alphabet: str) -> Examples:
    from dnaconv_core.data.array_examples import read_npz
    from dnaconv_core.data.code_rows import codes_of
    from dnaconv_core.data.formats import read_dataset

    if path.suffix.lower() == ".npz":
        return read_npz(path, alphabet=alphabet)
    data = read_dataset(path, alphabet=alphabet)
    codes = np.concatenate([codes_of(data.X, slice(i, i + 50_000)) for i in range(0, len(data), 50_000)])
    return Examples(
        codes.ravel(), np.arange(len(data) + 1, dtype=np.int64) * data.length, np.asarray(data.ids), data.y, data.w,
        alphabet, covariates=data.covariates, covariate_names=data.covariate_names,
    )  # fmt: skip


_FORMS: dict[str, Callable[[Recipe, Progress], Examples]] = {
    "table": _table, "positives": _positives, "fasta": _fasta, "class": _classes, "bed": _bed, "dataset": _dataset,
}  # fmt: skip


def _with_tracks(recipe: Recipe, examples: Examples, progress: Progress) -> Examples:
    """With the bigWigs' values over each example: as covariates, or as the label."""
    tracks, label, loci = recipe.named("bigwig_covariate"), recipe.path("bigwig_label"), examples.loci
    if not tracks and label is None:
        return examples
    if loci is None:
        raise DataError("a bigWig is read where the examples lie, but these have no loci: give intervals, or such ids")
    from dnaconv_core.data.genome import Genome
    from dnaconv_core.data.signal import mean_signal

    with contextlib.ExitStack() as stack:
        path = recipe.path("genome")
        options: dict[str, Any] = {"genome": stack.enter_context(Genome(path)) if path else None, "progress": progress}
        if label is not None:
            y = mean_signal(label, loci, log=recipe.signal == "log1p", **options)[:, None]
            examples = examples._replace(y=y, w=np.isfinite(y).astype(np.float32), tasks=("signal",), classes=())
        if not tracks:
            return examples
        beside = np.stack([mean_signal(track, loci, **options) for track in tracks.values()], axis=1)
    names = (*examples.covariate_names, *tracks)
    beside = beside if examples.covariates is None else np.hstack([examples.covariates, beside])
    return examples._replace(covariates=beside, covariate_names=names)


def with_negatives(recipe: Recipe, positives: Examples, progress: Progress) -> Examples:
    """The positives and the negatives made for them, with the values of bigWigs; how they were made is in the notes."""
    from dnaconv_core.data import negatives as making
    from dnaconv_core.data.genome import Genome

    progress.report(0.0, "making negatives")
    if recipe.negatives == "shuffle":
        made = making.shuffled(positives, recipe.ratio, recipe.seed)
    else:
        blacklist = recipe.path("blacklist")
        avoid = read_intervals(blacklist).loci if blacklist else None
        with Genome(recipe.file("genome")) as genome:
            if recipe.negatives == "gc":
                made = making.gc_matched(positives, genome, recipe.ratio, recipe.seed, avoid, progress=progress)
            else:
                made = making.flanks(positives, genome, recipe.ratio, recipe.seed, avoid)
    found = joined([positives._replace(covariates=None, covariate_names=()), made.examples])
    return _with_tracks(recipe, found._replace(notes=(*found.notes, made.sentence)), progress)
