"""Patterns on data whose planted sites are known, the bench on networks whose answer is known."""

from __future__ import annotations

import numpy as np
import pytest

from dnaconv_core.data.synthetic import tf_binding
from dnaconv_core.errors import InputError
from dnaconv_core.interpret.discovery import DiscoveryOptions, discover
from dnaconv_core.interpret.keep import stored_examples
from dnaconv_core.interpret.marginalize import (
    backgrounds,
    by_mutation,
    by_position,
    by_spacing,
    marginalize,
    strand_effects,
    typical_covariates,
)
from dnaconv_core.interpret.seqlets import call_seqlets, overlap_share
from dnaconv_core.model.bundle import load_bundle
from dnaconv_core.model.config import ModelConfig
from dnaconv_core.model.convnet import build
from dnaconv_core.runs.models import find_model
from dnaconv_core.sequence.encoding import one_hot, reverse_complement_text
from dnaconv_core.sequence.shuffle import random_backgrounds


@pytest.mark.parametrize("method", ["deeplift_shap", "ism", "input_x_gradient"])
def test_the_strongest_seqlets_are_planted_sites_and_give_one_clean_pattern(ap1_model, method):
    data = tf_binding(300, seed=5, length=61)
    found = discover(ap1_model, data.X, data.y, how=DiscoveryOptions(method=method, n_references=4))
    explained = data.subset(found.rows)
    assert overlap_share(found.seqlets, explained.truth, 50) >= 0.9
    assert len(found.patterns) == 1
    pattern = found.patterns[0]
    assert pattern.consensus in ("TGACTCA", "TGAGTCA", "TGASTCA")
    assert pattern.contribution.shape == pattern.pfm.shape == (4, 7)
    assert pattern.n_seqlets == pattern.pfm[:, 0].sum() > 25
    assert pattern.share_positives > 0.2 and pattern.share_negatives < 0.05 and pattern.p_fisher < 1e-10
    again = discover(ap1_model, data.X, data.y, how=DiscoveryOptions(method=method, n_references=4))
    np.testing.assert_array_equal(again.patterns[0].pfm, pattern.pfm)


def test_patterns_of_a_network_that_knows_one_site_are_that_site(site_detector):
    words = ["TGACTCA" if i % 3 else "TGAGTCA" for i in range(30)]
    X = random_backgrounds(60, 31, gc=0.1, seed=8)
    for row, word in enumerate(words):
        X[row, :, 3 + row % 20 : 10 + row % 20] = one_hot(word)[0]
    found = discover(site_detector(31), X, np.arange(60) < 30, how=DiscoveryOptions(method="input_x_gradient", width=7))
    (pattern,) = found.patterns
    assert {pattern.consensus, reverse_complement_text(pattern.consensus)} == {"TGACTCA", "TGAGTCA"}
    assert (pattern.n_seqlets, pattern.share_positives, pattern.share_negatives) == (30, 1.0, 0.0)
    assert sorted(pattern.start.tolist()) == sorted(3 + row % 20 for row in range(30))
    same = pattern.minus[np.argsort(pattern.sequence)] == pattern.minus[pattern.sequence == 0][0]
    assert same.tolist() == [word == words[0] for word in words]  # strands told apart


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
def test_a_network_that_learned_nothing_has_no_pattern(seed):
    """Any network likes some words; these are no more frequent in positives, or in sequences than in shuffles."""
    bundle = load_bundle(find_model("tf_binding_jund_book"))
    data = stored_examples(bundle.path)
    found = discover(build(bundle.config, seed), data.X, data.y, how=DiscoveryOptions(most=500))
    assert len(found.seqlets) > 20 and found.patterns == () and found.n_unassigned == len(found.seqlets)


@pytest.mark.slow  # TF-MoDISco compiles itself
def test_tf_modisco_finds_the_planted_site_where_it_is_installed():
    pytest.importorskip("modiscolite", reason="the extra 'modisco' is not installed")
    bundle = load_bundle(find_model("tf_binding_synthetic"))
    data = stored_examples(bundle.path)
    found = discover(bundle.model, data.X, data.y, how=DiscoveryOptions(finder="modisco", most=500))
    first = found.patterns[0]
    assert any(core in first.consensus for core in ("TGACTCA", "TGAGTCA", "TGASTCA"))
    assert first.n_seqlets >= 10 and first.share_positives > first.share_negatives and first.p_fisher < 0.01
    assert first.pfm.sum(axis=0)[0] == first.n_seqlets == len(found.seqlets)
    assert found.method == "deeplift_shap, TF-MoDISco"


