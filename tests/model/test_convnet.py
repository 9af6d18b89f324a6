from __future__ import annotations

import warnings

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from dnaconv_core.model.config import ModelConfig
from dnaconv_core.model.convnet import build
from dnaconv_core.model.layers import ReluDropout, SameConv1d
from dnaconv_core.model.receptive_field import input_span, receptive_field
from dnaconv_core.predict import predict


def sequences(n: int, length: int, seed: int = 0) -> np.ndarray:
    codes = np.random.default_rng(seed).integers(0, 4, (n, length))
    return (codes[:, None, :] == np.arange(4)[None, :, None]).astype(np.int8)


def test_same_padding_by_hand():
    """Kernel 1 2 3 4 over 1 10 100 1000 10000, one zero on the left and two on the right, as Keras pads."""
    conv = SameConv1d(1, 1, 4)
    with torch.no_grad():
        conv.weight.copy_(torch.tensor([[[1.0, 2, 3, 4]]]))
        conv.bias.zero_()
        out = conv(torch.tensor([[[1.0, 10, 100, 1000, 10000]]]))
    assert out.flatten().tolist() == [432, 4321, 43210, 32100, 21000]


@pytest.mark.parametrize("kernel", range(1, 12))
def test_same_padding_equals_torchs_and_does_not_warn(kernel):
    torch.manual_seed(0)
    ours, theirs = SameConv1d(3, 5, kernel), torch.nn.Conv1d(3, 5, kernel, padding="same")
    theirs.load_state_dict(ours.state_dict())
    x = torch.randn(2, 3, 17)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        out = ours(x)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.testing.assert_close(out, theirs(x))


def test_glorot_uniform_weights_and_zero_biases():
    model = build(ModelConfig(filters=64, kernel_size=10, depth=2))
    weight = model.convs[1].weight
    limit = (6 / (64 * 10 + 64 * 10)) ** 0.5
    assert weight.abs().max() <= limit
    assert weight.std().item() == pytest.approx(limit / 3**0.5, rel=0.03)
    assert all(conv.bias.abs().max() == 0 for conv in model.convs)


def test_seed_makes_the_weights_and_leaves_torchs_generator_alone():
    torch.manual_seed(7)
    before = torch.get_rng_state()
    first, again, other = build(ModelConfig(), 1), build(ModelConfig(), 1), build(ModelConfig(), 2)
    assert torch.equal(before, torch.get_rng_state())
    assert torch.equal(first.dense.weight, again.dense.weight)
    assert not torch.equal(first.dense.weight, other.dense.weight)


def test_a_planted_filter_by_hand():
    """One filter that counts matches to TGA: the logit is known for every sequence."""
    model = build(ModelConfig(length=6, depth=1, filters=1, kernel_size=3, padding="valid", pooling="max"))
    with torch.no_grad():
        model.convs[0].weight.copy_(torch.tensor([[[0.0, 0, 1], [0, 0, 0], [0, 1, 0], [1, 0, 0]]]))  # A C G T × 3
        model.dense.weight.fill_(2.0)
        model.dense.bias.fill_(-1.0)
    from dnaconv_core.sequence.encoding import one_hot

    X = one_hot(["CTGACC", "TGCCCC", "CCCCCC", "NTGAAN"])
    assert predict(model, X, output="logit")[:, 0].tolist() == [5.0, 3.0, -1.0, 5.0]


class TestReluDropout:
    def test_evaluation_is_a_plain_relu(self):
        x = torch.randn(3, 5, 7)
        assert torch.equal(ReluDropout(0.5).eval()(x), x.relu())

    @pytest.mark.parametrize("p", [0.1, 0.3, 0.5, 0.9])
    def test_rate_scale_and_gradient(self, p):
        torch.manual_seed(0)
        x = torch.rand(200, 51, 101) + 0.5
        x.requires_grad_()
        y = ReluDropout(p).train()(x)
        kept = (y != 0).float().mean().item()
        assert kept == pytest.approx(1 - p, abs=1 / 512 + 5 * (p * (1 - p) / x.numel()) ** 0.5)
        torch.testing.assert_close(y[y != 0], x[y != 0] * (256 / round(256 * (1 - p))))
        (gradient,) = torch.autograd.grad(y.sum(), x)
        torch.testing.assert_close(gradient * x, y)

    def test_masks_are_independent_between_neighbours_and_draws(self):
        torch.manual_seed(0)
        layer, x = ReluDropout(0.5).train(), torch.ones(1_000_003)
        first, second = (layer(x) != 0).float() - 0.5, (layer(x) != 0).float() - 0.5
        bound = 5 / len(x) ** 0.5  # five standard errors of a correlation
        for shift in (1, 2, 7, 8, 9, 64):
            assert abs((first[shift:] * first[:-shift]).mean().item() * 4) < bound
        assert abs((first * second).mean().item() * 4) < bound
        for phase in range(8):  # each byte of the words behind it is fair
            assert abs(first[phase::8].mean().item() * 2) < 5 / (len(x) / 8) ** 0.5

    def test_seed_decides(self):
        layer, x = ReluDropout(0.5).train(), torch.ones(1000)
        draws = []
        for seed in (1, 1, 2):
            torch.manual_seed(seed)
            draws.append(layer(x))
        assert torch.equal(draws[0], draws[1]) and not torch.equal(draws[0], draws[2])

    def test_negative_activations_stay_zero_without_gradient(self):
        x = torch.full((4, 6), -1.0, requires_grad=True)
        y = ReluDropout(0.2).train()(x)
        y.sum().backward()
        assert not y.any() and not x.grad.any()


