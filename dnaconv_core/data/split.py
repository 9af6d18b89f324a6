"""Which examples to learn from and which to judge on: at random, by chromosome, or in blocks of neighbouring windows.

Every split can be written as a small dictionary that a run records (`split_dataset`), so that it can be made again.
"""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from dnaconv_core.data.dataset import Dataset
from dnaconv_core.data.inner import INNER, inner_split
from dnaconv_core.errors import DataError, InputError
from dnaconv_core.results import Split
from dnaconv_core.sequence.interval import Locus, contig_key, find_locus
from dnaconv_core.text import whole_number

_KEYS: dict[str, dict[str, tuple[Any, str]]] = {  # of a recorded split, by kind: what a value may be
    "random": {"fraction": ((int, float), "a number"), "seed": (int, "a whole number")},
    "chromosome": {"chromosomes": ((str, list, tuple), "a list of names")},
    "blocks": {name: (int, "a whole number") for name in ("n_folds", "fold", "block")},
    INNER: {name: (int, "a whole number") for name in ("n_folds", "fold", "seed")} | {"of": (dict, "another split")},
}


def random_split(dataset: Dataset, fraction: float = 0.2, *, seed: int = 0) -> Split:
    """`fraction` of the examples for validation, drawn at random; indices come back sorted.

    Where y is 0 and 1 and there is one task, each class is divided by itself, so that both parts have the same share of
    positives and, where a class has two examples or more, at least one of each. With several tasks the classes are the
    combinations of labels.

    Raises InputError when fraction is not between 0 and 1, DataError when there are fewer than two examples.
    """
    if not 0 < fraction < 1:
        raise InputError(f"fraction is {fraction}: the validation part must be more than 0 and less than 1")
    n = len(dataset)
    if n < 2:
        raise DataError(f"{dataset.label} has {n} examples: a split needs at least 2")
    rng = np.random.default_rng(seed)
    chosen = np.zeros(n, bool)
    for members in _strata(np.asarray(dataset.y)):
        wanted = round(fraction * len(members))
        if len(members) > 1:
            wanted = min(max(wanted, 1), len(members) - 1)
        chosen[rng.permutation(members)[:wanted]] = True
    if chosen.all() or not chosen.any():  # only classes of one example each
        chosen[:] = False
        chosen[rng.permutation(n)[: min(max(round(fraction * n), 1), n - 1)]] = True
    return Split(np.flatnonzero(~chosen), np.flatnonzero(chosen))


def chromosome_split(dataset: Dataset, valid_chromosomes: str | list[str] | tuple[str, ...]) -> Split:
    """All windows of `valid_chromosomes`, named with or without 'chr', for validation, the others for training. Ids
    are loci: 'chr22:100-201'.

    Raises DataError for ids that are no loci, InputError for a chromosome that is not there (the message lists those
    that are) or when one part would be empty.
    """
    wanted = [valid_chromosomes] if isinstance(valid_chromosomes, str) else list(valid_chromosomes)
    if not wanted:
        raise InputError("valid_chromosomes is empty: name at least one chromosome for validation")
    chromosomes, _ = _loci(dataset)
    present = sorted(set(chromosomes.tolist()), key=_natural)
    chosen = set()
    for name in map(str, wanted):
        same = [name] if name in present else [one for one in present if contig_key(one) == contig_key(name)]
        if not same:
            some = ", ".join(present[:40])
            raise InputError(f"{dataset.label} has no windows on {name[:60]!r}: its chromosomes are {some}")
        chosen.update(same)
    valid = np.isin(chromosomes, sorted(chosen))
    if valid.all():
        raise InputError(
            f"every window of {dataset.label} is on {', '.join(wanted)}, so nothing is left to train on: "
            f"choose other chromosomes, or split by blocks"
        )
    return Split(np.flatnonzero(~valid), np.flatnonzero(valid))


