"""Pairs of trainings: the corrected t-test against numbers by hand, and scipy's own where nothing is shared."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import ttest_rel

from dnaconv_core.evaluate.repeats import repeated_difference


def test_the_interval_by_hand():
    """Differences 0.1, 0.2, 0.3: mean 0.2, sd 0.1; thirds held out: error 0.1·√(1/3 + 1/2); t(2, 0.975) = 4.3027."""
    found = repeated_difference("auroc", [0.6, 0.8, 0.9], [0.5, 0.6, 0.6], held_out=1 / 3)
    half = 4.302653 * 0.1 * (1 / 3 + 1 / 2) ** 0.5
    assert (found.value, found.low, found.high) == pytest.approx((0.2, 0.2 - half, 0.2 + half), abs=1e-6)
    assert found.verdict == ""


def test_it_is_the_usual_paired_test_where_trainings_share_nothing():
    rng = np.random.default_rng(0)
    first, second = rng.normal(0.8, 0.01, 7).tolist(), rng.normal(0.79, 0.01, 7).tolist()
    found, usual = repeated_difference("auroc", first, second, held_out=0.0), ttest_rel(first, second)
    assert found.p == pytest.approx(usual.pvalue)
    assert (found.low, found.high) == pytest.approx(tuple(usual.confidence_interval()))


def test_a_clear_and_an_opposite_difference():
    better = repeated_difference("auroc", [0.9, 0.91, 0.9, 0.91], [0.8, 0.8, 0.81, 0.81], held_out=1 / 3)
    worse = repeated_difference("auroc", [0.8, 0.8, 0.81, 0.81], [0.9, 0.91, 0.9, 0.91], held_out=1 / 3)
    assert (better.verdict, worse.verdict) == ("better", "worse") and better.p == pytest.approx(worse.p)
    assert better.value == pytest.approx(-worse.value)


def test_no_spread_and_too_few():
    same = repeated_difference("auroc", [0.5, 0.6], [0.5, 0.6], held_out=0.5)
    assert (same.value, same.low, same.high, same.p, same.verdict) == (0.0, 0.0, 0.0, 1.0, "")
    assert repeated_difference("auroc", [0.5], [0.4], held_out=0.5).undefined == "fewer than two pairs of trainings"
