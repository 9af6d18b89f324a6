"""The pieces of the baselines, by hand: gapped words, many motifs at once, and what is chosen on inner folds."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from dnaconv_core.answers import find_answer
from dnaconv_core.data.dataset import Dataset
from dnaconv_core.evaluate.baseline_features import best_match, best_matches, cpg_share
from dnaconv_core.evaluate.baseline_fits import Features, Training, choose
from dnaconv_core.evaluate.baseline_words import gapped_counts, logged
from dnaconv_core.evaluate.baselines import fit_baselines
from dnaconv_core.progress import SILENT
from dnaconv_core.sequence.encoding import one_hot, reverse_complement
from dnaconv_core.sequence.jaspar import jaspar
from dnaconv_core.sequence.motif import Motif, scan, to_pwm


def dataset(y, X, **more):
    y = np.asarray(y, np.float32).reshape(len(X), -1)
    return Dataset(X=X, y=y, w=np.ones_like(y), ids=np.array([f"s{i}" for i in range(len(X))]), **more)


def random_X(n, length, seed):
    rng = np.random.default_rng(seed)
    return (rng.integers(0, 4, (n, 1, length)) == np.arange(4)[None, :, None]).astype(np.int8)


def column(word, gap):
    return gap * 4**6 + sum("ACGT".index(letter) * 4 ** (5 - i) for i, letter in enumerate(word))


def test_gapped_words_by_hand():
    """AACCGGTT: AAC and CGG with nothing between, CGT at distance 1 from AAC's end …"""
    X = one_hot(["AACCGGTT", "AACNGGTT"])
    counts = gapped_counts(X, both_strands=False)
    assert counts.shape == (2, 3 * 4**6)  # of 8 bases only gaps 0, 1 and 2 fit
    places = {0: ["AACCGG", "ACCGGT", "CCGGTT"], 1: ["AACGGT", "ACCGTT"], 2: ["AACGTT"]}
    expected = {column(word, gap) for gap, words in places.items() for word in words}
    assert set(counts[0].indices) == expected and set(counts[0].data) == {1.0}
    assert set(counts[1].indices) == {column("AACGGT", 1), column("AACGTT", 2)}  # the N lies in their gaps
    both = gapped_counts(X, both_strands=True)
    assert np.array_equal(both.toarray(), gapped_counts(reverse_complement(X), both_strands=True).toarray())
    assert both[0].sum() == 6 and both[0, column("AACCGG", 0)] == 2  # CCGGTT is its reverse complement


def test_logarithms_of_counts():
    counts = logged(gapped_counts(one_hot(["AAAAAAA"]), both_strands=False))
    assert counts[0, 0] == pytest.approx(np.log(3)) and counts[0, 4**6] == pytest.approx(np.log(2))


def test_many_motifs_score_as_one_by_one():
    X = random_X(7, 23, 1)
    X[2, :, 5:9] = 0
    rng = np.random.default_rng(0)
    motifs = [Motif(f"m{w}", "", rng.dirichlet(np.ones(4), w).T, 30.0 + w) for w in (6, 11, 6, 23)]
    found = best_matches(X, motifs)
    assert found.shape == (7, 4)
    for i, motif in enumerate(motifs):
        alone = scan(X, to_pwm(motif.ppm, nsites=motif.nsites)).reshape(7, -1).max(axis=1)
        assert found[:, i] == pytest.approx(alone, abs=1e-4)
    assert best_match(X, motifs[0].ppm).shape == (7, 1)


def test_cpgs_by_hand():
    assert cpg_share(one_hot(["ACGCG", "GCGCC", "NNNNN"]))[:, 0].tolist() == [0.5, 0.25, 0.0]


