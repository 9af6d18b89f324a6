"""Settings that are unwise for the data at hand: each is found, and those that ship are not."""

from __future__ import annotations

import pytest

from dnaconv_core.errors import ConfigError
from dnaconv_core.experiments import EXPERIMENTS
from dnaconv_core.model.config import ModelConfig, TrainConfig
from dnaconv_core.train.unwise import Sizes, check_balance, unwise

MANY = Sizes(8000, 4000)
NUMBERS = {"task": "regression"}


@pytest.mark.parametrize(
    ("model", "training", "sizes", "field", "said"),
    [
        ({"dropout": 0.8}, {}, MANY, "dropout", "80% is dropped in every step"),
        ({"pooled_dropout": 0.85}, {}, MANY, "pooled_dropout", "85% is dropped in every step"),
        ({"ignore_padding": True}, {}, MANY, "ignore_padding", "no effect with pooling 'flatten'"),
        ({"filters": 256, "depth": 6}, {}, Sizes(1000), "filters", "weights for 1,000 examples"),
        ({"strands": "both"}, {}, Sizes(8000, 4000, both_strands=False), "strands", "choose 'one'"),
        ({}, {"learning_rate": 0.1}, MANY, "learning_rate", "steps of 0.1 are so large"),
        ({}, {"learning_rate": 1e-6}, MANY, "learning_rate", "1,600 steps of 1e-06 hardly change a network"),
        ({}, {"epochs": 1, "eval_every": 1}, MANY, "epochs", "8 steps of 0.001 hardly change a network"),
        ({}, {"eval_every": 300}, MANY, "eval_every", "training ends after 200 epochs"),
        ({}, {"weight_decay": 100.0, "learning_rate": 0.001}, MANY, "weight_decay", "every step takes 10% off"),
        ({}, {"mutation": 0.5}, MANY, "mutation", "only 4% of the motifs of 7 bases"),  # 0.625 ** 7
        ({}, {"standardize": True}, MANY, "standardize", "needs numbers and output 'linear'"),
        (NUMBERS, {"standardize": True}, MANY, "standardize", "needs numbers and output 'linear'"),
        ({}, {"batch_size": 500}, Sizes(400, 200), "batch_size", "an epoch has 400 examples"),
        ({}, {"epoch_size": 900}, MANY, "batch_size", "an epoch has 900 examples"),
        ({}, {"batch_size": 100}, Sizes(30_000, 150), "batch_size", "only 150 of 30,000 examples have the rarer label"),
    ],
)
def test_each_unwise_setting_is_found_with_its_reason(model, training, sizes, field, said):
    found = unwise(ModelConfig(**model), TrainConfig(**training), sizes)
    assert list(found) == [field]
    assert said in found[field]


@pytest.mark.parametrize(
    ("model", "training", "sizes"),
    [
        ({"strands": "both"}, {}, MANY),
        ({"output": "linear", **NUMBERS}, {"standardize": True}, MANY),
        ({"pooling": "max", "ignore_padding": True}, {"mutation": 0.1}, MANY),
        ({}, {"batch_size": 100, "balance": True}, Sizes(30_000, 150)),
        ({}, {"batch_size": 64}, Sizes(40, 20)),
        ({"kernel_size": 25, "filters": 256, "depth": 6}, {"batch_size": 100_000}, None),
    ],
    ids=["both strands", "linear", "maximum", "balanced", "few", "unknown data"],
)
def test_nothing_is_said_where_nothing_speaks_against_it(model, training, sizes):
    assert unwise(ModelConfig(**model), TrainConfig(**training), sizes) == {}


def test_a_long_training_is_told_with_what_makes_it_long():
    one, four = ModelConfig(), ModelConfig(members=4)
    assert unwise(one, TrainConfig(), MANY, 7100) == {}
    assert unwise(one, TrainConfig(), MANY, 36_000) == {
        "epochs": "200 epochs may take about 10 hours: begin with fewer"
    }
    assert unwise(four, TrainConfig(), MANY, 36_000)["members"] == ("4 networks take about 4 times as long as one")


@pytest.mark.parametrize("key", EXPERIMENTS)
def test_no_preset_is_unwise_on_the_data_it_was_made_for(key):
    asked = EXPERIMENTS[key]
    rarest = 4000 if asked.answer.yes_or_no else None
    for preset in asked.presets:
        assert unwise(asked.model_config(preset), asked.train_config(preset), Sizes(8000, rarest)) == {}


def test_numbers_have_no_classes_to_balance():
    asked = TrainConfig(balance=True)
    check_balance("binary", asked)
    check_balance("regression", TrainConfig())
    with pytest.raises(ConfigError, match="balance is true but there are no two classes to balance: set it to false"):
        check_balance("regression", asked)
