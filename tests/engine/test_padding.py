"""Padding that heads ignore: positions that see no known base do not count."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from dnaconv_core.model.config import ModelConfig
from dnaconv_core.model.convnet import ConvNet, build
from dnaconv_core.predict import predict
from dnaconv_core.scan.scan import plan_scan
from dnaconv_core.sequence.encoding import one_hot
from dnaconv_core.sequence.shuffle import random_backgrounds


def counts_a(pooling: str, ignore: bool) -> ConvNet:
    """One filter of three bases: one for each A in them, and half a one besides."""
    model = build(
        ModelConfig(
            length=10, depth=1, filters=1, kernel_size=3, padding="valid", pooling=pooling, ignore_padding=ignore,
            dropout=0.0,
        )
    )  # fmt: skip
    with torch.no_grad():
        model.convs[0].weight.zero_()
        model.convs[0].weight[0, 0] = 1
        model.convs[0].bias.fill_(0.5)
        model.dense.weight.fill_(1)
    return model


@pytest.mark.parametrize(
    ("sequence", "all_of_them", "those_that_count"),
    [
        # places of the windows that see a known base: 2 to 6 of 0 to 7, with 1, 2, 2, 1, 0 A in them
        ("NNNNAACNNN", (6 + 8 * 0.5) / 8, (6 + 5 * 0.5) / 5),
        ("NNNNANANNN", (1 + 1 + 2 + 1 + 1 + 8 * 0.5) / 8, (6 + 5 * 0.5) / 5),  # what is unknown within counts
        ("NNNNNNNNNC", 0.5, 0.5),
        ("AANNNNNNNN", (2 + 1 + 8 * 0.5) / 8, (2 + 1 + 2 * 0.5) / 2),
        ("NNNNNNNNNN", 0.5, 0.5),  # no base is known: all count
        ("ACGTACGTAC", (6 + 8 * 0.5) / 8, (6 + 8 * 0.5) / 8),  # nothing is padding
    ],
)
def test_means_by_hand(sequence, all_of_them, those_that_count):
    X = one_hot([sequence] * 9)
    for ignore, truth in ((False, all_of_them), (True, those_that_count)):
        found = predict(counts_a("mean", ignore), X, output="logit")
        np.testing.assert_allclose(found, truth, rtol=1e-6)


def test_a_maximum_in_the_padding_does_not_count():
    X = one_hot(["NNNNCCCNNN"] * 9)
    model = counts_a("max", True)
    with torch.no_grad():
        model.convs[0].weight[0, 1] = -1  # C: the empty windows have the most, 0.5
    assert predict(model, X, output="logit") == pytest.approx(0)
    other = build(model.config.replace(ignore_padding=False))
    other.load_state_dict(model.state_dict())
    assert predict(other, X, output="logit") == pytest.approx(0.5)


@pytest.mark.slow
@settings(max_examples=40, deadline=None, derandomize=True)
@given(
    pooling=st.sampled_from(["max", "mean", "max_mean"]),
    strands=st.sampled_from(["one", "both"]),
    depth=st.integers(1, 3),
    kernel_size=st.integers(1, 5),
    left=st.integers(0, 9),
    right=st.integers(0, 9),
    members=st.integers(1, 2),
    n=st.sampled_from([2, 9]),
)
def test_more_padding_changes_nothing(pooling, strands, depth, kernel_size, left, right, members, n):
    """The same weights in a network just long enough that every position sees a base."""
    around, bases = depth * (kernel_size - 1), 13
    config = ModelConfig(
        length=bases + 2 * around, depth=depth, kernel_size=kernel_size, filters=4, padding="valid", pooling=pooling,
        strands=strands, members=members,
    )  # fmt: skip
    short = build(config, depth)
    with torch.no_grad():
        for conv in short.convs:
            conv.bias.uniform_(-0.3, 0.3)
    long = build(config.replace(length=config.length + left + right, ignore_padding=True))
    long.load_state_dict(short.state_dict())
    X = np.zeros((n, 4, config.length), np.int8)
    X[:, :, around : around + bases] = random_backgrounds(n, bases, seed=left)
    padded = np.pad(X, ((0, 0), (0, 0), (left, right)))
    np.testing.assert_allclose(predict(long, padded), predict(short, X), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("kernel_size", [4, 5])
@pytest.mark.parametrize("pooling", ["max", "mean", "max_mean"])
def test_both_strands_still_read_the_same(kernel_size, pooling):
    config = ModelConfig(
        length=29, depth=2, kernel_size=kernel_size, filters=4, pooling=pooling, strands="both", ignore_padding=True
    )
    X = random_backgrounds(9, 29, seed=2)
    X[:, :, :11] = 0
    model = build(config, 3)
    np.testing.assert_allclose(predict(model, X), predict(model, X[:, ::-1, ::-1].copy()), rtol=1e-5)


def test_every_position_is_kept_by_flatten_and_a_scan_with_flanks_goes_window_by_window():
    X = random_backgrounds(9, 29, seed=2)
    X[:, :, :11] = 0
    config = ModelConfig(length=29, depth=1, kernel_size=4)
    same = [predict(build(config.replace(ignore_padding=ignore)), X) for ignore in (False, True)]
    np.testing.assert_array_equal(*same)
    pooled = build(config.replace(pooling="mean", ignore_padding=True))
    assert plan_scan(pooled).method == "dense"
    assert "it ignores padding" in plan_scan(pooled, edges="context").note
