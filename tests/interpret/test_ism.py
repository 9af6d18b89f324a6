"""In-silico mutagenesis against numbers worked out by hand and against predicting each mutant by itself."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from dnaconv_core.errors import InputError
from dnaconv_core.interpret.ism import all_substitutions, ism
from dnaconv_core.model.config import ModelConfig
from dnaconv_core.model.convnet import build
from dnaconv_core.predict import predict
from dnaconv_core.sequence.edit import mutate
from dnaconv_core.sequence.encoding import one_hot
from dnaconv_core.sequence.shuffle import random_backgrounds

CONFIGS = {
    "flatten": ModelConfig(length=19, depth=2, filters=5, kernel_size=4),
    "max both": ModelConfig(length=19, depth=1, filters=5, kernel_size=7, pooling="max", strands="both"),
    "valid": ModelConfig(length=19, depth=2, filters=3, kernel_size=4, padding="valid", pooling="max"),
    "flatten both": ModelConfig(length=19, depth=2, filters=3, kernel_size=4, strands="both"),
    "mean both": ModelConfig(length=19, depth=2, filters=9, kernel_size=4, pooling="max_mean", strands="both"),
    "valid mean both": ModelConfig(
        length=19, depth=2, filters=9, kernel_size=5, padding="valid", pooling="max_mean", strands="both"
    ),
    "members": ModelConfig(length=19, depth=3, filters=3, kernel_size=5, members=3, pooling="max"),
    "positional": ModelConfig(length=19, depth=1, filters=3, kernel_size=5, positional=True),
    "a window longer than the sequence": ModelConfig(length=19, depth=4, filters=3, kernel_size=8),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", CONFIGS)
def test_each_entry_is_the_change_that_predicting_that_mutant_gives(name):
    model, X = build(CONFIGS[name], 3), random_backgrounds(2, 19, seed=1)
    X[1, :, 6] = 0  # an unknown base
    with torch.no_grad():
        for conv in model.convs:
            conv.bias.uniform_(-0.2, 0.2)
        if model.positional is not None:
            model.positional.weight.uniform_(-1, 1)
    change = ism(model, X)
    before = predict(model, X, output="logit")[:, 0]
    assert change.shape == (2, 4, 19)
    for base in range(4):
        for position in range(19):
            after = predict(model, mutate(X, position, "ACGT"[base]), output="logit")[:, 0]
            np.testing.assert_allclose(change[:, base, position], after - before, atol=1e-5)
    assert (change[X == 1] == 0).all()
    np.testing.assert_allclose(ism(model, X, batch_size=5), change, atol=1e-6)
    assert (ism(model, X)[0] == change[0]).all()


def test_covariates_stay_the_same_and_the_task_is_chosen():
    config = ModelConfig(length=11, depth=1, filters=3, kernel_size=3, n_tasks=2, covariates=("openness",))
    model, X = build(config, 0), random_backgrounds(1, 11, seed=0)
    change = ism(model, X, np.array([[2.5]]), task=1)
    after = predict(model, mutate(X, 4, "G"), np.array([[2.5]]), output="logit")[0, 1]
    before = predict(model, X, np.array([[2.5]]), output="logit")[0, 1]
    assert change[0, 2, 4] == pytest.approx(after - before, abs=1e-6)


def test_all_substitutions_of_a_short_word():
    mutants = all_substitutions(one_hot("AC")[0])
    np.testing.assert_array_equal(mutants, one_hot(["AC", "AA", "CC", "AC", "GC", "AG", "TC", "AT"]))


def test_a_wrong_length_is_told():
    with pytest.raises(InputError, match="the sequences have 12 bases; this model reads 19"):
        ism(build(CONFIGS["flatten"], 0), random_backgrounds(1, 12))
