from __future__ import annotations

import pytest

from dnaconv_core.errors import ConfigError
from dnaconv_core.experiments import EXPERIMENTS
from dnaconv_core.model.config import ModelConfig, TrainConfig


@pytest.mark.parametrize(("experiment", "expected"), [("tf_binding", 6661), ("chromatin", 6662), ("rnai", 1631)])
def test_book_networks_have_the_books_parameter_counts(experiment, expected):
    from dnaconv_core.model.convnet import build

    config = EXPERIMENTS[experiment].model_config("book")
    assert config.n_parameters == expected
    assert sum(p.numel() for p in build(config).parameters()) == expected


def test_book_training_is_the_books():
    train = EXPERIMENTS["tf_binding"].train_config("book")
    assert (train.batch_size, train.learning_rate, train.epochs, train.eval_every) == (1000, 1e-3, 200, 10)
    rnai = EXPERIMENTS["rnai"].model_config("book")
    assert (rnai.depth, rnai.filters, rnai.kernel_size, rnai.dropout, rnai.output) == (2, 10, 10, 0.3, "sigmoid")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"depth": 0}, "depth is 0: it must be 1 to 6"),
        ({"depth": 7}, "depth is 7: it must be 1 to 6"),
        ({"filters": 257}, "filters is 257: it must be 1 to 256"),
        ({"kernel_size": 26}, "kernel_size is 26: it must be 1 to 25"),
        ({"kernel_size": 10, "length": 9}, "kernel_size is 10 but the sequences have 9 bases"),
        ({"dropout": 0.95}, "dropout is 0.95: it must be 0.0 to 0.9"),
        ({"dropout": float("nan")}, "dropout is nan"),
        ({"filters": 3.5}, "filters is 3.5: it must be a whole number"),
        ({"filters": True}, "filters is True: it must be a whole number"),
        ({"padding": "reflect"}, "padding is 'reflect': choose 'same' or 'valid'"),
        ({"padding": "valid", "length": 20}, "used up after 2 layers"),
        ({"output": "linear"}, "a class probability needs 'sigmoid'"),
        ({"strands": "both", "alphabet": "RNA"}, "a guide has one strand"),
        ({"covariates": ("a",), "covariate_mean": (1.0, 2.0)}, "covariate_mean has 2 values for 1 covariates"),
        ({"colour": 3}, "unknown setting 'colour'"),
    ],
)
def test_bad_values_are_refused_by_name(change, message):
    with pytest.raises(ConfigError, match=message.replace("(", r"\(")):
        ModelConfig().replace(**change)


def test_json_both_ways():
    config = ModelConfig(covariates=("accessibility",), covariate_mean=(0.1,), covariate_scale=(2.0,))
    assert ModelConfig.from_json(config.to_json()) == config
    assert TrainConfig.from_json(TrainConfig(seed=3).to_json()) == TrainConfig(seed=3)


def test_every_setting_shown_to_a_user_has_a_label_and_help():
    import dataclasses

    for config in (ModelConfig, TrainConfig):
        for spec in dataclasses.fields(config):
            assert spec.metadata["help"]
            assert "group" not in spec.metadata or spec.metadata["label"]
