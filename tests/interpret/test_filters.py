"""Filters as motifs: exact where the weights are set by hand; ablation; what fires where."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from dnaconv_core.data.synthetic import tf_binding
from dnaconv_core.engine.silencing import predict_without, silenced
from dnaconv_core.errors import InputError
from dnaconv_core.evaluate.intervals import paired_difference
from dnaconv_core.interpret import findings
from dnaconv_core.interpret.ablation import ablate_filters
from dnaconv_core.interpret.align import aligned
from dnaconv_core.interpret.filters import (
    by_usefulness,
    class_means,
    co_firing,
    filter_motifs,
    site_windows,
    top_sequences,
)
from dnaconv_core.interpret.keep import stored_examples
from dnaconv_core.model.bundle import load_bundle
from dnaconv_core.model.config import ModelConfig
from dnaconv_core.model.convnet import build
from dnaconv_core.predict import predict
from dnaconv_core.runs.models import find_model
from dnaconv_core.sequence.encoding import decode, one_hot
from dnaconv_core.sequence.shuffle import random_backgrounds

PLUS, MINUS, NONE = "AT" * 6 + "TGACTCA" + "AT" * 6, "AT" * 3 + "TGAGTCA" + "AT" * 9, "AT" * 15 + "A"


@pytest.mark.parametrize("layer_padding", ["same", "valid"])
def test_a_filter_of_one_site_has_exactly_that_motif(detector, layer_padding):
    model = detector
    if layer_padding == "valid":
        model = build(model.config.replace(padding="valid"))
        model.load_state_dict(detector.state_dict())
    X = one_hot([PLUS, MINUS, NONE, PLUS])
    scan = filter_motifs(model, X)
    (found,) = scan.motifs
    np.testing.assert_array_equal(found.pfm, 3 * one_hot("TGACTCA")[0])
    assert (found.consensus, found.n_sites, found.max_activation) == ("TGACTCA", 3, 1.0)
    order = np.argsort(found.sites.sequence)
    assert found.sites.start[order].tolist() == [12, 6, 12]
    assert found.sites.minus[order].tolist() == [False, True, False]
    assert decode(site_windows(X, found.sites, 7)) == ["TGACTCA"] * 3
    assert found.note == "only 3 sites: too few to trust the motif"
    assert scan.positions[0, 12] == 2 and scan.positions[0, 6] == 1 and scan.positions.sum() == 3
    np.testing.assert_array_equal(scan.peak[:, 0], [1, 1, 0, 1])
    assert sorted(row for row, *_ in top_sequences(scan, 0)) == [0, 1, 3]
    negatives, positives = class_means(scan, np.array([1, 1, 0, 0]))
    assert (negatives[0], positives[0]) == (0.5, 1.0)


def test_a_silent_filter_says_so(detector):
    (found,) = filter_motifs(detector, one_hot([NONE, NONE])).motifs
    assert (found.n_sites, found.information_bits) == (0, 0.0)
    assert found.note == "no sequence here activates this filter"


def test_deeper_units_are_read_by_their_receptive_field():
    model = build(ModelConfig(length=24, depth=2, filters=3, kernel_size=4), 2)
    X = random_backgrounds(40, 24, seed=3)
    scan = filter_motifs(model, X, layer=2, fraction=0.3)
    assert scan.width == 7 and scan.motifs[0].pfm.shape == (4, 7)
    with torch.no_grad():
        whole = model.eval().features(torch.from_numpy(X).float(), 2).numpy()  # (N, F, L), left padding 1 per layer
    for index, found in enumerate(scan.motifs):
        inside = whole[:, index, 2 : 2 + 18]
        assert found.n_sites == (inside > 0.3 * inside.max()).sum()
        row, start, value = found.sites.sequence[0], found.sites.start[0], found.sites.activation[0]
        assert whole[row, index, start + 2] == pytest.approx(value, abs=1e-5) == pytest.approx(inside.max(), abs=1e-5)


def test_sites_of_deeper_units_are_shifted_to_match_where_there_is_something_to_match():
    rng = np.random.default_rng(6)
    windows = rng.integers(0, 4, (300, 21)).astype(np.int8)
    assert aligned(windows) is windows  # shifts find something in anything
    at, site = rng.integers(4, 11, 300), np.array([3, 2, 0, 1, 3, 1, 0])  # TGACTCA within the middle
    planted = windows.copy()
    np.put_along_axis(planted, at[:, None] + np.arange(7), np.tile(site, (300, 1)).astype(np.int8), axis=1)
    found = aligned(planted)
    counts = np.stack([(found == base).sum(axis=0) for base in range(4)])  # (4, 11)
    assert found.shape == (300, 11)
    (start,) = [p for p in range(5) if (counts[site, p + np.arange(7)] > 280).all()]
    assert 1 <= start <= 3  # in the middle


def test_the_second_layer_shows_the_planted_site_in_full():
    bundle = load_bundle(find_model("tf_binding_synthetic"))
    data = stored_examples(bundle.path, "DNA", ())
    scan = filter_motifs(bundle.model, data.X, layer=2)
    best = [scan.motifs[i] for i in by_usefulness(scan, data.y)[:3]]
    assert all("TGASTCA" in found.consensus and found.information_bits > 12 for found in best)
    assert all(found.pfm.sum(axis=0).max() == found.n_sites for found in best)  # those that count are all of them


DEEP = {
    "same": ModelConfig(length=26, depth=3, filters=3, kernel_size=4),
    "same, both strands, odd kernel": ModelConfig(length=26, depth=2, filters=3, kernel_size=5, strands="both"),
    "same, both strands, members": ModelConfig(
        length=26, depth=3, filters=2, kernel_size=4, strands="both", members=2, pooling="max_mean"
    ),
    "valid, both strands": ModelConfig(
        length=26, depth=3, filters=3, kernel_size=4, strands="both", padding="valid", pooling="max"
    ),
}


@pytest.mark.parametrize("name", DEEP)
def test_a_window_alone_makes_its_unit_fire_as_it_did_in_the_sequence(name):
    """The window of each site, cut out and turned to the filter's direction, is all that the unit sees."""
    config = DEEP[name]
    model, X = build(config, 3), random_backgrounds(40, 26, seed=1)
    with torch.no_grad():
        for conv in model.convs:
            conv.bias.uniform_(-0.05, 0.1, generator=torch.Generator().manual_seed(1))
    strands = set()
    for layer in range(1, config.depth + 1):
        scan = filter_motifs(model, X, layer=layer, fraction=0.2)
        assert scan.width == 1 + layer * (config.kernel_size - 1) and len(scan.motifs) == 3 + (config.members == 2)
        for index, found in enumerate(scan.motifs):
            h = torch.from_numpy(site_windows(X, found.sites, scan.width)).float()
            for conv in model.convs[:layer]:
                h = torch.nn.functional.conv1d(h, conv.weight, conv.bias, groups=conv.groups).relu()
            np.testing.assert_allclose(h[:, index, 0].detach(), found.sites.activation, atol=1e-5)
            assert found.n_sites == len(found.sites) and found.sites.start.max(initial=0) <= 26 - scan.width
            strands |= set(found.sites.minus.tolist())
        assert sum(found.n_sites for found in scan.motifs) > 40
    assert strands == ({False, True} if config.strands == "both" else {False})