def test_both_strands_with_max_do_not_tell_the_strands_apart():
    model = build(ModelConfig(length=23, strands="both", pooling="max", filters=7, kernel_size=5))
    X = sequences(6, 23)
    np.testing.assert_allclose(predict(model, X), predict(model, X[:, ::-1, ::-1]), rtol=1e-5)


def test_both_strands_read_the_stronger_one_at_each_position():
    config = ModelConfig(length=23, strands="both", filters=7, kernel_size=5, depth=1)
    both, one = build(config), build(config.replace(strands="one"))
    x = torch.from_numpy(sequences(3, 23)).float()
    with torch.no_grad():
        forward, reverse = one.eval().features(x), one.features(x.flip(1, 2)).flip(2)
        torch.testing.assert_close(both.eval().features(x), torch.maximum(forward, reverse))


def test_covariates_join_after_flatten_raw_or_standardised():
    config = ModelConfig(length=11, kernel_size=3, covariates=("open",))
    raw = build(config)
    log = build(config.replace(covariate_transform="log", covariate_mean=(-6.0,), covariate_scale=(0.5,)))
    x = torch.from_numpy(sequences(4, 11)).float()
    a = torch.tensor([[0.0], [0.001], [0.01], [0.1]])
    with torch.no_grad():
        weight = raw.dense.weight[0, -1]
        torch.testing.assert_close(raw.eval()(x, a) - raw(x, a * 0), a * weight)
        expected = (torch.log(a + 1e-3) + 6) / 0.5
        torch.testing.assert_close(log.transform(a), expected)


configs = st.builds(
    dict,
    length=st.integers(12, 40),
    depth=st.integers(1, 6),
    filters=st.integers(1, 9),
    kernel_size=st.integers(1, 12),
    padding=st.sampled_from(["same", "valid"]),
    pooling=st.sampled_from(["flatten", "max"]),
    strands=st.sampled_from(["one", "both"]),
)


@pytest.mark.slow
@given(configs)
@settings(max_examples=40, deadline=None, derandomize=True)
def test_any_valid_configuration_builds_what_it_says(chosen):
    from dnaconv_core.errors import ConfigError

    try:
        config = ModelConfig(**chosen)
    except ConfigError:
        assert chosen["padding"] == "valid" or chosen["kernel_size"] > chosen["length"]
        return
    model = build(config)
    assert sum(p.numel() for p in model.parameters()) == config.n_parameters
    X = sequences(3, config.length)
    assert predict(model, X).shape == (3, 1)
    with torch.no_grad():
        for layer in range(1, config.depth + 1):
            features = model.eval().features(torch.from_numpy(X).float(), layer)
            assert features.shape == (3, config.filters, config.length_after(layer))


@pytest.mark.slow
@given(configs, st.data())
@settings(max_examples=30, deadline=None, derandomize=True)
def test_receptive_field_is_exactly_what_a_unit_sees(chosen, data):
    """The gradient of one unit, with every weight positive, is non-zero on its span and nowhere else."""
    from dnaconv_core.errors import ConfigError

    try:
        config = ModelConfig(**{**chosen, "strands": "one"})
    except ConfigError:
        return
    model = build(config).eval()
    with torch.no_grad():
        for conv in model.convs:
            conv.weight.abs_().add_(0.1)
    x = torch.ones(1, 4, config.length, requires_grad=True)
    position = data.draw(st.integers(0, config.length_after(config.depth) - 1))
    model.features(x)[0, 0, position].backward()
    seen = x.grad[0].abs().sum(0).nonzero().flatten()
    assert (int(seen[0]), int(seen[-1]) + 1) == input_span(config, position)
    assert len(seen) <= receptive_field(config)