def test_a_missing_or_unfit_finder_is_told(ap1_model, monkeypatch):
    data = tf_binding(40, seed=5, length=61)
    with pytest.raises(InputError, match="finder is 'magic': choose own or modisco"):
        discover(ap1_model, data.X, data.y, how=DiscoveryOptions(finder="magic"))
    monkeypatch.setattr("dnaconv_core.interpret.modisco.find_spec", lambda name: None)
    with pytest.raises(InputError, match="TF-MoDISco is not installed: 'pip install modisco-lite'"):
        discover(ap1_model, data.X, data.y, how=DiscoveryOptions(finder="modisco"))
    monkeypatch.setattr("dnaconv_core.interpret.modisco.find_spec", lambda name: name)
    with pytest.raises(InputError, match="seqlets have 41 bases and these sequences 31: use the finder 'own'"):
        discover(ap1_model, data.X[:, :, :31], data.y, how=DiscoveryOptions(finder="modisco"))


def test_seqlets_are_windows_above_what_shuffles_reach():
    scores, null = np.zeros((2, 30)), np.full((50, 30), 0.1)
    scores[0, 10:14], scores[1, 20:24], scores[1, 2:6] = 2.0, 1.0, -3.0
    found = call_seqlets(scores, null, width=4, p_value=0.01)
    assert list(zip(found.sequence, found.start, found.score, strict=True))[:2] == [(0, 10, 8.0), (1, 20, 4.0)]
    assert not (found.sequence == 1)[found.start < 7].any()
    assert found.p_value[0] == pytest.approx(1 / (50 * 27 + 1))
    with pytest.raises(InputError, match="width is 40: the sequences have 30 bases"):
        call_seqlets(scores, null, width=40)


def test_none_to_explain_are_refused(ap1_model):
    data = tf_binding(40, seed=5, length=61)
    with pytest.raises(InputError, match="most is 0: explain at least 1 positive and 1 negative"):
        discover(ap1_model, data.X, data.y, how=DiscoveryOptions(most=0))


def test_a_wish_to_stop_is_heard_while_seqlets_are_aligned(ap1_model):
    class Progress:
        def __init__(self, stops: bool) -> None:
            self.stops, self.aligned = stops, 0

        def report(self, fraction, message):
            self.aligned += "aligned" in message

        def should_stop(self):
            return self.stops and self.aligned > 0

    data, counts = tf_binding(300, seed=5, length=61), []
    for stops in (True, False):
        progress = Progress(stops)
        how = DiscoveryOptions(n_references=2, p_value=0.01)
        assert len(discover(ap1_model, data.X, data.y, how=how, progress=progress).seqlets) > 50
        counts.append(progress.aligned)
    assert counts[0] == 1 < counts[1]


def test_all_labels_alike_are_refused(ap1_model):
    with pytest.raises(InputError, match="all labels are alike"):
        discover(ap1_model, random_backgrounds(5, 61), np.ones(5))


