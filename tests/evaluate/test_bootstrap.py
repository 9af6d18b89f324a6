from __future__ import annotations

import time

import numpy as np
import pytest

from dnaconv_core.errors import ConfigError, InputError
from dnaconv_core.evaluate.bootstrap import Difference, bootstrap, paired_difference, resamples
from dnaconv_core.evaluate.curves import roc_curve_points
from dnaconv_core.evaluate.metrics import METRICS, evaluate


def example(task, n=90, seed=4):
    rng = np.random.default_rng(seed)
    if task == "classes":
        y = rng.choice(3, n, p=[0.2, 0.5, 0.3]).astype(float)
        odds = rng.random((2, n, 3)).round(2) + 0.3 * (y[:, None] == np.arange(3))
        return y, *(odds / odds.sum(axis=2, keepdims=True))
    y = (rng.random(n) < 0.3) * 1.0 if task == "binary" else rng.normal(size=n).round(1)
    good = (0.25 * y + 0.6 * rng.random(n)).round(2)
    return y, good, rng.random(n).round(2)


def slowly(task, y, *predictions, n_resamples, seed):
    """The metrics of really repeated examples, `(resamples, predictions, metrics)`."""
    rows = []
    for counts in resamples(task, y, n_resamples=n_resamples, seed=seed):
        drawn = np.repeat(np.arange(len(y)), counts.astype(int))
        rows.append([[m.value for m in evaluate(task, y[drawn], p[drawn]).values()] for p in predictions])
    return np.array(rows, float)


@pytest.mark.parametrize("task", METRICS)
def test_intervals_equal_those_of_really_repeated_examples(task):
    y, p, _ = example(task)
    fast = bootstrap(task, y, p, n_resamples=70, seed=5)
    slow = slowly(task, y, p, n_resamples=70, seed=5)[:, 0]
    assert list(fast) == list(METRICS[task])
    for name, values in zip(fast, slow.T, strict=True):
        assert fast[name].value == evaluate(task, y, p)[name].value
        if name == "prevalence":
            assert fast[name].low is None and len(set(values.round(12))) == 1
        else:
            assert fast[name][1:3] == pytest.approx(np.quantile(values, [0.025, 0.975]), abs=1e-12), name
            assert fast[name].low < fast[name].value < fast[name].high


@pytest.mark.parametrize(
    ("task", "name"), [("binary", "auprc"), ("regression", "rmse"), ("regression", "spearman_rho")]
)
def test_difference_equals_that_of_really_repeated_examples(task, name):
    y, a, b = example(task)
    slow = slowly(task, y, a, b, n_resamples=80, seed=6)[:, :, METRICS[task].index(name)]
    slow = slow[:, 0] - slow[:, 1]
    fast = paired_difference(task, name, y, a, b, n_resamples=80, seed=6)
    assert (fast.low, fast.high) == pytest.approx(np.quantile(slow, [0.025, 0.975]), abs=1e-12)
    assert fast.value == pytest.approx(evaluate(task, y, a)[name].value - evaluate(task, y, b)[name].value)
    turned = paired_difference(task, name, y, b, a, n_resamples=80, seed=6)
    assert (turned.value, turned.low, turned.high) == pytest.approx((-fast.value, -fast.high, -fast.low))
    assert turned.p == fast.p


def test_resamples_keep_each_class_and_are_seeded():
    y = np.array([0, 1, 0, 0, 1, 1, 0])
    drawn = list(resamples("binary", y, n_resamples=20, seed=1))
    assert all(counts[y == 1].sum() == 3 and counts[y == 0].sum() == 4 for counts in drawn)
    assert all(counts.sum() == 7 for counts in resamples("regression", y, n_resamples=5, seed=1))
    assert np.array_equal(drawn, list(resamples("binary", y, n_resamples=20, seed=1)))
    assert not np.array_equal(drawn, list(resamples("binary", y, n_resamples=20, seed=2)))
    y, p, _ = example("binary")
    assert bootstrap("binary", y, p, n_resamples=30) == bootstrap("binary", y, p, n_resamples=30)


