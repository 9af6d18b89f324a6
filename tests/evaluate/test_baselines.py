from __future__ import annotations

import warnings
from dataclasses import replace

import numpy as np
import pytest

from dnaconv_core.data.dataset import Dataset
from dnaconv_core.errors import DataError
from dnaconv_core.evaluate.baseline_words import kmer_counts
from dnaconv_core.evaluate.baselines import MOST_FITTED, NAMES, fit_baselines
from dnaconv_core.evaluate.metrics import METRICS
from dnaconv_core.results import Metric
from dnaconv_core.sequence.encoding import one_hot, reverse_complement
from dnaconv_core.sequence.motif import AP1, from_iupac


@pytest.fixture(autouse=True)
def no_warnings():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


def dataset(y, X, **more):
    y = np.asarray(y, np.float32).reshape(len(X), -1)
    ids = np.array([f"s{i}" for i in range(len(X))])
    return Dataset(X=X, y=y, w=more.pop("w", np.ones_like(y)), ids=ids, **more)


def random_X(n, length, seed):
    rng = np.random.default_rng(seed)
    return (rng.integers(0, 4, (n, 1, length)) == np.arange(4)[None, :, None]).astype(np.int8)


def halves(data, n):
    return data.subset(np.arange(n)), data.subset(np.arange(n, len(data)))


def test_kmers_by_hand():
    X = one_hot(["ACGTT", "AACAA", "NANAC"])
    counts = kmer_counts(X, 2, both_strands=False).toarray()
    assert counts.shape == (3, 16)
    column = {a + b: 4 * i + j for i, a in enumerate("ACGT") for j, b in enumerate("ACGT")}
    assert {k: counts[0, v] for k, v in column.items() if counts[0, v]} == {"AC": 1, "CG": 1, "GT": 1, "TT": 1}
    assert {k: counts[1, v] for k, v in column.items() if counts[1, v]} == {"AA": 2, "AC": 1, "CA": 1}
    assert {k: counts[2, v] for k, v in column.items() if counts[2, v]} == {"AC": 1}  # no word over an N
    both = kmer_counts(X, 2, both_strands=True).toarray()
    assert {k: both[0, v] for k, v in column.items() if both[0, v]} == {"AC": 2, "CG": 1, "AA": 1}
    other = kmer_counts(reverse_complement(X), 2, both_strands=True).toarray()
    assert np.array_equal(both, other)
    assert kmer_counts(X[:0], 2, both_strands=True).shape == (0, 16)


@pytest.mark.slow
def test_each_baseline_finds_what_it_is_made_for():
    n = 1200
    rng = np.random.default_rng(1)
    X = random_X(n, 70, 1)
    y = rng.random(n) < 0.2
    site = one_hot("TGACTCA")[0]
    for i in np.flatnonzero(y):
        at = rng.integers(0, 63)
        X[i, :, at : at + 7] = site if rng.random() < 0.5 else reverse_complement(site)
    access = np.exp(rng.normal(size=(n, 1)) + 2 * y[:, None]) * 0.01
    data = dataset(y, X, covariates=access.astype(np.float32), covariate_names=("accessibility",))
    found = dict(fit_baselines("binary", *halves(data, 800), motif=AP1.ppm))
    assert set(NAMES) - set(found) == {"one_hot_words"}  # of short sequences only
    auroc = {key: b.metrics["auroc"].value for key, b in found.items()}
    assert auroc["mean"] is None and found["mean"].metrics["auroc"].undefined.startswith("every prediction is the same")
    assert auroc["motif"] > 0.97
    assert auroc["kmers"] > 0.75
    assert auroc["covariates"] > 0.85
    assert auroc["covariates_motif"] > auroc["motif"] - 0.01
    assert auroc["covariates_kmers"] > max(auroc["covariates"], auroc["kmers"])
    assert abs(auroc["gc"] - 0.5) < 0.15 and abs(auroc["one_hot"] - 0.5) < 0.15
    for baseline in found.values():
        assert baseline.prediction.shape == (400, 1)
        assert baseline.prediction.min() >= 0 and baseline.prediction.max() <= 1
        assert set(baseline.metrics) == set(METRICS["binary"])
        assert baseline.metrics["brier"].low < baseline.metrics["brier"].value or baseline.name == "Mean"
    assert found["motif"].prediction.mean() == pytest.approx(y.mean(), abs=0.08)  # moved back to the true prevalence
    again = dict(fit_baselines("binary", *halves(data, 800), motif=AP1.ppm, quick=True))  # slow: test_baseline_parts
    assert all(np.array_equal(found[key].prediction, again[key].prediction) for key in again)
    stored = found["motif"].as_json()
    assert stored["name"] == "Motif match" and set(stored["metrics"]["auroc"]) == {"value", "low", "high"}


