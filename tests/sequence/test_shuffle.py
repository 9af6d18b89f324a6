"""Shuffles that keep dinucleotides: exact counts, uniform over what is possible, unknown bases in place."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise, permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dnaconv_core.errors import InputError
from dnaconv_core.sequence.encoding import decode, one_hot
from dnaconv_core.sequence.shuffle import dinucleotide_shuffle, random_backgrounds


def pairs(sequence: str) -> Counter:
    """Dinucleotides without an N."""
    return Counter(a + b for a, b in pairwise(sequence) if "N" not in a + b)


def shuffled(sequence: str, n: int, seed: int = 0) -> list[str]:
    return decode(dinucleotide_shuffle(one_hot(sequence), n, seed=seed)[0])


@given(st.text("ACGTN", min_size=1, max_size=60), st.integers(0, 5))
def test_counts_ends_and_unknown_bases_are_kept(sequence, seed):
    for other in shuffled(sequence, 3, seed):
        assert pairs(other) == pairs(sequence)
        assert Counter(other) == Counter(sequence)
        assert [b == "N" for b in other] == [b == "N" for b in sequence]
        assert (other[0], other[-1]) == (sequence[0], sequence[-1])


def test_shape_and_type():
    X = one_hot(["ACGTACGTA", "AAAAAAAAA"])
    S = dinucleotide_shuffle(X, 5)
    assert S.shape == (2, 5, 4, 9) and S.dtype == np.int8
    assert (S.sum(axis=2) == 1).all()
    assert set(decode(S[1])) == {"AAAAAAAAA"}
    assert dinucleotide_shuffle(X[:0], 3).shape == (0, 3, 4, 9)


@pytest.mark.parametrize("word", ["ACAGATCA", "AACCAACG", "TTTATTGT"])
def test_every_possible_order_comes_equally_often(word):
    possible = {
        order
        for order in map("".join, permutations(word))
        if pairs(order) == pairs(word) and (order[0], order[-1]) == (word[0], word[-1])
    }
    draws = 400 * len(possible)
    seen = Counter(shuffled(word, draws))
    assert set(seen) == possible
    chi2 = sum((count - 400) ** 2 / 400 for count in seen.values())
    df = len(possible) - 1
    assert abs(chi2 - df) < 5 * (2 * df) ** 0.5


def test_a_rare_way_out_does_not_stop_it():
    word = "AC" * 200 + "AG" + "TG" * 30  # one edge alone leads from A and C to G and T
    assert all(pairs(other) == pairs(word) for other in shuffled(word, 20))


def test_a_shuffle_depends_on_its_sequence_and_the_seed_alone():
    X = random_backgrounds(7, 53, seed=3)
    together = dinucleotide_shuffle(X, 4, seed=1)
    np.testing.assert_array_equal(together[5:6], dinucleotide_shuffle(X[5:6], 4, seed=1))
    np.testing.assert_array_equal(together, dinucleotide_shuffle(X, 4, seed=1))
    assert (together != dinucleotide_shuffle(X, 4, seed=2)).any()
    assert (together[:, 0] != together[:, 1]).any()


def test_chunks_make_no_difference(monkeypatch):
    X = random_backgrounds(9, 31, seed=4)
    whole = dinucleotide_shuffle(X, 3)
    monkeypatch.setattr("dnaconv_core.sequence.shuffle._AT_ONCE", 3 * 31 * 2)
    np.testing.assert_array_equal(dinucleotide_shuffle(X, 3), whole)


def test_shuffles_move_the_bases():
    X = random_backgrounds(20, 101, seed=5)
    same = (dinucleotide_shuffle(X, 10) * X[:, None]).sum(axis=2).mean()
    assert same < 0.35  # two random sequences of this composition agree in about 0.26


def test_wrong_input():
    with pytest.raises(InputError, match=r"X has shape \(3, 4\)"):
        dinucleotide_shuffle(np.zeros((3, 4)))
    with pytest.raises(InputError, match="n is 0: ask for at least 1"):
        dinucleotide_shuffle(one_hot("ACGT"), 0)


def test_backgrounds():
    X = random_backgrounds(200, 150, 0.3, seed=1)
    assert X.shape == (200, 4, 150) and X.dtype == np.int8 and (X.sum(axis=1) == 1).all()
    np.testing.assert_allclose(X.mean(axis=(0, 2)), [0.35, 0.15, 0.15, 0.35], atol=0.01)
    np.testing.assert_array_equal(X, random_backgrounds(200, 150, 0.3, seed=1))
    assert set("".join(decode(random_backgrounds(3, 40, 1.0)))) == {"C", "G"}
    with pytest.raises(InputError, match=r"gc is 42: it is a share"):
        random_backgrounds(1, 10, 42)
    with pytest.raises(InputError, match="n is 0 and length is 10"):
        random_backgrounds(0, 10)