def test_interval_has_the_width_that_theory_gives():
    """The standard error of a mean is s / √n, and the 95 % interval spans about 2 × 1.96 of them."""
    n = 4000
    y, right = np.tile([0, 1], n // 2), np.random.default_rng(0).random(n) < 0.8
    m = bootstrap("binary", y, np.where(right, y, 1 - y), names="accuracy", n_resamples=1000)["accuracy"]
    assert m.high - m.low == pytest.approx(2 * 1.96 * (0.8 * 0.2 / n) ** 0.5, rel=0.1)


def test_user_weights_enter_every_resample():
    y, p, _ = example("binary")
    w = np.random.default_rng(0).integers(0, 3, len(y))
    weighted = bootstrap("binary", y, p, weights=w, n_resamples=40, names="auroc")["auroc"]
    kept = w > 0
    values = [
        evaluate("binary", y[kept], p[kept], weights=w[kept] * counts, names="auroc")["auroc"].value
        for counts in resamples("binary", y[kept], n_resamples=40, seed=0)
    ]
    assert weighted[1:3] == pytest.approx(np.quantile(values, [0.025, 0.975]))


def test_what_cannot_be_known_has_no_interval():
    m = bootstrap("binary", [0, 0, 0, 1], [0.1, 0.2, 0.3, 0.4], n_resamples=20)
    assert m["auroc"] == (1.0, None, None, None)  # one positive: it would always be drawn
    m = bootstrap("binary", [0] * 30 + [1] * 30, np.arange(60) / 130, n_resamples=200)
    assert m["mcc"].undefined == "every call at this threshold is negative"
    m = bootstrap("binary", [0] * 30 + [1] * 30, np.append(np.arange(59) / 130, 0.9), n_resamples=200)
    assert m["precision"].value == 1.0
    assert m["precision"].low is None  # a third of the resamples make no positive call
    m = bootstrap("regression", [1, 2, 3], [4, 4, 4], n_resamples=20)
    assert m["pearson_r"].undefined.startswith("every prediction is the same")
    assert m["mae"].low is not None


def test_difference_says_what_is_undefined():
    d = paired_difference("binary", "auroc", [0, 1, 1], [0.1, 0.2, 0.3], [0.5, 0.5, 0.5])
    assert d.undefined == "of the second predictions: every prediction is the same, so they rank nothing"
    assert (d.value, d.verdict) == (None, "")


def test_verdict_needs_an_interval_without_zero_and_knows_the_direction():
    assert Difference("auroc", 0.1, 0.02, 0.2).verdict == "better"
    assert Difference("rmse", 0.1, 0.02, 0.2).verdict == "worse"
    assert Difference("rmse", -0.1, -0.2, -0.02).verdict == "better"
    assert Difference("auroc", 0.1, 0.0, 0.2).verdict == ""
    assert Difference("auroc", 0.1).verdict == ""
    y, a, _ = example("binary", n=300)
    same = paired_difference("binary", "auroc", y, a, a, n_resamples=50)
    assert (same.value, same.low, same.high, same.p, same.verdict) == (0, 0, 0, 1, "")
    clear = paired_difference("binary", "auroc", y, a, -a, n_resamples=50)
    assert clear.verdict == "better" and clear.p == pytest.approx(2 / 51)


def test_bad_requests_are_refused():
    with pytest.raises(InputError, match=r"y has 2 tasks: .* pass y\[:, t\]"):
        roc_curve_points(np.zeros((3, 2)), np.zeros((3, 2)))
    with pytest.raises(ConfigError, match=r"'rmse'.*does not fit"):
        paired_difference("binary", "rmse", [0, 1], [0, 1], [0, 1])
    with pytest.raises(InputError, match="level is 95"):
        bootstrap("binary", [0, 0, 1, 1], [0.1, 0.2, 0.3, 0.4], level=95, n_resamples=3)


@pytest.mark.parametrize("task", METRICS)
def test_long_vectors_are_not_handed_to_other_threads(task):
    """Waking them for each sum of a bootstrap cost ten times what one thread takes for the whole of it."""
    y, p, _ = example(task, n=40_000)
    whole, own = time.process_time(), time.thread_time()
    bootstrap(task, y, p, n_resamples=40)
    assert time.process_time() - whole < 1.5 * (time.thread_time() - own) + 0.05
