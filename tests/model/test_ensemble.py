"""An ensemble is one network whose members do not see each other, and whose mean is a plain forward pass."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from dnaconv_core.errors import ConfigError
from dnaconv_core.model.bundle import load_bundle, save_bundle
from dnaconv_core.model.config import ModelConfig, TrainConfig
from dnaconv_core.model.convnet import ConvNet, build
from dnaconv_core.model.layers import outside_gc
from dnaconv_core.predict import predict
from dnaconv_core.sequence.encoding import one_hot


def sequences(n: int, length: int) -> np.ndarray:
    codes = np.random.default_rng(5).integers(0, 4, (n, length))
    return (codes[:, None, :] == np.arange(4)[None, :, None]).astype(np.int8)


def alone(model: ConvNet, member: int) -> ConvNet:
    """A network of its own with the weights of one member."""
    m, n, f = model.config.members, model.config.n_pooled, model.config.filters
    single = build(model.config.replace(members=1))
    with torch.no_grad():
        for ours, theirs in zip(single.convs, model.convs, strict=True):
            ours.weight.copy_(theirs.weight[member * f : (member + 1) * f])
            ours.bias.copy_(theirs.bias[member * f : (member + 1) * f])
        single.dense.weight[:, :n] = m * model.dense.weight[:, member * n : (member + 1) * n]
        single.dense.weight[:, n:] = model.dense.weight[:, m * n :]
        single.dense.bias.copy_(model.dense.bias)
        if single.positional is not None:
            single.positional.weight.copy_(model.positional.weight)
    return single


CASES = [
    {"depth": 3, "pooling": "flatten"},
    {"depth": 2, "pooling": "max", "strands": "both", "covariates": ("open",)},
    {"depth": 1, "pooling": "max_mean", "positional": True, "n_tasks": 2},
]


@pytest.mark.parametrize("changes", CASES)
def test_members_are_networks_of_their_own_and_their_mean_is_the_forward_pass(changes):
    config = ModelConfig(length=19, filters=5, kernel_size=4, members=3, **changes)
    model = build(config, 2).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.1 * torch.randn(parameter.shape, generator=torch.Generator().manual_seed(1)))
    X = sequences(11, 19)
    c = np.linspace(-1, 1, 11, dtype=np.float32)[:, None] if config.covariates else None
    each = np.stack([predict(alone(model, i), X, c, output="logit") for i in range(3)], axis=1)  # (N, M, T)
    with torch.no_grad():
        beside = None if c is None else torch.from_numpy(c)
        members = model.member_logits(torch.from_numpy(X).float(), beside).numpy()
    np.testing.assert_allclose(members, each, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(predict(model, X, c, output="logit"), each.mean(axis=1), rtol=1e-4, atol=1e-5)
    spread = (1 / (1 + np.exp(-each))).std(axis=1)
    np.testing.assert_allclose(predict(model, X, c, output="spread"), spread, rtol=1e-3, atol=1e-5)
    assert sum(p.numel() for p in model.parameters()) == config.n_parameters


def test_each_member_begins_as_it_would_alone_and_differently():
    model = build(ModelConfig(length=19, depth=2, filters=8, kernel_size=4, members=3))
    limit = (6 / (8 * 4 + 8 * 4)) ** 0.5
    assert limit * 0.9 < model.convs[1].weight.abs().max() <= limit
    limit = (6 / (8 * 19 + 1)) ** 0.5 / 3
    assert limit * 0.9 < model.dense.weight.abs().max() <= limit
    first, second, _ = model.convs[0].weight.chunk(3)
    assert not torch.equal(first, second)


def test_a_single_network_spreads_nothing():
    model = build(ModelConfig(length=19, kernel_size=4))
    assert not predict(model, sequences(9, 19), output="spread").any()


def test_one_bundle_holds_all_members(tmp_path):
    model = build(ModelConfig(length=19, depth=2, filters=5, kernel_size=4, members=3), 4)
    again = load_bundle(save_bundle(tmp_path / "b", model, "tf_binding")).model
    X = sequences(9, 19)
    assert np.array_equal(predict(model, X, output="spread"), predict(again, X, output="spread"))


def test_gc_content_counts_below_30_and_above_52_percent():
    words = ["AUAUAUAUAU", "GAAUUAAUAC", "GGAAUUAAUC", "GGGGGAUAUA", "GGGGGCCAUA", "GGGNNAUAUA"]  # GC 0, 2, 3, 5, 7, 4
    X = torch.from_numpy(one_hot(words, "RNA")).float()
    outside = outside_gc(X, 10).relu().numpy()
    np.testing.assert_allclose(outside, [[3, 0], [1, 0], [0, 0], [0, 0], [0, 1.8], [0, 0]], atol=1e-5)
    config = ModelConfig(
        length=10, depth=1, kernel_size=3, alphabet="RNA", task="regression", output="linear", members=2,
        composition=10,
    )  # fmt: skip
    model = build(config).eval()
    before = model(X).detach()
    with torch.no_grad():
        model.composition.weight[:] = torch.tensor([[-0.5, 0.25]])
    np.testing.assert_allclose((model(X) - before).detach()[:, 0], [-1.5, -0.5, 0, 0, 0.45, 0], atol=1e-5)
    np.testing.assert_allclose(model.member_logits(X).mean(1).detach(), model(X).detach(), atol=1e-5)
    few = outside_gc(X, 4).relu().numpy()  # GC 0, 1 and 2 of 4 bases
    np.testing.assert_allclose(few[:3], [[3, 0], [0.5, 0], [0, 0]], atol=1e-5)
    np.testing.assert_allclose(few[3:], [[0, 4.8], [0, 4.8], [0, 3.55]], atol=1e-5)


def test_gc_content_of_bases_that_are_not_there_is_refused():
    with pytest.raises(ConfigError, match="composition is 22 but the sequences have 21 bases"):
        ModelConfig(length=21, composition=22)
    with pytest.raises(ConfigError, match="composition is 19 of 21 bases but both strands are read"):
        ModelConfig(length=21, composition=19, strands="both")


def test_positional_weights_begin_at_nothing_and_add_what_stands_where():
    model = build(
        ModelConfig(length=6, kernel_size=3, alphabet="RNA", task="regression", output="linear", positional=True)
    )
    X = sequences(9, 6)
    before = predict(model, X)
    with torch.no_grad():
        model.positional.weight[0, 2 * 6 + 4] = 0.5  # G at the fifth position
    np.testing.assert_allclose(predict(model, X) - before, 0.5 * X[:, 2, 4:5], atol=1e-6)


def test_what_does_not_go_together_is_refused():
    with pytest.raises(ConfigError, match="positional is true but both strands are read"):
        ModelConfig(positional=True, strands="both")
    with pytest.raises(ConfigError, match="keep is 'last' but patience is 3"):
        TrainConfig(keep="last", patience=3)


@pytest.mark.slow
def test_the_weight_of_a_standardised_covariate_begins_at_nothing_and_is_learnt_whatever_the_seed():
    """It began at random times the gain: seed 1 then weighed accessibility against binding to the end."""
    from dnaconv_core.experiments import get_experiment
    from dnaconv_core.train.loop import fit

    experiment = get_experiment("chromatin")
    data = experiment.synthetic(1000, seed=3)
    small = {"filters": 4, "epoch_size": 600, "epochs": 3}
    for seed in range(4):
        model = build(experiment.model_config("tuned", data, filters=4), seed)
        assert model.dense.weight[0, -1] == 0 and model.dense.weight[0, :-1].abs().min() > 0
        fit(model, data, data.subset(np.arange(100)), experiment.train_config("tuned", seed=seed, **small))
        assert model.dense.weight[0, -1] > 0
    raw = build(experiment.model_config("book", data), 0)
    assert raw.dense.weight[0, -1] != 0  # as Keras begins
