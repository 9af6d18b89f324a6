from __future__ import annotations

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dnaconv_core.errors import ConfigError, InputError
from dnaconv_core.evaluate.metrics import (
    LABELS,
    LOSSES,
    MAIN_METRIC,
    METRICS,
    check_pairing,
    evaluate,
)
from dnaconv_core.results import Metric


@pytest.fixture(autouse=True)
def no_warnings():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


def value(metrics, name):
    assert metrics[name].undefined is None, metrics[name].undefined
    assert type(metrics[name].value) is float
    return metrics[name].value


def test_binary_by_hand():
    # Ranked: .9+ {.8- .8+} .4- .1+ .05-
    y = [1, 0, 1, 0, 1, 0]
    p = [0.9, 0.8, 0.8, 0.4, 0.1, 0.05]
    m = evaluate("binary", y, p)
    # .9 beats three; .8 ties one and beats two (2.5); .1 beats one: 6.5 of 9
    assert value(m, "auroc") == pytest.approx(6.5 / 9)
    # groups: {.9} P=1; {.8, .8} P=2/3; {.1} P=3/5; each brings a third of the recall
    assert value(m, "auprc") == pytest.approx((1 + 2 / 3 + 3 / 5) / 3)
    assert value(m, "prevalence") == 0.5
    assert value(m, "accuracy") == pytest.approx(4 / 6)  # called: .9 .8 .8 → tp 2 fp 1 fn 1 tn 2
    assert value(m, "precision") == pytest.approx(2 / 3)
    assert value(m, "recall") == pytest.approx(2 / 3)
    assert value(m, "f1") == pytest.approx(2 / 3)
    assert value(m, "mcc") == pytest.approx((2 * 2 - 1 * 1) / 9)
    assert value(m, "brier") == pytest.approx((0.01 + 0.64 + 0.04 + 0.16 + 0.81 + 0.0025) / 6)


def test_regression_by_hand():
    m = evaluate("regression", [[1.0], [2.0], [3.0], [4.0]], [[1.0], [3.0], [2.0], [6.0]])
    assert value(m, "mae") == pytest.approx(1.0)
    assert value(m, "rmse") == pytest.approx(1.5**0.5)
    assert value(m, "r2") == pytest.approx(1 - 6 / 5)
    assert value(m, "spearman_rho") == pytest.approx(1 - 6 * 2 / (4 * 15))
    assert value(m, "pearson_r") == pytest.approx(7 / (5 * 14) ** 0.5)


def sklearn_binary(y, p, w, threshold=0.5):
    from sklearn import metrics as sk

    called, kept = p >= threshold, {"sample_weight": w}
    return {
        "auroc": sk.roc_auc_score(y, p, **kept),
        "auprc": sk.average_precision_score(y, p, **kept),
        "prevalence": np.average(y, weights=w),
        "brier": sk.brier_score_loss(y, p, **kept),
        "accuracy": sk.accuracy_score(y, called, **kept),
        "precision": sk.precision_score(y, called, zero_division=np.nan, **kept),
        "recall": sk.recall_score(y, called, **kept),
        "f1": sk.f1_score(y, called, **kept),
        "mcc": sk.matthews_corrcoef(y, called, **kept),
    }


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10**6), n=st.integers(8, 90), levels=st.integers(2, 40), weighted=st.booleans())
def test_binary_agrees_with_scikit_learn_with_ties_and_weights(seed, n, levels, weighted):
    rng = np.random.default_rng(seed)
    y = rng.random(n) < 0.3
    y[:2] = 0, 1
    p = rng.integers(0, levels, n) / levels
    p[:2] = 0.0, 1.0
    w = rng.integers(0, 4, n) * rng.random(n) if weighted else np.ones(n)
    w[:2] = 1.0
    ours = evaluate("binary", y, p, weights=w if weighted else None, threshold=0.4)
    for name, expected in sklearn_binary(y[w > 0], p[w > 0], w[w > 0], 0.4).items():
        assert value(ours, name) == pytest.approx(expected, abs=1e-12), name


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10**6), n=st.integers(5, 70), levels=st.integers(2, 30), weighted=st.booleans())
def test_regression_agrees_with_scipy_and_scikit_learn(seed, n, levels, weighted):
    from scipy import stats
    from sklearn import metrics as sk

    rng = np.random.default_rng(seed)
    y, p = rng.integers(0, levels, n) / 7, rng.integers(0, levels, n) * 0.3 - 1
    y[:2], p[:2] = (0, 1), (0, 1)
    w = rng.integers(0, 4, n) if weighted else np.ones(n, int)
    w[:2] = 1
    ours = evaluate("regression", y, p, weights=w)
    kept = {"sample_weight": w}
    expected = {
        "r2": sk.r2_score(y, p, **kept),
        "rmse": sk.root_mean_squared_error(y, p, **kept),
        "mae": sk.mean_absolute_error(y, p, **kept),
        "pearson_r": stats.pearsonr(np.repeat(y, w), np.repeat(p, w))[0],  # weights mean repetition
        "spearman_rho": stats.spearmanr(np.repeat(y, w), np.repeat(p, w))[0],
    }
    for name, wanted in expected.items():
        assert value(ours, name) == pytest.approx(wanted, abs=1e-10), name


