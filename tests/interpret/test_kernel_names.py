"""Names for kernels while they are learnt, from their weights alone."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dnaconv_core.interpret.kernel_names import SHARE, KernelName, kernel_motif, kernel_names, one_word
from dnaconv_core.sequence.motif import consensus

# Motifs of JASPAR that hold TGACTCA: dimers of JUN and FOS, and their relatives.
JUN_AND_KIN = {
    "FOS", "FOSL1", "FOSL2", "JUN", "JUNB", "JUND", "FOS::JUN", "FOSL1::JUND", "BATF", "JDP2", "BACH1", "BACH2",
    "NFE2", "Nfe2l2", "Mafg", "MAFK",
}  # fmt: skip


def planted(word: str, width: int = 10, strength: float = 0.5) -> np.ndarray:
    """A kernel `(4, width)` with the word's letters as weights, and small noise elsewhere."""
    kernel = np.random.default_rng(3).normal(0, 0.02, (4, width))
    for place, letter in enumerate(word, 1):
        kernel["ACGT".index(letter), place] += strength
    return kernel.astype(np.float32)


def test_one_word_is_the_first_that_an_iupac_motif_stands_for():
    assert one_word("TGASTCA") == "TGACTCA" and one_word("tgantc") == "TGAATC" and one_word("") == ""


@given(st.integers(0, 2**32 - 1), st.integers(3, 12), st.floats(-3, 3))
def test_words_of_the_motif_score_the_share_of_the_most_and_a_constant_changes_nothing(seed, width, constant):
    kernel = np.random.default_rng(seed).normal(size=(4, width))
    ppm = kernel_motif(kernel).ppm
    centred = kernel - kernel.mean(axis=0)
    assert ppm.sum(axis=0) == pytest.approx(np.ones(width))
    assert (ppm * centred).sum() == pytest.approx(SHARE * centred.max(axis=0).sum(), rel=1e-6)
    assert kernel_motif(kernel + constant).ppm == pytest.approx(ppm, abs=1e-6)


def test_a_flat_kernel_is_the_uniform_motif():
    assert (kernel_motif(np.full((4, 7), 0.3, np.float32)).ppm == 0.25).all()


def test_the_letters_that_excite_a_kernel_are_its_motif():
    assert consensus(kernel_motif(planted("TGACTCA")).ppm)[1:8] == "TGACTCA"


def test_a_planted_site_is_named_on_both_strands_and_noise_is_not():
    noise = np.random.default_rng(5).normal(0, 0.15, (9, 4, 10)).astype(np.float32)
    kernels = np.stack([planted("TGACTCA"), planted("TGAGTCA"), *noise])
    names = kernel_names(kernels, "TGASTCA")
    assert [name.word for name in names] == ["TGACTCA", "TGACTCA", *[""] * 9]
    assert all(name.name in JUN_AND_KIN for name in names[:2])
    assert str(names[0]) == "TGACTCA" and str(KernelName("", "GATA1")) == "GATA1"


def test_of_rna_only_what_is_expected_is_named_on_its_own_strand():
    kernels = np.stack([planted("TGTAAATA"), planted("TATTTACA")])  # the second is the other strand of the first
    assert kernel_names(kernels, "UGUAAAUA".replace("U", "T"), alphabet="RNA") == [
        KernelName("TGTAAATA", ""),
        KernelName("", ""),
    ]
    assert kernel_names(kernels, alphabet="RNA") == [KernelName("", "")] * 2
