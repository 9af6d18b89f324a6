"""What a dataset looks like, counted by hand."""

from __future__ import annotations

import numpy as np
import pytest

from dnaconv_core.data.dataset import Dataset
from dnaconv_core.plot.summary import summarise
from dnaconv_core.sequence.encoding import one_hot


def data(
    letters: list[str], y: list[float], covariates: np.ndarray | None = None, names: tuple[str, ...] = ()
) -> Dataset:
    labels = np.float32(y)[:, None]
    ids = np.arange(len(y)).astype(str)
    return Dataset(one_hot(letters), labels, np.ones_like(labels), ids, covariates, names, "DNA", "made here")


def test_the_effect_of_a_base_is_its_mean_label_minus_that_of_all():
    found = summarise(data(["AC"] * 30 + ["GC"] * 10 + ["TG"] * 5, [1.0] * 30 + [3.0] * 10 + [9.0] * 5), binary=False)
    mean = (30 + 30 + 45) / 45
    assert (found.n, found.length, found.positives) == (45, 2, None) and found.label_mean == pytest.approx(mean)
    assert found.effect[0, 0] == pytest.approx(1 - mean)
    assert found.effect[1, 1] == pytest.approx(60 / 40 - mean)
    assert found.effect[2, 0] == found.effect[3, 0] == 0  # in fewer than 20 examples: not told
    np.testing.assert_allclose(found.composition[:, 0], np.array([30, 0, 10, 5]) / 45)


def test_a_covariate_is_counted_by_class():
    values = np.float32([[0.01, 5], [0.1, 5], [0.1, 5], [1.0, 5], [0, 5]])
    found = summarise(data(["A"] * 5, [0, 0, 1, 1, 0], values, ("openness", "age")), binary=True)
    assert found.positives == 2 and found.effect is None and found.covariate_name == "openness"
    assert found.covariate_counts.shape == (2, 40) and found.covariate_counts.sum(axis=1).tolist() == [3, 2]
    assert found.covariate_edges[[0, -1]].tolist() == pytest.approx([-5, 0], abs=1e-6)
    assert summarise(data(["A"] * 3, [0, 1, 1]), binary=True).covariate_counts is None


def test_labels_that_are_not_known_are_not_counted():
    some = data(["A"] * 30 + ["C"] * 30, [4.0] * 30 + [1.0] * 20 + [0.0] * 10)
    some.w[50:] = 0
    found = summarise(some, binary=False)
    assert (found.n, found.known) == (60, 50) and found.label_mean == pytest.approx(140 / 50)
    assert found.effect[1, 0] == pytest.approx(1 - 140 / 50)
    some.y[:] = some.y > 0
    assert summarise(some, binary=True).positives == 50
