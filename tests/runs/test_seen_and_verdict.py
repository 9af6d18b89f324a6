"""What a model has learnt from, and what it adds to simple predictors."""

from __future__ import annotations

import json

import numpy as np
import pytest

from dnaconv_core.data.dataset import Dataset
from dnaconv_core.data.fingerprints import fingerprints, of_codes
from dnaconv_core.errors import BundleError
from dnaconv_core.runs import seen as module
from dnaconv_core.runs.seen import HASHES, keep_hashes, read_hashes, seen_in_training, seen_sentence
from dnaconv_core.runs.verdict import verdict_of
from dnaconv_core.sequence.encoding import from_codes


def part(codes: np.ndarray, alphabet: str = "DNA") -> Dataset:
    y = np.zeros((len(codes), 1), np.float32)
    return Dataset(from_codes(codes), y, y + 1, np.arange(len(codes)).astype(str), alphabet=alphabet)


@pytest.fixture
def codes():
    return np.random.default_rng(0).integers(0, 5, (50, 23)).astype(np.uint8)


def test_a_sequence_and_its_reverse_complement_share_a_fingerprint(codes):
    opposite = np.where(codes < 4, 3 - codes.astype(int), 4)[:, ::-1].astype(np.uint8)
    both = of_codes(codes, both_strands=True)
    np.testing.assert_array_equal(both, of_codes(opposite, both_strands=True))
    assert len(set(both.tolist())) == 50
    assert not set(of_codes(codes).tolist()) & set(of_codes(opposite).tolist())
    np.testing.assert_array_equal(fingerprints(from_codes(codes), both_strands=True), both)


def test_fingerprints_never_change():
    found = of_codes(np.array([[0, 1, 2, 3], [3, 3, 3, 4]]))  # as kept with models
    assert [hex(value) for value in found.tolist()] == ["0xf44e8790939e4981", "0x82e3a556150df5c4"]


def test_known_examples_are_counted_on_both_strands(tmp_path, codes):
    keep_hashes(tmp_path, part(codes[:30]))
    mixed = np.concatenate([codes[20:40], np.where(codes < 4, 3 - codes.astype(int), 4)[:5, ::-1].astype(np.uint8)])
    found = seen_in_training(tmp_path, part(mixed))
    assert (found.n, found.seen) == (25, 15)
    assert seen_sentence(found).startswith("15 of 25 examples here were in the model's training part")
    assert seen_sentence(seen_in_training(tmp_path, part(codes[30:]))) == ""
    assert seen_in_training(tmp_path / "other", part(codes)) is None


def test_a_large_training_part_is_sampled(tmp_path, codes, monkeypatch):
    monkeypatch.setattr(module, "MOST", 20)
    keep_hashes(tmp_path, part(codes))
    hashes, whole = read_hashes(tmp_path / HASHES)
    assert (len(hashes), whole) == (20, False)
    found = seen_in_training(tmp_path, part(codes))
    assert (found.n, found.seen) == (20, 20)
    fresh = np.random.default_rng(9).integers(0, 4, (200, 23)).astype(np.uint8)
    assert seen_in_training(tmp_path, part(fresh)).seen == 0


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 no", b"x" * 100])
def test_damaged_fingerprints_are_refused(content):
    with pytest.raises(BundleError, match="training_hashes.npz cannot be read"):
        read_hashes(content)


def test_fingerprints_out_of_order_are_refused(tmp_path):
    np.savez(tmp_path / HASHES, hashes=np.array([3, 1], np.uint64), whole=np.array(True))
    with pytest.raises(BundleError, match="does not hold sorted 64-bit numbers"):
        read_hashes(tmp_path / HASHES)


@pytest.mark.parametrize(
    ("low", "high", "kind", "words"),
    [
        (0.02, 0.08, "adds", "the network adds +0.050 (+0.020 to +0.080) to the best simple predictor, k-mer counts"),
        (-0.02, 0.12, "nothing", "there is no clear difference"),
        (-0.08, -0.02, "worse", "the network is worse than the best simple predictor, k-mer counts (ROC-AUC 0.800)"),
        (None, None, "unknown", "cannot be compared with"),
    ],
)
def test_the_verdict_follows_the_paired_interval_of_the_best(tmp_path, low, high, kind, words):
    value = -0.05 if kind == "worse" else 0.05

    def told(name, area, difference):
        metric = {"value": area, "low": None, "high": None, "undefined": None}
        return {"name": name, "explanation": "", "metrics": {"auroc": metric}, "differences": {"auroc": difference}}

    best = {"value": value, "low": low, "high": high, "p": None, "undefined": None}
    poor = {"value": 0.3, "low": 0.2, "high": 0.4, "p": 0.0, "undefined": None}
    stored = {"gc": told("GC content", 0.55, poor), "kmers": told("k-mer counts", 0.8, best)}
    (tmp_path / "baselines.json").write_text(json.dumps({"baselines": stored, "reason": ""}))
    verdict = verdict_of(tmp_path, "binary")
    assert (verdict.kind, verdict.baseline) == (kind, "kmers")
    assert words in verdict.sentence


def test_without_baselines_the_reason_is_told(tmp_path):
    verdict = verdict_of(tmp_path, "regression")
    assert verdict.kind == "unknown" and "no baselines were fitted" in verdict.sentence
