"""The checks beside a map: they pass where they should, and say so plainly where not."""

from __future__ import annotations

import numpy as np
import pytest

from dnaconv_core.interpret.attribution import ATTRIBUTIONS, Scores, attribute
from dnaconv_core.interpret.evidence import (
    agreement,
    agreement_check,
    convergence,
    random_weights_check,
    rank_correlation,
    stability_check,
)
from dnaconv_core.model.config import ModelConfig
from dnaconv_core.model.convnet import build
from dnaconv_core.sequence.encoding import one_hot
from dnaconv_core.sequence.shuffle import random_backgrounds

SITE = "GATTACATCCGATAGGCTAATGACTCAGTTCATCGGATACCTTAGCATGCCTAATCGATAGC"[:61]


def test_a_map_of_a_network_that_knows_ap1_passes(ap1_model):
    X = one_hot(SITE)
    found = attribute(ap1_model, X, method="deeplift")
    assert convergence(found, 0).passed
    check = random_weights_check(ap1_model, X, found)
    assert check.passed and "networks of random weights" in check.words
    assert stability_check(found, [ap1_model], X).value == pytest.approx(1.0)
    assert stability_check(found, [], X).passed is None


@pytest.mark.parametrize("method", ["input_x_gradient", "deeplift", "deeplift_shap", "ism"])
@pytest.mark.parametrize("left, right", ["AA", "AC", "CT", "GG"])
def test_a_site_between_runs_of_one_base_passes_too(ap1_model, method, left, right):
    X = one_hot(left * 27 + "TGACTCA" + right * 27)
    assert random_weights_check(ap1_model, X, attribute(ap1_model, X, method=method)).passed


def test_a_map_that_does_not_look_at_the_weights_fails(ap1_model, monkeypatch):
    def likes_g(model, x, covariates, options):
        return Scores(x * np.array([0, 0, 1, 0], np.float32)[:, None])

    monkeypatch.setitem(ATTRIBUTIONS, "ism", likes_g)
    X = one_hot(SITE)
    check = random_weights_check(ap1_model, X, attribute(ap1_model, X, method="ism"))
    assert check.passed is False and check.value == pytest.approx(1)
    assert check.words.endswith("the map hardly depends on training")


def test_a_map_of_random_weights_is_told_apart_from_itself_only():
    config = ModelConfig(length=40, depth=1, filters=4, kernel_size=5)
    X = random_backgrounds(1, 40)
    found = attribute(build(config, 1000), X, method="input_x_gradient")
    assert stability_check(found, [build(config, 3)], X).passed is False


def test_agreement_is_the_lowest_rank_correlation():
    a = np.arange(10.0)
    scores = {"one": a, "same order": a**3, "reversed": -a}
    np.testing.assert_allclose(agreement(scores), [[1, 1, -1], [1, 1, -1], [-1, -1, 1]])
    check = agreement_check(scores)
    assert check.passed is False and check.value == pytest.approx(-1) and "one with reversed" in check.words
    assert agreement_check({"one": a}).passed is None
    assert rank_correlation(a, np.zeros(10)) == 0.0


def test_a_large_delta_fails_and_says_what_to_do(ap1_model):
    found = attribute(ap1_model, one_hot(SITE), method="deeplift")
    check = convergence(found._replace(delta=np.array([100.0])), 0)
    assert check.passed is False and check.words.endswith("use more steps, or another method")
    assert convergence(attribute(ap1_model, one_hot(SITE), method="ism"), 0).passed is None
