"""The words of a new experiment: what the user said, and what can be said of data that nobody described."""

from __future__ import annotations

import numpy as np

from dnaconv_core.answers import ANSWERS
from dnaconv_core.data.dataset import Dataset
from dnaconv_core.data.examples import Examples
from dnaconv_core.experiments.base import Example, Experiment
from dnaconv_core.experiments.own_presets import own_presets
from dnaconv_core.experiments.recipe import Recipe
from dnaconv_core.sequence.encoding import decode
from dnaconv_core.train.facts import facts_of

_SHOWN = 4  # examples to try
_PLAIN = {"0", "1", "no", "yes", "false", "true", "negative", "positive", "-", "+", "n", "y", "f", "t"}  # say nothing
_LOOKED_AT = 2000  # of the validation part, to choose them from


def describe(recipe: Recipe, task: str, examples: Examples, parts: dict[str, Dataset]) -> Experiment:
    """The experiment in words; `data_hash` is still missing."""
    joint = ANSWERS[task].joint
    names = examples.classes if joint else examples.tasks if examples.y.shape[1] > 1 else ()
    if joint and not names:
        names = tuple(str(number) for number in range(int(examples.y.max()) + 1))
    label = recipe.label or " and ".join(examples.tasks[:3]) or "label"
    class_names = recipe.class_names or (examples.classes if not joint and len(examples.classes) == 2 else ())
    strand = recipe.strand or ("both" if examples.alphabet == "DNA" else "one")
    length = parts["train"].length
    facts = facts_of(
        parts["train"],
        task,
        both_strands=examples.alphabet == "DNA" and strand == "both",
        padded=bool((examples.lengths < length).any()),
        seed=recipe.seed,
    )
    return Experiment(
        key=recipe.key,
        title=_cut(recipe.title or recipe.key.replace("_", " ").capitalize(), 80),
        question=_cut(recipe.question or _question(task, label, names, class_names, length), 300),
        explanation=_cut(_explanation(recipe, parts), 4000, "\n"),
        task=task,
        alphabet=examples.alphabet,
        length=length,
        label=_cut(f"{label} ({recipe.unit})" if recipe.unit else label, 120),
        synthetic=None,
        presets=own_presets(task, examples.alphabet, length, strand, facts),
        examples=_examples(parts["valid"], task, names, class_names or ("negative", "positive")),
        covariates=parts["train"].covariate_names,
        assembly=recipe.assembly,
        names=tuple(_cut(name, 80) for name in names),
        class_names=(_cut(class_names[0], 80), _cut(class_names[1], 80)) if class_names else ("negative", "positive"),
        unit=recipe.unit,
        strand=strand,
        note=recipe.note,
        own=True,
        facts=facts,
        parts=tuple((name, len(data)) for name, data in parts.items() if len(data)),
    )


def _cut(text: str, most: int, lines: str = "") -> str:
    """What may stand in an experiment: without control characters (but for those in `lines`), and not too long."""
    return "".join(c if c.isprintable() or c in lines else " " for c in text).strip()[:most]


def _question(
    task: str, label: str, names: tuple[str, ...], class_names: tuple[str, ...], length: int
) -> str:  # fmt: skip
    listed = f"{', '.join(names[:5])}{'…' if len(names) > 5 else ''}"
    if ANSWERS[task].joint:
        return f"Which of {listed} is this {length}-base sequence?"
    if len(names) > 1:
        which = "Which of the labels" if ANSWERS[task].yes_or_no else "How much of"
        return f"{which} {listed} does this {length}-base sequence have?"
    if ANSWERS[task].yes_or_no and class_names and not {name.lower() for name in class_names} & _PLAIN:
        return f"Is this {length}-base sequence “{class_names[1]}” or “{class_names[0]}”?"
    if ANSWERS[task].yes_or_no:
        return f"Is this {length}-base sequence {'positive' if label == 'label' else f'“{label}”'}?"
    return f"What {label} does this {length}-base sequence have?"


def _explanation(recipe: Recipe, parts: dict[str, Dataset]) -> str:
    files = ", ".join(dict.fromkeys(one.path.replace("\\", "/").rpartition("/")[2] for one in recipe.inputs))
    counts = ", ".join(f"{len(data):,} {name}" for name, data in parts.items() if len(data))
    made = {"gc": "windows of the genome with the same GC content", "flanks": "the positives' own flanks",
            "shuffle": "dinucleotide shuffles of the positives: what is learnt may be what that breaks"}  # fmt: skip
    negatives = f" Its negatives are {made[recipe.negatives]}." if recipe.negatives else ""
    return f"Your own data, from {files}: {counts} examples.{negatives}"


def _examples(valid: Dataset, task: str, names: tuple[str, ...], class_names: tuple[str, ...]) -> tuple[Example, ...]:
    """A few sequences of the validation part to try: of each class one or two, or high, middle and low."""
    n = min(len(valid), _LOOKED_AT)
    X, y = np.asarray(valid.X[:n]), valid.y[:n, 0]
    whole = np.all(X.any(axis=1), axis=1) & (valid.w[:n, 0] > 0)
    rows = np.flatnonzero(whole) if whole.any() else np.flatnonzero(valid.w[:n, 0] > 0)
    if not len(rows):
        rows = np.arange(min(n, _SHOWN))
    values = np.unique(y[rows])
    if len(values) <= _SHOWN:
        each = max(1, _SHOWN // len(values))
        chosen = np.concatenate([rows[y[rows] == value][:each] for value in values[::-1]])
    else:
        order = rows[np.argsort(y[rows], kind="stable")]
        chosen = order[[-1, len(order) // 2, 0]] if len(order) > 2 else order
    found = []
    for row in chosen.tolist():
        if ANSWERS[task].joint:
            word = names[int(y[row])]
        elif ANSWERS[task].yes_or_no and len(names) < 2:
            word = class_names[int(y[row] >= 0.5)]
        else:
            word = f"measured {y[row]:.3g}"
        beside = () if valid.covariates is None else tuple(float(v) for v in valid.covariates[row])
        name = _cut(f"{word}: {valid.ids[row]}", 80) or word
        found.append(Example(name, decode(X[row : row + 1], valid.alphabet)[0], beside, "from the validation part"))
    return tuple(found)
