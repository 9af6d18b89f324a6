"""Training on one of several classes, and on several labels of which some are missing."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.nn import functional

from dnaconv_core.data.dataset import Dataset
from dnaconv_core.errors import ConfigError
from dnaconv_core.model.config import ModelConfig, TrainConfig
from dnaconv_core.model.convnet import build
from dnaconv_core.predict import predict
from dnaconv_core.train.batches import Loader, epoch_order
from dnaconv_core.train.loop import fit, measure
from dnaconv_core.train.loss import per_example

SHAPE = {"length": 19, "depth": 1, "filters": 6, "kernel_size": 5, "dropout": 0.0, "pooling": "max"}
WORDS = ("TGACTC", "GGGCGG", "CATATG")
TRAIN = TrainConfig(epochs=40, eval_every=10, batch_size=40, learning_rate=0.02)


def planted(n, seed):
    """Sequences with one of three words, and which `(n,)`."""
    rng = np.random.default_rng(seed)
    codes, which = rng.integers(0, 4, (n, 19)), rng.choice(3, n, p=[0.5, 0.3, 0.2])
    for row, word in enumerate(which):
        start = rng.integers(0, 13)
        codes[row, start : start + 6] = ["ACGT".index(letter) for letter in WORDS[word]]
    return (codes[:, None] == np.arange(4)[:, None]).astype(np.int8), which


def dataset(X, y, w=None):
    y = np.asarray(y, np.float32).reshape(len(X), -1)
    return Dataset(X, y, np.ones_like(y) if w is None else np.asarray(w, np.float32), np.arange(len(X)).astype(str))


def test_the_loss_of_classes_is_torchs_and_a_weight_of_zero_counts_nothing():
    model = build(ModelConfig(task="classes", output="softmax", n_tasks=5, **SHAPE))
    logits, y = torch.randn(7, 3, 5), torch.randint(5, (7, 1))  # (B, M, K), (B, 1)
    found = per_example(model, logits, y[:, None].float())
    expected = functional.cross_entropy(logits.flatten(0, 1), y.expand(7, 3).flatten(), reduction="none")
    assert found.shape == (7, 3, 1)
    torch.testing.assert_close(found.flatten(), expected)
    assert model.activate(logits).sum(dim=-1).allclose(torch.ones(7, 3))


@pytest.mark.slow
@pytest.mark.parametrize("balance", [False, True])
def test_a_network_learns_which_of_three_words_is_there(balance):
    (X, y), (V, v) = planted(240, 1), planted(120, 2)
    for members in (1, 2):
        model = build(ModelConfig(task="classes", output="softmax", n_tasks=3, members=members, **SHAPE))
        history = fit(model, dataset(X, y), dataset(V, v), TRAIN.replace(balance=balance))
        last = history.evaluations[-1].metrics["valid"]
        assert last["accuracy"] > 0.9 and last["macro_auroc"] > 0.95
        assert last["loss"] == pytest.approx(last["log_loss"], rel=1e-4)
        assert predict(model, V).sum(axis=1) == pytest.approx(np.ones(120), abs=1e-5)


def test_every_class_is_drawn_as_often_when_balanced():
    y = np.repeat([0.0, 1, 2, 4], [50, 30, 5, 2])[:, None]
    labels, counts = np.unique(y[epoch_order(y, 1, 2, balance=True)], return_counts=True)
    assert labels.tolist() == [0, 1, 2, 4] and counts.tolist() == [22, 22, 22, 21]


@pytest.mark.slow
def test_several_labels_learn_apart_and_missing_ones_change_nothing():
    X, which = planted(240, 3)
    y = (which[:, None] == np.arange(3)).astype(np.float32)
    w = np.ones_like(y)
    w[::3, 1] = 0
    wrong = np.where(w > 0, y, 1 - y)
    unknown = np.where(w > 0, y, np.nan)
    config, valid = ModelConfig(n_tasks=3, **SHAPE), dataset(*planted(60, 4))
    valid = dataset(valid.X, (valid.y == np.arange(3)))
    models = [build(config) for _ in range(3)]
    histories = [
        fit(model, dataset(X, labels, w), valid, TRAIN)
        for model, labels in zip(models, (y, wrong, unknown), strict=True)
    ]
    assert histories[0].evaluations[-1].metrics == histories[1].evaluations[-1].metrics
    assert histories[0].evaluations[-1].metrics["valid"] == histories[2].evaluations[-1].metrics["valid"]
    assert histories[0].evaluations[-1].metrics["valid"]["auroc"] > 0.95
    assert measure(models[2], dataset(X, unknown, w))["loss"] == pytest.approx(
        measure(models[0], dataset(X, y, w))["loss"]
    )


def test_a_missing_label_moves_no_weight_of_the_other_outputs():
    X, which = planted(40, 5)
    y, w = (which[:, None] == np.arange(3)).astype(np.float32), np.ones((40, 3), np.float32)
    w[:, 1] = 0
    model = build(ModelConfig(n_tasks=3, **SHAPE))
    loss = per_example(model, model(torch.from_numpy(X).float()), torch.from_numpy(y)) * torch.from_numpy(w)
    loss.mean().backward()
    assert (model.dense.weight.grad[1] == 0).all() and (model.dense.weight.grad[[0, 2]] != 0).any()


def test_balance_of_several_labels_weighs_their_classes_alike():
    rng = np.random.default_rng(0)
    y = (rng.random((50, 3)) < [0.1, 0.5, 0.8]).astype(np.float32)
    w = np.where(rng.random((50, 3)) < 0.8, 2.0, 0.0)
    found = Loader(dataset(np.zeros((50, 4, 19), np.int8), y, w), ModelConfig(n_tasks=3, **SHAPE), "cpu", balance=True)
    for t in range(3):
        known, weights = w[:, t] > 0, found.w.numpy()[:, t]
        halves = [weights[known & (y[:, t] == label)].sum() for label in (0, 1)]
        assert halves == pytest.approx([known.sum() / 2] * 2, rel=1e-5) and not weights[~known].any()
    assert sorted(epoch_order(y, 0, 1, balance=True)) == list(range(50))
    with pytest.raises(ConfigError, match="no two classes to balance"):
        fit(
            build(ModelConfig(task="regression", **SHAPE)), dataset(*planted(8, 1)), dataset(*planted(8, 1)),
            TRAIN.replace(balance=True),
        )  # fmt: skip
