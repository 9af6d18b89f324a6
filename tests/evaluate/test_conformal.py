"""Intervals from validation residuals: by hand, their coverage on new draws, and on halves of real predictions."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from dnaconv_core.errors import InputError
from dnaconv_core.evaluate.conformal import margin_in, margin_of
from dnaconv_core.evaluate.held_out import read_kept

RNAI = Path(__file__).parents[2] / "pretrained" / "rnai_huesken"


def test_the_margin_is_a_residual_by_its_rank():
    residuals = np.arange(1, 100) / 100  # 99 of them: rank ⌈0.95 · 100⌉ = 95
    margin = margin_of(0.5 + residuals * np.where(np.arange(99) % 2, 1, -1), np.full(99, 0.5))
    assert margin is not None and margin.half == pytest.approx(0.95) and margin.n == 99
    assert margin.around(2.0) == pytest.approx((1.05, 2.95))
    assert "95% of examples like the 99 of the validation part lie within ±0.95" in margin.words()
    assert margin_of(np.zeros(39), np.zeros(39)) is None
    assert margin_of(np.zeros(50), np.zeros(50), level=0.99) is None  # the rank would be 51
    with pytest.raises(InputError, match=r"level is 1: give a share between 0 and 1"):
        margin_of(np.zeros(50), np.zeros(50), level=1)


@pytest.mark.parametrize("level", [0.8, 0.95])
def test_new_examples_lie_within_as_often_as_said(level):
    """Exactly ⌈level (n + 1)⌉ / (n + 1) on average, whatever the residuals' shape."""
    rng = np.random.default_rng(4)
    inside = []
    for _ in range(3000):
        residual = rng.standard_t(2, 101)  # heavy tails
        margin = margin_of(residual[:100], np.zeros(100), level)
        inside.append(abs(residual[100]) <= margin.half)
    assert np.mean(inside) == pytest.approx(np.ceil(level * 101) / 101, abs=4 * np.sqrt(level * (1 - level) / 3000))


def test_half_of_the_validation_guides_covers_the_other_half():
    kept = read_kept(RNAI)
    y, _, prediction = kept.of_output(0)
    rng, inside = np.random.default_rng(0), []
    for _ in range(200):
        order = rng.permutation(len(y))
        one, other = order[: len(y) // 2], order[len(y) // 2 :]
        margin = margin_of(y[one], prediction[one])
        inside.append((np.abs(y[other] - prediction[other]) <= margin.half).mean())
    assert 0.94 <= np.mean(inside) <= 0.97
    whole = margin_in(RNAI)
    assert whole.n == len(y) and 0.2 < whole.half < 0.4
