"""Training from the disk: every example once, in an order of chance, resumed to the same bits."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from dnaconv_core.data.diskdataset import read_diskdataset, write_diskdataset
from dnaconv_core.data.on_disk import streamed
from dnaconv_core.data.synthetic import tf_binding
from dnaconv_core.model.config import ModelConfig, TrainConfig
from dnaconv_core.model.convnet import build
from dnaconv_core.train import batches
from dnaconv_core.train.batches import Loader, epoch_order, gathered
from dnaconv_core.train.loop import fit

CONFIG = ModelConfig(length=23, filters=3, kernel_size=5, depth=1, dropout=0.2)
TRAIN = TrainConfig(epochs=3, eval_every=1, batch_size=32, seed=4)


@given(
    n=st.integers(1, 700), size=st.integers(0, 900), buffer=st.integers(1, 200), block=st.integers(1, 60),
    seed=st.integers(0, 9),
)  # fmt: skip
@settings(max_examples=80, deadline=None)
def test_the_arranged_epoch_has_the_same_examples_each_as_often(n, size, buffer, block, seed):
    order = epoch_order(np.zeros((n, 1), np.float32), seed, 1, balance=False, size=size)
    arranged = gathered(order, seed, 1, buffer=buffer, block=block)
    assert sorted(arranged) == sorted(order)
    np.testing.assert_array_equal(arranged, gathered(order, seed, 1, buffer=buffer, block=block))


def test_a_buffer_lies_in_few_blocks_and_is_mixed_within():
    order = epoch_order(np.zeros((10_000, 1), np.float32), 5, 1, balance=False)
    arranged = gathered(order, 5, 1, buffer=1000, block=50)
    assert sorted(arranged) == list(range(10_000))
    for start in range(0, 10_000, 1000):
        blocks = arranged[start : start + 1000] // 50
        assert len(set(blocks)) <= 21  # 20, and one that two buffers share
        assert abs(np.corrcoef(blocks, np.arange(1000))[0, 1]) < 0.2
    other = gathered(order, 5, 2, buffer=1000, block=50)
    assert (arranged != other).mean() > 0.99
    assert set(arranged[:1000] // 50) != set(other[:1000] // 50)


def test_rare_examples_that_are_drawn_again_and_again_come_throughout_the_epoch():
    """30 of 10,000 are positive, side by side; balanced, half of every buffer is."""
    y = (np.arange(10_000) // 30 == 100).astype(np.float32)[:, None]
    order = epoch_order(y, 5, 1, balance=True)
    arranged = gathered(order, 5, 1, buffer=1000, block=50)
    shares = [y[arranged[start : start + 1000]].mean() for start in range(0, 10_000, 1000)]
    assert y[arranged].sum() == 5000 and min(shares) > 0.4 and max(shares) < 0.6


@pytest.fixture
def parts(tmp_path, monkeypatch):
    """The same examples, in memory and on the disk, read ahead in buffers of 128."""
    monkeypatch.setenv("DNACONV_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(batches, "_BUFFER_BYTES", 128 * 4 * 23)
    made = {"train": tf_binding(700, seed=1, length=23), "valid": tf_binding(210, seed=2, length=23)}
    for name, data in made.items():
        write_diskdataset(data, tmp_path / name, shard_size=100)
    read = {
        budget: [read_diskdataset(tmp_path / name, budget_bytes=budget) for name in made] for budget in (1 << 30, 1)
    }
    assert [streamed(data[0].X) for data in read.values()] == [False, True]
    return read[1 << 30], read[1]


def weights_after(data, config=TRAIN, **options):
    model = build(CONFIG, seed=3)
    history = fit(model, *data, config, **options)
    return {name: tensor.clone() for name, tensor in model.state_dict().items()}, history


def same(a, b):
    return a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a)


@pytest.mark.parametrize("balance", [False, True])
def test_streamed_is_to_the_bit_what_memory_gives_in_the_same_order(parts, monkeypatch, balance):
    memory, disk = parts
    config = TrainConfig(epochs=2, batch_size=32, seed=4, balance=balance)
    found, history = weights_after(disk, config)
    random, _ = weights_after(memory, config)
    monkeypatch.setattr(Loader, "arranged", lambda self, order, seed, epoch: gathered(order, seed, epoch, buffer=128))
    expected, plain = weights_after(memory, config)
    assert same(found, expected) and not same(found, random)
    assert [e.metrics for e in history.evaluations] == [e.metrics for e in plain.evaluations]


def test_each_example_is_seen_once_in_an_epoch_with_its_own_label(parts, monkeypatch):
    memory, disk = parts
    loader = Loader(disk[0], CONFIG, "cpu")
    order = loader.arranged(epoch_order(disk[0].y, 0, 1, balance=False), 0, 1)
    seen = [loader.batch(rows) for rows in loader.index(order).split(48)]  # 48 does not divide 128
    X = torch.cat([batch.X for batch in seen]).numpy()
    np.testing.assert_array_equal(X, memory[0].X[order])
    np.testing.assert_array_equal(torch.cat([batch.y for batch in seen]).numpy(), memory[0].y[order])
    assert sorted(order) == list(range(700)) and not np.array_equal(order, np.arange(700))


def test_each_example_is_read_from_the_disk_about_once(parts, monkeypatch):
    loader = Loader(parts[1][0], CONFIG, "cpu")
    read, usual = [], loader._read
    monkeypatch.setattr(loader, "_read", lambda rows: (read.append(len(rows)), usual(rows))[1])
    order = loader.arranged(np.arange(700), 0, 1)
    for rows in loader.index(order).split(32):
        loader.batch(rows)
    assert read == [128, 128, 128, 128, 128, 60]


def test_a_streamed_run_that_is_resumed_ends_with_the_same_bits(parts, tmp_path):
    whole, history = weights_after(parts[1])
    weights_after(parts[1], TRAIN.replace(epochs=1), checkpoints=tmp_path / "saved")
    resumed, after = weights_after(parts[1], checkpoints=tmp_path / "saved")
    assert same(whole, resumed)
    assert [e.metrics for e in history.evaluations] == [e.metrics for e in after.evaluations]


def test_shares_of_a_batch_among_processes_are_read_rightly(parts):
    memory, disk = parts
    loader = Loader(disk[0], CONFIG, "cpu")
    order = loader.arranged(np.arange(700), 0, 1)
    for rows in loader.index(order).split(50):
        for share in (rows[25:], rows[:0]):
            np.testing.assert_array_equal(loader.batch(share).X.numpy(), memory[0].X[order[share.numpy()]])


def test_the_other_layout_is_that_of_devices(parts):
    memory, disk = parts
    loader = Loader(disk[0], CONFIG, "cpu")
    loader.by_position = False  # as on a GPU
    index = loader.index(order := np.array([5, 2, 5, 699]))
    batch = loader.batch(index)
    np.testing.assert_array_equal(batch.X.numpy(), memory[0].X[order])
    assert not loader.recordable
