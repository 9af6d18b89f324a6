"""What an experiment says of labels that its kind of answer cannot be learnt from."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from dnaconv_core.errors import ConfigError
from dnaconv_core.experiments import EXPERIMENTS
from dnaconv_core.model.config import ModelConfig

RNAI, TF = EXPERIMENTS["rnai"], EXPERIMENTS["tf_binding"]
CLASSES = replace(TF, key="cells", task="classes", names=("HepG2", "K562", "none"))


def with_labels(experiment, y, w=None):
    data = experiment.synthetic(len(y), seed=1)
    y = np.asarray(y, np.float32).reshape(len(y), -1)
    return replace(data, y=y, w=np.ones_like(y) if w is None else np.asarray(w, np.float32), name="mine.csv")


def test_a_sigmoid_is_refused_for_labels_it_cannot_give():
    percent = with_labels(RNAI, np.linspace(0, 100, 30))
    with pytest.raises(ConfigError, match=r"mine.csv has labels from 0 to 100, and a sigmoid gives 0 to 1: .*linear"):
        RNAI.model_config("quick", percent)
    changes = with_labels(RNAI, np.linspace(-3, 2, 30))
    with pytest.raises(ConfigError, match="labels from -3 to 2"):
        RNAI.model_config("book", changes)
    assert RNAI.model_config("quick", percent, output="linear").output == "linear"
    assert RNAI.model_config("tuned", changes).output == "linear"


def test_a_few_labels_beyond_one_are_not_refused():
    """As in the book's own data: 5 % of the activities exceed 1, and a sigmoid misses 2 % of their variance."""
    y = np.append(np.linspace(0, 1, 57), [1.1, 1.2, 1.3])
    assert RNAI.model_config("book", with_labels(RNAI, y)).output == "sigmoid"


def test_an_unknown_label_is_not_looked_at():
    y, w = np.linspace(0, 1, 20), np.ones((20, 1))
    y[3], w[3] = 900, 0
    assert RNAI.model_config("book", with_labels(RNAI, y, w)).output == "sigmoid"


def test_the_network_of_classes_has_an_output_for_each():
    config = CLASSES.model_config("quick", with_labels(CLASSES, [0, 1, 0, 2]))
    assert (config.n_tasks, config.output, config.names) == (3, "softmax", ("HepG2", "K562", "none"))
    unnamed = replace(CLASSES, names=())
    assert unnamed.model_config("quick", with_labels(unnamed, [0, 1, 0, 4])).n_tasks == 5
    assert unnamed.model_config("quick").n_tasks == 2
    for y, told in (
        ([0, 1, 0.5, 2], "mine.csv has labels that are no class numbers, but 'cells' asks which class"),
        ([0, 1, -1, 2], "no class numbers"),
        ([0, 1, 3, 2], "mine.csv has a label 3, but for 'cells' there are 3 classes, 0 to 2"),
        ([[0, 1], [1, 0]], "mine.csv has 2 labels, but cells asks for one of several classes"),
    ):
        with pytest.raises(ConfigError, match=told):
            CLASSES.check(with_labels(CLASSES, y))


def test_names_travel_with_the_configuration():
    config = ModelConfig(n_tasks=2, names=("CTCF", "JUND"))
    assert ModelConfig.from_json(config.to_json()) == config
    for wrong, told in (
        ({"n_tasks": 3, "names": ("a", "b")}, "names has 2 names for 3 outputs"),
        ({"n_tasks": 2, "names": ("a", "a")}, "names holds 'a' twice"),
        ({"n_tasks": 2, "names": ("a", " ")}, "names is .*: it must hold names"),
        ({"task": "classes", "output": "softmax"}, "n_tasks is 1, but to choose among classes takes 2 or more"),
        ({"task": "classes", "n_tasks": 3}, "output is 'sigmoid' but the task is classes.*need 'softmax'"),
        ({"output": "softmax"}, "output is 'softmax' but the task is binary"),
    ):
        with pytest.raises(ConfigError, match=told):
            ModelConfig(**wrong)


def test_the_question_of_one_output_alone():
    one = CLASSES.of_output("K562")
    assert (one.task, one.n_tasks, one.class_names) == ("binary", 1, ("not K562", "K562"))
    assert (one.quantity, one.label) == ("K562", "whether it is K562")
    bound = replace(TF, names=("JUND", "CTCF")).of_output("CTCF")
    assert (bound.task, bound.n_tasks, bound.class_names, bound.label) == ("binary", 1, TF.class_names, "CTCF")
