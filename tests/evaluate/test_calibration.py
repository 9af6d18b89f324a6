"""Calibration and percentiles: by hand, against scikit-learn, and as invariants."""

from __future__ import annotations

import numpy as np
import pytest

from dnaconv_core.errors import BundleError, InputError
from dnaconv_core.evaluate.calibration import Reference, calibrate, percentiles, read_reference, scanned_negatives
from dnaconv_core.evaluate.detail import explain
from dnaconv_core.model.config import ModelConfig
from dnaconv_core.model.convnet import build
from dnaconv_core.predict import predict


def overconfident(n: int, seed: int = 0) -> tuple[Reference, np.ndarray]:
    """Predictions whose logit is three times too large, and the true probabilities."""
    rng = np.random.default_rng(seed)
    logit = rng.normal(-1, 1, n)
    truth = 1 / (1 + np.exp(-logit))
    return Reference((rng.random(n) < truth).astype(float), 1 / (1 + np.exp(-3 * logit))), truth


@pytest.mark.parametrize("method", ["isotonic", "platt"])
def test_calibration_repairs_overconfidence_and_keeps_the_order(method):
    reference, truth = overconfident(4000)
    curve = calibrate(reference, method)
    fresh, truth = overconfident(3000, 1)
    repaired = curve(fresh.prediction)
    assert np.abs(repaired - truth).mean() < 0.03 < np.abs(fresh.prediction - truth).mean()
    assert (np.diff(repaired[np.argsort(fresh.prediction)]) >= -1e-12).all()
    assert ((repaired >= 0) & (repaired <= 1)).all() and (curve.n, curve.method) == (4000, method)


def test_platt_is_what_scikit_learn_fits():
    from sklearn.linear_model import LogisticRegression

    reference, _ = overconfident(500, 2)
    curve = calibrate(reference, "platt")
    labels, z = reference.y >= 0.5, np.log(reference.prediction / (1 - reference.prediction))
    high, low = (labels.sum() + 1) / (labels.sum() + 2), 1 / ((~labels).sum() + 2)
    target = np.where(labels, high, low)  # Platt's targets as weighted labels
    oracle = LogisticRegression(C=np.inf, tol=1e-10, max_iter=1000).fit(
        np.concatenate([z, z])[:, None], np.repeat([1, 0], 500), sample_weight=np.concatenate([target, 1 - target])
    )
    assert curve.x == pytest.approx([oracle.coef_[0, 0], oracle.intercept_[0]], rel=1e-4)


def test_the_method_follows_the_number_of_examples():
    assert calibrate(overconfident(100)[0]).method == "platt"
    assert calibrate(overconfident(4000)[0]).method == "isotonic"
    for y, message in (([0, 0], "both classes: the validation data have 0 positives of 2"), ([0, 1.3], "a number")):
        with pytest.raises(InputError, match=message):
            calibrate(Reference(np.array(y, float), np.array([0.1, 0.2])))


def test_percentiles_by_hand():
    assert percentiles(np.array([0.0, 2.0, 2.5, 9.0]), np.array([3.0, 1.0, 2.0, 2.0])).tolist() == [0, 0.5, 0.75, 1]
    assert np.isnan(percentiles(np.array([1.0]), np.array([]))).all()


def test_the_reference_of_a_bundle(tmp_path):
    assert read_reference(tmp_path) is None
    y = np.array([[0.0], [1.0], [np.nan]], np.float32)
    np.savez(tmp_path / "predictions.npz", y=y, prediction=np.float32([[0.2], [0.7], [0.5]]))
    found = read_reference(tmp_path)
    assert found.negatives == pytest.approx([0.2]) and found.positives == pytest.approx([0.7])
    w = np.float32([[0], [1], [1]])  # DeepChem writes missing labels as 0 of weight 0
    np.savez(tmp_path / "predictions.npz", y=y, w=w, prediction=np.float32([[0.2], [0.7], [0.5]]))
    assert not len(read_reference(tmp_path).negatives)
    np.savez(tmp_path / "predictions.npz", y=y)
    with pytest.raises(BundleError, match="does not hold validation predictions"):
        read_reference(tmp_path)
    (tmp_path / "predictions.npz").write_text("no")
    with pytest.raises(BundleError, match="does not hold validation predictions"):
        read_reference(tmp_path)