@pytest.mark.slow
def test_regression_baselines_in_units_of_the_label():
    rng = np.random.default_rng(2)
    X = random_X(500, 21, 3)
    weights = rng.normal(size=(4, 21))
    y = 5 + (X * weights).sum(axis=(1, 2)) * 0.2 + rng.normal(size=500) * 0.3
    train, valid = halves(dataset(y, X, alphabet="RNA"), 400)
    found = dict(fit_baselines("regression", train, valid, motif=AP1.ppm))
    of_rna = ["mean", "gc", "one_hot", "one_hot_words", "kmers", "gapped", "boosted"]
    assert list(found) == of_rna  # which has no motif of a DNA-binding protein
    assert found["mean"].prediction[:, 0] == pytest.approx(np.full(100, train.y.mean()))
    assert found["one_hot"].metrics["pearson_r"].value > 0.9
    assert found["one_hot"].metrics["rmse"].value < 0.5
    assert found["one_hot"].metrics["rmse"].low < found["one_hot"].metrics["rmse"].value


@pytest.mark.slow
def test_weights_of_zero_hide_labels_and_balance_does_not_distort_metrics():
    rng = np.random.default_rng(4)
    X = random_X(400, 30, 5)
    y = rng.random(400) < 0.25
    w = np.where(y, 2.0, 2 / 3)[:, None].astype(np.float32)  # balances the classes
    w[::10] = 0
    data = dataset(y, X, w=w)
    data.y[::10] = np.nan
    found = dict(fit_baselines("binary", *halves(data, 300), quick=True))
    kept = np.arange(300) % 10 > 0
    assert found["mean"].prediction[0, 0] == pytest.approx(y[:300][kept].mean())
    kept = np.arange(100) % 10 > 0
    assert found["gc"].metrics["prevalence"].value == pytest.approx(y[300:][kept].mean())


def test_labels_that_do_not_vary_leave_the_mean():
    data = dataset(np.ones(30), random_X(30, 20, 0))
    found = dict(fit_baselines("binary", *halves(data, 20)))
    assert list(found) == ["mean"]
    assert found["mean"].prediction.tolist() == [[1.0]] * 10
    assert found["mean"].metrics["auroc"].undefined == "every example is positive: both classes are needed"


def test_a_label_of_several_that_is_not_known_leaves_none():
    rng = np.random.default_rng(3)
    y, w = rng.integers(0, 2, (40, 2)), np.ones((40, 2), np.float32)
    w[:30, 1] = 0
    found = dict(fit_baselines("binary", *halves(dataset(y, random_X(40, 20, 0), w=w), 30)))
    assert list(found) == ["mean"]


@pytest.mark.slow
def test_one_positive_and_ambiguous_sequences_are_no_obstacle():
    X = random_X(30, 20, 0)
    X[3] = 0
    found = dict(fit_baselines("binary", *halves(dataset(np.arange(30) % 20 == 7, X), 20)))
    of_short = ["mean", "gc", "one_hot", "one_hot_words", "kmers", "jaspar", "gapped", "boosted"]
    assert list(found) == of_short
    assert all(np.isfinite(b.prediction).all() for b in found.values())


def test_a_motif_longer_than_the_sequences_is_left_out():
    data = dataset(np.arange(40) % 2, random_X(40, 6, 0))
    assert "motif" not in dict(fit_baselines("binary", *halves(data, 30), motif=from_iupac("TGACTCA").ppm, quick=True))