@pytest.mark.slow
def test_a_planted_motif_is_found_by_jaspars():
    """Sites drawn from GATA1's own matrix, on either strand, among which no word is the same twice in a row."""
    gata = next(motif for motif in jaspar() if motif.name == "GATA1")
    rng, n = np.random.default_rng(4), 500
    X = random_X(n, 80, 5)
    y = np.arange(n) % 2
    for i in np.flatnonzero(y):
        codes = np.array([rng.choice(4, p=p / p.sum()) for p in gata.ppm.T])
        site = (codes == np.arange(4)[:, None]).astype(np.int8)
        at = rng.integers(0, 80 - gata.width)
        X[i, :, at : at + gata.width] = site if rng.random() < 0.5 else site[::-1, ::-1]
    data = dataset(y, X)
    found = dict(fit_baselines("binary", data.subset(np.arange(350)), data.subset(np.arange(350, n))))
    assert found["jaspar"].metrics["auroc"].value > max(0.8, found["gc"].metrics["auroc"].value + 0.2)


def test_the_better_of_two_ways_to_look_is_chosen_with_a_penalty_that_fits():
    """One way shows the label, the other noise; too strong a penalty flattens a ridge to the mean."""
    rng = np.random.default_rng(2)
    y = rng.normal(size=90)
    data = dataset(y, random_X(90, 5, 0), alphabet="RNA")
    answer = find_answer("regression")
    training = Training(answer, data, y, np.ones(90), answer.prior(y, 1), np.arange(90), 0)
    noise = Features("noise", lambda data: rng.normal(size=(len(data), 3)))
    label = Features("label", lambda data: data.y.astype(np.float64))
    found = choose(training, (noise, label), (3.0, 0.3), lambda done: None, SILENT)
    assert found.features.words == "label" and found.reached > 0.99
    held = training.held_out(0.003, data.y.astype(np.float64), np.arange(90), SILENT)
    assert held[:, 0] == pytest.approx(y, abs=0.2)  # each example by a model of the others


@pytest.mark.slow
@pytest.mark.parametrize("task", ["binary", "regression", "classes"])
def test_labels_of_the_validation_part_change_no_prediction(task):
    rng = np.random.default_rng(7)
    X = random_X(130, 24, 3)
    y = {"binary": X[:, 0, 4], "regression": X[:, 0, 4] + rng.normal(size=130), "classes": X[:, :, 4].argmax(axis=1)}
    data = dataset(y[task], X)
    train, valid = data.subset(np.arange(90)), data.subset(np.arange(90, 130))
    other = replace(valid, y=valid.y[rng.permutation(40)])
    found, again = (dict(fit_baselines(task, train, part, n_outputs=None)) for part in (valid, other))
    assert list(found) == list(again) and len(found) == 8
    assert all(np.array_equal(found[key].prediction, again[key].prediction) for key in found)
    assert found["one_hot"].metrics != again["one_hot"].metrics


@pytest.mark.slow
def test_a_strand_that_matters_is_counted_apart():
    """The label is which strand a word stands on: counts that put both together cannot tell."""
    X = random_X(300, 40, 9)
    y = np.arange(300) % 2
    for i in range(300):
        X[i, :, 7:13] = one_hot("AACCTA" if y[i] else "TAGGTT")[0]
    data = dataset(y, X)
    parts = data.subset(np.arange(200)), data.subset(np.arange(200, 300))
    blind, seeing = (
        dict(fit_baselines("binary", *parts, both_strands=both, quick=True))["kmers"].metrics["auroc"].value
        for both in (True, False)
    )
    assert seeing > 0.99 and blind < 0.7


def test_a_stop_in_the_middle_leaves_what_was_fitted():
    class Impatient:
        asked, said = 0, ()

        def report(self, fraction, message):
            assert 0 <= fraction <= 1
            self.said += ((fraction, message),)

        def should_stop(self):
            self.asked += 1
            return "k-mer" in self.said[-1][1]

    watch = Impatient()
    data = dataset(np.arange(80) % 2, random_X(80, 20, 0))
    parts = data.subset(np.arange(60)), data.subset(np.arange(60, 80))
    found = [key for key, _ in fit_baselines("binary", *parts, progress=watch)]
    assert found == ["mean", "gc", "one_hot", "one_hot_words"]
    assert watch.said[-1][1] == "baselines: k-mer counts"
    fractions = [fraction for fraction, _ in watch.said]
    assert fractions == sorted(fractions)
