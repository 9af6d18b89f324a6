"""The parts that accuracy is measured on, and those that settings are chosen on."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from dnaconv_core.data.dataset import Dataset
from dnaconv_core.data.formats import read_dataset
from dnaconv_core.data.split import position_block_folds
from dnaconv_core.experiments import get_experiment

TASKS = {  # name → experiment
    "tf_binding": "tf_binding",
    "chromatin": "chromatin",
    "rnai": "rnai",
    "rnai_cv": "rnai",
    "rnai_apart": "rnai",
}
DATA = Path(os.environ.get("DNACONV_TEST_DATA") or Path(__file__).parents[2] / "shared" / "data")
_SHARED = 12  # bases that two guides have in common where their targets overlap; by chance 1 pair in 170,000 has


class Fold(NamedTuple):
    train: Dataset
    valid: Dataset


def folds(name: str, root: Path, *, full: bool, quick: bool) -> Iterator[Fold]:
    """The training and reported parts of one task."""
    experiment = get_experiment(TASKS[name])
    n_folds = 2 if quick else 5
    if full:
        from dnaconv_core.experiments.sources import load_parts

        yield Fold(*load_parts(experiment, "book"))
    elif experiment.assembly:
        access = root / "jund_chr22" / "accessibility.txt" if experiment.covariates else None
        data = read_dataset(root / "jund_chr22" / "valid_dataset", alphabet="DNA", covariates=access)
        for split in position_block_folds(data, 5)[:n_folds]:
            yield Fold(data.subset(split.train), data.subset(split.valid))
    else:
        parts = [read_dataset(root / "sirna" / f"{part}_siRNA", alphabet="RNA") for part in ("train", "valid")]
        if name == "rnai":
            yield Fold(*parts)
            return
        X, y, w = (np.concatenate([getattr(part, what) for part in parts]) for what in "Xyw")
        ids = np.array([f"{part}_{i}" for part in (0, 1) for i in range(len(parts[part]))])
        data = Dataset(X, y, w, ids, alphabet="RNA", name="siRNA")
        fold = overlap_folds(data, 5) if name == "rnai_apart" else np.random.default_rng(0).permutation(len(data)) % 5
        for k in range(n_folds):
            yield Fold(data.subset(fold != k), data.subset(fold == k))


def inner_folds(part: Dataset, n_folds: int = 3) -> Iterator[Fold]:
    """Folds of a training part, to choose settings on: blocks of the genome, or guides whose targets do not overlap."""
    if part.alphabet == "RNA":
        fold = overlap_folds(part, n_folds)
        splits = [(np.flatnonzero(fold != k), np.flatnonzero(fold == k)) for k in range(n_folds)]
    else:
        splits = position_block_folds(part, n_folds)
    for train, valid in splits:
        yield Fold(part.subset(train), part.subset(valid))


def overlap_folds(data: Dataset, n_folds: int) -> np.ndarray:
    """Fold of each sequence `(N,)`: sequences that share a word of 12 bases, directly or through others, stay together.

    Guides were made against a few dozen genes in steps of a few bases: of two that overlap, one tells the other's
    activity. Groups are dealt from the largest to the smallest, each into the fold that is smallest so far.
    """
    from scipy.sparse import csr_matrix
    from scipy.sparse.csgraph import connected_components

    words = np.lib.stride_tricks.sliding_window_view(data.X.argmax(axis=1), _SHARED, axis=1)  # (N, places, 12)
    word = np.unique(words @ 4 ** np.arange(_SHARED), return_inverse=True)[1].reshape(words.shape[:2])
    sequence = np.repeat(np.arange(len(data)), words.shape[1])
    holds = csr_matrix((np.ones(word.size), (sequence, word.ravel())))
    group = connected_components(holds @ holds.T, directed=False)[1]
    sizes = np.bincount(group)
    fold, filled = np.zeros(len(sizes), int), np.zeros(n_folds, int)
    for largest in np.argsort(-sizes, kind="stable"):
        fold[largest] = filled.argmin()
        filled[fold[largest]] += sizes[largest]
    return fold[group]
