"""Every engine on every head, on unknown steps and on random stacks of them, against the network in plain torch."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from dnaconv_core.engine import forward
from dnaconv_core.engine.silencing import predict_without, silenced
from dnaconv_core.engine.substitutions import Mutants, Substitutions, substitutions
from dnaconv_core.interpret.attribution import attribute
from dnaconv_core.interpret.ism import all_substitutions, ism
from dnaconv_core.model.config import ModelConfig
from dnaconv_core.model.convnet import ConvNet, build
from dnaconv_core.model.heads import HEADS, Head
from dnaconv_core.model.step import Step
from dnaconv_core.model.steps import LAYER
from dnaconv_core.scan.scan import plan_scan, scan
from dnaconv_core.sequence.encoding import decode
from dnaconv_core.sequence.shuffle import random_backgrounds


class LogSumExp(Head):
    """A head of which no engine knows anything; silencing a filter does not make it 0."""

    words = "soft maximum of each filter"

    @property
    def numbers(self):
        return self.filters

    def pool(self, h, counted=None):
        h = h if counted is None else h.masked_fill(~counted[:, None, None], -torch.inf)
        return h.logsumexp(dim=3)


class Squash(Step):
    """A layer of which no engine knows anything."""

    name = "squash"

    def plain(self, model, h, X, covariates):
        return h / (1 + h)


@contextmanager
def unknown(layer: bool = False) -> Iterator[None]:
    HEADS["log_sum_exp"] = LogSumExp
    if layer:
        LAYER["squash"] = Squash
    try:
        yield
    finally:
        del HEADS["log_sum_exp"]
        LAYER.pop("squash", None)


def network(config: ModelConfig, seed: int = 1) -> ConvNet:
    """In evaluation mode, with biases and weights that all matter."""
    model = build(config, seed).eval()
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter += 0.2 * torch.randn(parameter.shape, generator=generator)
    return model


def beside(config: ModelConfig, n: int) -> np.ndarray | None:
    values = np.linspace(0.1, 2, n * len(config.covariates), dtype=np.float32)
    return values.reshape(n, -1) if config.covariates else None


def plain(model: ConvNet, X: np.ndarray) -> np.ndarray:
    """Logits `(N, T)` by the network's own steps."""
    covariates = beside(model.config, len(X))
    with torch.inference_mode():
        return model(torch.from_numpy(X).float(), None if covariates is None else torch.from_numpy(covariates)).numpy()


