"""The threshold of least cost, against costs counted by hand."""

from __future__ import annotations

import numpy as np
import pytest

from dnaconv_core.errors import InputError
from dnaconv_core.evaluate.decide import cheapest

Y = np.array([1, 0, 1, 0, 0])
SCORES = np.array([0.9, 0.7, 0.6, 0.2, 0.2])


def test_the_threshold_follows_the_costs():
    # from 0.6 on: no positive is missed, one of three negatives is called; from 0.9 on: half are missed, none called
    dear_miss = cheapest(Y, SCORES, prevalence=0.5, false_alarm=1, miss=10)
    assert dear_miss == pytest.approx((0.6, 1000 * 0.5 / 3, 5000, 500))
    dear_alarm = cheapest(Y, SCORES, prevalence=0.5, false_alarm=10, miss=1)
    assert dear_alarm == pytest.approx((0.9, 1000 * 0.5 * 0.5, 500, 5000))


def test_where_positives_are_rare_nothing_may_be_the_cheapest_call():
    assert cheapest(Y, -SCORES, prevalence=0.001, false_alarm=1, miss=1).threshold == np.inf


def test_it_is_no_dearer_than_any_threshold_tried_by_hand():
    rng = np.random.default_rng(3)
    y, scores = rng.integers(0, 2, 41), rng.integers(0, 7, 41) / 7
    found = cheapest(y, scores, prevalence=0.1, false_alarm=2, miss=9)
    costs = [
        1000 * (0.1 * 9 * (scores[y == 1] < t).mean() + 0.9 * 2 * (scores[y == 0] >= t).mean())
        for t in [*np.unique(scores), np.inf]
    ]
    assert found.cost == pytest.approx(min(costs))


def test_one_class_has_no_threshold_and_a_wrong_share_is_refused():
    assert cheapest(np.ones(3), np.arange(3), prevalence=0.5, false_alarm=1, miss=1) is None
    with pytest.raises(InputError, match="prevalence is 2, costs 1 and 1: from 0 to 1"):
        cheapest(Y, SCORES, prevalence=2, false_alarm=1, miss=1)
