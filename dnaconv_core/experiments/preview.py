"""A new experiment before it is made: what was read of the files, and how it would come out, on a sample."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import NamedTuple

import numpy as np

from dnaconv_core.answers import ANSWERS
from dnaconv_core.data.examples import Examples, Skipped
from dnaconv_core.evaluate.referee import referee
from dnaconv_core.evaluate.referee_line import Line
from dnaconv_core.experiments.base import Experiment
from dnaconv_core.experiments.bring import arrange, task_of
from dnaconv_core.experiments.bring_read import only_positives, read_files, with_negatives
from dnaconv_core.experiments.bring_words import describe
from dnaconv_core.experiments.looked_over import facts_of
from dnaconv_core.experiments.own import folder_of
from dnaconv_core.experiments.preview_labels import is_named
from dnaconv_core.experiments.recipe import Recipe
from dnaconv_core.progress import SILENT, Part, Progress

MOST = 50_000  # examples that are arranged; of more, as many are drawn
POSITIVES = 3_000  # to which negatives are made for a preview
JUDGED = 6_000  # examples that the referee sees


class Survey(NamedTuple):
    """What the files hold: counts of all N examples, and a sample of them."""

    n: int
    lengths: np.ndarray  # (N,) bases of each
    shortest: int
    half: int  # half of them have as many bases or more
    long: int  # 95 of 100 have as many or fewer
    longest: int
    n_labels: int
    counts: dict[str, int]  # of each class where labels are classes or yes and no, and one stands alone
    sample: Examples  # at most MOST, in the order of the files
    positives_only: bool
    task: str  # kind of answer that the labels tell
    has_loci: bool
    has_parts: bool
    notes: tuple[str, ...]
    skipped: tuple[Skipped, ...]


class Rehearsal(NamedTuple):
    """How the experiment would come out."""

    parts: dict[str, int]  # examples in each part, of all
    exact: bool  # or scaled up from a sample
    experiment: Experiment  # in words
    notes: tuple[str, ...]
    audit: list[Line]
    judged: int  # examples that the referee saw


def survey(recipe: Recipe, progress: Progress = SILENT) -> Survey:
    """Read every file of the recipe, without making negatives. Raises what the readers raise."""
    examples = read_files(recipe, progress)
    task = task_of(recipe, examples)
    lengths = examples.lengths
    sample = examples if examples.n <= MOST else examples.subset(_drawn(examples.n, MOST, recipe.seed))
    return Survey(
        examples.n,
        lengths,
        int(lengths.min()),
        int(np.median(lengths)),
        int(np.percentile(lengths, 95)),
        int(lengths.max()),
        examples.y.shape[1],
        _counts(examples, task),
        sample._replace(skipped=()),
        only_positives(examples) and not examples.classes,
        task,
        examples.loci is not None and bool((examples.loci.chrom != "").all()),
        examples.part is not None and bool((examples.part != "").any()),
        examples.notes,
        examples.skipped,
    )


def _counts(examples: Examples, task: str) -> dict[str, int]:
    """How many examples each class has, by its name."""
    if not is_named(task) or examples.y.shape[1] != 1:
        return {}
    values, times = np.unique(examples.y[np.isfinite(examples.y)], return_counts=True)
    words = examples.classes or (() if ANSWERS[task].joint else ("no", "yes"))
    names = [words[int(value)] if int(value) < len(words) else str(int(value)) for value in values.tolist()]
    return dict(zip(names, times.tolist(), strict=True))


def rehearse(recipe: Recipe, found: Survey, progress: Progress = SILENT) -> Rehearsal:
    """Do with the sample what would be done with all: negatives, lengths, parts, referee. Raises as `bring` does."""
    examples, total = found.sample, found.n
    if recipe.negatives:
        some = examples if examples.n <= POSITIVES else examples.subset(_drawn(examples.n, POSITIVES, recipe.seed))
        examples = with_negatives(recipe, some, Part(progress, 0.0, 0.3))
        total = round(found.n * examples.n / max(some.n, 1))
    prepared = arrange(recipe, examples, Part(progress, 0.3, 0.3))
    sizes = {name: len(data) for name, data in prepared.parts.items()}
    scale = total / max(examples.n, 1)
    judged = {}
    for name, data in prepared.parts.items():
        most = max(1, round(JUDGED * len(data) / max(sum(sizes.values()), 1)))
        judged[name] = data if len(data) <= most else data.subset(_drawn(len(data), most, recipe.seed))
    experiment = describe(recipe, prepared.task, examples, prepared.parts)
    watched = Part(progress, 0.6, 0.4)
    audit = referee(
        judged["train"],
        judged["valid"],
        judged["test"],
        facts_of(experiment, recipe),
        seed=recipe.seed,
        progress=watched,
    )
    return Rehearsal(
        {name: round(n * scale) for name, n in sizes.items()},
        total == examples.n,
        experiment,
        prepared.notes,
        audit,
        sum(map(len, judged.values())),
    )


def _drawn(n: int, most: int, seed: int) -> np.ndarray:
    return np.sort(np.random.default_rng(seed).permutation(n)[:most])


def free_key(title: str, taken: Collection[str] = ()) -> str:
    """A key that no experiment has yet, nor is `taken`, made of a title's letters."""
    base = re.sub(r"[^a-z0-9]+", "_", title.lower()).strip("_")[:36] or "mine"
    from dnaconv_core.experiments import all_experiments

    known, number, key = all_experiments(), 1, base
    while key in known or key in taken or folder_of(key).exists():
        number += 1
        key = f"{base}_{number}"
    return key