def damaged(content: bytes) -> bytes:
    at = content.index(b"prediction.npy") + 60
    return content[:at] + bytes(255 - byte for byte in content[at : at + 200]) + content[at + 200 :]


@pytest.mark.parametrize("break_it", [damaged, lambda content: b""], ids=["bits turned over", "empty"])
def test_a_damaged_reference_is_told_in_a_sentence(tmp_path, break_it):
    path, y = tmp_path / "predictions.npz", np.random.default_rng(0).random((500, 1))
    np.savez_compressed(path, y=y, prediction=y)
    path.write_bytes(break_it(path.read_bytes()))
    with pytest.raises(BundleError, match="does not hold validation predictions"):
        read_reference(tmp_path)


def test_labels_without_columns_are_refused(tmp_path):
    np.savez(tmp_path / "predictions.npz", y=np.zeros((3, 0)), prediction=np.zeros((3, 0)))
    with pytest.raises(BundleError, match=r"has labels \(3, 0\)"):
        read_reference(tmp_path)


def test_negatives_are_read_as_a_scan_reads_windows():
    rng, y = np.random.default_rng(0), np.array([0.0, 1.0, 0.0, 0.0, 1.0])
    X = np.eye(4, dtype=np.int8)[rng.integers(0, 4, (5, 12))].transpose(0, 2, 1).copy()
    codes, covariates = X.argmax(axis=1).astype(np.uint8), rng.random((5, 1)).astype(np.float32)
    config = {"length": 12, "depth": 1, "kernel_size": 3, "filters": 4}
    model = build(ModelConfig(**config, covariates=("openness",)), 1).eval()
    plus, minus = (predict(model, one.copy(), covariates)[:, 0] for one in (X, X[:, ::-1, ::-1]))
    kept = Reference(y, plus.astype(float), codes, covariates)
    assert scanned_negatives(model, kept) == pytest.approx(np.maximum(plus, minus)[y == 0])
    assert (minus > plus)[y == 0].any()
    assert scanned_negatives(model, Reference(y, kept.prediction)) == pytest.approx(plus[y == 0])
    rna = build(ModelConfig(**config, alphabet="RNA"), 1).eval()
    assert scanned_negatives(rna, kept) == pytest.approx(plus[y == 0])


def test_what_stands_beside_a_prediction():
    config = {"length": 12, "depth": 1, "kernel_size": 3, "filters": 4}
    model, other = (build(ModelConfig(**config), seed).eval() for seed in (1, 2))
    X = np.eye(4, dtype=np.int8)[np.random.default_rng(0).integers(0, 4, (7, 12))].transpose(0, 2, 1).copy()
    reference = overconfident(50)[0]
    found = explain(model, X, reference=reference, siblings=[other])
    one, two = predict(model, X)[:, 0], predict(other, X)[:, 0]
    assert found.prediction == pytest.approx(one)
    assert found.other_strand == pytest.approx(predict(model, X[:, ::-1, ::-1].copy())[:, 0])
    assert (found.low == np.minimum(one, two)).all() and (found.high == np.maximum(one, two)).all()
    assert found.seeds == "lowest and highest of 2 seeds" and found.meaning.calibration.startswith(
        "Platt scaling, fitted on 50"
    )
    expected = [(reference.negatives < value).mean() for value in one]
    assert found.meaning.among_negatives == pytest.approx(expected)
    assert found.meaning.percentile == pytest.approx([(reference.prediction < value).mean() for value in one])
    assert found.meaning.prevalence == reference.y.mean()
    bare = explain(model, X)
    assert set(bare.columns()) == {"prediction", "other_strand"}
    ensemble = build(ModelConfig(**config, members=3), 1).eval()
    spread = explain(ensemble, X)
    assert spread.high - spread.low == pytest.approx(2 * predict(ensemble, X, output="spread")[:, 0], abs=1e-6)
    rna = build(ModelConfig(**config, alphabet="RNA"), 1).eval()
    assert explain(rna, X).other_strand is None
