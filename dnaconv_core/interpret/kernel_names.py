"""Known motifs that first-layer kernels have come to look like, from the weights alone: quick enough for every epoch.

The Filters page reads a filter from the windows that activate it, which takes the model and its data. While a network
trains there is neither at hand: a kernel is then read as the letters that would excite it.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from dnaconv_core.interpret.match import Match, match_motifs
from dnaconv_core.interpret.naming import targets
from dnaconv_core.sequence.motif import IUPAC, Motif, from_iupac

SHARE = 0.8  # of a kernel's highest score
SURE = 0.02  # the largest q-value that gives a name: stricter than on the Filters page, which has counted windows
_STEPS = 40  # of the bisection


class KernelName(NamedTuple):
    """What a kernel is called; both empty where it resembles nothing known."""

    word: str  # the expected motif as one plain word, if it looks like that
    name: str  # the best motif of JASPAR CORE vertebrates

    def __str__(self) -> str:
        return self.word or self.name


def one_word(iupac: str) -> str:
    """The first of the words that an IUPAC motif stands for: TGACTCA of TGASTCA."""
    return "".join(IUPAC[letter][0] for letter in iupac.upper())


def kernel_motif(kernel: np.ndarray, name: str = "") -> Motif:
    """The motif of the random words that score `SHARE` of the most that a kernel `(4, K)` can.

    Among words whose mean score is given, those drawn column by column with p ∝ exp(β · weight) are the most random
    (Jaynes 1957); β is found by bisection. A constant added to a column's weights changes nothing. A kernel whose
    columns are flat gives the uniform motif.
    """
    weights = kernel.astype(np.float64) - kernel.mean(axis=0, dtype=np.float64)
    most = float(weights.max(axis=0).sum())
    if most <= 0:
        return Motif(name, "", np.full(kernel.shape, 0.25))
    low, high = 0.0, 200 / float(np.abs(weights).max())
    for _ in range(_STEPS):
        middle = (low + high) / 2
        enough = (_tilted(weights, middle) * weights).sum() >= SHARE * most
        low, high = (low, middle) if enough else (middle, high)
    return Motif(name, "", _tilted(weights, high))


def kernel_names(kernels: np.ndarray, expected: str = "", *, alphabet: str = "DNA") -> list[KernelName]:
    """A name for each kernel of `(F, 4, K)`; expected: the IUPAC motif that is looked for.

    JASPAR's motifs are of DNA: kernels of RNA are compared with what is expected alone, on one strand.
    """
    motifs, both = [kernel_motif(kernel) for kernel in kernels], alphabet == "DNA"
    word = one_word(expected)
    sites = match_motifs(motifs, [from_iupac(expected)], most=1, both_strands=both) if word else [[] for _ in motifs]
    known = match_motifs(motifs, targets(), most=1) if both else [[] for _ in motifs]
    return [
        KernelName(word if _sure(site) else "", found[0].name if _sure(found) else "")
        for site, found in zip(sites, known, strict=True)
    ]


def _tilted(weights: np.ndarray, beta: float) -> np.ndarray:
    raised = np.exp(beta * (weights - weights.max(axis=0)))  # (4, K)
    return raised / raised.sum(axis=0)


def _sure(found: list[Match]) -> bool:
    return bool(found) and found[0].q_value <= SURE
