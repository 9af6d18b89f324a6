"""The checks beside a map: they pass where they should, and say so plainly where not."""

from __future__ import annotations

import numpy as np
import pytest

from dnaconv_core.interpret.attribution import ATTRIBUTIONS, Scores, attribute
from dnaconv_core.interpret.evidence import (
    agreement,
    agreement_check,
    base_scores,
    check_map,
    convergence,
    little_to_explain,
    network_check,
    random_weights_check,
    rank_correlation,
    stability_check,
)
from dnaconv_core.model.bundle import load_bundle
from dnaconv_core.model.config import ModelConfig
from dnaconv_core.model.convnet import build
from dnaconv_core.results import Metric
from dnaconv_core.runs.models import find_model
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


@pytest.mark.slow
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
    scores = {"one": a, "same order": a**0.5, "reversed": -a}
    np.testing.assert_allclose(agreement(scores), [[1, 1, -1], [1, 1, -1], [-1, -1, 1]])
    check = agreement_check(scores)
    assert check.passed is False and check.value == pytest.approx(-1) and "one with reversed" in check.words
    assert agreement_check({"one": a}).passed is None
    assert rank_correlation(a, np.zeros(10)) == 0.0


def test_letters_too_small_to_be_read_do_not_decide():
    site, rng = np.zeros(101), np.random.default_rng(0)
    site[40:47] = 1 + 0.01 * np.arange(7)
    noise = [site + 0.03 * rng.normal(size=101) for _ in range(2)]
    plain = np.corrcoef([np.argsort(np.argsort(row)) for row in noise])[0, 1]
    assert plain < 0.5 < 0.9 < rank_correlation(*noise)
    moved = np.roll(noise[1], 9)
    assert abs(rank_correlation(noise[0], moved)) < 0.2  # as tall, elsewhere
    assert rank_correlation(noise[0], -noise[1]) < -0.9  # in the same place, against


METHODS = ("input_x_gradient", "integrated_gradients", "deeplift", "deeplift_shap", "ism")


def maps_of(model, X, methods=METHODS, **options) -> dict[str, np.ndarray]:
    return {m: base_scores(attribute(model, X, method=m, **options).values, X)[0] for m in methods}


@pytest.mark.slow
@pytest.mark.parametrize("name", ["hand-set", "hand-set, with noise", "trained"])
def test_right_maps_agree_and_wrong_ones_do_not(name, site_detector, ap1_model):
    """A site in a network that knows it: all methods show it, though by plain ranks most pairs seem to disagree."""
    bundle = load_bundle(find_model("tf_binding_synthetic"))
    model = {"hand-set": site_detector(61), "hand-set, with noise": ap1_model, "trained": bundle.model}[name]
    X = one_hot(dict(tf_examples())["Known AP-1 site"] if name == "trained" else SITE)
    found = maps_of(model, X)
    check = agreement_check(found)
    assert check.passed and check.value > 0.6
    assert check.words.endswith("bases below a tenth of the tallest count as zero")
    right, rng = found["deeplift_shap"], np.random.default_rng(3)
    for seed in range(3):
        drawn = maps_of(build((bundle if name == "trained" else ap1_model).config, seed), X, ["deeplift_shap"])[
            "deeplift_shap"
        ]
        for wrong in (drawn, rng.permutation(right)):
            assert agreement_check({"right": right, "wrong": wrong}).passed is False


def tf_examples():
    from dnaconv_core.experiments import get_experiment

    return [(example.name, example.sequence) for example in get_experiment("tf_binding").examples]


@pytest.mark.slow
def test_every_check_of_a_map_in_turn(ap1_model):
    X = one_hot(SITE)
    maps = {m: attribute(ap1_model, X, method=m, seed=4) for m in ("deeplift_shap", "ism")}
    checks = check_map(ap1_model, X, maps, siblings=[ap1_model], seed=4)
    assert [c.name for c in checks] == [
        "Convergence", "Agreement of methods", "Random weights", "Stability over seeds"
    ]  # fmt: skip
    assert all(c.passed for c in checks) and checks[3].value == pytest.approx(1)
    assert check_map(ap1_model, X, {"ism": maps["ism"]})[0].passed is None


