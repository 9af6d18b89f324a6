"""What an honest referee asks of data before a network learns from them: each line with a verdict and a way to mend it.

`referee` looks at the parts of any experiment. What a network could cheat with is measured by simple predictors that
see nothing else (referee_predictors.py).
"""

from __future__ import annotations

import numpy as np

from dnaconv_core.answers import ANSWERS
from dnaconv_core.data.audit import Audit, audit, many
from dnaconv_core.data.code_rows import codes_of
from dnaconv_core.data.dataset import Dataset
from dnaconv_core.data.distinct import distinct, n_among
from dnaconv_core.data.fingerprints import fingerprints
from dnaconv_core.evaluate import referee_mends as mends
from dnaconv_core.evaluate.referee_checks import (
    PREDICTORS,
    alone_line,
    covariate_lines,
    label_lines,
    labels_looked_at,
    most_of_each,
)
from dnaconv_core.evaluate.referee_line import PART_WORDS, Facts, Line
from dnaconv_core.evaluate.referee_predictors import alone
from dnaconv_core.progress import SILENT, Progress
from dnaconv_core.sequence.interval import find_locus

MOST_BASES = 8_000_000  # among which near copies are looked for
_FEW, _TOO_FEW = 1000, 100  # examples that count in training


def referee(
    train: Dataset,
    valid: Dataset,
    test: Dataset | None,
    facts: Facts,
    *,
    seed: int = 0,
    progress: Progress = SILENT,
) -> list[Line]:
    """Every check on these parts, in the order one would ask. Of large parts a sample is looked at, and said so."""
    parts = {"train": train, "valid": valid} | ({"test": test} if test is not None and len(test) else {})
    progress.report(0.0, "looking for copies")
    found = audit(train, valid)
    lines = [
        _size(train, found, facts),
        *label_lines(parts, facts),
        *_copies(found, parts, facts),
        _conflicts(found, facts),
    ]
    progress.report(0.3, "looking for near copies")
    lines.append(_near_copies(parts, seed, facts))
    most = most_of_each(train)
    measures = {t: alone(train, facts.task, seed, label=t, most=most) for t in labels_looked_at(train)}
    for number, name in enumerate(PREDICTORS):
        progress.report(0.4 + 0.1 * number, f"what {PREDICTORS[name].words} tells by itself")
        measured = {t: of_label[name]() for t, of_label in measures.items()}
        lines.append(alone_line(name, measured, train, facts))
    lines += covariate_lines(train, facts)
    lines += [_unknown(found), _strand(train, facts)]
    progress.report(1.0, "the referee has looked at everything")
    return lines


def worst(lines: list[Line]) -> str:
    """The gravest verdict of all."""
    return max((line.verdict for line in lines), key=("fine", "look", "stop").index, default="fine")


# Numbers of examples


def _size(train: Dataset, found: Audit, facts: Facts) -> Line:
    """The number of examples that count: of two classes twice the smaller one."""
    counts = [_effective(train, facts.task, t) for t in range(train.y.shape[1])]
    n = min(counts)
    name = facts.name_of(counts.index(n), len(counts))
    of = f" for {name} (the fewest of {len(counts):,} labels)" if name else ""
    weights = f" for {facts.n_parameters:,} weights" if facts.n_parameters else ""
    if n >= _FEW:
        return Line("size", "fine", n, f"{n:,} training examples count{of}{weights}: enough for a small network.")
    verdict = "look" if n >= _TOO_FEW else "stop"
    words = "few" if verdict == "look" else "too few for any network"
    return Line(
        "size", verdict, n,
        f"Only {n:,} training examples count{of}{weights}, which is {words}: a network may learn them by heart, so "
        f"compare it with the simple predictors, and keep it small.",
        "bring more examples, or train with fewer filters, weight decay and several members",
    )  # fmt: skip


def _effective(train: Dataset, task: str, label: int) -> int:
    known = train.w[:, label] > 0
    y = train.y[known, label]
    if ANSWERS[task].joint or ANSWERS[task].yes_or_no:
        values, counts = np.unique(y, return_counts=True)
        return int(len(values) * counts.min()) if len(values) > 1 else 0
    return int(known.sum())


# Copies


def _copies(found: Audit, parts: dict[str, Dataset], facts: Facts) -> list[Line]:
    train = parts["train"]
    n = found.copies + found.reverse_copies
    if n:
        what = f"{many(found.copies, 'copy', 'copies')} and {many(found.reverse_copies, 'reverse complement')}"
        within = Line(
            "copies", "look", n / max(len(train), 1), f"The training part holds {what} of earlier examples: they count "
            f"more than once, and cross-validation within it flatters.",
        )  # fmt: skip
    else:
        within = Line("copies", "fine", 0.0, "No sequence stands twice in the training part.")
    return [within, _across(parts, facts)]