def test_batches_do_not_matter(monkeypatch):
    """Also where the strongest window comes last, so that the first are taken against too low a maximum."""
    model = build(ModelConfig(length=24, depth=1, filters=3, kernel_size=5, strands="both"), 1)
    X = random_backgrounds(50, 24)
    X = X[np.argsort(filter_motifs(model, X).peak.sum(axis=1))]
    whole = filter_motifs(model, X)
    monkeypatch.setattr("dnaconv_core.interpret.filters._AT_ONCE", 3 * 24 * 7)
    parts = filter_motifs(model, X)
    for a, b in zip(whole.motifs, parts.motifs, strict=True):
        np.testing.assert_array_equal(a.pfm, b.pfm)
        assert a.n_sites == b.n_sites == len(a.sites) and a.sites.activation.min() > 0.5 * a.max_activation
        # equally strong ones may change places: some processors round the same window differently in other batches
        in_order = [tuple(c[np.lexsort((s.minus, s.start, s.sequence))] for c in s) for s in (a.sites, b.sites)]
        for mine, theirs in zip(*in_order, strict=True):
            np.testing.assert_allclose(mine, theirs, rtol=1e-5)
    np.testing.assert_array_equal(whole.positions, parts.positions)
    np.testing.assert_allclose(whole.peak, parts.peak, rtol=1e-5, atol=1e-6)


