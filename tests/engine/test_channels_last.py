from __future__ import annotations

from unittest.mock import patch

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from dnaconv_core.engine import channels_last
from dnaconv_core.engine.forward import logits, member_logits
from dnaconv_core.errors import ConfigError
from dnaconv_core.model.config import ModelConfig
from dnaconv_core.model.convnet import ConvNet, build

CHOICES = st.fixed_dictionaries(
    {
        "length": st.integers(12, 30),
        "depth": st.integers(1, 4),
        "filters": st.integers(1, 17),
        "kernel_size": st.integers(1, 12),
        "padding": st.sampled_from(["same", "valid"]),
        "pooling": st.sampled_from(["flatten", "max", "max_mean"]),
        "strands": st.sampled_from(["one", "both"]),
        "members": st.integers(1, 3),
        "n_tasks": st.integers(1, 2),
        "dropout": st.sampled_from([0.0, 0.5]),
    }
)


def network(**chosen) -> ConvNet:
    model = build(ModelConfig(**chosen), seed=3)
    torch.manual_seed(4)
    with torch.no_grad():
        for conv in model.convs:
            conv.bias.uniform_(-0.2, 0.2)
    return model


def logits_and_gradients(model: ConvNet, X: torch.Tensor, covariates: torch.Tensor | None = None):
    X = X.clone().requires_grad_()
    out = member_logits(model, X, covariates)
    upstream = torch.linspace(-1, 1, out.numel()).view(out.shape)
    return out.detach(), torch.autograd.grad(out, [X, *model.parameters()], upstream)


@pytest.mark.slow
@given(CHOICES)
@settings(max_examples=60, deadline=None, derandomize=True)
def test_the_same_numbers_and_gradients_as_the_modules(chosen):
    try:
        model = network(**chosen).eval()
    except ConfigError:
        return
    X = torch.randn(9, 4, chosen["length"], generator=torch.Generator().manual_seed(5))
    assert channels_last.applies(model, X)
    fast = logits_and_gradients(model, X)
    with patch.object(channels_last, "_available", return_value=False):
        assert not channels_last.applies(model, X)
        plain = logits_and_gradients(model, X)
    torch.testing.assert_close(fast[0], plain[0], rtol=1e-4, atol=1e-5)
    for ours, theirs in zip(fast[1], plain[1], strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-3, atol=1e-4)


def test_covariates_and_positional_weights_join_as_before():
    model = network(length=21, covariates=("open", "age"), positional=True, members=2).eval()
    torch.nn.init.uniform_(model.positional.weight)
    X, c = torch.randn(8, 4, 21), torch.rand(8, 2)
    fast = logits(model, X, c)
    with patch.object(channels_last, "_available", return_value=False):
        torch.testing.assert_close(fast, logits(model, X, c), rtol=1e-4, atol=1e-5)


class TestDropout:
    """One layer without weights to speak of: what comes out is the mask."""

    def layer(self, p: float) -> ConvNet:
        model = build(ModelConfig(length=101, depth=1, filters=16, kernel_size=10, dropout=p)).train()
        with torch.no_grad():
            model.convs[0].weight.zero_()
            model.convs[0].bias.copy_(torch.linspace(0.5, 2, 16))
        return model

    @pytest.mark.parametrize("p", [0.1, 0.3, 0.5, 0.9])
    def test_rate_and_scale(self, p):
        torch.manual_seed(0)
        model = self.layer(p)
        h = channels_last.features(model, torch.zeros(500, 4, 101))[:, :, 0]  # (B, P, F)
        kept = (h != 0).float().mean().item()
        assert kept == pytest.approx(1 - p, abs=1 / 512 + 5 * (p * (1 - p) / h.numel()) ** 0.5)
        whole = model.convs[0].bias.detach() * 256 / round(256 * (1 - p))
        torch.testing.assert_close(h[h != 0], whole.expand_as(h)[h != 0])

    def test_masks_are_independent_between_neighbours_layers_and_draws(self):
        torch.manual_seed(0)
        model, X = self.layer(0.5), torch.zeros(600, 4, 101)
        first, second = ((channels_last.features(model, X) != 0).float().flatten() - 0.5 for _ in range(2))
        bound = 5 / len(first) ** 0.5  # five standard errors of a correlation
        for shift in (1, 2, 7, 8, 16, 101 * 16):
            assert abs((first[shift:] * first[:-shift]).mean().item() * 4) < bound
        assert abs((first * second).mean().item() * 4) < bound

    def test_seed_decides(self):
        model, X, draws = self.layer(0.5), torch.zeros(8, 4, 101), []
        for seed in (1, 1, 2):
            torch.manual_seed(seed)
            draws.append(channels_last.features(model, X))
        assert torch.equal(draws[0], draws[1]) and not torch.equal(draws[0], draws[2])

    @pytest.mark.parametrize("filters, wide", [(5, 5), (7, 8)])  # filled up where that is little
    @pytest.mark.parametrize("kernel_size, shorter", [(6, 1), (7, 0), (2, 1)])
    def test_gradients_under_a_mask_are_those_of_the_masked_network(self, filters, wide, kernel_size, shorter):
        """The mask is drawn again by hand and put into a plain network; all gradients agree."""
        model = network(length=23, depth=2, filters=filters, kernel_size=kernel_size, dropout=0.4).train()
        X = torch.randn(8, 4, 23, requires_grad=True)
        torch.manual_seed(8)
        out = logits(model, X)
        upstream = torch.randn(out.shape)
        ours = torch.autograd.grad(out, [X, *model.parameters()], upstream)
        torch.manual_seed(8)
        h, kept = X, model.activations[0].kept
        for layer, conv in enumerate(model.convs):
            columns = 23 + (1 - layer) * shorter  # an even kernel uses up one
            mask = channels_last._mask(torch.Size((8, 1, columns, wide)), kept)[:, 0, :23, :filters].transpose(1, 2)
            h = conv(h).relu() * mask * (256 / kept)
        plain = model.dense(h.flatten(1))
        torch.testing.assert_close(out, plain)
        for a, b in zip(ours, torch.autograd.grad(plain, [X, *model.parameters()], upstream), strict=True):
            torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-5)


def test_it_stands_back_where_somebody_watches_or_replaced_a_module():
    model, X = network(length=21), torch.zeros(8, 4, 21)
    assert channels_last.applies(model, X)
    assert not channels_last.applies(model, X[:3])
    assert not channels_last.applies(model.double(), X.double())
    model.float()
    handle = model.activations[1].relu.register_forward_hook(lambda *_: None)
    assert not channels_last.applies(model, X)
    handle.remove()
    model.activations[1].relu = torch.nn.Softplus()
    assert not channels_last.applies(model, X)
