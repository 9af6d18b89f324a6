"""Grammars: what is planted stands where the truth says, and only how it stands tells the classes apart."""

from __future__ import annotations

import numpy as np
import pytest

from dnaconv_core.data.grammars import GATA, GRAMMARS
from dnaconv_core.errors import InputError
from dnaconv_core.sequence.motif import AP1

MOTIFS = {"AP-1": AP1, "GATA": GATA}


def sites_of(data, name):
    """Start, end and strand of the sites of one motif, by row."""
    return {site.index: site[1:4] for site in data.truth if site.motif == name}


def test_the_matrix_of_gata_holds_probabilities():
    np.testing.assert_allclose(GATA.ppm.sum(axis=0), 1)


@pytest.mark.parametrize("name", GRAMMARS)
def test_half_are_positive_and_seeds_decide(name):
    data = GRAMMARS[name](61, seed=3, length=83)
    assert data.X.shape == (61, 4, 83) and data.y.sum() == 31
    np.testing.assert_array_equal(data.X, GRAMMARS[name](61, seed=3, length=83).X)
    assert (data.X != GRAMMARS[name](61, seed=4, length=83).X).any()


@pytest.mark.parametrize("name", GRAMMARS)
def test_sites_look_like_their_matrix(name):
    data = GRAMMARS[name](3000, seed=1)
    for motif in {site.motif for site in data.truth}:
        words = []
        for row, start, end, strand, _ in (site for site in data.truth if site.motif == motif):
            word = data.X[row, :, start:end]
            words.append(word if strand == "+" else word[::-1, ::-1])
        np.testing.assert_allclose(np.mean(words, axis=0), MOTIFS[motif].ppm, atol=0.05)


def test_only_the_distance_tells_the_classes_apart():
    data = GRAMMARS["spacing"](400, seed=2)
    first, second = sites_of(data, "AP-1"), sites_of(data, "GATA")
    assert len(first) == len(second) == 400
    apart = []
    for row in range(400):
        assert first[row][2] == second[row][2]  # both on the same strand
        apart.append(second[row][0] - first[row][1] if first[row][2] == "+" else first[row][0] - second[row][1])
    positive = data.y[:, 0] == 1
    assert set(np.array(apart)[positive]) == {5}
    assert set(np.array(apart)[~positive]) == set(range(26)) - {5}
    assert 150 < sum(strand == "+" for *_, strand in first.values()) < 250


def test_motif_and_gc_are_needed_together():
    data = GRAMMARS["motif_and_gc"](1200, seed=2)
    has, positive = np.isin(np.arange(1200), list(sites_of(data, "AP-1"))), data.y[:, 0] == 1
    rich = data.X[:, 1:3].sum(axis=(1, 2)) > 45
    assert has[positive].all() and has[~positive].sum() == 300
    assert rich[positive].mean() > 0.9 and rich[~positive & ~has].mean() > 0.9 and rich[~positive & has].mean() < 0.1


def test_only_the_place_tells_the_classes_apart():
    data = GRAMMARS["place"](500, seed=2, length=90)
    sites, positive = sites_of(data, "GATA"), data.y[:, 0] == 1
    start = np.array([sites[row][0] for row in range(500)])
    assert set(start[positive]) == {58, 59, 60, 61, 62}
    assert not set(start[~positive]) & set(range(54, 67)) and {start.min(), start.max()} == {0, 83}
    assert {strand for *_, strand in sites.values()} == {"+"}


def test_too_few_or_too_short_is_said():
    with pytest.raises(InputError, match="n is 1: ask for at least 2 examples"):
        GRAMMARS["spacing"](1)
    with pytest.raises(InputError, match="length is 38: these sequences need at least 39 bases"):
        GRAMMARS["spacing"](10, length=38)