def sequences(config: ModelConfig, n: int) -> np.ndarray:
    """Some begin or end with unknown bases, one has them in the middle as well; the last has none else."""
    X = random_backgrounds(n, config.length, seed=n)
    X[::2, :, : config.length // 3] = 0
    X[1:3, :, config.length // 2 :] = 0
    X[0, :, config.length // 2] = 0
    X[-1] = 0
    return X


def check_forward(model: ConvNet) -> None:
    X, config = sequences(model.config, 9), model.config
    c = beside(config, 9)
    x, c = torch.from_numpy(X).float(), None if c is None else torch.from_numpy(c)
    with torch.inference_mode():
        np.testing.assert_allclose(forward.logits(model, x, c), plain(model, X), rtol=1e-4, atol=1e-5)
    model.train(config.dropout == 0)  # there is then no chance in it
    weights = list(model.parameters())
    found = []
    for members in (forward.member_logits(model, x, c), model.member_logits(x, c)):
        upstream = torch.linspace(-1, 1, members.numel()).view(members.shape)
        found.append([members, *torch.autograd.grad(members, weights, upstream)])
    for ours, theirs in zip(*found, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-3, atol=1e-4)
    model.eval()


def check_scan(model: ConvNet) -> None:
    length = model.config.length
    letters = random_backgrounds(1, length + 7, seed=3)
    letters[0, :, [2, 9]] = 0
    covariates = beside(model.config, 1)
    found = scan(
        model,
        decode(letters, "DNA")[0],
        output="logit",
        covariates=None if covariates is None else covariates[0],
        max_unknown=2,
    )
    windows = np.concatenate([letters[:, :, i : i + length] for i in range(8)])
    with torch.inference_mode():
        given = None if covariates is None else torch.from_numpy(np.repeat(covariates, 8, axis=0))
        for scores, X in zip(found.scores, (windows, windows[:, ::-1, ::-1]), strict=True):
            truth = model(torch.from_numpy(X.copy()).float(), given)
            np.testing.assert_allclose(scores, truth, rtol=1e-4, atol=1e-5)


def check_substitutions(model: ConvNet) -> None:
    X = sequences(model.config, 5)
    changes = ism(model, X, beside(model.config, 5), task=model.config.n_tasks - 1)
    for x, change in zip(X, changes, strict=True):
        mutants = all_substitutions(x)
        both = torch.from_numpy(np.concatenate([mutants, x[None]])).float()
        with torch.inference_mode():
            logits = model(both, torch.ones(len(both), 2) if model.config.covariates else None)[:, -1].numpy()
        np.testing.assert_allclose(change, (logits[:-1] - logits[-1]).reshape(4, -1), rtol=1e-3, atol=2e-5)


def check_deeplift(model: ConvNet) -> None:
    X = sequences(model.config, 4)
    reference = random_backgrounds(4, model.config.length, seed=8) * X.any(axis=1, keepdims=True)  # unknown stays so
    found = attribute(model, X, method="deeplift", reference=reference, covariates=beside(model.config, 4))
    difference = (plain(model, X) - plain(model, reference))[:, 0]
    minus = (found.hypothetical * reference).sum(axis=(1, 2))
    np.testing.assert_allclose(found.values.sum(axis=(1, 2)) - minus, difference, rtol=1e-3, atol=2e-4)
    found = attribute(model, X, method="deeplift", reference="zero", covariates=beside(model.config, 4))
    np.testing.assert_allclose(found.delta, 0, atol=2e-4)


def check_silencing(model: ConvNet) -> None:
    X, config = sequences(model.config, 5), model.config
    for layer in range(1, config.depth + 1):
        whole, without = predict_without(model, X, beside(config, 5), layer=layer, indices=[1, 0])
        activated = model.activate(torch.from_numpy(plain(model, X)))[:, 0]
        np.testing.assert_allclose(whole, activated, rtol=1e-4, atol=1e-5)
        for index, column in zip((1, 0), without.T, strict=True):
            alone = plain(silenced(model, index, layer), X)
            np.testing.assert_allclose(column, model.activate(torch.from_numpy(alone))[:, 0], rtol=1e-4, atol=1e-5)


ENGINES: dict[str, Callable[[ConvNet], None]] = {
    "forward": check_forward,
    "scan": check_scan,
    "substitutions": check_substitutions,
    "deeplift": check_deeplift,
    "silencing": check_silencing,
}


@pytest.mark.slow
@pytest.mark.parametrize("ignore", [False, True])
@pytest.mark.parametrize("strands", ["one", "both"])
@pytest.mark.parametrize("head", [*HEADS, "log_sum_exp"])
@pytest.mark.parametrize("engine", ENGINES)
def test_every_engine_reads_every_head(engine, head, strands, ignore):
    with unknown():
        config = ModelConfig(
            length=23,
            depth=2,
            filters=5,
            kernel_size=4,
            pooling=head,
            strands=strands,
            members=2,
            ignore_padding=ignore,
        )
        ENGINES[engine](network(config))


@pytest.mark.parametrize("strands", ["one", "both"])
@pytest.mark.parametrize("form", [{}, {"ignore_padding": True, "stretches": 3}, {"members": 2, "hidden": 6}])
def test_windows_of_some_length_are_slid_whatever_is_pooled_between_kept_or_hidden(form, strands):
    settings = {"kernel_size": 4, "depth": 3, "filters": 5, "pool_between": 2, "keep_layers": True, **form}
    model = network(ModelConfig(length=61, pooling="max_mean", strands=strands, **settings))
    assert plan_scan(model).method == "dense"
    check_scan(model)


DEEP = {"depth": 3, "pool_between": 2, "keep_layers": True}


@pytest.mark.slow
@pytest.mark.parametrize("strands", ["one", "both"])
@pytest.mark.parametrize(
    "form",
    [
        {**DEEP, "filters": 8},
        {**DEEP, "filters": 8, "ignore_padding": True, "stretches": 3},
        {**DEEP, "filters": 5, "members": 2},
        {"depth": 2, "filters": 8, "pooling": "flatten", "hidden": 6, "members": 2},
        {"depth": 1, "filters": 5, "stretches": 4, "hidden": 3},
    ],
)
@pytest.mark.parametrize("engine", ENGINES)
def test_every_engine_reads_layers_that_are_pooled_between_kept_or_followed_by_hidden_units(engine, form, strands):
    settings = {"length": 23, "kernel_size": 5, "pooling": "max_mean", **form}
    ENGINES[engine](network(ModelConfig(**settings, strands=strands)))


@pytest.mark.parametrize("engine", ENGINES)
def test_every_engine_falls_back_for_a_layer_that_it_does_not_know(engine):
    with unknown(layer=True):
        model = network(ModelConfig(length=23, depth=2, filters=5, kernel_size=4, pooling="max_mean"))
        assert [step.name for step in model.layers].count("squash") == 2
        ENGINES[engine](model)


@pytest.mark.parametrize("strands", ["one", "both"])
@pytest.mark.parametrize("engine", ENGINES)
def test_every_engine_reads_gc_content_out_of_range(engine, strands):
    config = ModelConfig(length=23, depth=2, filters=5, kernel_size=4, strands=strands, members=2, composition=23)
    ENGINES[engine](network(config))


ANSWERS = (
    {"task": "binary", "n_tasks": 2},
    {"task": "regression", "output": "linear"},
    {"task": "regression", "n_tasks": 2},
    {"task": "classes", "n_tasks": 3, "output": "softmax"},
)


@st.composite
def stacks(draw) -> dict:
    padding, strands = draw(st.sampled_from(("same", "valid"))), draw(st.sampled_from(("one", "both")))
    depth, kernel = draw(st.integers(1, 3)), draw(st.integers(1, 6))
    shortest = depth * (kernel - 1) + 1
    pooled = draw(st.integers(1, 3)) if padding == "same" else 1
    return {
        "length": (length := draw(st.integers(max(shortest, 5), shortest * pooled + 14))),
        "composition": draw(st.sampled_from((0, length) if strands == "both" else (0, 3, length))),
        "depth": depth,
        "kernel_size": kernel,
        "filters": draw(st.integers(2, 9)),
        "dropout": draw(st.sampled_from((0.0, 0.5))),
        "padding": padding,
        "strands": strands,
        "pooling": (pooling := draw(st.sampled_from([*HEADS, "log_sum_exp"]))),
        "pool_between": pooled,
        "keep_layers": padding == "same" and draw(st.booleans()),
        "stretches": draw(st.integers(1, 3)) if "max" in pooling and depth < 3 else 1,
        "hidden": draw(st.sampled_from((0, 0, 7))),
        "ignore_padding": draw(st.booleans()),
        "members": draw(st.integers(1, 3)),
        "positional": strands == "one" and draw(st.booleans()),
        "covariates": draw(st.sampled_from(((), ("a", "b")))),
        **draw(st.sampled_from(ANSWERS)),
    }


@pytest.mark.slow
@settings(max_examples=40, deadline=None, derandomize=True)
@given(stacks(), st.booleans(), st.integers(0, 100))
def test_every_engine_reads_random_stacks(stack, layer, seed):
    with unknown(layer):
        model = network(ModelConfig(**stack), seed)
        assert sum(p.numel() for p in model.parameters()) == model.config.n_parameters
        for check in ENGINES.values():
            check(model)


def test_what_is_known_is_computed_fast_and_what_is_not_says_so():
    with unknown():
        X = torch.zeros(8, 4, 23)
        known, other = (
            network(ModelConfig(length=23, depth=1, kernel_size=4, pooling=p)) for p in ("mean", "log_sum_exp")
        )
        assert plan_scan(known).method == "dense" and plan_scan(other).method == "windows"
        assert "without a dense form (head log_sum_exp)" in plan_scan(other).note
        assert isinstance(substitutions(known, 0), Substitutions) and isinstance(substitutions(other, 0), Mutants)
        assert forward.forms(known, X)["head"] == forward.forms(other, X)["convolution 1"] == "channels last"
        assert forward.forms(other, X)["head"] == forward.forms(known, X)["dense"] == "plain"
    with unknown(layer=True):
        assert set(forward.forms(network(ModelConfig(length=23, kernel_size=4)), X).values()) == {"plain"}
