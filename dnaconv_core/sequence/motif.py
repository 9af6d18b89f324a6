"""Motifs as matrices: counts (PFM), probabilities (PPM), log-odds (PWM, bits), information (ICM, bits), and scanning.

Every matrix is `(4, w)` with rows A C G T, as one-hot sequences are.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from dnaconv_core.errors import InputError

IUPAC = {
    "A": "A", "C": "C", "G": "G", "T": "T", "R": "AG", "Y": "CT", "S": "CG", "W": "AT", "K": "GT", "M": "AC",
    "B": "CGT", "D": "AGT", "H": "ACT", "V": "ACG", "N": "ACGT",
}  # fmt: skip
UNIFORM = np.full(4, 0.25)


class Motif(NamedTuple):
    """A binding pattern: `ppm (4, w)` float64 whose columns sum to 1, estimated from `nsites` sites."""

    name: str
    matrix_id: str
    ppm: np.ndarray
    nsites: float = 20.0

    @property
    def width(self) -> int:
        return self.ppm.shape[1]


def from_iupac(text: str, name: str = "") -> Motif:
    """The motif that an IUPAC word stands for ('TGASTCA'), each allowed base equally likely; U reads as T.

    Raises InputError for an empty word, or naming the first letter that is no IUPAC code.
    """
    word = text.strip().upper().replace("U", "T")
    if not word:
        raise InputError("the motif is empty: type IUPAC letters such as TGASTCA")
    ppm = np.zeros((4, len(word)))
    for position, letter in enumerate(word):
        if letter not in IUPAC:
            raise InputError(
                f"the motif {text.strip()!r} has {letter!r} at position {position + 1}: "
                f"use A, C, G, T or an IUPAC code such as N"
            )
        for base in IUPAC[letter]:
            ppm["ACGT".index(base), position] = 1 / len(IUPAC[letter])
    return Motif(name or word, word, ppm)


# The site of AP-1 (JUN and FOS dimers), TGACTCA on one strand and TGAGTCA on the other (Angel et al. 1987; Lee, Mitchell
# & Tjian 1987): almost a palindrome, only its centre column tells the strands apart. The numbers are set by hand.
AP1 = Motif(
    "AP-1",
    "AP1",
    np.array(
        [
            #  T      G      A      C      T      C      A
            [0.005, 0.005, 0.985, 0.010, 0.005, 0.005, 0.985],  # A
            [0.005, 0.005, 0.005, 0.600, 0.005, 0.985, 0.005],  # C
            [0.005, 0.985, 0.005, 0.380, 0.005, 0.005, 0.005],  # G
            [0.985, 0.005, 0.005, 0.010, 0.985, 0.005, 0.005],  # T
        ]
    ),
)