@pytest.mark.parametrize("task", METRICS)
def test_weight_two_is_the_example_listed_twice_and_weight_zero_is_none(task):
    rng = np.random.default_rng(3)
    y, p, w = (rng.random(31) < 0.5).astype(float), rng.random(31).round(1), rng.integers(0, 3, 31)
    y[w == 0] = np.nan  # a missing label
    weighted = evaluate(task, y, p, weights=w)
    listed = evaluate(task, np.repeat(y, w), np.repeat(p, w))
    assert {k: v.value for k, v in weighted.items()} == pytest.approx({k: v.value for k, v in listed.items()})


@pytest.mark.parametrize(
    ("y", "p", "name", "reason"),
    [
        ([1, 1, 1], [0.1, 0.2, 0.3], "auroc", "every example is positive: both classes are needed"),
        ([1, 1, 1], [0.1, 0.2, 0.3], "auprc", "every example is positive"),
        ([0, 0, 0], [0.1, 0.2, 0.3], "auroc", "every example is negative"),
        ([0, 0, 0], [0.1, 0.2, 0.3], "recall", "there is no positive example"),
        ([0, 0, 0], [0.1, 0.2, 0.3], "f1", "no positive example and no call"),
        ([0, 0, 0], [0.1, 0.2, 0.9], "mcc", "every example is negative"),
        ([0, 1, 0], [0.7, 0.7, 0.7], "auroc", "every prediction is the same"),
        ([0, 1, 0], [0.7, 0.7, 0.7], "auprc", "every prediction is the same"),
        ([0, 1, 0], [0.7, 0.7, 0.8], "mcc", "every call at this threshold is positive"),
        ([0, 1, 0], [0.1, 0.2, 0.3], "precision", "no prediction reaches the threshold"),
        ([0, 1, 0], [0.1, np.nan, np.inf], "auroc", "2 of the 3 predictions are NaN or infinite, the first in row 1"),
        ([0, 1, 0], [0.1, np.nan, 0.3], "brier", "1 of the 3 predictions"),
        ([0, 1, np.nan], [0.1, 0.2, 0.3], "accuracy", "1 of the 3 labels are NaN or infinite, the first in row 2"),
        ([0, 1, 2], [0.1, 0.2, 0.3], "auroc", "a label is 2: classes are 0 and 1"),
        ([0, 1, 0], [0.1, 1.5, 0.3], "brier", "a prediction is 1.5: the Brier score needs probabilities"),
        ([], [], "auroc", "there is no example"),
        ([1], [0.5], "auroc", "every"),
    ],
)
def test_undefined_binary_metrics_say_why(y, p, name, reason):
    metric = evaluate("binary", y, p)[name]
    assert metric.value is None
    assert reason in metric.undefined


@pytest.mark.parametrize(
    ("y", "p", "name", "reason"),
    [
        ([1, 2, 3], [5, 5, 5], "pearson_r", "every prediction is the same"),
        ([1, 2, 3], [5, 5, 5], "spearman_rho", "every prediction is the same"),
        ([2, 2, 2], [1, 2, 3], "r2", "every label is the same"),
        ([2, 2, 2], [1, 2, 3], "pearson_r", "every label is the same"),
        ([0.1 + 0.2, 0.3], [1, 2], "pearson_r", "every label is the same"),  # but for rounding
        ([1, 2, 3], [1, np.nan, 3], "mae", "1 of the 3 predictions are NaN"),
        ([1], [2], "pearson_r", "there is one example: at least two are needed"),
        ([], [], "rmse", "there is no example"),
        ([1e200, -1e200], [0, 1], "rmse", "too large"),
    ],
)
def test_undefined_regression_metrics_say_why(y, p, name, reason):
    metric = evaluate("regression", y, p)[name]
    assert metric.value is None
    assert reason in metric.undefined