def test_filters_of_a_network_that_knows_ap1(ap1_model):
    data = tf_binding(400, seed=3, length=61)
    scan = filter_motifs(ap1_model, data.X, fraction=0.6)
    assert scan.motifs[2].consensus[1:8] in ("TGACTCA", "TGASTCA")
    negatives, positives = class_means(scan, data.y)
    assert positives[2] > 3 * negatives[2]
    assert by_usefulness(scan, data.y)[0] == 2
    together = co_firing(scan)
    np.testing.assert_allclose(np.diag(together), 1, atol=1e-5)
    changes = ablate_filters(ap1_model, data.X, data.y)
    assert [change.matters for change in changes] == [False, False, True, False]
    assert changes[2].as_json()["metric"] == "auroc" and changes[2].difference.high < -0.3


def test_silencing_changes_a_copy_only(ap1_model):
    before = ap1_model.convs[0].weight.clone()
    copy = silenced(ap1_model, 2)
    assert (copy.convs[0].weight[2] == 0).all() and copy.convs[0].bias[2] == 0
    assert torch.equal(ap1_model.convs[0].weight, before)
    with pytest.raises(InputError, match="filter 5 does not exist: layer 1 has filters 1 to 4"):
        silenced(ap1_model, 4)


@pytest.mark.slow  # Tomtom
@pytest.mark.parametrize("name", ["tf_binding_jund", "tf_binding_synthetic"])
def test_the_first_filter_shown_of_a_trained_network_is_of_the_ap1_and_creb_families(name):
    """On measured and on synthetic data; JUND binds TGACTCA with FOS, and TGACGTCA with ATF2."""
    from dnaconv_core.interpret.keep import stored_examples
    from dnaconv_core.interpret.naming import named_filters
    from dnaconv_core.model.bundle import load_bundle
    from dnaconv_core.runs.models import find_model

    bundle = load_bundle(find_model(name))
    data = stored_examples(bundle.path)
    scan = filter_motifs(bundle.model, data.X)
    order = by_usefulness(scan, data.y)
    matches = named_filters([f.motif for f in scan.motifs], order)[order[0]]
    assert any(family in matches[0].name.upper() for family in ("JUN", "FOS", "ATF", "CREB", "BACH", "JDP2"))
    assert matches[0].q_value < 0.05


