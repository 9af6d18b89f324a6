"""Folds within a training part: whole groups, equal shares of each class, and nothing of the reported part."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dnaconv_core.data.dataset import Dataset
from dnaconv_core.data.inner import inner_folds, inner_split
from dnaconv_core.data.split import check_split, split_dataset
from dnaconv_core.errors import ConfigError, InputError
from dnaconv_core.experiments import get_experiment
from dnaconv_core.experiments.sources import load_parts
from dnaconv_core.runs.spec import RunSpec


def made(y: np.ndarray, length: int = 30, seed: int = 0, ids: list[str] | None = None) -> Dataset:
    codes = np.random.default_rng(seed).integers(0, 4, (len(y), length))
    X = (codes[:, None] == np.arange(4)[:, None]).astype(np.int8)
    y = np.asarray(y, np.float32).reshape(len(y), -1)
    return Dataset(
        X, y, np.ones_like(y), np.array(ids or [f"s{i}" for i in range(len(y))]), alphabet="DNA", name="mine"
    )


@given(n=st.integers(30, 90), n_folds=st.integers(2, 5), seed=st.integers(0, 9), positives=st.integers(10, 20))
@settings(max_examples=20, deadline=None)
def test_every_example_is_measured_on_once_and_classes_are_shared_out(n, n_folds, seed, positives):
    data = made(np.arange(n) < positives)
    folds = inner_folds(data, n_folds, seed)
    parts = [inner_split(data, n_folds=n_folds, fold=k, seed=seed) for k in range(n_folds)]
    assert np.array_equal(np.sort(np.concatenate([part.valid for part in parts])), np.arange(n))
    assert all(
        set(part.train) | set(part.valid) == set(range(n)) and not set(part.train) & set(part.valid) for part in parts
    )
    for kind in (0, 1):
        counts = np.bincount(folds[data.y[:, 0] == kind], minlength=n_folds)
        assert counts.max() - counts.min() <= 1


def test_similar_sequences_and_neighbours_stay_together():
    data = made(np.arange(60) % 2)
    X = np.asarray(data.X).copy()
    X[1::2] = X[::2]  # a copy of each
    twins = Dataset(X, data.y, data.w, data.ids, alphabet="DNA", name="twins")
    folds = inner_folds(twins, 3, 0)
    assert np.array_equal(folds[::2], folds[1::2])
    ids = [f"chr{1 + i // 30}:{100 * (i % 30)}-{100 * (i % 30) + 30}" for i in range(60)]
    placed = made(np.arange(60) % 2, ids=ids)
    size = 10**6 // 2**11  # halved from a million until a block holds fewer than twenty windows
    blocks = np.array([(i // 30) * 1000 + 100 * (i % 30) // size for i in range(60)])
    folds = inner_folds(placed, 3, 0)
    assert set(folds) == {0, 1, 2} and len(set(blocks)) == 12
    assert [len(set(folds[blocks == block])) for block in set(blocks)] == [1] * 12


def test_another_seed_deals_anew_and_the_same_one_does_not():
    data = made(np.arange(90) % 3 == 0)
    assert np.array_equal(inner_folds(data, 3, 1), inner_folds(data, 3, 1))
    assert not np.array_equal(inner_folds(data, 3, 1), inner_folds(data, 3, 2))


def test_numbers_are_shared_out_by_quarters():
    data = made(np.linspace(0, 1, 80))
    folds = inner_folds(data, 4, 0)
    means = [float(data.y[folds == k].mean()) for k in range(4)]
    assert max(means) - min(means) < 0.1


def test_too_few_groups_are_told():
    data = made(np.arange(12) % 2)
    X = np.repeat(np.asarray(data.X)[:2], 6, axis=0)
    same = Dataset(X, data.y, data.w, data.ids, alphabet="DNA", name="same")
    with pytest.raises(InputError, match="same has 2 groups of sequences that belong together, too few for 3"):
        inner_folds(same, 3, 0)


def test_an_inner_split_never_holds_an_example_of_the_reported_part():
    experiment, outer = get_experiment("rnai"), {"kind": "random", "fraction": 0.3, "seed": 4}
    train, valid = load_parts(experiment, "synthetic", split=outer)
    seen = []
    for fold in range(3):
        inner = {"kind": "inner", "n_folds": 3, "fold": fold, "seed": 0, "of": outer}
        inside = load_parts(experiment, "synthetic", split=inner)
        assert not set(valid.ids) & {*inside[0].ids, *inside[1].ids}
        assert {*inside[0].ids} | {*inside[1].ids} == set(train.ids)
        seen += inside[1].ids.tolist()
    assert sorted(seen) == sorted(train.ids.tolist())


def test_a_split_that_cannot_be_is_refused():
    with pytest.raises(InputError, match="fold is 3: with 3 folds it must be 0 to 2"):
        check_split({"kind": "inner", "fold": 3})
    with pytest.raises(InputError, match="of of the split is 'random': it must be another split"):
        check_split({"kind": "inner", "of": "random"})
    with pytest.raises(ConfigError, match="the validation data are a part of their own"):
        RunSpec("rnai", data="book", split={"kind": "inner", "of": {"kind": "random"}})
    whole = split_dataset(made(np.arange(40) % 2), {"kind": "inner", "n_folds": 4})
    assert len(whole.train) == 30 and len(whole.valid) == 10
