"""Motif matrices by hand: probabilities, bits, words, strands, scores."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from dnaconv_core.errors import InputError
from dnaconv_core.sequence.encoding import decode, from_codes, one_hot, reverse_complement
from dnaconv_core.sequence.motif import (
    AP1,
    IUPAC,
    Motif,
    consensus,
    count,
    draw,
    from_iupac,
    information_content,
    reverse_complement_motif,
    scan,
    to_icm,
    to_ppm,
    to_pwm,
    trim,
)
from dnaconv_core.sequence.shuffle import random_backgrounds

# three columns: always A; C or G alike; all four alike
PPM = np.array([[1, 0, 0.25], [0, 0.5, 0.25], [0, 0.5, 0.25], [0, 0, 0.25]])


def test_counts_and_probabilities():
    sites = one_hot(["ACG", "ACT", "AGN"])
    np.testing.assert_array_equal(count(sites), [[3, 0, 0], [0, 2, 0], [0, 1, 1], [0, 0, 1]])
    np.testing.assert_array_equal(count(sites, np.array([1, 2, 0.5]))[:, 1], [0, 3, 0.5, 0])
    ppm = to_ppm(count(sites), pseudocount=1.0)
    np.testing.assert_allclose(ppm[:, 0], [3.25 / 4, 0.25 / 4, 0.25 / 4, 0.25 / 4])
    np.testing.assert_allclose(ppm[:, 2], [0.25 / 3, 0.25 / 3, 1.25 / 3, 1.25 / 3])
    background = np.array([0.4, 0.1, 0.2, 0.3])
    np.testing.assert_allclose(
        to_ppm(count(sites), pseudocount=2, background=background)[:, 0], [0.76, 0.04, 0.08, 0.12]
    )


def test_bits():
    np.testing.assert_allclose(information_content(PPM), [2, 1, 0])
    np.testing.assert_allclose(to_icm(PPM), [[2, 0, 0], [0, 0.5, 0], [0, 0.5, 0], [0, 0, 0]])
    at_rich = np.array([0.4, 0.1, 0.1, 0.4])
    np.testing.assert_allclose(information_content(PPM, background=at_rich)[:2], [np.log2(2.5), np.log2(5)])


def test_log_odds():
    np.testing.assert_allclose(to_pwm(PPM, pseudocount=0)[:, 1], [-np.inf, 1, 1, -np.inf])
    np.testing.assert_allclose(to_pwm(PPM)[:, 0], np.log2(np.array([20.25, 0.25, 0.25, 0.25]) / 21 / 0.25))
    np.testing.assert_allclose(to_pwm(PPM)[:, 2], 0, atol=1e-12)
    background = np.array([0.4, 0.1, 0.2, 0.3])
    np.testing.assert_allclose(to_pwm(PPM, background=background, pseudocount=0)[0, 0], np.log2(2.5))


def test_words():
    assert consensus(PPM) == "ASN"
    assert consensus(AP1.ppm) == "TGASTCA"
    assert consensus(np.array([[0.34], [0.33], [0.33], [0.0]])) == "V"
    assert consensus(np.array([[0.45], [0.35], [0.1], [0.1]])) == "M"
    assert consensus(np.array([[0.6], [0.2], [0.1], [0.1]])) == "A"


@given(st.text("ACGTRYSWKMBDHVN", min_size=1, max_size=20))
def test_iupac_words_come_back(word):
    motif = from_iupac(word)
    assert motif.matrix_id == word and motif.width == len(word)
    np.testing.assert_allclose(motif.ppm.sum(axis=0), 1)
    assert consensus(motif.ppm) == word
    words = decode(from_codes(draw(motif.ppm, 8, np.random.default_rng(0))))
    assert all(letter in IUPAC[code] for drawn in words for letter, code in zip(drawn, word, strict=True))


def test_iupac_takes_u_and_lower_case_and_names_what_it_cannot():
    np.testing.assert_array_equal(from_iupac(" ugau ").ppm, from_iupac("TGAT").ppm)
    with pytest.raises(InputError, match="the motif 'TGXA' has 'X' at position 3"):
        from_iupac("TGXA")
    with pytest.raises(InputError, match="the motif is empty"):
        from_iupac("  ")


def test_ap1_is_a_ppm_and_nearly_its_own_reverse_complement():
    assert AP1.ppm.shape == (4, 7)
    np.testing.assert_allclose(AP1.ppm.sum(axis=0), 1)
    assert consensus(reverse_complement_motif(AP1).ppm) == "TGASTCA"


def test_reverse_complement_by_hand():
    motif = from_iupac("AACGY")
    assert consensus(reverse_complement_motif(motif).ppm) == "RCGTT"


@given(arrays(float, (4, 6), elements=st.floats(0.01, 1)))
def test_reverse_complement_twice_is_the_same(matrix):
    motif = Motif("m", "m", matrix / matrix.sum(axis=0))
    np.testing.assert_array_equal(reverse_complement_motif(reverse_complement_motif(motif)).ppm, motif.ppm)


def test_trim():
    assert consensus(trim(from_iupac("NNTGNCANNN")).ppm) == "TGNCA"
    assert trim(from_iupac("TGACTCA")).width == 7
    assert trim(from_iupac("NNNN")).width == 1
    assert consensus(trim(from_iupac("RTGAY"), bits=1.5).ppm) == "TGA"


def test_draw_follows_the_columns():
    words = from_codes(draw(PPM, 4000, np.random.default_rng(1)))
    assert words.shape == (4000, 4, 3)
    np.testing.assert_allclose(words.mean(axis=0), PPM, atol=0.04)


def test_scan_by_hand():
    pwm = np.arange(8.0).reshape(4, 2)  # A 0 1, C 2 3, G 4 5, T 6 7
    scores = scan(one_hot(["ACGT", "TNCC"]), pwm)
    assert scores.shape == (2, 2, 3) and scores.dtype == np.float32
    np.testing.assert_array_equal(scores[0, 0], [0 + 3, 2 + 5, 4 + 7])
    np.testing.assert_array_equal(scores[0, 1], [4 + 7, 2 + 5, 0 + 3])  # AC is GT on the other strand, and so on
    np.testing.assert_array_equal(scores[1, 0], [6 + 1, 0 + 3, 2 + 3])  # N counts as A, the worst in both columns


def test_scan_finds_a_planted_site_on_either_strand():
    pwm = to_pwm(from_iupac("TTGACC").ppm)
    X = one_hot(["CCCTTGACCCC", "CCGGTCAACCC"])
    scores = scan(X, pwm)
    assert np.unravel_index(scores[0].argmax(), (2, 6)) == (0, 3)
    assert np.unravel_index(scores[1].argmax(), (2, 6)) == (1, 2)


def test_scan_of_the_other_strand_is_the_scan_reversed():
    X, pwm = random_backgrounds(5, 40, seed=2), np.random.default_rng(3).normal(size=(4, 7))
    np.testing.assert_allclose(scan(reverse_complement(X), pwm)[:, ::-1, ::-1], scan(X, pwm), rtol=1e-5, atol=1e-6)
    product = np.einsum(
        "npcw,cw->np", np.lib.stride_tricks.sliding_window_view(X, 7, axis=2).transpose(0, 2, 1, 3), pwm
    )
    np.testing.assert_allclose(scan(X, pwm)[:, 0], product, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: scan(one_hot("ACG"), np.zeros((4, 5))), "the motif has 5 columns but the sequences have 3 bases"),
        (lambda: to_ppm(np.array([[1], [0], [-1], [2]])), "hold a negative or missing number"),
        (lambda: to_ppm(np.zeros((4, 2)), pseudocount=0), "column 1 of the motif has no counts"),
        (lambda: consensus(np.zeros((7, 4))), r"shape \(7, 4\): it must be \(4, width\)"),
    ],
)
def test_errors(call, message):
    with pytest.raises(InputError, match=message):
        call()