NETWORKS = {
    "flatten": ModelConfig(length=23, depth=2, filters=5, kernel_size=4),
    "valid, two tasks": ModelConfig(length=23, depth=1, filters=5, kernel_size=6, padding="valid", n_tasks=2),
    "max of both strands": ModelConfig(length=23, depth=1, filters=6, kernel_size=7, pooling="max", strands="both"),
    "flatten of both strands": ModelConfig(length=23, depth=3, filters=4, kernel_size=3, strands="both"),
    "members": ModelConfig(
        length=23, depth=2, filters=3, kernel_size=4, pooling="max_mean", strands="both", members=3
    ),
    "places and a covariate": ModelConfig(
        length=23, depth=1, filters=4, kernel_size=5, positional=True, covariates=("openness",), task="regression",
        output="linear",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", NETWORKS)
def test_predictions_without_each_filter_are_those_of_the_network_with_it_silenced(name, monkeypatch):
    config = NETWORKS[name]
    monkeypatch.setattr("dnaconv_core.engine.silencing._AT_ONCE", 5 * config.members * config.filters * 23)
    model, X = build(config, 4), random_backgrounds(12, 23, seed=1)
    with torch.no_grad():
        for conv in model.convs:
            conv.bias.uniform_(-0.1, 0.3, generator=torch.Generator().manual_seed(1))
        if model.positional is not None:
            model.positional.weight.copy_(torch.linspace(-1, 1, 92)[None])
    covariates = np.linspace(-1, 1, 12, dtype=np.float32)[:, None] if config.covariates else None
    for layer in range(1, config.depth + 1):
        indices = list(range(len(model.convs[layer - 1].bias)))[::-2]
        whole, without = predict_without(model, X, covariates, layer=layer, indices=indices)
        np.testing.assert_allclose(whole, predict(model, X, covariates)[:, 0], atol=1e-5)
        for column, index in enumerate(indices):
            expected = predict(silenced(model, index, layer), X, covariates)[:, 0]
            np.testing.assert_allclose(without[:, column], expected, atol=1e-5)
        assert np.abs(without - whole[:, None]).max() > 1e-3
    with pytest.raises(InputError, match="does not exist"):
        predict_without(model, X, covariates, indices=[len(model.convs[0].bias)])


@pytest.mark.parametrize(
    "wrong, message",
    [
        ({"layer": 2}, "layer is 2: this model has layers 1 to 1"),
        ({"fraction": 1.0}, "fraction is 1.0: a window counts above this share"),
        ({"X": np.zeros((0, 4, 31), np.int8)}, "there are no sequences to read the filters from: give at least one"),
    ],
)
def test_wrong_settings_are_told(detector, wrong, message):
    with pytest.raises(InputError, match=message):
        filter_motifs(detector, **{"X": one_hot(NONE), **wrong})


def test_intervals_without_a_filter_are_those_of_any_other_difference(ap1_model):
    data = tf_binding(200, seed=3, length=61)
    (change,) = ablate_filters(ap1_model, data.X, data.y, indices=[2])
    whole, without = predict_without(ap1_model, data.X, layer=1, indices=[2])
    assert change.difference == paired_difference("binary", "auroc", data.y[:, 0], without[:, 0], whole, groups=None)


def test_maxima_that_lie_in_a_file_tell_the_same(monkeypatch):
    from dnaconv_core.interpret import filter_reading

    model = build(ModelConfig(length=23, filters=4, kernel_size=5, depth=1), 1)
    X, y = random_backgrounds(300, 23), np.arange(300) % 3 == 0
    monkeypatch.setattr(filter_reading, "_SUMMED", 4 * 70)
    here = filter_motifs(model, X)
    monkeypatch.setattr(filter_reading, "_IN_MEMORY", 4 * 299)
    there = filter_motifs(model, X)
    assert isinstance(here.peak, np.ndarray) and not isinstance(there.peak, np.ndarray)
    np.testing.assert_array_equal(there.peak[:], here.peak)
    low, high = class_means(there, y)
    np.testing.assert_allclose(low, here.peak[~y].mean(axis=0), rtol=1e-5)
    np.testing.assert_allclose(high, here.peak[y].mean(axis=0), rtol=1e-5)
    np.testing.assert_allclose(co_firing(there), np.corrcoef(here.peak.T), atol=1e-5)
    apart = np.abs(high - low) / here.peak.std(axis=0)
    np.testing.assert_array_equal(by_usefulness(there, y), np.argsort(-apart))


def test_more_windows_than_are_held_give_the_same_in_a_second_reading(monkeypatch):
    """Also where only the strongest of each filter are kept: counts are of all."""
    from dnaconv_core.interpret import filters
    from dnaconv_core.model.config import ModelConfig
    from dnaconv_core.model.convnet import build

    model = build(ModelConfig(length=23, filters=3, kernel_size=5, depth=1, strands="both"), 1)
    X = np.eye(4, dtype=np.int8)[np.random.default_rng(0).integers(0, 4, (400, 23))].transpose(0, 2, 1)
    monkeypatch.setattr(filters, "_AT_ONCE", 3 * 23 * 30)  # fourteen batches
    for most in (20_000, 17):
        monkeypatch.setattr(filters, "_MOST_SITES", most)
        monkeypatch.setattr(filters, "_MOST_HELD", 1 << 30)
        once = filters.filter_motifs(model, X, fraction=0.3)
        monkeypatch.setattr(filters, "_MOST_HELD", 50)
        twice = filters.filter_motifs(model, X, fraction=0.3)
        np.testing.assert_array_equal(once.positions, twice.positions)
        np.testing.assert_array_equal(once.peak, twice.peak)
        for one, two in zip(once.motifs, twice.motifs, strict=True):
            assert one.n_sites == two.n_sites > 50 and one.consensus == two.consensus
            assert len(one.sites) == min(one.n_sites, most)
            np.testing.assert_array_equal(one.pfm, two.pfm)
            assert all((a == b).all() for a, b in zip(one.sites, two.sites, strict=True))


def test_filters_are_read_from_both_classes_also_where_positives_alone_would_do(monkeypatch):
    monkeypatch.setattr(findings, "MOST_READ", 4)
    assert findings.rows_to_read(np.float32([0, 1, 1, 0])).tolist() == [0, 1, 2, 3]
    assert findings.rows_to_read(np.float32([0, 1, 0, 0, 1, 0])).tolist() == [1, 4, 0, 2]
    assert findings.rows_to_read(np.float32([0, 1, 1, 1, 1, 0, 0])).tolist() == [1, 2, 0, 5]
    assert findings.rows_to_read(np.float32([1, 1, 1, 1, 1, 0])).tolist() == [0, 1, 2, 5]
    assert findings.rows_to_read(np.float32([0.3, 0.9, 0.1, 0.5, 0.8, 0.7])).tolist() == [1, 4, 5, 3]
