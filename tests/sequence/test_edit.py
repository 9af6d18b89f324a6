"""Edits of one-hot sequences, by hand and against the same edit of text."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dnaconv_core.errors import InputError
from dnaconv_core.sequence.edit import ablate, delete, insert, mutate, substitute
from dnaconv_core.sequence.encoding import decode, one_hot
from dnaconv_core.sequence.motif import AP1

X = one_hot(["AAAAAAAA", "CCCCCCCC", "ACGTNACG"])


def test_substitute():
    assert decode(substitute(X, "GT", 3)) == ["AAAGTAAA", "CCCGTCCC", "ACGGTACG"]
    assert decode(substitute(X, "GT", np.array([0, 6, 4]))) == ["GTAAAAAA", "CCCCCCGT", "ACGTGTCG"]
    assert decode(substitute(X, one_hot("GT")[0], 0))[0] == "GTAAAAAA"
    assert decode(substitute(X, one_hot(["G", "T", "N"]), 1)) == ["AGAAAAAA", "CTCCCCCC", "ANGTNACG"]


def test_insert():
    assert decode(insert(X, "GT", 3)) == ["AAAGTAAAAA", "CCCGTCCCCC", "ACGGTTNACG"]
    assert decode(insert(X, "GT", np.array([0, 8, 5]))) == ["GTAAAAAAAA", "CCCCCCCCGT", "ACGTNGTACG"]
    assert decode(insert(X, "GT", 3, keep_length=True)) == ["AAAGTAAA", "CCCGTCCC", "ACGGTTNA"]


def test_delete_and_mutate():
    assert decode(delete(X, np.array([0, 1, 2]), 3)) == ["AAAAA", "CCCCC", "ACACG"]
    assert decode(mutate(X, 2, "t")) == ["AATAAAAA", "CCTCCCCC", "ACTTNACG"]
    assert decode(mutate(X, np.array([0, 7, 4]), "N")) == ["NAAAAAAA", "CCCCCCCN", "ACGTNACG"]


def test_ablate():
    assert decode(ablate(X, 2, 3, how="n")) == ["AANNNAAA", "CCNNNCCC", "ACNNNACG"]
    one = one_hot(["AATGACTCAAA"] * 50)
    for sequence in decode(ablate(one, 2, 7)):
        assert sequence[:2] + sequence[9:] == "AAAA"
        assert sorted(sequence[2:9]) == sorted("TGACTCA") and sequence[2:9] != "TGACTCA"
    assert len(set(decode(ablate(one, 2, 7)))) > 10  # each sequence by itself
    new = decode(ablate(one, 2, 7, how="random"))
    assert len({sequence[2:9] for sequence in new}) > 40 and {s[:2] + s[9:] for s in new} == {"AAAA"}
    assert decode(ablate(X[:1], 2, 3)) == ["AAAAAAAA"]  # equal bases have one order only


def test_ambiguous_letters_and_motifs_are_drawn():
    background = one_hot(["A" * 9] * 400)
    drawn = [sequence[1:8] for sequence in decode(substitute(background, "TGASTCA", 1))]
    assert set(drawn) == {"TGACTCA", "TGAGTCA"}
    assert 120 < drawn.count("TGACTCA") < 280
    from_matrix = [sequence[1:8] for sequence in decode(substitute(background, AP1, 1, seed=1))]
    assert sum(word in ("TGACTCA", "TGAGTCA") for word in from_matrix) > 320
    np.testing.assert_array_equal(substitute(background, AP1, 1, seed=1), substitute(background, AP1, 1, seed=1))


@given(st.text("ACGT", min_size=5, max_size=20), st.text("ACGTN", min_size=1, max_size=5), st.data())
def test_as_text(sequence, motif, data):
    one, word = one_hot(sequence), one_hot(motif)[0]
    start = data.draw(st.integers(0, len(sequence) - len(motif)))
    end = start + len(motif)
    assert decode(substitute(one, word, start)) == [sequence[:start] + motif + sequence[end:]]
    longer = insert(one, word, start)
    assert decode(longer) == [sequence[:start] + motif + sequence[start:]]
    np.testing.assert_array_equal(delete(longer, start, len(motif)), one)


def test_the_input_and_its_type_are_left_alone():
    before, real = X.copy(), X.astype(np.float32)
    for edited in (substitute(X, "G", 0), insert(X, "G", 0), delete(X, 0, 1), mutate(X, 0, "G"), ablate(X, 0, 8)):
        assert edited.dtype == np.int8 and not np.shares_memory(edited, X)
    np.testing.assert_array_equal(X, before)
    assert insert(real, "G", 0).dtype == substitute(real, "G", 0).dtype == np.float32


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (lambda: substitute(X, "GGG", 6), "position 6 of sequence 1 is outside: sequences of 8 bases take 0 to 5"),
        (lambda: substitute(X, "G", np.array([0, 3, 8])), "position 8 of sequence 3 is outside"),
        (lambda: substitute(X, "G", -1), "position -1 of sequence 1 is outside"),
        (lambda: substitute(X, "G" * 9, 0), "the motif is 9 bases long: sequences of 8 bases take 1 to 8"),
        (lambda: substitute(X, "GX", 0), "'GX' has 'X' at position 2"),
        (lambda: substitute(X, np.zeros((3, 2)), 0), r"the motif has shape \(3, 2\): it must be \(4, width\)"),
        (lambda: substitute(X, "G", np.array([0, 1])), "one for each of the 3 sequences"),
        (lambda: substitute(X, "G", 1.5), "one whole number"),
        (lambda: substitute(X[0], "G", 1), r"X has shape \(4, 8\)"),
        (lambda: insert(X, "G", 9), "take 0 to 8 here"),
        (lambda: delete(X, 6, 3), "position 6 of sequence 1 is outside"),
        (lambda: delete(X, 0, 0), "the deletion is 0 bases long"),
        (lambda: mutate(X, 8, "A"), "position 8 of sequence 1 is outside"),
        (lambda: mutate(X, 0, "R"), "base is 'R': use A, C, G, T"),
        (lambda: ablate(X, 0, 3, how="zero"), "how is 'zero': choose 'shuffle', 'random' or 'n'"),
    ],
)
def test_errors(edit, message):
    with pytest.raises(InputError, match=message):
        edit()
