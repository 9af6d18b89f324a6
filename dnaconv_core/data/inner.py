"""Folds within a training part, to choose settings on: the part that is reported has no share in the choice."""

from __future__ import annotations

import numpy as np

from dnaconv_core.data.code_rows import codes_of
from dnaconv_core.data.dataset import Dataset
from dnaconv_core.errors import InputError
from dnaconv_core.results import Split
from dnaconv_core.sequence.interval import find_locus

INNER = "inner"  # the kind of such a split, as runs record it
_KINDS = 20  # values of a label up to which each is a class
_BLOCK = 1_000_000  # bases of a genomic block
_BLOCKS = 20  # for each fold, at least


def inner_split(part: Dataset, *, n_folds: int = 3, fold: int = 0, seed: int = 0) -> Split:
    """Of a training part, all folds but one to learn from, and that one to measure on.

    Windows of one block of the genome stay together where ids are loci, else sequences that are similar. Folds have
    equal shares of each class (of numbers: of each quarter). Another seed deals anew.

    Raises InputError where there are fewer groups than folds.
    """
    folds = inner_folds(part, n_folds, seed)
    return Split(np.flatnonzero(folds != fold), np.flatnonzero(folds == fold))


def inner_folds(part: Dataset, n_folds: int, seed: int) -> np.ndarray:
    """Fold of each example `(N,)`, from 0."""
    group = _groups(part, n_folds)
    n_groups = int(group.max(initial=-1)) + 1
    if n_groups < n_folds:
        raise InputError(
            f"{part.label} has {n_groups} groups of sequences that belong together, too few for {n_folds} inner folds: "
            f"bring more examples"
        )
    return _dealt(group, _strata(part), n_folds, seed)


def _groups(part: Dataset, n_folds: int) -> np.ndarray:
    """Numbers `(N,)` from 0, equal for examples that must not be divided."""
    blocks = _blocks(part, n_folds)
    if blocks is not None:
        return blocks
    from dnaconv_core.data.similar import as_examples, copies, find_similar

    examples = as_examples(codes_of(part.X, slice(0, len(part))), part.alphabet)
    similar = find_similar(examples)
    return copies(examples) if similar.giant else similar.group


def _blocks(part: Dataset, n_folds: int) -> np.ndarray | None:
    """Blocks of the genome, smaller ones where there are too few; None where an id is no locus."""
    found = [find_locus(str(name)) for name in np.asarray(part.ids).tolist()]
    if not all(found):
        return None
    chromosome = np.unique([locus.chrom for locus in found if locus], return_inverse=True)[1]
    start, size = np.array([locus.start for locus in found if locus], np.int64), _BLOCK
    while True:
        place = np.stack([chromosome, start // size], axis=1)
        group = np.unique(place, axis=0, return_inverse=True)[1].ravel()
        if group.max(initial=0) + 1 >= _BLOCKS * n_folds or size <= 20 * part.length:
            return group
        size //= 2


def _strata(part: Dataset) -> np.ndarray:
    """Numbers `(N,)` of the classes, combinations of labels, or quarters of a measured one; unknown ones apart."""
    y = np.where(part.w > 0, part.y, np.nan)
    kinds, found = np.unique(np.nan_to_num(y, nan=-1e9), axis=0, return_inverse=True)
    if len(kinds) <= _KINDS:
        return found.ravel()
    first = y[:, 0]
    known = np.isfinite(first)
    cuts = np.quantile(first[known], [0.25, 0.5, 0.75]) if known.any() else np.zeros(0)
    return np.where(known, np.searchsorted(cuts, first, "right"), 4)


def _dealt(group: np.ndarray, stratum: np.ndarray, n_folds: int, seed: int) -> np.ndarray:
    """Whole groups, the largest first, each to the fold with the least of the group's rarest stratum."""
    sizes = np.bincount(group)
    held = np.zeros((len(sizes), int(stratum.max()) + 1), np.int64)
    np.add.at(held, (group, stratum), 1)
    share = held.sum(axis=0)
    rarest = np.where(held > 0, share, share.sum() + 1).argmin(axis=1)
    order = np.random.default_rng(seed).permutation(len(sizes))
    order = order[np.argsort(-sizes[order], kind="stable")]
    load = [[0] * held.shape[1] for _ in range(n_folds)]
    total, fold_of = [0] * n_folds, np.zeros(len(sizes), int)
    for number in order.tolist():
        kind = int(rarest[number])
        fold = min(range(n_folds), key=lambda k: (load[k][kind], total[k]))
        fold_of[number] = fold
        total[fold] += int(sizes[number])
        for other in np.flatnonzero(held[number]).tolist():
            load[fold][other] += int(held[number, other])
    return fold_of[group]
