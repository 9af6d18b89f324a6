from __future__ import annotations

import numpy as np
import pytest
from sklearn import metrics as sk

from dnaconv_core.errors import InputError
from dnaconv_core.evaluate.curves import calibration_curve_points, pr_curve_points, roc_curve_points, stretch_of
from dnaconv_core.evaluate.metrics import evaluate


def test_by_hand():
    y, p = [1, 0, 1, 0, 1, 0], [0.9, 0.8, 0.8, 0.4, 0.1, 0.05]
    roc = roc_curve_points(y, p)
    assert roc.fpr * 3 == pytest.approx([0, 0, 1, 2, 2, 3])
    assert roc.tpr * 3 == pytest.approx([0, 1, 2, 2, 3, 3])
    assert roc.thresholds.tolist() == [np.inf, 0.9, 0.8, 0.4, 0.1, 0.05]
    pr = pr_curve_points(y, p)
    assert pr.recall * 3 == pytest.approx([1, 2, 3])
    assert pr.precision == pytest.approx([1, 2 / 3, 3 / 5])
    assert pr.thresholds.tolist() == [0.9, 0.8, 0.1]
    assert pr.prevalence == 0.5


@pytest.mark.parametrize(
    ("curve", "across", "upwards", "rows"),
    [
        ("roc", (0, 0.1), (0.3, 1), [0]),  # before the first negative
        ("roc", (0.6, 0.3), (0, 0.9), [1, 2]),  # a tie is one point; the ends may come in any order
        ("roc", (0.5, 1), (0.5, 1), [3, 4, 5]),
        ("pr", (0.6, 0.7), (0, 0.55), [3]),
        ("pr", (0.6, 1), (0, 1), [1, 2, 3, 4, 5]),
    ],
)
def test_a_stretch_of_a_curve_names_the_examples_behind_it(curve, across, upwards, rows):
    y, p = [1, 0, 1, 0, 1, 0], [0.9, 0.8, 0.8, 0.4, 0.1, 0.05]
    found = stretch_of(curve, y, p, across=across, upwards=upwards)
    assert found.rows.tolist() == rows
    assert (found.low, found.high) == (min(p[i] for i in rows), max(p[i] for i in rows))


def test_a_box_beside_the_curve_holds_nobody():
    y, p = [1, 0, 1, 0], [0.9, 0.8, 0.7, 0.1]
    assert stretch_of("roc", y, p, across=(0.8, 1), upwards=(0, 0.2)) is None
    assert stretch_of("pr", [0, 0], [0.2, 0.4], across=(0, 1), upwards=(0, 1)) is None
    with pytest.raises(InputError, match="choose roc or pr"):
        stretch_of("lift", y, p, across=(0, 1), upwards=(0, 1))


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("levels", [5, 40, 10**9])
def test_areas_equal_the_metrics_and_points_lie_on_the_full_curve(levels, weighted):
    rng = np.random.default_rng(levels)
    y = rng.random(401) < 0.2
    p = (0.2 * y + rng.random(401) * levels).round() / levels
    w = rng.integers(0, 3, 401) if weighted else None
    roc, pr, metrics = roc_curve_points(y, p, weights=w), pr_curve_points(y, p, weights=w), None
    metrics = evaluate("binary", y, p, weights=w)
    assert np.trapezoid(roc.tpr, roc.fpr) == pytest.approx(metrics["auroc"].value)
    assert np.diff(pr.recall, prepend=0) @ pr.precision == pytest.approx(metrics["auprc"].value)
    kept = y.astype(bool) if w is None else y & (w > 0)
    fpr, tpr, _ = sk.roc_curve(y, p, sample_weight=w, drop_intermediate=False)
    full = {(round(a, 9), round(b, 9)) for a, b in zip(fpr, tpr, strict=True)}
    assert {(round(a, 9), round(b, 9)) for a, b in zip(roc.fpr, roc.tpr, strict=True)} <= full
    assert len(pr.recall) <= kept.sum()


def test_many_points_are_thinned_without_moving_the_curve():
    rng = np.random.default_rng(0)
    y = rng.random(60_000) < 0.5
    p = y * 0.5 + rng.random(60_000)
    roc, pr, metrics = roc_curve_points(y, p), pr_curve_points(y, p), evaluate("binary", y, p)
    assert 200 < len(roc.fpr) <= 500 and 200 < len(pr.recall) <= 500
    assert (roc.fpr[0], roc.tpr[0], roc.fpr[-1], roc.tpr[-1]) == (0, 0, 1, 1)
    assert np.trapezoid(roc.tpr, roc.fpr) == pytest.approx(metrics["auroc"].value, abs=1e-3)
    assert np.diff(pr.recall, prepend=0) @ pr.precision == pytest.approx(metrics["auprc"].value, abs=5e-3)
    fpr, tpr, _ = sk.roc_curve(y, p)
    away = np.maximum(np.abs(fpr[:, None] - roc.fpr), np.abs(tpr[:, None] - roc.tpr)).min(axis=1)
    assert away.max() < 0.005  # no corner of the full curve is further than this from a kept one


def test_one_class_and_constant_scores_have_no_curve_but_a_reason():
    roc = roc_curve_points([1, 1], [0.2, 0.3])
    assert len(roc.fpr) == 0 and roc.undefined.startswith("every example is positive")
    pr = pr_curve_points([0, 1, 0, 0], [0.2] * 4)
    assert len(pr.recall) == 0 and pr.undefined.startswith("every prediction is the same") and pr.prevalence == 0.25
    assert np.isnan(pr_curve_points([], []).prevalence)
    assert calibration_curve_points([0, 1], [0.2, 3.0]).undefined.startswith("a prediction is 3")


def test_calibration_by_hand():
    y = np.array([0, 0, 1, 0, 1, 1, 1, 1])
    p = np.array([0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8])
    shuffle = np.random.default_rng(2).permutation(8)
    c = calibration_curve_points(y[shuffle], p[shuffle], bins=2)
    assert c.predicted == pytest.approx([0.25, 0.65])
    assert c.observed == pytest.approx([0.25, 1.0])
    assert c.count.tolist() == [4, 4]
    assert (c.low[0], c.high[0]) == pytest.approx((0.0456, 0.6994), abs=1e-3)  # Wilson's interval of 1 in 4
    assert c.high[1] == pytest.approx(1)


def test_calibration_keeps_equal_predictions_together():
    y, p = np.arange(12) % 2, np.array([0.2] * 7 + [0.6] * 4 + [0.9])
    c = calibration_curve_points(y, p, bins=4)
    assert c.predicted.tolist() == pytest.approx([0.2, 0.6, 0.9])
    assert c.count.tolist() == [7, 4, 1]
    few = calibration_curve_points([0, 1, 1], [0.1, 0.5, 0.8], bins=10)
    assert few.count.tolist() == [1, 1, 1]


def test_several_tasks_are_refused():
    with pytest.raises(InputError, match=r"y has 2 tasks: .* pass y\[:, t\]"):
        roc_curve_points(np.eye(2), np.eye(2))
