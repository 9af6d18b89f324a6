from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binomtest, norm, pearsonr, ttest_1samp

from dnaconv_core.errors import ConfigError, InputError
from dnaconv_core.evaluate.curves import roc_curve_points
from dnaconv_core.evaluate.dependence import Groups
from dnaconv_core.evaluate.influence import terms
from dnaconv_core.evaluate.intervals import Difference, _Measured, paired_difference, paired_differences, with_intervals
from dnaconv_core.evaluate.metrics import METRICS, evaluate, measure_for
from dnaconv_core.results import Metric

CASES = [(task, name) for task, names in METRICS.items() for name in names]


def example(task, n=90, seed=4):
    rng = np.random.default_rng(seed)
    if task == "classes":
        y = rng.choice(3, n, p=[0.2, 0.5, 0.3]).astype(float)
        odds = rng.random((2, n, 3)).round(2) + 0.3 * (y[:, None] == np.arange(3))
        return y, *(odds / odds.sum(axis=2, keepdims=True))
    y = (rng.random(n) < 0.3) * 1.0 if task == "binary" else rng.normal(size=n).round(1)
    good = (0.25 * y + 0.6 * rng.random(n)).round(1)  # with ties
    return y, good, rng.random(n).round(1)


def variance(name, y, p, groups=None):
    """Of one metric, by what the groups add."""
    (part,) = _Measured("binary", name, y, p, None, 0.5, groups).parts
    return part.facts.variance


def placements(y, p):
    """How large a share of the other class each example is on the right side of, pair by pair."""
    positives, negatives = p[y == 1], p[y == 0]
    wins = np.array([[(a > b) + 0.5 * (a == b) for b in negatives] for a in positives])
    return wins.mean(axis=1), wins.mean(axis=0), wins.mean()


@pytest.mark.parametrize(("task", "name"), CASES)
def test_what_an_example_adds_is_the_derivative_in_its_weight(task, name):
    y, p, _ = example(task, 60)
    w = np.random.default_rng(0).integers(1, 4, len(y)).astype(float)
    found, measure = terms(task, name, y, p, w), measure_for(task, y, p)
    step = 1e-5 * np.eye(len(y))
    slope = np.array([measure(w + one, [name])[name] - measure(w - one, [name])[name] for one in step]) / 2e-5
    if name == "auprc":  # at the class sizes as they are
        for side in (y == 0, y == 1):
            slope[side] -= (w * slope)[side].sum() / w[side].sum()
    assert np.mean([term.value for term in found]) == pytest.approx(measure(w, [name])[name])
    np.testing.assert_allclose(np.mean([term.influence for term in found], axis=0), slope, atol=1e-8)


def test_variance_of_an_area_is_delongs():
    y, p, _ = example("binary")
    of_positives, of_negatives, area = placements(y, p)
    by_hand = of_positives.var(ddof=1) / len(of_positives) + of_negatives.var(ddof=1) / len(of_negatives)
    assert variance("auroc", y, p) == pytest.approx(by_hand)
    assert with_intervals("binary", y, p, groups=None)["auroc"].value == pytest.approx(area)


def test_variance_by_groups_is_obuchowskis():
    """Groups of one class each: S10 and S01 of Obuchowski (1997), with G / (G - 1) of each class's groups."""
    y, p, _ = example("binary", 80)
    number = np.where(y == 1, 0, 40) + np.arange(80) // 4
    of_positives, of_negatives, area = placements(y, p)
    by_hand = 0.0
    for side, share in ((1, of_positives), (0, of_negatives)):
        sums = [(share - area)[number[y == side] == g].sum() for g in np.unique(number[y == side])]
        by_hand += np.square(sums).sum() * len(sums) / (len(sums) - 1) / (y == side).sum() ** 2
    groups = Groups(np.unique(number, return_inverse=True)[1], "groups")
    assert variance("auroc", y, p, groups) == pytest.approx(by_hand)


@pytest.mark.parametrize(("right", "n"), [(0, 12), (3, 12), (12, 12), (170, 200)])
def test_rates_have_wilsons_interval(right, n):
    y = np.zeros(n)
    found = with_intervals("binary", y, np.arange(n) >= right, groups=None, names="accuracy")["accuracy"]
    expected = binomtest(right, n).proportion_ci(method="wilson")
    assert (found.low, found.high) == pytest.approx(tuple(expected))


def test_recall_and_precision_count_what_they_are_a_share_of():
    y, called = np.repeat([1.0, 1, 0, 0], [25, 15, 11, 60]), np.repeat([1.0, 0, 1, 0], [25, 15, 11, 60])
    found = with_intervals("binary", y, called, groups=None, names=["recall", "precision"])
    for name, n in (("recall", 40), ("precision", 36)):
        assert found[name][1:3] == pytest.approx(tuple(binomtest(25, n).proportion_ci(method="wilson")))


