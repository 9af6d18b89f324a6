"""Lengths made equal: by hand, and for every length and way."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dnaconv_core.data.examples import Examples
from dnaconv_core.data.lengths import fit_lengths, length_histogram
from dnaconv_core.errors import DataError, InputError


def made(*texts: str) -> Examples:
    codes = np.array(["ACGTN".index(letter) for letter in "".join(texts)], np.uint8)
    n = len(texts)
    one = np.ones((n, 1), np.float32)
    return Examples(codes, np.cumsum([0, *map(len, texts)]), np.array([f"e{i}" for i in range(n)], dtype=str), one, one)


def letters(fitted) -> list[str]:
    return ["".join("ACGTN"[code] for code in row) for row in fitted.codes]


def test_by_hand():
    some = made("ACGTA", "CG", "GATTACA", "T")
    crop = fit_lengths(some.subset(np.array([0, 2])), "crop", 3)
    assert letters(crop) == ["CGT", "TTA"] and (crop.n_cropped, crop.n_padded) == (2, 0)
    pad = fit_lengths(some, "pad")
    assert letters(pad) == ["NACGTAN", "NNCGNNN", "GATTACA", "NNNTNNN"]
    assert pad.sentence == "Lengths are 1 to 7 bases and were made 7: 3 were padded with N on both sides."
    both = fit_lengths(some, "auto", 4)
    assert letters(both) == ["ACGT", "NCGN", "ATTA", "NNTN"] and (both.n_cropped, both.n_padded) == (2, 2)
    assert both.sentence == (
        "Lengths are 1 to 7 bases and were made 4: 2 were cropped around their centre, 2 were padded with N on both "
        "sides."
    )


def test_auto_keeps_95_percent_whole():
    some = made(*["A" * n for n in range(1, 101)])
    fitted = fit_lengths(some)
    assert (fitted.length, fitted.n_cropped, fitted.n_padded) == (96, 4, 95)
    same = fit_lengths(made("ACG", "TTT"))
    assert same.sentence == "All 2 examples have 3 bases." and letters(same) == ["ACG", "TTT"]


@given(st.lists(st.integers(0, 30), min_size=1, max_size=20), st.integers(1, 30))
def test_what_is_kept_is_the_middle(sizes, length):
    rng = np.random.default_rng(0)
    texts = ["".join(rng.choice(list("ACGT"), size)) for size in sizes]
    if not any(sizes):
        return
    for text, row in zip(texts, letters(fit_lengths(made(*texts), "auto", length)), strict=True):
        middle, first = len(text) // 2, len(text) // 2 - length // 2
        assert len(row) == length and row[length // 2] == (text[middle] if text else "N")
        for place, letter in enumerate(row, first):
            assert letter == (text[place] if 0 <= place < len(text) else "N")


def test_what_does_not_fit_is_named():
    some = made("ACGTA", "CG")
    with pytest.raises(DataError, match=r"example 2 \('e1'\) has 2 bases where 5 are wanted \(equal\): crop or pad"):
        fit_lengths(some, "equal")
    with pytest.raises(DataError, match=r"example 2 \('e1'\) has 2 bases where 3 are wanted \(crop\): pad, or choose"):
        fit_lengths(some, "crop", 3)
    with pytest.raises(DataError, match=r"example 1 \('e0'\) has 5 bases where 3 are wanted \(pad\): crop, or choose"):
        fit_lengths(some, "pad", 3)
    with pytest.raises(DataError, match="there is no base in any example"):
        fit_lengths(made("", ""))
    with pytest.raises(InputError, match="how is 'stretch': choose 'auto'"):
        fit_lengths(some, "stretch")
    with pytest.raises(InputError, match="length is 0"):
        fit_lengths(some, "pad", 0)


def test_the_histogram_counts_everyone():
    few = length_histogram(made("A", "ACG", "TTT", "ACGT"))
    assert few.counts.tolist() == [1, 0, 2, 1] and few.edges.tolist() == [1, 2, 3, 4, 5]
    sizes = np.random.default_rng(1).integers(1, 500, 200)
    many = length_histogram(made(*["A" * size for size in sizes]), bins=7)
    assert many.counts.tolist() == np.histogram(sizes, many.edges)[0].tolist() and many.counts.sum() == 200
    assert len(many.counts) <= 7 and len(length_histogram(made()).counts) == 0