def position_block_folds(dataset: Dataset, n_folds: int = 5, block: int = 1_000_000) -> list[Split]:
    """`n_folds` splits for cross-validation: the genome is cut into blocks of `block` bases, which stay whole.

    Neighbouring windows, which overlap or share a site, so fall into the same part. Blocks are dealt in genomic order
    into folds of nearly equal numbers of windows, each a contiguous stretch; each window is in validation exactly once.
    A window belongs to the block that its start lies in.

    Raises DataError for ids that are no loci, InputError when there are fewer blocks than folds.
    """
    if n_folds < 2:
        raise InputError(f"n_folds is {n_folds}: cross-validation needs at least 2")
    if block < 1:
        raise InputError(f"block is {block}: it must be at least 1 base")
    chromosomes, starts = _loci(dataset)
    names = sorted(set(chromosomes.tolist()), key=_natural)
    rank = {name: place for place, name in enumerate(names)}
    places = np.array([rank[name] for name in chromosomes.tolist()])
    blocks = np.unique(np.stack([places, starts // block], axis=1), axis=0, return_inverse=True)[1].ravel()
    sizes = np.bincount(blocks)
    if len(sizes) < n_folds:
        raise InputError(
            f"{dataset.label} covers {len(sizes)} block{'s' * (len(sizes) > 1)} of {block} bases, too few for "
            f"{n_folds} folds: choose a smaller block or fewer folds"
        )
    fold_of_block = _deal(sizes, n_folds)
    fold = fold_of_block[blocks]
    return [Split(np.flatnonzero(fold != k), np.flatnonzero(fold == k)) for k in range(n_folds)]


def split_dataset(dataset: Dataset, spec: dict[str, Any]) -> Split:
    """The split that a recorded `spec` describes:

    `{"kind": "random", "fraction": 0.2, "seed": 0}` · `{"kind": "chromosome", "chromosomes": ["chr8"]}` ·
    `{"kind": "blocks", "n_folds": 5, "fold": 0, "block": 1000000}` · `{"kind": "inner", "n_folds": 3, "fold": 0,
    "seed": 0, "of": SPLIT}`, a fold of the training part that SPLIT leaves (of everything, without one). All but kind
    and chromosomes may be left out.

    Raises InputError as `check_split` does, and what the split itself raises.
    """
    check_split(spec)
    options = {key: value for key, value in spec.items() if key != "kind"}
    if spec["kind"] == "random":
        return random_split(dataset, **options)
    if spec["kind"] == "chromosome":
        return chromosome_split(dataset, options["chromosomes"])
    if spec["kind"] == INNER:
        outer = options.pop("of", None)
        rows = split_dataset(dataset, outer).train if outer else np.arange(len(dataset))
        inner = inner_split(dataset.subset(rows), **options)
        return Split(rows[inner.train], rows[inner.valid])
    fold = options.pop("fold", 0)
    return position_block_folds(dataset, **options)[fold]


def check_split(spec: dict[str, Any]) -> None:
    """InputError, before any data are read, for a kind or key that there is not, and for values that cannot be."""
    kind = spec.get("kind")
    if not isinstance(kind, str) or kind not in _KEYS:
        raise InputError(f"kind of split is {kind!r}: choose {', '.join(map(repr, _KEYS))}")
    for key, value in spec.items():
        if key == "kind":
            continue
        if key not in _KEYS[kind]:
            raise InputError(f"a {kind} split has no {key!r}: it takes {', '.join(_KEYS[kind])}")
        allowed, words = _KEYS[kind][key]
        if isinstance(value, bool) or not isinstance(value, allowed):
            raise InputError(f"{key} of the split is {value!r}: it must be {words}")
    if kind == "random" and not 0 < spec.get("fraction", 0.2) < 1:  # "not" also refuses NaN
        raise InputError(f"fraction is {spec['fraction']}: the validation part must be more than 0 and less than 1")
    if kind == "random" and spec.get("seed", 0) < 0:
        raise InputError(f"seed of the split is {spec['seed']}: it must be 0 or more")
    if kind == "chromosome" and not spec.get("chromosomes"):
        raise InputError("valid_chromosomes is empty: name at least one chromosome for validation")
    n_folds = spec.get("n_folds", {"blocks": 5, INNER: 3}.get(kind, 0))
    if n_folds and not 0 <= spec.get("fold", 0) < max(n_folds, 2):
        raise InputError(f"fold is {spec['fold']}: with {n_folds} folds it must be 0 to {n_folds - 1}")


def _strata(y: np.ndarray) -> list[np.ndarray]:
    """Indices of each class where every label is 0 or 1; otherwise all indices together."""
    labels = y.reshape(len(y), -1)
    if labels.shape[1] == 0 or not np.isin(labels, (0, 1)).all():
        return [np.arange(len(y))]
    group = np.unique(labels, axis=0, return_inverse=True)[1].ravel()
    order = np.argsort(group, kind="stable")
    return np.split(order, np.flatnonzero(np.diff(group[order])) + 1)


def _loci(dataset: Dataset) -> tuple[np.ndarray, np.ndarray]:
    """Chromosome names and starts `(N,)` from the ids. Raises DataError naming the first id that is no locus."""
    ids = [str(name) for name in np.asarray(dataset.ids).tolist()]
    found: list[Locus] = []
    for row, name in enumerate(ids, 1):
        if (locus := find_locus(name)) is None:
            raise DataError(
                f"{dataset.label}: the id of example {row}, {name!r}, is no locus such as chr22:20208963-20209064: "
                f"use a random split"
            )
        found.append(locus)
    return np.array([locus.chrom for locus in found]), np.array([locus.start for locus in found], np.int64)


def _natural(name: str) -> list[tuple[int, int, str]]:
    """Sort key that puts chr2 before chr10."""
    parts = ((whole_number(part), part) for part in re.split(r"(\d+)", name) if part)
    return [(1, 0, part) if number is None else (0, number, "") for number, part in parts]


def _deal(sizes: np.ndarray, n_folds: int) -> np.ndarray:
    """Fold of each block: contiguous, non-empty, each fold's share of windows as equal as whole blocks allow."""
    middle = sizes.cumsum() - sizes / 2
    fold = np.minimum((middle * n_folds / sizes.sum()).astype(int), n_folds - 1)
    n = len(sizes)
    for place in range(n):  # no fold is skipped, forwards (at most one more than before) …
        fold[place] = min(fold[place], fold[place - 1] + 1 if place else 0)
    for place in range(n - 1, -1, -1):  # … and backwards (the last fold is reached)
        fold[place] = max(fold[place], n_folds - (n - place))
    return fold
