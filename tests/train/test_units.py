"""Labels in their own units: training on standard ones, predicting what was measured."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch.testing import assert_close

from dnaconv_core.data.dataset import Dataset
from dnaconv_core.model.config import ModelConfig, TrainConfig
from dnaconv_core.model.convnet import build
from dnaconv_core.predict import predict
from dnaconv_core.sequence.encoding import from_codes
from dnaconv_core.train.loop import fit
from dnaconv_core.train.units import SPREAD, in_units, into_units, out_of_units, units_of

SHAPE = ModelConfig(
    task="regression", output="linear", alphabet="RNA", length=20, n_tasks=2, depth=1, filters=3, kernel_size=4,
    positional=True, composition=19, members=2,
)  # fmt: skip
HOW = TrainConfig(epochs=6, eval_every=3, batch_size=20, learning_rate=0.01, standardize=True)


@pytest.fixture(scope="module")
def data() -> Dataset:
    rng = np.random.default_rng(1)
    codes = rng.integers(0, 4, (60, 20))
    y = np.c_[codes[:, 3] == 1, codes[:, 7] > 1].astype(np.float32) + rng.normal(0, 0.1, (60, 2)).astype(np.float32)
    w = np.ones_like(y)
    w[5, 1], y[5, 1] = 0, np.nan  # nobody measured it
    return Dataset(from_codes(codes), y, w, np.arange(60).astype(str), alphabet="RNA")


def elsewhere(data: Dataset) -> Dataset:
    return replace(data, y=(data.y * [100, 0.001] + [500, -3]).astype(np.float32))


def test_units_are_the_known_labels_mean_and_spread(data):
    units, known = units_of(data), data.y[np.arange(60) != 5, 1].astype(float)
    assert units.mean[1] == pytest.approx(known.mean()) and units.scale[1] == pytest.approx(known.std() / SPREAD)
    standard = units.standard(data).y
    assert np.nanmean(standard, axis=0) == pytest.approx([0, 0], abs=1e-6)
    assert np.nanstd(standard, axis=0) == pytest.approx([SPREAD] * 2) and np.isnan(standard[5, 1])
    one = replace(data, y=np.full((60, 1), 7, np.float32), w=np.ones((60, 1), np.float32))
    assert (units_of(one).mean[0], units_of(one).scale[0]) == (7, 1)


def test_outputs_are_scaled_and_shifted_and_come_back(data):
    model, units = build(SHAPE, 0), units_of(elsewhere(data))
    torch.nn.init.normal_(model.positional.weight)
    torch.nn.init.normal_(model.composition.weight)
    plain, kept = predict(model, data), {name: value.clone() for name, value in model.state_dict().items()}
    with pytest.raises(ZeroDivisionError), in_units(model, units):
        assert predict(model, data) == pytest.approx(plain * units.scale + units.mean, rel=1e-4)
        _ = 1 / 0
    assert all(torch.equal(value, kept[name]) for name, value in model.state_dict().items())
    into_units(model, units)
    out_of_units(model, units)
    assert_close(model.state_dict(), kept, rtol=1e-4, atol=1e-3)  # -3 in steps of 0.001


@pytest.mark.parametrize("keep", ["best", "last"])
def test_the_same_network_comes_out_whatever_the_units(data, keep):
    """Trained on other units, and stopped half-way, it predicts the same in those."""
    moved, how = elsewhere(data), HOW.replace(keep=keep)
    near, far = build(SHAPE, 0), build(SHAPE, 0)
    told = fit(near, data, data, how).evaluations[-1].metrics["valid"]
    there = fit(far, moved, moved, how).evaluations[-1].metrics["valid"]
    assert predict(far, moved) == pytest.approx(predict(near, data) * [100, 0.001] + [500, -3], rel=1e-3)
    assert there["pearson_r"] == pytest.approx(told["pearson_r"], abs=1e-3) and told["pearson_r"] > 0.6
    assert there["loss"] > 100 * told["loss"]  # in the labels' units


def test_a_run_that_goes_on_is_as_if_it_had_never_stopped(data, tmp_path):
    moved, whole, halves = elsewhere(data), build(SHAPE, 0), build(SHAPE, 0)
    fit(whole, moved, moved, HOW)
    fit(halves, moved, moved, HOW.replace(epochs=3, checkpoint_every=3), checkpoints=tmp_path)
    again = build(SHAPE, 5)
    fit(again, moved, moved, HOW, checkpoints=tmp_path)
    assert torch.equal(torch.from_numpy(predict(again, moved)), torch.from_numpy(predict(whole, moved)))


def test_a_trained_model_s_outputs_are_taken_as_they_are(data):
    moved = elsewhere(data)
    model = build(SHAPE, 0)
    fit(model, moved, moved, HOW)
    before, still = predict(model, moved), HOW.replace(epochs=1, learning_rate=1e-7)
    fit(model, moved, moved, still, trained_outputs=True)
    assert predict(model, moved) == pytest.approx(before, rel=1e-3)


def test_with_a_sigmoid_it_does_nothing(data):
    y = np.clip(np.nan_to_num(data.y), 0, 1)
    some, config = replace(data, y=y), SHAPE.replace(output="sigmoid")
    one, other = build(config, 0), build(config, 0)
    fit(one, some, some, HOW.replace(epochs=1))
    fit(other, some, some, HOW.replace(epochs=1, standardize=False))
    assert torch.equal(one.dense.weight, other.dense.weight)
