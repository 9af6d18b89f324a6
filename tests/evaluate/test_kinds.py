"""One of several classes, and several labels at once: scikit-learn and counting by hand as oracles."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import ttest_1samp
from sklearn.metrics import accuracy_score, log_loss, roc_auc_score

from dnaconv_core.data.dataset import Dataset
from dnaconv_core.errors import ConfigError, InputError
from dnaconv_core.evaluate.baselines import fit_baselines
from dnaconv_core.evaluate.intervals import paired_difference, with_intervals
from dnaconv_core.evaluate.metrics import check_pairing, evaluate, evaluate_each


def chosen(n, k, seed, skill=1.0):
    """Class numbers `(n,)` and probabilities `(n, k)` that know something of them, with ties."""
    rng = np.random.default_rng(seed)
    y = np.append(np.arange(k), rng.integers(0, k, n - k))
    odds = np.exp(rng.normal(size=(n, k)).round(1) + skill * (y[:, None] == np.arange(k)))
    return y.astype(float), odds / odds.sum(axis=1, keepdims=True)


def test_classes_by_hand():
    y = [0, 1, 2, 1]
    p = [[0.5, 0.3, 0.2], [0.6, 0.3, 0.1], [0.1, 0.2, 0.7], [0.2, 0.5, 0.3]]
    found = evaluate("classes", y, p)
    assert list(found) == ["macro_auroc", "accuracy", "log_loss"]
    assert found["accuracy"].value == 0.75  # the second is taken for class 0
    assert found["log_loss"].value == pytest.approx(-np.log(0.5 * 0.3 * 0.7 * 0.5) / 4)
    # class 0: .5 against .6 .1 .2 → 2/3; class 1: {.3, .5} against {.3, .2} → (.5+1+1+1)/4; class 2: .7 above all → 1
    assert found["macro_auroc"].value == pytest.approx((2 / 3 + 3.5 / 4 + 1) / 3)


@pytest.mark.slow
@settings(deadline=None, max_examples=40)
@given(st.integers(3, 6), st.integers(0, 10**6))
def test_classes_equal_scikit_learn_also_under_weights(k, seed):
    y, p = chosen(31, k, seed)
    w = np.random.default_rng(seed).integers(1, 4, len(y)).astype(float)
    found = evaluate("classes", y, p, weights=w)
    expected = {
        "macro_auroc": np.mean([roc_auc_score(y == c, p[:, c], sample_weight=w) for c in range(k)]),
        "accuracy": accuracy_score(y, p.argmax(axis=1), sample_weight=w),
        "log_loss": log_loss(y, p, labels=range(k), sample_weight=w),
    }
    assert {name: metric.value for name, metric in found.items()} == pytest.approx(expected)
    plain = evaluate("classes", y, p, names="macro_auroc")["macro_auroc"].value
    assert plain == pytest.approx(roc_auc_score(y, p, multi_class="ovr", average="macro"))


def test_a_missing_label_of_classes_does_not_count():
    y, p = chosen(23, 4, 5)
    w = np.ones(23)
    y[7], w[7] = np.nan, 0
    assert evaluate("classes", y, p, weights=w) == evaluate("classes", np.delete(y, 7), np.delete(p, 7, axis=0))


def test_where_classes_cannot_be_measured_it_says_why():
    y, p = chosen(23, 4, 5)
    assert evaluate("classes", y + 1, p)["accuracy"].undefined == "a label is 4: the classes are 0 to 3"
    assert evaluate("classes", y, 2 * p)["log_loss"].undefined.startswith("the predictions of an example do not add up")
    assert (
        evaluate("classes", y * 0, p)["macro_auroc"].undefined == "every example is of class 0: two classes are needed"
    )
    even = np.full_like(p, 0.25)
    assert (
        evaluate("classes", y, even)["macro_auroc"].undefined
        == "every prediction is the same, so there is no ranking to measure"
    )
    assert evaluate("classes", y, even)["log_loss"].value == pytest.approx(np.log(4))
    p[3, 1] = np.nan
    assert "1 of the 23 predictions are NaN" in evaluate("classes", y, p)["accuracy"].undefined
    with pytest.raises(InputError, match=r"y has shape \(23, 2\).*y must be \(N,\) and prediction \(N, classes\)"):
        evaluate("classes", np.zeros((23, 2)), p)
    with pytest.raises(ConfigError, match="loss 'l2' does not fit a choice among classes.*choose cross-entropy"):
        check_pairing("classes", "l2")
    with pytest.raises(ConfigError, match=r"'auroc' \(ROC-AUC\) does not fit a choice among classes"):
        check_pairing("classes", "auroc")


def several(n, seed):
    """Three labels `(n, 3)` with predictions, of which some are missing."""
    rng = np.random.default_rng(seed)
    y = (rng.random((n, 3)) < [0.2, 0.5, 0.7]).astype(float)
    w = (rng.random((n, 3)) < 0.8).astype(float)
    return np.where(w > 0, y, 0), 0.4 * y + rng.random((n, 3)), w


def test_several_labels_are_measured_apart_and_as_their_mean():
    y, p, w = several(90, 1)
    each, mean = evaluate_each("binary", y, p, weights=w), evaluate("binary", y, p, weights=w)
    for t, metrics in enumerate(each):
        known = w[:, t] > 0
        assert metrics["auroc"].value == pytest.approx(roc_auc_score(y[known, t], p[known, t]))
    assert mean["auroc"].value == pytest.approx(np.mean([metrics["auroc"].value for metrics in each]))


def test_what_a_missing_label_holds_changes_nothing():
    y, p, w = several(90, 2)
    other = np.where(w > 0, y, 1 - y)
    options = {"weights": w, "groups": None}
    assert with_intervals("binary", y, p, **options) == with_intervals("binary", other, p, **options)
    # a label that is missing in one column leaves the other columns as they are
    fewer = w.copy()
    fewer[:40, 0] = 0
    assert evaluate_each("binary", y, p, weights=fewer)[1:] == evaluate_each("binary", y, p, weights=w)[1:]


def test_the_interval_of_a_mean_over_labels_knows_that_examples_are_shared():
    """Means of shares are means of the examples' own means: near the t interval of those."""
    rng = np.random.default_rng(4)
    y = (rng.random((3000, 3)) < [0.3, 0.5, 0.6]).astype(float)
    hard = rng.random((3000, 1))
    p = np.where(hard + 0.3 * rng.random((3000, 3)) < 1, y, 1 - y)
    w = np.ones_like(y)
    w[:7] = 0  # examples without any label are no part of it
    found = with_intervals("binary", y, p, weights=w, groups=None, names=["accuracy", "auroc"])
    right = (y == p)[7:].mean(axis=1)
    assert found["accuracy"].value == pytest.approx(right.mean())
    assert found["accuracy"][1:3] == pytest.approx(tuple(ttest_1samp(right, 0).confidence_interval()), abs=5e-4)
    assert found["auroc"].low < found["auroc"].value < found["auroc"].high