def _across(parts: dict[str, Dataset], facts: Facts) -> Line:
    """Held-out examples whose sequence stands in an earlier part, on either strand of DNA."""
    seen = np.zeros(0, np.uint64)
    told, n, total = [], 0, 0
    for name, data in parts.items():
        found = fingerprints(data.X, both_strands=data.alphabet == "DNA")
        if len(seen):
            inside = n_among(found, seen)
            told += [f"{inside:,} of {len(data):,} in {PART_WORDS[name]}"] if inside else []
            n, total = n + inside, total + len(data)
        seen = distinct(np.concatenate([seen, found]))
    share = n / max(total, 1)
    if not n:
        return Line(
            "copies_across", "fine", 0.0, "No held-out sequence, nor its reverse complement, is in another part."
        )
    return Line(
        "copies_across", "stop" if share > 0.01 else "look", share,
        f"Sequences that stand in an earlier part too: {' and '.join(told)}. A network that knows them by heart looks "
        f"good there.", mends.apart(facts),
    )  # fmt: skip


def _conflicts(found: Audit, facts: Facts) -> Line:
    if not found.conflicts:
        return Line("conflicts", "fine", 0.0, "No sequence has two different labels.")
    share = found.conflicts / max(found.n - found.copies, 1)
    return Line(
        "conflicts", "stop" if share > 0.1 else "look", share,
        f"{found.conflicts:,} sequences stand several times with different labels: no network can fit both.",
        mends.one_label(facts),
    )  # fmt: skip


def _near_copies(parts: dict[str, Dataset], seed: int, facts: Facts) -> Line:
    """Held-out examples that share a long stretch with a training example."""
    from dnaconv_core.data.similar import resembling

    rng = np.random.default_rng(seed)
    share = min(1.0, MOST_BASES / (parts["train"].length * sum(map(len, parts.values()))))
    codes, of_train = [], []
    for name, data in parts.items():
        rows = np.sort(rng.permutation(len(data))[: max(1, int(share * len(data)))])
        codes.append(codes_of(data.X, rows))
        of_train.append(np.full(len(rows), name == "train"))
    known = np.concatenate(of_train)
    near, k = resembling(np.concatenate(codes), known, parts["train"].alphabet)
    value = float(near.mean()) if len(near) else 0.0
    sampled = f" (among {len(known):,} examples drawn; among all it is more)" if share < 1 else ""
    told = f"{value:.1%} of the held-out examples share {k} bases in a row with a training one{sampled}"
    if value <= 0.01:
        return Line("near_copies", "fine", value, f"{told}.")
    return Line(
        "near_copies", "stop" if value > 0.2 else "look", value, f"{told}: figures on them say less about new "
        f"sequences.", mends.apart(facts),
    )  # fmt: skip


# Letters and strands


def _unknown(found: Audit) -> Line:
    share, padding = found.n_share, found.padding_share
    if share <= 0.01:
        return Line("unknown", "fine", share, f"{share:.2%} of the bases are unknown (N).")
    verdict = "stop" if share - padding > 0.3 else "look"
    if padding > share / 2:
        return Line(
            "unknown", verdict, share,
            f"{share:.1%} of the bases are unknown (N), most at the ends, where shorter sequences are filled up: a "
            f"network with ignore_padding leaves them out, as auto does where lengths were unequal.",
            f"--length {found.half_have}, as half of the sequences have: longer ones are cropped around their centre",
        )  # fmt: skip
    return Line(
        "unknown", verdict, share,
        f"{share:.1%} of the bases are unknown (N), in {found.sequences_with_n:,} sequences: a filter sees nothing "
        f"there.", "leave those sequences out",
    )  # fmt: skip


def _strand(train: Dataset, facts: Facts) -> Line:
    if facts.strand == "both":
        return Line("strand", "fine", None, "Either strand will do: each filter reads both.")
    loci = [find_locus(str(name)) for name in np.asarray(train.ids[:2000]).tolist()]
    strands = {locus.strand for locus in loci if locus is not None}
    if "." in strands:
        return Line(
            "strand", "look", None, "The strand matters, but the loci do not say which one was read: if all letters "
            "are of the plus strand, half of the examples are upside down.",
            "ids or intervals with a strand, or --strand both",
        )  # fmt: skip
    told = "as the loci say" if strands else "as given"
    return Line("strand", "fine", None, f"The strand matters, and each sequence is read on its own, {told}.")
