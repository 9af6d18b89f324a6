"""Values of a table's fields: numbers as people write them, and letters of sequences."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dnaconv_core.data.letters import encode_texts, guess_alphabet
from dnaconv_core.data.values import numbers_of


@pytest.mark.parametrize(
    ("texts", "separator", "values", "notes"),
    [
        (["0,5", "1.234,25", "-3"], ";", [0.5, 1234.25, -3], ("commas were read as decimal commas",)),
        (["0,5", "1,25"], "\t", [0.5, 1.25], ("commas were read as decimal commas",)),
        (["1,234", "12,345,678.5", "7"], ",", [1234, 12345678.5, 7], ("commas were read as thousands",)),
        (["80%", "12.5 %", "NA"], ",", [80, 12.5, None], ("percent signs were taken off: 80 % is 80",)),
        (["1e3", "\N{MINUS SIGN}2", " 3 "], ",", [1000, -2, 3], ()),
        (["", "n/a", "-", "NaN", "NULL", "."], ",", [None] * 6, ()),
    ],
)
def test_numbers_as_people_write_them(texts, separator, values, notes):
    found = numbers_of(texts, separator)
    assert (
        [None if np.isnan(v) else v for v in found.values] == values and not found.wrong.any() and found.notes == notes
    )


def test_what_is_no_number_is_wrong_rather_than_missing():
    found = numbers_of(["1", "1_0", "inf", "1e99", "tall", "0x10", ""])
    assert found.wrong.tolist() == [False, True, True, True, True, True, False] and found.share == 1 / 6
    assert numbers_of(np.array([1.5, np.nan, np.inf])).wrong.tolist() == [False, False, True]


@given(st.lists(st.floats(-1e6, 1e6), min_size=1), st.sampled_from([",", ";", "\t"]))
def test_numbers_come_back_from_any_spelling(values, separator):
    for texts in ([repr(v) for v in values], [repr(v).replace(".", ",") for v in values] if separator == ";" else []):
        found = numbers_of(texts, separator).values
        assert found.tolist() == values[: len(found)]


@given(st.lists(st.text("ACGTUNacgtuR \t1!é", max_size=12), max_size=30))
def test_letters_of_many_sequences_are_those_of_each(texts):
    found = encode_texts(texts)
    for i, text in enumerate(texts):
        letters = [c for c in text if c not in " \t1"]
        codes = found.codes[found.offsets[i] : found.offsets[i + 1]].tolist()
        if not letters or set(letters) & set("!é"):
            assert i in found.wrong and codes == []
        else:
            assert i not in found.wrong and codes == ["ACGTNUR".index(c.upper()) % 5 if c.upper() not in "UR" else
                                                      {"U": 3, "R": 4}[c.upper()] for c in letters]  # fmt: skip
    assert len(found.codes) == found.offsets[-1]


def test_the_alphabet_is_told_by_u():
    assert guess_alphabet(["ACG", "ACU"]) == "RNA" and guess_alphabet(["ACG", "ACT"]) == "DNA"
    assert guess_alphabet(["ACU", "ACT"]) == guess_alphabet([]) == "DNA"