class TestBench:
    X = random_backgrounds(12, 31, gc=0.1, seed=2)

    def test_the_effect_of_the_site_is_two_everywhere_and_on_both_strands(self, site_detector):
        found = marginalize(site_detector(31), self.X, "TGACTCA")
        np.testing.assert_array_equal(found.before, -1.0)
        np.testing.assert_array_equal(found.after, 1.0)
        assert (found.mean, found.low, found.high) == (2.0, 2.0, 2.0)
        places = by_position(site_detector(31), self.X, "TGACTCA")
        np.testing.assert_array_equal(places.curve.at, np.arange(25))
        np.testing.assert_array_equal(places.curve.mean, 2.0)
        assert places.invariant and places.variation == 0
        one, other = strand_effects(site_detector(31), self.X, "TGACTCA")
        assert (one.mean, other.mean) == (2.0, 2.0)
        _, other = strand_effects(site_detector(31, strands="one"), self.X, "TGACTCA")
        assert other.mean == 0.0

    def test_a_flatten_head_that_weighs_places_is_seen_to_depend_on_them(self, site_detector):
        import torch

        model = site_detector(31, pooling="flatten")
        with torch.no_grad():
            model.dense.weight.copy_(torch.linspace(0, 1, 31)[None])
        found = by_position(model, self.X, "TGACTCA", positions=range(0, 25, 4))
        np.testing.assert_allclose(found.curve.mean, (np.arange(0, 25, 4) + 3) / 30, atol=1e-5)
        assert not found.invariant

    def test_two_sites_add_nothing_under_a_maximum(self, site_detector):
        found = by_spacing(site_detector(31), self.X, "TGACTCA", "TGACTCA", most=5)
        np.testing.assert_array_equal(found.joint.at, np.arange(6))
        np.testing.assert_array_equal(found.joint.mean, 2.0)
        np.testing.assert_array_equal(found.interaction.mean, -2.0)
        with pytest.raises(InputError, match="the two motifs have 32 bases together; this model reads 31"):
            by_spacing(site_detector(31), self.X, "A" * 16, "C" * 16)

    def test_a_stop_is_heard_after_a_place_and_the_others_are_unknown(self, site_detector):
        class Stops:
            def report(self, fraction, message):
                self.heard = message

            def should_stop(self):
                return self.heard in ("position 3", "1 bases apart")

        places = by_position(site_detector(31), self.X, "TGACTCA", progress=Stops())
        np.testing.assert_array_equal(places.curve.mean, [2.0] * 3 + [np.nan] * 22)
        np.testing.assert_array_equal(places.curve.high, places.curve.mean)
        assert np.isnan(places.variation) and not places.invariant
        apart = by_spacing(site_detector(31), self.X, "TGACTCA", "TGACTCA", most=5, progress=Stops())
        np.testing.assert_array_equal(apart.joint.mean, [2.0] * 2 + [np.nan] * 4)
        np.testing.assert_array_equal(apart.interaction.low, [-2.0] * 2 + [np.nan] * 4)

    def test_any_mutation_loses_the_site_but_that_to_its_other_strand(self, site_detector):
        found = by_mutation(site_detector(31), self.X, "TGACTCA")
        expected = np.where(one_hot("TGACTCA")[0] == 1, 0.0, -2.0)
        expected[2, 3] = 0.0  # TGAGTCA
        np.testing.assert_array_equal(found.change, expected)
        assert found.word == "TGACTCA"

    def test_backgrounds_keep_dinucleotides_and_count(self):
        made = backgrounds(self.X, 31, 30)
        assert made.shape == (30, 4, 31)
        assert sorted(made[:12].sum(axis=2).tolist()) == sorted(self.X.sum(axis=2).tolist())
        assert backgrounds(None, 9, 4).shape == (4, 4, 9)

    def test_typical_covariates_are_transformed_to_zero(self):
        config = ModelConfig(
            length=9, depth=1, kernel_size=3, covariates=("a",), covariate_transform="log", covariate_mean=(-3.0,),
            covariate_scale=(2.0,),
        )  # fmt: skip
        assert np.log(typical_covariates(config) + 1e-3) == pytest.approx(-3.0)


def test_it_tells_its_steps_and_what_it_found_so_far_and_comes_to_the_same(ap1_model):
    class Progress(list):
        def report(self, fraction, message):
            self.append((fraction, message))

        def should_stop(self):
            return False

    data, shown, told = tf_binding(90, seed=5, length=61), [], Progress()
    how = DiscoveryOptions(method="input_x_gradient", most=41)
    found = discover(ap1_model, data.X, data.y, how=how, so_far=shown.append, progress=told)
    n = len(found.rows)
    assert [len(some.rows) for some in shown] == [-(-n // 4), -(-n // 4) + -(-(n - 1) // 4), n - n // 4]
    for some in shown:  # both classes are among them from the first on
        assert len(set(data.y[some.rows, 0])) == 2 and set(some.rows) < set(found.rows)
    fractions, words = zip(*told, strict=True)
    assert list(fractions) == sorted(fractions) and fractions[-1] == 1
    assert f"step 1 of 2: {2 * n} of {2 * n} sequences explained" in words
    assert f"step 2 of 2: {len(found.seqlets)} seqlets are aligned, 0 groups so far" in words
    alone = discover(ap1_model, data.X, data.y, how=how)
    assert [p.n_seqlets for p in alone.patterns] == [p.n_seqlets for p in found.patterns]
    np.testing.assert_array_equal(alone.seqlets.start, found.seqlets.start)
