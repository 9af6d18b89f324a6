"""Splits: nothing lost, nothing twice, classes and neighbours kept together, the same again from the record."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dnaconv_core.data.dataset import Dataset
from dnaconv_core.data.split import chromosome_split, position_block_folds, random_split, split_dataset
from dnaconv_core.errors import DataError, InputError


def dataset(y, ids=None) -> Dataset:
    y = np.asarray(y, np.float32).reshape(len(y), -1)
    X = np.zeros((len(y), 4, 3), np.int8)
    return Dataset(X, y, np.ones_like(y), np.array(ids if ids is not None else [f"id{i}" for i in range(len(y))]))


def windows(*placed: tuple[str, int]) -> Dataset:
    return replace(dataset(np.zeros(len(placed)), [f"{c}:{s}-{s + 101}" for c, s in placed]), name="these windows")


def complete(split, n: int) -> bool:
    return sorted([*split.train, *split.valid]) == list(range(n)) and len(split.train) > 0 and len(split.valid) > 0


@given(st.lists(st.sampled_from([0.0, 1.0]), min_size=2, max_size=60), st.floats(0.01, 0.99), st.integers(0, 3))
def test_random_split_is_complete_and_has_both_classes_in_both_parts(y, fraction, seed):
    data = dataset(y)
    split = random_split(data, fraction, seed=seed)
    assert complete(split, len(y))
    for label in (0, 1):
        if y.count(label) > 1:
            assert label in data.y[split.train] and label in data.y[split.valid]


def test_random_split_keeps_the_share_of_positives():
    y = np.zeros(1000)
    y[:30] = 1
    split = random_split(dataset(y), 0.2, seed=1)
    assert len(split.valid) == 200 and y[split.valid].sum() == 6
    np.testing.assert_array_equal(split.valid, np.sort(split.valid))
    again, other = random_split(dataset(y), 0.2, seed=1), random_split(dataset(y), 0.2, seed=2)
    np.testing.assert_array_equal(split.valid, again.valid)
    assert (split.valid != other.valid).any()


def test_random_split_of_numbers_and_of_several_labels():
    assert len(random_split(dataset(np.linspace(0, 1.3, 50)), 0.3).valid) == 15
    y = np.array([[a, b] for a in (0, 1) for b in (0, 1)] * 5)
    split = random_split(dataset(y), 0.4)
    assert len(split.valid) == 8
    assert len(np.unique(y[split.valid], axis=0)) == len(np.unique(y[split.train], axis=0)) == 4


def test_random_split_errors():
    for fraction in (0, 1, -0.2, float("nan")):
        with pytest.raises(InputError, match="the validation part must be more than 0 and less than 1"):
            random_split(dataset([0, 1, 0]), fraction)
    with pytest.raises(DataError, match="has 1 examples: a split needs at least 2"):
        random_split(dataset([0]))


def test_chromosome_split_by_hand():
    data = windows(("chr1", 0), ("chr8", 5), ("chr1", 200), ("chrX", 7))
    split = chromosome_split(data, ["chr8", "chrX"])
    assert split.train.tolist() == [0, 2] and split.valid.tolist() == [1, 3]
    assert chromosome_split(data, "chr1").valid.tolist() == [0, 2]


def test_chromosomes_are_found_with_and_without_chr():
    data = windows(("21", 0), ("2L", 5), ("Chr3", 200), ("MT", 7), ("22", 9))
    for name, row in (("21", 0), ("chr21", 0), ("2L", 1), ("chr2L", 1), ("3", 2), ("chr3", 2), ("chrM", 3), ("22", 4)):
        assert chromosome_split(data, [name]).valid.tolist() == [row]
    both = windows(("1", 0), ("chr1", 5), ("2", 1))
    assert chromosome_split(both, ["1"]).valid.tolist() == [0]  # the very name, where it is there


def test_chromosome_split_errors():
    data = windows(("chr10", 0), ("chr2", 5), ("chr2", 200))
    with pytest.raises(InputError, match="these windows has no windows on 'chr3': its chromosomes are chr2, chr10"):
        chromosome_split(data, ["chr3"])
    with pytest.raises(InputError, match="nothing is left to train on"):
        chromosome_split(data, ["chr2", "chr10"])
    with pytest.raises(InputError, match="valid_chromosomes is empty"):
        chromosome_split(data, [])
    with pytest.raises(DataError, match="the id of example 2, 'id7', is no locus such as chr22:20208963-20209064"):
        chromosome_split(dataset([0, 1], ["chr1:5-106", "id7"]), ["chr1"])


def test_blocks_stay_whole_and_folds_are_stretches():
    rng = np.random.default_rng(0)
    starts = rng.permutation(np.arange(0, 10_000, 50))  # 200 windows in 20 blocks of 500 bases
    folds = position_block_folds(windows(*[("chr22", int(s)) for s in starts]), 3, block=500)
    assert len(folds) == 3
    assert sorted(np.concatenate([fold.valid for fold in folds])) == list(range(200))
    ends = []
    for fold in folds:
        assert complete(fold, 200)
        held = starts[fold.valid]
        assert 60 <= len(held) <= 70
        assert len(np.unique(held // 500)) * 10 == len(held)  # all ten windows of each block
        assert held.max() - held.min() == (len(held) - 1) * 50  # without a gap
        ends.append(held.max())
    assert ends == sorted(ends)


def test_blocks_do_not_run_over_the_end_of_a_chromosome():
    data = windows(("chr10", 0), ("chr2", 0), ("chr2", 40), ("chr10", 60))
    first, second = position_block_folds(data, 2, block=1000)
    assert first.valid.tolist() == [1, 2] and second.valid.tolist() == [0, 3]  # chr2 comes before chr10


@given(st.lists(st.integers(0, 30), min_size=2, max_size=60), st.integers(2, 6))
def test_no_fold_is_empty(starts, n_folds):
    data = windows(*[("chr1", start) for start in starts])
    n_blocks = len({start // 3 for start in starts})
    if n_blocks < n_folds:
        with pytest.raises(InputError, match=f"covers {n_blocks} blocks? of 3 bases, too few for {n_folds} folds"):
            position_block_folds(data, n_folds, block=3)
    else:
        folds = position_block_folds(data, n_folds, block=3)
        assert len(folds) == n_folds and all(complete(fold, len(starts)) for fold in folds)


def test_the_record_makes_the_same_split():
    data = windows(*[(f"chr{1 + i % 3}", 1000 * i) for i in range(30)])
    for spec, split in (
        ({"kind": "random"}, random_split(data)),
        ({"kind": "random", "fraction": 0.4, "seed": 3}, random_split(data, 0.4, seed=3)),
        ({"kind": "chromosome", "chromosomes": ["chr2"]}, chromosome_split(data, ["chr2"])),
        ({"kind": "blocks", "n_folds": 4, "fold": 3, "block": 5000}, position_block_folds(data, 4, block=5000)[3]),
    ):
        made = split_dataset(data, spec)
        np.testing.assert_array_equal(made.train, split.train)
        np.testing.assert_array_equal(made.valid, split.valid)


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ({}, "kind of split is None: choose 'random', 'chromosome', 'blocks'"),
        ({"kind": "given"}, "kind of split is 'given'"),
        ({"kind": ["random"]}, r"kind of split is \['random'\]"),
        ({"kind": "random", "sede": 1}, "a random split has no 'sede': it takes fraction, seed"),
        ({"kind": "chromosome"}, "valid_chromosomes is empty"),
        ({"kind": "blocks", "n_folds": 2, "block": 1000, "fold": 2}, "fold is 2: with 2 folds it must be 0 to 1"),
        ({"kind": "blocks", "n_folds": 1}, "n_folds is 1: cross-validation needs at least 2"),
        ({"kind": "blocks", "block": 0}, "block is 0: it must be at least 1 base"),
    ],
)
def test_wrong_records(spec, message):
    with pytest.raises(InputError, match=message):
        split_dataset(windows(("chr1", 0), ("chr1", 5000), ("chr2", 0)), spec)


def test_real_windows_split_by_blocks(shared_data):
    diskdataset = pytest.importorskip("dnaconv_core.data.diskdataset")
    data = diskdataset.read_diskdataset(shared_data / "jund_chr22" / "valid_dataset")
    folds = position_block_folds(data, 5)
    sizes = [len(fold.valid) for fold in folds]
    assert sum(sizes) == len(data) == 34527 and min(sizes) > 5000
    assert all(data.y[fold.valid].sum() > 0 for fold in folds)