def test_a_correlation_of_normal_values_has_fishers_interval():
    rng = np.random.default_rng(1)
    y = rng.normal(size=20_000)
    p = y + rng.normal(size=20_000)
    found = with_intervals("regression", y, p, groups=None, names="pearson_r")["pearson_r"]
    low, high = pearsonr(y, p).confidence_interval()
    assert found[1:3] == pytest.approx((low, high), abs=3e-4)


def test_a_perfect_score_has_an_interval_with_a_width():
    y = np.repeat([0.0, 1.0], [40, 20])
    found = with_intervals("binary", y, y, groups=None)
    for name in ("auroc", "auprc", "accuracy", "recall", "precision", "f1", "mcc"):
        assert found[name].value == found[name].high == 1 and 0.7 < found[name].low < 0.98, name
    assert found["brier"].note == "there is no error at all: an interval would have no width"
    exact = with_intervals("regression", y, 2 * y, groups=None)
    assert exact["pearson_r"].note == "the predictions fit exactly: an interval would have no width"


def test_too_few_examples_have_a_note_and_no_interval():
    found = with_intervals("binary", [0, 0, 1, 1], [0.1, 0.6, 0.2, 0.9], groups=None)
    assert {name for name, metric in found.items() if metric.low is not None} == set()
    assert found["accuracy"] == (0.5, None, None, None, "too few to say: 4 examples, an interval needs 10")
    assert found["auroc"].note == "too few to say: 2 negatives, an interval needs 10"
    y = np.repeat([0.0, 1.0], [300, 9])
    found = with_intervals("binary", y, np.random.default_rng(0).random(309), groups=None)
    assert found["auroc"].note == found["brier"].note == "too few to say: 9 positives, an interval needs 10"
    assert found["auprc"].note == "too few to say: 9 positives, an interval needs 20"
    assert found["accuracy"].low is not None and found["prevalence"].note == "a fact of the data"
    found = with_intervals("regression", [1, 2, 3], [4, 4, 4.5], groups=None)
    assert found["mae"].note == "too few to say: 3 examples, an interval needs 10"


