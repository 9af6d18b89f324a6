"""What a network takes over of a trained one: bit for bit where it fits, nothing where it does not."""

from __future__ import annotations

import pytest
import torch

from dnaconv_core.errors import ConfigError
from dnaconv_core.model.config import ModelConfig
from dnaconv_core.model.convnet import build
from dnaconv_core.model.inherit import check_fit, inherit, shape_of
from dnaconv_core.sequence.shuffle import random_backgrounds

SOURCE = ModelConfig(length=31, kernel_size=5, filters=6, depth=2, pooling="max_mean", strands="both", members=2)


def taken(config: ModelConfig, source: ModelConfig = SOURCE, *, same: bool = True):
    """The network, its source, which of its tensors are the source's, and what was said."""
    model, other = build(config, 1), build(source, 2)
    with torch.no_grad():
        for parameter in other.parameters():
            parameter += 0.1
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    found = inherit(model, other, same_question=same)
    ours, theirs = model.state_dict(), other.state_dict()
    equal = {name for name in ours if name in theirs and torch.equal(ours[name], theirs[name])}
    assert equal == set(found.copied)
    assert all(torch.equal(ours[name], before[name]) for name in ours if name not in equal)
    return model, other, equal, found


CONVS = {f"convs.{i}.{kind}" for i in (0, 1) for kind in ("weight", "bias")}
DENSE = {"dense.weight", "dense.bias"}


def test_the_same_network_predicts_what_its_source_does_also_on_another_length():
    model, other, equal, found = taken(SOURCE.replace(length=47, dropout=0.1))
    assert equal == CONVS | DENSE and found.layers == 2
    assert found.words == "all 2 convolutional layers and all that follows were copied"
    X = torch.from_numpy(random_backgrounds(5, 47, seed=1)).float()
    with torch.no_grad():
        assert torch.equal(model.eval()(X), other.eval()(X))


@pytest.mark.parametrize(
    ("changes", "same"),
    [
        ({}, False),  # another question
        ({"n_tasks": 3}, True),
        ({"task": "regression", "output": "linear"}, True),
        ({"pooling": "max"}, True),
        ({"pooling": "flatten"}, True),
        ({"strands": "one"}, True),
        ({"covariates": ("gc", "age")}, True),
        ({"names": ("bound",)}, True),
    ],
)
def test_a_dense_layer_of_another_meaning_or_shape_starts_anew(changes, same):
    _, _, equal, found = taken(SOURCE.replace(**changes), same=same)
    assert equal == CONVS and found.filters == found.copied
    assert found.words == "all 2 convolutional layers were copied, all that follows starts anew"


@pytest.mark.parametrize(
    ("depth", "layers", "words"),
    [
        (3, 2, "2 of 3 convolutional layers were copied, all else starts anew"),
        (1, 1, "its convolutional layer was copied, all that follows starts anew"),
    ],
)
def test_another_depth_takes_the_layers_that_both_have(depth, layers, words):
    _, _, equal, found = taken(SOURCE.replace(depth=depth))
    assert found.layers == layers and found.words == words
    assert equal == {name for name in CONVS if int(name.split(".")[1]) < layers}


def test_positions_are_only_taken_over_at_the_same_length():
    source = ModelConfig(length=9, kernel_size=3, filters=4, depth=1, positional=True)
    assert "positional.weight" in taken(source, source)[2]
    assert taken(source.replace(length=10), source)[2] == {"convs.0.weight", "convs.0.bias"}


def test_the_shape_is_the_sources_and_the_output_that_of_the_question():
    shape = shape_of(SOURCE, task="binary", covariates=False)
    assert {name: shape[name] for name in ("depth", "filters", "members", "strands")} == {
        "depth": 2, "filters": 6, "members": 2, "strands": "both",
    }  # fmt: skip
    assert shape["output"] == "sigmoid" and "length" not in shape and "covariate_gain" not in shape
    assert "output" not in shape_of(SOURCE, task="regression", covariates=False)
    beside = SOURCE.replace(covariates=("gc",), covariate_gain=3.0)
    assert shape_of(beside, task="binary", covariates=True)["covariate_gain"] == 3.0


@pytest.mark.parametrize(
    ("config", "words"),
    [
        (
            ModelConfig(alphabet="RNA"),
            "m reads DNA and these sequences are RNA: start from a model of the same",
        ),
        (SOURCE.replace(kernel_size=7), "kernel_size is 7 but m has 5 bases in each filter, so its filters do not fit"),
        (SOURCE.replace(filters=8), "filters is 8 but m has 6 filters in a layer"),
        (SOURCE.replace(members=1), "members is 1 but m has 2 members"),
    ],
)
def test_filters_that_do_not_fit_are_refused(config, words):
    with pytest.raises(ConfigError) as refused:
        check_fit(config, SOURCE, "m")
    assert str(refused.value).startswith(words)


def test_another_length_or_depth_is_not_refused():
    check_fit(SOURCE.replace(length=99, depth=4), SOURCE, "m")
