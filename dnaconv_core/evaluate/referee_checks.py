"""The referee on labels: balance, classes, outliers and clumps; and on what tells the label by itself."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from dnaconv_core.answers import ANSWERS
from dnaconv_core.data.dataset import Dataset
from dnaconv_core.evaluate import referee_mends as mends
from dnaconv_core.evaluate.referee_line import PART_WORDS, Facts, Line
from dnaconv_core.evaluate.referee_predictors import MOST, Alone, covariate_alone

MOST_LABELS = 8  # whose simple predictors are fitted
_LENGTH_MATTERS = 50  # bases; what stands where is all there is in shorter ones


def label_lines(parts: dict[str, Dataset], facts: Facts) -> list[Line]:
    if ANSWERS[facts.task].joint:
        return [_classes(parts, facts.names)]
    n_tasks = parts["train"].y.shape[1]
    named = [facts.name_of(t, n_tasks) for t in range(n_tasks)]
    if ANSWERS[facts.task].yes_or_no:
        return _gravest([_balance(parts, t, name, facts) for t, name in enumerate(named)])
    train = parts["train"]
    values = [train.y[train.w[:, t] > 0, t].astype(np.float64) for t in range(n_tasks)]
    outliers = _gravest([_outliers(one, name, facts) for one, name in zip(values, named, strict=True)])
    return outliers + _gravest([_clumps(one, name) for one, name in zip(values, named, strict=True)])


def _gravest(lines: list[Line]) -> list[Line]:
    """Of one check on several labels the line that matters most, and on how many it is so."""
    verdict = max((line.verdict for line in lines), key=("fine", "look", "stop").index)
    first, *others = [line for line in lines if line.verdict == verdict]
    if len(lines) < 2:
        return [first]
    as_much = f" ({len(others) + 1:,} of {len(lines):,} labels are {'fine' if verdict == 'fine' else 'like that'}.)"
    return [first._replace(sentence=first.sentence + as_much)]


def _balance(parts: dict[str, Dataset], task: int, name: str, facts: Facts) -> Line:
    of = f" of {name}" if name else ""
    shares = {}
    for part, data in parts.items():
        y = data.y[data.w[:, task] > 0, task]
        if not len(y) or np.ptp(y) == 0:
            lost = "learnt" if part == "train" else "measured"
            words = f"The {PART_WORDS[part]} part has one class only{of}: nothing can be {lost}."
            return Line("balance", "stop", float(y.mean()) if len(y) else None, words, mends.both_classes(facts))
        shares[part] = float(y.mean())
    p = shares["train"]
    far = max(abs(share - p) for share in shares.values()) > 0.1
    words = f"{p:.1%} of the training examples are positive{of}"
    if far:
        others = ", ".join(f"{share:.1%} in {PART_WORDS[part]}" for part, share in shares.items() if part != "train")
        return Line(
            "balance",
            "look",
            p,
            f"{words}, but {others}: the parts differ in more than chance.",
            mends.both_classes(facts),
        )
    if min(p, 1 - p) < 0.1:
        return Line(
            "balance", "look", p, f"{words}: look at PR-AUC beside ROC-AUC, as a network that always says the same is "
            f"right in {max(p, 1 - p):.1%}.", "train with --balance true",
        )  # fmt: skip
    return Line("balance", "fine", p, f"{words}: both classes are well represented.")


def _classes(parts: dict[str, Dataset], names: tuple[str, ...]) -> Line:
    train = parts["train"]
    counts = np.bincount(train.y[train.w[:, 0] > 0, 0].astype(int), minlength=len(names))
    rarest = int(counts.argmin())
    name = names[rarest] if rarest < len(names) else str(rarest)
    share = float(counts.min() / max(counts.sum(), 1))
    if counts.min() < 10:
        words = f"Class {name} has {counts.min()} training examples: too few to be learnt."
        return Line("balance", "stop", share, words, "leave that class out, or bring more of it")
    if share < 0.3 / len(counts):
        return Line(
            "balance", "look", share, f"Class {name} has {share:.1%} of the training examples: look at each class."
        )
    return Line(
        "balance", "fine", share, f"Each of {len(counts)} classes has {share:.1%} or more of the training examples."
    )


def _outliers(y: np.ndarray, name: str, facts: Facts) -> Line:
    """Far from the median by the spread of the middle half (Tukey's fences, wide)."""
    of = f" of {name}" if name else ""
    low, high = np.percentile(y, (25, 75)) if len(y) else (0.0, 0.0)
    far = (y < low - 4 * (high - low)) | (y > high + 4 * (high - low))
    share = float(far.mean()) if len(y) and high > low else 0.0
    if not share:
        return Line("outliers", "fine", 0.0, f"No label{of} is far from the others.")
    return Line(
        "outliers", "look", share,
        f"{int(far.sum()):,} labels{of} lie far out, from {y[far].min():.3g} to {y[far].max():.3g}: a few such "
        f"labels decide the squared error.", mends.far_out(facts),
    )  # fmt: skip


def _clumps(y: np.ndarray, name: str) -> Line:
    of = f" of {name}" if name else ""
    values, counts = np.unique(y, return_counts=True)
    if len(values) < 2:
        return Line(
            "clumps", "stop", 1.0, f"Every label{of} is the same: nothing can be learnt.", "choose another column"
        )
    share = float(counts.max() / counts.sum())
    if share > 0.1:
        mend = "leave those rows out, or ask yes or no instead, in a column of its own"
        return Line(
            "clumps", "look", share, f"{share:.1%} of the labels{of} are {values[counts.argmax()]:.3g}: perhaps a "
            f"limit of detection, or two questions in one.", "--task binary" if np.isin(values, (0, 1)).all() else mend,
        )  # fmt: skip
    return Line("clumps", "fine", share, f"The labels{of} take {len(values):,} values, none of them often.")


# What tells the label by itself


class _Predictor(NamedTuple):
    words: str
    look: float  # from this ROC-AUC on
    stop: float
    why: str  # {groups}: as Words has them
    mend: str


PREDICTORS = {
    "length": _Predictor("the number of known bases", 0.55, 0.75, "a network sees where padding or N begins",
                         "--lengths crop, which cuts all to the shortest; leave out very short ones first"),
    "gc": _Predictor("GC content", 0.65, 0.9, "a network can lean on it instead of on motifs", ""),
    "dinucleotides": _Predictor("dinucleotide composition", 0.7, 0.95,
                                "{groups} may come from different kinds of sequence", ""),
    "positions": _Predictor("which base stands at which position", 0.7, 0.95,
                            "the sequences are aligned to something, perhaps to how they were chosen", ""),
}  # fmt: skip


def labels_looked_at(train: Dataset) -> list[int]:
    """Labels whose simple predictors are fitted: all, or of many some that lie evenly among them."""
    n = train.y.shape[1]
    return sorted(set(np.linspace(0, n - 1, min(n, MOST_LABELS)).astype(int).tolist()))


def most_of_each(train: Dataset) -> int:
    """Examples looked at for each label, so that many labels take no longer than one."""
    return max(MOST // len(labels_looked_at(train)), 2_000)


def _strongest(found: dict[int, Alone], train: Dataset, facts: Facts) -> tuple[Alone, str]:
    """The label that is told best, and the words that name it among several."""
    label = max(found, key=lambda t: found[t].strength)
    n = train.y.shape[1]
    if n < 2:
        return found[label], ""
    some = f" (the most of {len(found):,} labels{f' looked at, of {n:,}' if len(found) < n else ''})"
    return found[label], f" for {facts.name_of(label, n)}{some}"


def alone_line(name: str, measured: dict[int, Alone], train: Dataset, facts: Facts) -> Line:
    """measured: by label."""
    found, of = _strongest(measured, train, facts)
    p = PREDICTORS[name]
    check, begun = f"{name}_alone", p.words[0].upper() + p.words[1:]
    if found.value is None:
        return Line(check, "fine", None, f"What {p.words} tells is not known: {found.reason}.")
    sampled = f" on {found.n:,} examples drawn" if found.sampled else ""
    figure = f"{found.metric} {found.value:.2f}{of}{sampled}"
    if found.strength < p.look:
        return Line(check, "fine", found.value, f"{begun} alone tells little: {figure}, cross-validated.")
    if name == "positions" and train.length < _LENGTH_MATTERS:
        words = f"{begun} alone reaches {figure}: a network must do better than that linear model."
        return Line(check, "fine", found.value, words)
    verdict = "stop" if found.strength >= p.stop else "look"
    why = p.why.format(groups=ANSWERS[facts.task].words.groups)
    words = f"{begun} alone reaches {figure}, cross-validated: {why}."
    mend = p.mend if name == "length" else mends.composition(facts, name)
    return Line(check, verdict, found.value, words, mend)


def covariate_lines(train: Dataset, facts: Facts) -> list[Line]:
    lines = []
    for column, name in enumerate(train.covariate_names):
        measured = {t: covariate_alone(train, facts.task, column, t) for t in labels_looked_at(train)}
        found, of = _strongest(measured, train, facts)
        if found.value is None:
            words = f"What {name} tells is not known: {found.reason}."
            lines.append(Line(f"covariate_{name}", "look", None, words, mends.covariate(facts, name)))
            continue
        words = f"{name} alone reaches {found.metric} {found.value:.2f}{of}"
        if found.strength >= 0.95:
            why = ": was it measured after, or from, the label?"
            lines.append(Line(f"covariate_{name}", "stop", found.value, words + why, mends.covariate(facts, name)))
        else:
            verdict = "look" if found.strength >= 0.85 else "fine"
            lines.append(Line(f"covariate_{name}", verdict, found.value, words + "."))
    return lines