def test_differences_of_several_labels_and_of_classes_have_intervals():
    y, p, w = several(200, 6)
    rng = np.random.default_rng(0)
    found = paired_difference("binary", "auroc", y, p, rng.random(p.shape), weights=w, groups=None)
    assert found.verdict == "better" and found.low < found.value < found.high
    y, p = chosen(200, 5, 6)
    found = paired_difference("classes", "log_loss", y, p, np.full_like(p, 0.2), groups=None)
    assert found.verdict == "better" and found.high < 0


@pytest.mark.slow
def test_baselines_of_classes():
    """The class is the base at position 4, of three: T never comes."""
    rng = np.random.default_rng(3)
    codes = rng.integers(0, 4, (430, 13))
    codes[:, 4] = rng.choice(3, 430, p=[0.6, 0.3, 0.1])
    X = (codes[:, None] == np.arange(4)[:, None]).astype(np.int8)
    y = codes[:, 4:5].astype(np.float32)
    w = np.ones_like(y)
    y[:7], w[:7] = 0, 0  # missing
    data = Dataset(X, y, w, np.arange(430).astype(str))
    found = dict(fit_baselines("classes", data.subset(np.arange(300)), data.subset(np.arange(300, 430)), quick=True))
    assert found["mean"].prediction[0] == pytest.approx(np.bincount(codes[7:300, 4]) / 293)
    assert found["mean"].metrics["macro_auroc"].undefined
    one_hot = found["one_hot"]
    assert one_hot.prediction.shape == (130, 3)
    assert one_hot.prediction.sum(axis=1) == pytest.approx(np.ones(130), abs=1e-5)
    assert one_hot.metrics["accuracy"].value > 0.97 and one_hot.metrics["log_loss"].value < 0.2
    assert one_hot.metrics["macro_auroc"].value == 1 and 0.9 < one_hot.metrics["macro_auroc"].low < 0.98
    # a class that no training example has gets next to no probability
    four = dict(
        fit_baselines("classes", data.subset(np.arange(300)), data.subset(np.arange(300, 430)), n_outputs=4, quick=True)
    )
    assert four["one_hot"].prediction.shape == (130, 4) and four["one_hot"].prediction[:, 3].max() < 1e-6
