"""Values that there are: as numpy's own, slower functions say."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from dnaconv_core.data.distinct import distinct, n_among

NUMBERS = st.lists(st.integers(0, 2**64 - 1) | st.integers(0, 3), max_size=40)


@given(NUMBERS, NUMBERS)
def test_as_numpy_says(some, others):
    values, known = np.array(some, np.uint64), np.array(others, np.uint64)
    assert distinct(values).tolist() == np.unique(values).tolist()
    assert n_among(values, distinct(known)) == np.isin(values, known).sum()