def test_groups_are_counted_where_examples_are_not_independent():
    y, p, _ = example("binary", 120)
    alone = with_intervals("binary", y, p, groups=None)
    ten_times = [np.repeat(values, 10) for values in (y, p)]
    groups = Groups(np.repeat(np.arange(120), 10), "120 groups of copies")
    for name, metric in with_intervals("binary", *ten_times, groups=groups).items():
        assert metric.value == pytest.approx(alone[name].value)
        if metric.low is not None:
            assert metric[1:3] == pytest.approx(alone[name][1:3], abs=0.02), name
            assert metric.note == "120 groups of copies"
    few = with_intervals("binary", *ten_times, groups=Groups(np.arange(1200) // 300, "4 groups of windows"))
    assert few["auroc"].note == "too few to say: 4 groups with negatives, an interval needs 10"
    with pytest.raises(InputError, match="groups are of 120 examples, and there are 1200"):
        with_intervals("binary", *ten_times, groups=Groups(np.arange(120), ""))


def test_user_weights_are_examples_listed_again():
    y, p, _ = example("binary")
    w = np.random.default_rng(0).integers(0, 3, len(y))
    rows = np.repeat(np.arange(len(y)), w)
    again = with_intervals("binary", y[rows], p[rows], groups=Groups(rows, "groups"))
    weighted = with_intervals("binary", y, p, weights=w, groups=None)
    for name in METRICS["binary"]:
        assert weighted[name].value == pytest.approx(again[name].value), name
        if weighted[name].low is not None:
            assert weighted[name][1:3] == pytest.approx(again[name][1:3], abs=0.02), name


def test_a_difference_knows_that_the_examples_are_shared():
    """Of mean errors it is near the paired t interval; of two sets that hardly differ far narrower than either."""
    rng = np.random.default_rng(2)
    y, noise = rng.normal(size=(2, 4000))
    a, b = y + noise, y + noise + 0.1 * rng.normal(size=4000)
    found = paired_difference("regression", "mae", y, a, b, groups=None)
    paired = ttest_1samp(np.abs(y - a) - np.abs(y - b), 0)
    assert (found.low, found.high) == pytest.approx(tuple(paired.confidence_interval()), abs=5e-4)
    assert found.p == pytest.approx(paired.pvalue, abs=0.02)
    alone = with_intervals("regression", y, a, groups=None, names="mae")["mae"]
    assert found.high - found.low < 0.2 * (alone.high - alone.low)


def test_difference_of_areas_is_delongs_where_examples_are_many():
    rng = np.random.default_rng(3)
    y = (np.arange(4000) < 2000) * 1.0
    shared, one, two = rng.normal(size=(3, 4000))
    a, b = shared + one + y, shared + two + 0.8 * y
    sides = [np.concatenate(placements_fast(y, p)) for p in (a, b)]
    spread = sides[0] - sides[1]
    se = np.sqrt(spread[:2000].var(ddof=1) / 2000 + spread[2000:].var(ddof=1) / 2000)
    found = paired_difference("binary", "auroc", y, a, b, groups=None)
    assert (found.high - found.low) / 2 == pytest.approx(1.96 * se, rel=0.02)
    assert found.p == pytest.approx(2 * norm.sf(abs(found.value) / se), rel=0.3)


def placements_fast(y, p):
    positives, negatives = p[y == 1], p[y == 0]
    wins = positives[:, None] > negatives
    return wins.mean(axis=1), wins.mean(axis=0)


@pytest.mark.parametrize(("task", "name"), [case for case in CASES if case[1] != "prevalence"])
def test_a_difference_turned_round_has_the_other_sign(task, name):
    y, a, b = example(task, 150)
    found = paired_difference(task, name, y, a, b, groups=None)
    turned = paired_difference(task, name, y, b, a, groups=None)
    assert found.value == pytest.approx(evaluate(task, y, a)[name].value - evaluate(task, y, b)[name].value)
    assert (turned.value, turned.low, turned.high) == pytest.approx((-found.value, -found.high, -found.low))
    assert turned.p == pytest.approx(found.p, abs=1e-3)
    assert (found.p < 0.05) == (found.low > 0 or found.high < 0)


def test_two_perfect_predictors_are_not_surely_equal():
    y = np.repeat([0.0, 1.0], [30, 30])
    found = paired_difference("binary", "auroc", y, y, y + 0.1 * np.arange(60) / 60, groups=None)
    assert found.value == 0 and found.low < -0.02 and found.high > 0.02 and found.p == 1


def test_a_perfect_predictor_against_one_that_is_not_has_a_p():
    y = np.repeat([0.0, 1.0], [50, 50])
    for wrong in (1, 20):
        other = np.where(np.arange(100) < wrong, 2.0, y + 0.001 * np.arange(100))
        found = paired_difference("binary", "auroc", y, y + 0.001 * np.arange(100), other, groups=None)
        assert found.value == pytest.approx(wrong / 50) and 0 < found.p < 1
        assert (found.p < 0.05) == (found.low > 0) == (wrong == 20)


def test_difference_says_what_is_undefined_or_too_few():
    d = paired_difference("binary", "auroc", [0, 1, 1], [0.1, 0.2, 0.3], [0.5, 0.5, 0.5], groups=None)
    assert d.undefined == "of the second predictions: every prediction is the same, so there is no ranking to measure"
    assert (d.value, d.verdict) == (None, "")
    d = paired_difference("binary", "auroc", [0, 1, 1], [0.1, 0.2, 0.3], [0.1, 0.2, 0.0], groups=None)
    assert (d.value, d.low, d.p) == (0.5, None, None)
    assert d.told() == "too few to say: 1 negatives, an interval needs 10"


def test_verdict_needs_an_interval_without_zero_and_knows_the_direction():
    assert Difference("auroc", 0.1, 0.02, 0.2).verdict == "better"
    assert Difference("rmse", 0.1, 0.02, 0.2).verdict == "worse"
    assert Difference("rmse", -0.1, -0.2, -0.02).verdict == "better"
    assert Difference("auroc", 0.1, 0.0, 0.2).verdict == ""
    assert Difference("auroc", 0.1).verdict == ""
    y, a, _ = example("binary", n=300)
    same, clear = paired_differences("binary", "auroc", y, [a, -a], a, groups=None)
    assert (same.value, same.low, same.high, same.p, same.verdict) == (0, 0, 0, 1, "")
    assert same.note == "the predictions are the same"
    assert clear.verdict == "worse" and clear.p < 1e-4 and clear.told() == f"{clear.low:+.4f} to {clear.high:+.4f}"


def test_a_wider_level_has_a_wider_interval():
    for task, name in CASES:
        if name != "prevalence":
            y, p, _ = example(task, 150)
            narrow, wide = (
                with_intervals(task, y, p, groups=None, names=name, level=level)[name] for level in (0.8, 0.99)
            )
            assert wide.low < narrow.low < narrow.value < narrow.high < wide.high, name


def test_bad_requests_are_refused():
    with pytest.raises(InputError, match=r"y has 2 tasks: .* pass y\[:, t\]"):
        roc_curve_points(np.zeros((3, 2)), np.zeros((3, 2)))
    with pytest.raises(ConfigError, match=r"'rmse'.*does not fit"):
        paired_difference("binary", "rmse", [0, 1], [0, 1], [0, 1], groups=None)
    with pytest.raises(InputError, match="level is 95"):
        with_intervals("binary", [0, 0, 1, 1], [0.1, 0.2, 0.3, 0.4], level=95, groups=None)


def test_a_metric_tells_its_interval_or_why_there_is_none():
    assert Metric(0.7, 0.61, 0.7812, note="9 groups").told(2) == "0.61 to 0.78"
    few = Metric(0.7, note="too few to say: 3 positives, an interval needs 10")
    assert few.told() == few.note and Metric.from_json(few.as_json()) == few
    assert Metric(0.7).told() == "" and Metric(0.7).as_json() == 0.7
    grouped = Metric(0.7, 0.6, 0.8, note="9 groups")
    assert Metric.from_json(grouped.as_json()) == grouped