@pytest.mark.slow
def test_several_labels_are_fitted_apart():
    X = random_X(300, 15, 2)
    y = np.column_stack([X[:, 0, 4], X[:, 2, 9], X[:, 1, 2] | X[:, 3, 7]])
    train, valid = halves(dataset(y, X), 200)
    found = dict(fit_baselines("binary", train, valid, quick=True))["one_hot"]
    assert found.prediction.shape == (100, 3)
    assert found.metrics["auroc"].value > 0.99 and found.metrics["auroc"].low > 0.95
    one = [replace(part, y=part.y[:, 1:2], w=part.w[:, 1:2]) for part in (train, valid)]
    alone = dict(fit_baselines("binary", *one, quick=True))["one_hot"]
    assert np.array_equal(alone.prediction[:, 0], found.prediction[:, 1])


def test_large_parts_are_fitted_on_all_rare_examples_and_a_draw():
    from dnaconv_core.evaluate.baselines import _fitting_rows

    y = np.zeros(MOST_FITTED + 5000)
    y[::500] = 1
    w = np.ones(len(y))
    w[:100] = 0
    rows = _fitting_rows("binary", y, w > 0, seed=1)
    assert len(rows) == MOST_FITTED and len(set(rows)) == MOST_FITTED and (np.diff(rows) > 0).all()
    assert y[rows].sum() == y[100:].sum() and rows.min() >= 100
    assert np.array_equal(rows, _fitting_rows("binary", y, w > 0, seed=1))
    assert len(_fitting_rows("regression", y, w > 0, seed=1)) == MOST_FITTED
    assert len(_fitting_rows("binary", y[:500], w[:500] > 0, seed=1)) == 400


def test_covariates_that_are_no_numbers_are_refused():
    data = dataset(
        [0, 1, 0, 1], random_X(4, 8, 0), covariates=np.array([[1], [2], [3], [np.nan]]), covariate_names=("a",)
    )
    with pytest.raises(DataError, match="a of s3 is nan: covariates must be finite numbers"):
        dict(fit_baselines("binary", *halves(data, 3)))


def test_parts_that_do_not_match_are_refused():
    train, valid = dataset([0, 1], random_X(2, 8, 0), name="mine"), dataset([0, 1], random_X(2, 9, 0), name="theirs")
    with pytest.raises(DataError, match="theirs has length 9 but mine, which the baselines are fitted on, has 8"):
        dict(fit_baselines("binary", train, valid))


@pytest.mark.slow
def test_ridge_on_sirna(shared_data):
    """Ridge on one-hot guides: Pearson r 0.64 on the book's validation part."""
    from dnaconv_core.data.diskdataset import read_diskdataset

    train, valid = (
        read_diskdataset(shared_data / f"sirna/{part}_siRNA", alphabet="RNA") for part in ("train", "valid")
    )
    r = dict(fit_baselines("regression", train, valid, quick=True))["one_hot"].metrics["pearson_r"]
    assert 0.62 < r.value < 0.67
    assert r.low < 0.6 and r.high > 0.68


@pytest.mark.slow
def test_accessibility_on_jund(shared_data):
    """Accessibility alone: ROC-AUC about 0.81 over the whole shard; words beat the motif, both are far from it."""
    from dnaconv_core.data.covariates import join_covariates
    from dnaconv_core.data.diskdataset import read_diskdataset

    folder = shared_data / "jund_chr22"
    data = join_covariates(read_diskdataset(folder / "valid_dataset"), folder / "accessibility.txt")
    order = np.random.default_rng(0).permutation(len(data))
    found = dict(fit_baselines("binary", *halves(data.subset(order), len(data) // 2), motif=AP1.ppm, quick=True))
    auroc = {key: b.metrics["auroc"] for key, b in found.items() if key != "mean"}
    assert 0.76 < auroc["covariates"].value < 0.86
    assert 0.55 < auroc["motif"].value < auroc["covariates"].value
    assert 0.6 < auroc["kmers"].value < 0.78
    assert auroc["covariates_motif"].value > 0.76
    assert found["gc"].metrics["prevalence"] == Metric(
        found["gc"].metrics["prevalence"].value, note="a fact of the data"
    )
    assert found["gc"].metrics["prevalence"].value == pytest.approx(0.0042, abs=0.0008)
    assert (
        isinstance(found["covariates"].metrics["auprc"], Metric) and found["covariates"].metrics["auprc"].low > 0.0042
    )