def test_what_is_defined_stays_so_beside_what_is_not():
    m = evaluate("binary", [0, 1, 1, 1], [0.7] * 4)
    assert (value(m, "prevalence"), value(m, "accuracy"), value(m, "recall")) == (0.75, 0.75, 1.0)
    m = evaluate("binary", [0, 1], [np.nan, 0.2])
    assert value(m, "prevalence") == 0.5
    m = evaluate("regression", [3.0], [5.0])
    assert (value(m, "rmse"), value(m, "mae")) == (2.0, 2.0)
    assert value(evaluate("regression", [1e200, 2e200, 0], [1, 2, 0]), "pearson_r") == pytest.approx(1)


def test_tasks_are_measured_apart_and_averaged_where_defined():
    y = np.array([[0, 1, 1], [1, 0, 1], [1, 0, 1], [0, 1, 1]], np.float32)
    p = np.array([[0.1, 0.1, 0.3], [0.9, 0.3, 0.4], [0.8, 0.2, 0.5], [0.85, 0.9, 0.6]], np.float32)
    apart = [evaluate("binary", y[:, t], p[:, t])["auroc"] for t in range(3)]
    assert [metric.value for metric in apart] == [0.75, 0.5, None]
    assert evaluate("binary", y, p)["auroc"] == Metric(0.625)
    both = evaluate("binary", y[:, [2, 2]], p[:, [2, 2]])["auroc"]
    assert both.value is None and both.undefined.startswith("every example is positive")
    w = np.array([[1, 1, 1], [1, 1, 1], [1, 1, 1], [0, 1, 1]])
    assert evaluate("binary", y, p, weights=w)["auroc"] == Metric(0.75)  # the first task is now perfect


def test_order_of_examples_and_of_rank_preserving_scale_does_not_matter():
    rng = np.random.default_rng(1)
    y, p = rng.random(50) < 0.4, rng.random(50).round(1)
    shuffle = rng.permutation(50)
    a, b = evaluate("binary", y, p), evaluate("binary", y[shuffle], p[shuffle])
    assert {k: v.value for k, v in a.items()} == pytest.approx({k: v.value for k, v in b.items()})
    assert evaluate("binary", y, 3 * p - 7, names=["auroc"]) == evaluate("binary", y, p, names="auroc")
    turned = value(evaluate("binary", y, -p, names="auroc"), "auroc")
    assert turned == pytest.approx(1 - value(a, "auroc"))


def test_bad_input_is_refused():
    with pytest.raises(InputError, match=r"y has shape \(3, 1\) and prediction \(2, 1\)"):
        evaluate("binary", [0, 1, 1], [0.1, 0.2])
    with pytest.raises(InputError, match="weights holds a negative number"):
        evaluate("binary", [0, 1], [0.1, 0.2], weights=[1, -1])
    with pytest.raises(InputError, match=r"weights has shape \(3,\) but y has \(2, 1\)"):
        evaluate("binary", [0, 1], [0.1, 0.2], weights=[1, 1, 1])
    with pytest.raises(ConfigError, match="task is 'ranks': choose 'binary' or 'regression' or 'classes'"):
        evaluate("ranks", [0, 1], [0.1, 0.2])
    with pytest.raises(ConfigError, match=r"'pearson_r'.*does not fit a classification"):
        evaluate("binary", [0, 1], [0.1, 0.2], names=["pearson_r"])


def test_pairings_that_fit_pass_and_the_others_say_why():
    for task, names in METRICS.items():
        for fitting in (*names, LOSSES[task], "auto", MAIN_METRIC[task]):
            check_pairing(task, fitting)
    with pytest.raises(ConfigError, match=r"'auroc' \(ROC-AUC\) does not fit a regression.*choose pearson_r"):
        check_pairing("regression", "auroc")
    with pytest.raises(ConfigError, match=r"loss 'l2' does not fit a classification.*choose cross-entropy"):
        check_pairing("binary", "l2")
    with pytest.raises(ConfigError, match="loss 'cross_entropy' does not fit a regression"):
        check_pairing("regression", "cross_entropy")
    with pytest.raises(ConfigError, match="'logloss' is no loss or metric"):
        check_pairing("binary", "logloss")


def test_every_metric_has_a_label():
    assert set(LABELS) == {name for names in METRICS.values() for name in names}
    assert [name for name, label in LABELS.items() if not label.higher_is_better] == [
        "brier",
        "log_loss",
        "rmse",
        "mae",
    ]
    assert all(label.name and label.explanation for label in LABELS.values())
