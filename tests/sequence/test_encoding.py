"""Letters to one-hot and back, the other strand, and what may be pasted."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dnaconv_core.errors import InputError
from dnaconv_core.sequence.encoding import (
    clean,
    count_ambiguous,
    decode,
    from_codes,
    one_hot,
    parse_pasted,
    reverse_complement,
    reverse_complement_text,
    to_codes,
)

DNA = st.text("ACGTN", min_size=1, max_size=40)


def test_one_hot_by_hand():
    X = one_hot(["ACGTN", "TTaac"])
    assert X.shape == (2, 4, 5) and X.dtype == np.int8
    np.testing.assert_array_equal(
        X[0], [[1, 0, 0, 0, 0], [0, 1, 0, 0, 0], [0, 0, 1, 0, 0], [0, 0, 0, 1, 0]]
    )  # rows A C G T; N is an empty column
    assert decode(X) == ["ACGTN", "TTAAC"]
    assert decode(X[1]) == ["TTAAC"]


def test_rna_has_u_in_the_channel_of_t():
    np.testing.assert_array_equal(one_hot("ACGU", "RNA"), one_hot("ACGT", "DNA"))
    assert decode(one_hot("ACGU", "RNA"), "RNA") == ["ACGU"]
    assert not one_hot("T", "RNA").any()


def test_codes():
    codes = np.array([[0, 1, 4], [3, 2, 0]], np.int8)
    assert from_codes(codes).shape == (2, 4, 3)
    np.testing.assert_array_equal(to_codes(from_codes(codes)), codes)
    np.testing.assert_array_equal(to_codes(one_hot("ACGTN")), [[0, 1, 2, 3, 4]])
    assert from_codes(np.zeros((2, 3, 5), int)).shape == (2, 3, 4, 5)


def test_unequal_lengths_are_named():
    with pytest.raises(InputError, match="sequence 2 has 3 bases and the first has 2"):
        one_hot(["AC", "ACG"])
    with pytest.raises(InputError, match="no sequences to encode"):
        one_hot([])


def test_reverse_complement_by_hand():
    assert reverse_complement_text("AACGTN") == "NACGTT"
    assert reverse_complement_text("aacgu", "RNA") == "ACGUU"
    assert reverse_complement_text("RYSWKMBDHVN") == "NBDHVKMWSRY"
    assert decode(reverse_complement(one_hot("AACGTN"))) == ["NACGTT"]


@given(DNA)
def test_reverse_complement_twice_is_the_same(sequence):
    X = one_hot(sequence)
    np.testing.assert_array_equal(reverse_complement(reverse_complement(X)), X)
    assert reverse_complement_text(reverse_complement_text(sequence)) == sequence
    assert decode(reverse_complement(X)) == [reverse_complement_text(sequence)]


@given(st.text("ACGURYSWKMBDHVN", max_size=30))
def test_reverse_complement_of_codes_twice_is_the_same_in_rna(sequence):
    assert reverse_complement_text(reverse_complement_text(sequence, "RNA"), "RNA") == sequence


@given(st.lists(DNA, min_size=1, max_size=4))
def test_decode_undoes_one_hot(sequences):
    length = min(map(len, sequences))
    cut = [sequence[:length] for sequence in sequences]
    assert decode(one_hot(cut)) == cut


def test_clean_takes_what_people_paste():
    assert clean("  1 acgu\n 61 NNRY\t") == "ACGTNNRY"
    assert clean("acgt", "RNA") == "ACGU"
    assert count_ambiguous("ACNRYT") == 3


@pytest.mark.parametrize(("text", "letter", "position"), [("ACGX", "'X'", 4), ("AC GT-A", "'-'", 5), ("*", r"'\*'", 1)])
def test_clean_names_the_foreign_letter_and_its_place(text, letter, position):
    with pytest.raises(InputError, match=f"the sequence has {letter} at position {position}: use A, C, G, T"):
        clean(text)


def test_foreign_letters_outside_ascii_are_named_even_when_upper_case_is_longer():
    with pytest.raises(InputError, match="at position 3"):
        clean("ACß")
    with pytest.raises(InputError, match="at position 1"):
        clean("é")


def test_pasted_plain_genbank_and_fasta():
    assert parse_pasted("acgtn\nacg") == [("seq_1", "ACGTNACG", 1)]
    assert parse_pasted("        1 gatcc tccat\n       61 aagg\n")[0].sequence == "GATCCTCCATAAGG"
    records = parse_pasted(">one first\nAC\nGT\n\n>two\n;comment\nUUR\n>\nA")
    assert [tuple(record) for record in records] == [("one", "ACGT", 0), ("two", "TTR", 1), ("seq_3", "A", 0)]


def test_pasted_windows_line_ends_and_indented_headers():
    assert [r.id for r in parse_pasted("\r\n  >a\r\nAC\r\n>b\r\nGT\r\n")] == ["a", "b"]


def test_sequence_before_the_first_header_is_kept():
    assert [(r.id, r.sequence) for r in parse_pasted("ACGT\n>b\nTT")] == [("seq_1", "ACGT"), ("b", "TT")]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no sequence here"),
        (" \n\n", "no sequence here"),
        (">one\n>two\nAC", r"sequence 1 \('one'\) is empty"),
        (">one\nAC\n>two\nAQ", r"sequence 2 \('two'\) has 'Q' at position 2"),
        ("1 2 3", "the sequence is empty"),
    ],
)
def test_pasted_nonsense_is_named(text, message):
    with pytest.raises(InputError, match=message):
        parse_pasted(text)
