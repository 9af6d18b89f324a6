"""One sequence step by step: every sum worked out again, for every kind of network, against the network itself."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from dnaconv_core.engine.excerpt import choose, network_json, numbers_json
from dnaconv_core.engine.stepping import Source, Walk, products, step_through, winners
from dnaconv_core.errors import ConfigError, InputError
from dnaconv_core.model.config import ModelConfig
from dnaconv_core.model.convnet import ConvNet, build
from dnaconv_core.model.heads import EACH, HEADS, MAX, MEAN
from dnaconv_core.sequence.encoding import one_hot
from dnaconv_core.sequence.shuffle import random_backgrounds


def network(config: ModelConfig, seed: int = 1) -> ConvNet:
    """With biases and weights that all matter, in training mode."""
    model = build(config, seed)
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter += 0.2 * torch.randn(parameter.shape, generator=generator)
    return model


def example(config: ModelConfig) -> tuple[np.ndarray, np.ndarray | None]:
    """A sequence that begins with unknown bases, and covariates."""
    X = random_backgrounds(1, config.length, seed=3)[0]
    X[:, : config.length // 4] = 0
    return X, np.linspace(0.1, 2, len(config.covariates), dtype=np.float32) if config.covariates else None


def check_layers(walk: Walk) -> None:
    """Each unit's products and bias are what stands before its ReLU; each layer reads what the one before made."""
    for layer in walk.layers:
        strands, filters, positions = layer.before.shape
        for strand, number, position in ((0, 0, 0), (strands - 1, filters - 1, positions - 1), (0, filters // 2, 1)):
            position = min(position, positions - 1)
            found = products(layer, number, position, strand)
            assert found.total + found.bias == pytest.approx(layer.before[strand, number, position], abs=2e-4, rel=1e-4)
        np.testing.assert_array_equal(layer.made, np.maximum(layer.before, 0))
        for channel, source in enumerate(layer.sources):
            if source.layer:
                check_handed_on(walk.layers[source.layer - 1].made[:, source.filter], layer.given[:, channel])


def check_handed_on(made: np.ndarray, given: np.ndarray) -> None:
    """(S, P) of a filter and what a later layer reads of it: of each few positions the strongest."""
    wide = 1
    while -(-made.shape[1] // wide) > given.shape[1]:
        wide += 1
    assert made.shape[1] == given.shape[1] or wide > 1
    if made.shape[1] == given.shape[1]:
        np.testing.assert_array_equal(made, given)
    else:  # a value of each few, the largest of all among them
        assert np.isin(given, made).all() and given.max() == made.max()


def check_end(walk: Walk) -> None:
    """The head's numbers, the hidden units and the sum, each from what stands before it."""
    head, config = walk.model.pooling, walk.model.config
    flat = torch.from_numpy(walk.numbers)[None]
    for part, found in head.split(flat):  # (1, M, F, 1 or stretches or P)
        found = found[0].flatten(0, 1).numpy()
        if part == EACH:
            np.testing.assert_array_equal(found, walk.features)
        elif part == MAX:
            at = winners(walk)
            values = np.where(at < 0, 0, np.take_along_axis(walk.features, np.maximum(at, 0), axis=1))
            np.testing.assert_array_equal(found, values)
        elif part == MEAN:
            np.testing.assert_allclose(found[:, 0], walk.features[:, walk.counted].mean(axis=1), rtol=1e-4, atol=1e-6)
    entering = walk.numbers
    if walk.hidden is not None:
        sums = np.einsum("mn,mhn->mh", walk.numbers.reshape(config.members, -1), walk.hidden.weight) + walk.hidden.bias
        np.testing.assert_allclose(walk.hidden.before, sums, rtol=1e-3, atol=1e-4)
        entering = np.maximum(walk.hidden.before, 0).ravel()
    np.testing.assert_array_equal(walk.entering, entering)
    beside = walk.beside
    total = (walk.entering * walk.weight).sum() + walk.bias + (beside.covariates * beside.covariate_weight).sum()
    total += 0 if beside.positional is None else beside.positional.sum()
    total += 0 if beside.composition is None else (beside.composition * beside.composition_weight).sum()
    assert total == pytest.approx(walk.logits[walk.output], abs=1e-3, rel=1e-4)


def check(config: ModelConfig, output: int = 0) -> Walk:
    model = network(config)
    X, covariates = example(config)
    walk = step_through(model, X, covariates, output=output)
    assert model.training  # as it was found
    c = None if covariates is None else torch.from_numpy(covariates)[None]
    with torch.inference_mode():
        logits = model.eval()(torch.from_numpy(X)[None].float(), c)
        np.testing.assert_array_equal(walk.logits, logits[0].numpy())
        np.testing.assert_array_equal(walk.predictions, model.activate(logits)[0].numpy())
    check_layers(walk)
    check_end(walk)
    return walk


KINDS = {
    "plain": {},
    "no padding": {"padding": "valid", "kernel_size": 4},
    "even kernel, no padding, pooled": {"padding": "valid", "kernel_size": 4, "pool_between": 2},
    "both strands": {"strands": "both", "pooling": "max"},
    "both strands in stretches": {"strands": "both", "pooling": "max_mean", "stretches": 5},
    "stretches": {"pooling": "max", "stretches": 3, "ignore_padding": True},
    "mean": {"pooling": "mean", "ignore_padding": True},
    "kept layers, pooled": {"keep_layers": True, "depth": 3, "pool_between": 3, "members": 2},
    "hidden units of members": {"hidden": 6, "members": 3, "pooling": "max"},
    "covariates": {"covariates": ("openness", "age"), "covariate_transform": "log", "covariate_mean": (1.0, 2.0),
                   "covariate_scale": (2.0, 0.5), "covariate_gain": 3.0},
    "straight": {"positional": True, "composition": 19},
    "classes": {"task": "classes", "output": "softmax", "n_tasks": 3},
}  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_every_number_is_the_networks_own(kind):
    config = ModelConfig(**{"length": 37, "depth": 2, "filters": 5, "kernel_size": 7, **KINDS[kind]})
    check(config, config.n_tasks - 1)


@given(
    st.builds(
        dict,
        length=st.integers(12, 40),
        depth=st.integers(1, 4),
        filters=st.integers(1, 6),
        kernel_size=st.integers(1, 9),
        padding=st.sampled_from(["same", "valid"]),
        pooling=st.sampled_from(sorted(HEADS)),
        strands=st.sampled_from(["one", "both"]),
        members=st.integers(1, 2),
        pool_between=st.integers(1, 3),
        keep_layers=st.booleans(),
        hidden=st.sampled_from([0, 4]),
        stretches=st.sampled_from([1, 2]),
        ignore_padding=st.booleans(),
    )
)
@settings(max_examples=25, deadline=None, derandomize=True)
def test_of_random_stacks_of_steps(chosen):
    try:
        config = ModelConfig(**chosen)
    except ConfigError:
        return
    check(config)


def test_a_sum_by_hand():
    """One filter that asks for TGA, with the bias −2: 3 products of 1 where it stands, 0 beyond the ends."""
    model = build(ModelConfig(length=8, depth=1, filters=1, kernel_size=3, pooling="max"))
    with torch.no_grad():
        model.convs[0].weight.copy_(torch.from_numpy(one_hot("TGA")[0]).float()[None])
        model.convs[0].bias.fill_(-2)
        model.dense.weight.fill_(4)
        model.dense.bias.fill_(-3)
    walk = step_through(model, one_hot("CCTGACGA")[0])
    unit = products(walk.layers[0], 0, 3)
    assert unit.inputs.tolist() == [[0, 0, 1], [0, 0, 0], [0, 1, 0], [1, 0, 0]]  # A C G T
    assert (unit.total, unit.bias, walk.layers[0].made[0, 0].tolist()) == (3.0, -2.0, [0, 0, 0, 1, 0, 0, 0, 0])
    assert products(walk.layers[0], 0, 7).inputs[:, 2].tolist() == [0, 0, 0, 0]
    assert winners(walk).tolist() == [[3]] and walk.numbers.tolist() == [1.0]
    assert walk.logits.tolist() == [1.0] and walk.layers[0].sources[3] == Source(0, 3)


def test_a_sequence_of_another_length_is_refused():
    with pytest.raises(InputError, match="the sequences have 9 bases; this model reads 8"):
        step_through(build(ModelConfig(length=8, depth=1, kernel_size=3)), one_hot("ACGTACGTA")[0])


def of_layer(told: dict, numbers: dict, at: int, row: int, position: int, strand: int) -> float:
    """Sum and bias of one unit, from what is told of the network and the sequence alone."""
    layer, values = told["layers"][at], numbers["layers"][at]
    total = layer["bias"][row]
    for i, weights in enumerate(layer["weight"][row]):
        given = values["given"][strand][i]
        for k, weight in enumerate(weights or []):
            place = position - layer["reach"][0] + k
            total += weight * (given[place] if 0 <= place < len(given) else 0)
    return total


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_shown_adds_up(kind):
    """With every filter shown, the sums worked out from the JSON are the numbers in it."""
    config = ModelConfig(**{"length": 37, "depth": 2, "filters": 5, "kernel_size": 7, **KINDS[kind]})
    walk = step_through(network(config), *example(config))
    shown = choose(walk, units=18)
    told, numbers = json.loads(json.dumps([network_json(walk, shown), numbers_json(walk, shown)]))
    for at, layer in enumerate(told["layers"]):
        for row in range(len(layer["filters"])):
            for strand in range(told["strands"]):
                found = of_layer(told, numbers, at, row, 3, strand)
                assert found == pytest.approx(numbers["layers"][at]["before"][strand][row][3], abs=1e-3)
    added = told["bias"] + numbers["rest"] + np.dot(numbers["covariates"], told["covariate_weight"])
    if told["hidden"] is None:
        assert numbers["rest"] == pytest.approx(0, abs=1e-3)
        added += sum((np.array(w) * np.array(v)).sum() for w, v in zip(told["weight"], numbers["parts"], strict=True))
    else:
        for weight, bias, before in zip(
            told["hidden"]["weight"], told["hidden"]["bias"], numbers["hidden"]["before"], strict=True
        ):
            parts = zip(weight, numbers["parts"], strict=True)
            assert sum((np.array(w) * np.array(v)).sum() for w, v in parts) + bias == pytest.approx(before, abs=1e-3)
        added += np.dot(numbers["hidden"]["made"], told["hidden"]["onward"])
    added += sum(numbers["positional"] or [])
    added += np.dot(numbers["composition"] or [0, 0], told["composition_weight"] or [0, 0])
    assert added == pytest.approx(numbers["logits"][0], abs=2e-3)


def test_of_a_large_network_the_strongest_are_shown_and_the_rest_is_told():
    config = ModelConfig(length=31, depth=2, filters=40, kernel_size=5, strands="both", pooling="max")
    walk = step_through(network(config), *example(config))
    shown = choose(walk, most=6)
    assert [len(some) for some in shown.filters] == [6, 6]
    adds = np.abs(walk.numbers * walk.weight)
    assert set(shown.filters[1]) == set(np.argsort(-adds)[:6].tolist())
    told, numbers = network_json(walk, shown), numbers_json(walk, shown)
    assert [(layer["of"], len(layer["inputs"])) for layer in told["layers"]] == [(40, 4), (40, 6)]
    added = (np.array(told["weight"][0]) * np.array(numbers["parts"][0])).sum() + numbers["rest"] + told["bias"]
    assert added == pytest.approx(walk.logits[0], abs=1e-3)
    assert abs(numbers["rest"]) > 0.1  # what is left out matters here
