"""How far kernels moved, by hand."""

from __future__ import annotations

import numpy as np
import pytest

from dnaconv_core.interpret.kernel_change import evenly, moved


def test_how_far_a_kernel_moved():
    before = np.zeros((4, 4, 2))
    before[:3, 0] = (3, -1)  # without the column means: the letter's weight ± a third of it on the others
    now = before.copy()
    now[0] += (5, -7)  # all four weights of a column alike: nothing is matched otherwise
    now[1] *= 1.5
    now[2, :, 0] = (0, 3, 0, 0)  # A becomes C: √(2 · 3²) over the length √(0.75 · (3² + 1²))
    assert moved(before, now) == pytest.approx([0, 0.5, np.sqrt(18 / 7.5), 0])
    now[3, 2, 1] = 0.1
    assert moved(before, now)[3] == 1  # it was flat
    assert moved(before.astype(np.float16), now.astype(np.float16)).shape == (4,)


def test_epochs_are_spread_evenly_with_both_ends():
    assert evenly([1, 2, 5], 3) == [1, 2, 5]
    assert evenly(list(range(10, 110)), 4) == [10, 43, 76, 109]