def measured(low, value=0.62, high=0.7, note=None):
    return {"valid": {"auroc": Metric(value, low, high, note=note)}}


def test_a_network_is_judged_by_the_interval_of_its_main_metric(ap1_model):
    config = ap1_model.config
    good, poor = network_check(measured(0.51), config), network_check(measured(0.5), config)
    assert (good.passed, poor.passed) == (True, False)
    assert good.words == "ROC-AUC 0.620 on validation data (0.510 to 0.700), chance is 0.5"
    assert poor.words == f"{good.words.replace('0.510', '0.500')}: what it looks at proves nothing"
    few = network_check(measured(None, high=None, note="too few to say: 3 positives, an interval needs 10"), config)
    assert few.passed is None and "(too few to say: 3 positives" in few.words
    unknown = network_check({}, config)
    assert (unknown.passed, unknown.words) == (None, "this network was not measured on validation data")


@pytest.mark.slow
def test_nothing_supports_a_map_of_a_network_that_is_no_better_than_chance(ap1_model):
    X = one_hot(SITE)
    maps = {m: attribute(ap1_model, X, method=m, seed=4) for m in ("deeplift_shap", "ism")}
    for low, passed in ((0.45, [False, None, None, None, None]), (0.55, [True] * 5)):
        network = network_check(measured(low), ap1_model.config)
        checks = check_map(ap1_model, X, maps, siblings=[ap1_model], seed=4, network=network)
        assert [check.passed for check in checks] == passed and checks[0] == network
        said = "no support, as the network is not better than chance"
        assert all(check.words.endswith(said) == (low < 0.5) for check in checks[1:])


def test_a_flat_map_is_not_judged(site_detector, ap1_model):
    """A sequence far from any site, in a network that knows nothing but the site."""
    X = one_hot("AT" * 30 + "A")
    maps = {m: attribute(site_detector(61), X, method=m) for m in ("deeplift_shap", "ism")}
    assert all((found.values == 0).all() for found in maps.values())
    checks = check_map(site_detector(61), X, maps, siblings=[ap1_model])
    assert [check.passed for check in checks] == [True, None, None, None]
    assert {check.words for check in checks[1:]} == {"no base counts in this map: there is nothing to compare"}
    seen = attribute(ap1_model, X, method="ism")
    assert agreement_check({"flat": np.zeros(61), "not": base_scores(seen.values, X)[0]}).passed is False


def test_a_large_delta_fails_and_says_what_to_do(ap1_model):
    found = attribute(ap1_model, one_hot(SITE), method="deeplift")
    check = convergence(found._replace(delta=np.array([100.0])), 0)
    assert check.passed is False and check.words.endswith("use more steps, or another method")
    assert convergence(attribute(ap1_model, one_hot(SITE), method="ism"), 0).passed is None


def test_a_usual_prediction_leaves_little_to_explain():
    usual = np.arange(101) / 100  # quartiles 0.25 and 0.75
    said = little_to_explain(0.31, usual)
    assert said.startswith(
        "Little to explain: 0.310 is a usual prediction of this model (half of 101 validation examples lie "
    )
    assert "between 0.250 and 0.750" in said
    assert [bool(little_to_explain(value, usual)) for value in (0.24, 0.25, 0.75, 0.76)] == [False, True, True, False]
    assert little_to_explain(0.5, usual[45:55]) == ""  # ten say nothing of what is usual
    two_groups = np.r_[np.linspace(0.0, 0.1, 52), np.linspace(0.95, 1.0, 51)]  # quartiles 0.05 and 0.975
    assert [little_to_explain(value, two_groups) for value in (0.06, 0.96)] == ["", ""]  # no map of a site is dismissed
