"""bfloat16 convolutions: where they are chosen, that they compute the same to rounding, that runs stay repeatable."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from dnaconv_core.data.synthetic import tf_binding
from dnaconv_core.engine import channels_last
from dnaconv_core.engine.forward import member_logits
from dnaconv_core.errors import TrainingError
from dnaconv_core.model.config import ModelConfig, TrainConfig
from dnaconv_core.model.convnet import build
from dnaconv_core.train import precision
from dnaconv_core.train.batches import Loader
from dnaconv_core.train.checkpoint import load_checkpoint
from dnaconv_core.train.loop import fit

CONFIG = ModelConfig(length=41, kernel_size=5, filters=6, depth=2)
TRAIN = TrainConfig(epochs=4, eval_every=2, batch_size=64, checkpoint_every=1, seed=5)
has_it = pytest.mark.skipif(not precision.has_bfloat16(), reason="this processor has no bfloat16")


@pytest.fixture(scope="module")
def parts():
    data = tf_binding(300, length=41, seed=1)
    return data.subset(np.arange(197)), data.subset(np.arange(197, 300))  # the last batch has 5 examples: too few


def weights(model) -> list[torch.Tensor]:
    return [tensor.clone() for tensor in model.state_dict().values()]


def state(folder) -> dict:
    return load_checkpoint(folder).state


def test_the_rule_looks_at_processor_network_device_and_what_the_run_has_had(monkeypatch):
    model, short = build(CONFIG), build(CONFIG.replace(length=39))
    strongest = build(CONFIG.replace(depth=1, pooling="max"))
    monkeypatch.setattr(precision, "has_bfloat16", lambda: True)
    assert precision.choose(model, "auto", "cpu") == "bfloat16"
    assert precision.choose(model, "auto", "cpu", before="bfloat16") == "bfloat16"
    assert precision.choose(model, "auto", "cpu", before="float32") == "float32"
    assert precision.choose(model, "float32", "cpu") == "float32"
    assert precision.choose(model, "auto", "cuda:0") == "float32"
    assert precision.choose(short, "auto", "cpu") == "float32"
    assert precision.choose(strongest, "auto", "cpu") == "float32"
    monkeypatch.setattr(precision, "has_bfloat16", lambda: False)
    assert precision.choose(model, "auto", "cpu", before="bfloat16") == "float32"


@has_it
@pytest.mark.parametrize(
    "changes", [{}, {"kernel_size": 10}, {"members": 2}, {"strands": "both", "pooling": "max_mean"}]
)
def test_logits_and_gradients_round_no_more_than_torchs_own_bfloat16(parts, changes, monkeypatch):
    model = build(CONFIG.replace(dropout=0.0, **changes), seed=3).train()

    def computed(dtype: str) -> list[torch.Tensor]:
        batch = Loader(parts[0], model.config, "cpu", precision=dtype).batch(torch.arange(64))
        assert batch.X.dtype == getattr(torch, dtype)
        logits = member_logits(model, batch.X).float()
        gradients = torch.autograd.grad(logits.sum(), list(model.parameters()))
        assert all(gradient.dtype == torch.float32 for gradient in gradients)
        return [logits.detach(), *gradients]

    exact, rounded = computed("float32"), computed("bfloat16")
    assert not torch.equal(exact[0], rounded[0])
    monkeypatch.setattr(channels_last, "_available", lambda: False)
    with torch.autocast("cpu", torch.bfloat16):
        torchs = computed("float32")
    for truth, ours, theirs in zip(exact, rounded, torchs, strict=True):
        assert (ours - truth).norm() <= 1.2 * (theirs - truth).norm() <= 0.05 * truth.norm()


def test_masks_and_relu_are_the_same_on_the_bits_of_bfloat16():
    torch.manual_seed(0)
    every = torch.arange(-(2**15), 2**15, dtype=torch.int32).to(torch.int16).view(torch.bfloat16)
    every = every[~every.isnan()]  # infinities, zeros of both signs and the smallest numbers among them
    mask = torch.randint(2, every.shape)
    bits = channels_last._bits
    np.testing.assert_array_equal(
        (bits(every) * mask.to(torch.int16)).view(torch.bfloat16).float(),
        torch.where(mask == 1, every, 0.0).float(),
    )
    np.testing.assert_array_equal(bits(every.clone()).relu_().view(torch.bfloat16).float(), every.relu().float())
    gradient = every.roll(12345)
    through = torch.ops.aten.threshold_backward
    np.testing.assert_array_equal(
        through(bits(gradient), bits(every), 0).view(torch.bfloat16).float(), through(gradient, every, 0).float()
    )


@has_it
def test_a_weight_that_is_no_number_ends_the_run(parts):
    model = build(CONFIG)
    with torch.no_grad():
        model.convs[0].weight[0, 0, 0] = -np.nan
    with pytest.raises(TrainingError, match="not a number (at|after) epoch 1"):
        fit(model, *parts, TRAIN)


@has_it
def test_a_resumed_run_is_bit_for_bit_the_undisturbed_one(parts, tmp_path):
    whole, again, exact = build(CONFIG), build(CONFIG), build(CONFIG)
    expected = fit(whole, *parts, TRAIN)
    fit(build(CONFIG), *parts, TRAIN.replace(epochs=2), checkpoints=tmp_path)
    assert state(tmp_path)["precision"] == "bfloat16"
    history = fit(again, *parts, TRAIN, checkpoints=tmp_path)
    assert [e.metrics for e in history.evaluations] == [e.metrics for e in expected.evaluations]
    assert all(torch.equal(a, b) for a, b in zip(weights(whole), weights(again), strict=True))
    assert fit(exact, *parts, TRAIN.replace(precision="float32")).last_epoch == 4
    assert not torch.equal(exact.convs[0].weight, whole.convs[0].weight)


def test_a_run_begun_in_float32_stays_in_it_and_one_in_bfloat16_goes_on_without(parts, tmp_path, monkeypatch):
    monkeypatch.setattr(precision, "has_bfloat16", lambda: False)
    whole, again = build(CONFIG), build(CONFIG)
    fit(whole, *parts, TRAIN)
    fit(build(CONFIG), *parts, TRAIN.replace(epochs=2), checkpoints=tmp_path)
    monkeypatch.setattr(precision, "has_bfloat16", lambda: True)
    fit(again, *parts, TRAIN, checkpoints=tmp_path)
    assert state(tmp_path)["precision"] == "float32"
    assert all(torch.equal(a, b) for a, b in zip(weights(whole), weights(again), strict=True))


@has_it
def test_a_run_goes_on_where_the_processor_has_no_bfloat16(parts, tmp_path, monkeypatch):
    fit(build(CONFIG), *parts, TRAIN.replace(epochs=2), checkpoints=tmp_path)
    monkeypatch.setattr(precision, "has_bfloat16", lambda: False)
    history = fit(build(CONFIG), *parts, TRAIN, checkpoints=tmp_path)
    assert (history.last_epoch, state(tmp_path)["precision"]) == (4, "float32")
