"""Motifs as matrices: counts (PFM), probabilities (PPM), log-odds (PWM, bits), information (ICM, bits), and scanning.

Every matrix is `(4, w)` with rows A C G T, as one-hot sequences are.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from dnaconv_core.errors import InputError
from dnaconv_core.sequence.encoding import to_codes

IUPAC = {
    "A": "A", "C": "C", "G": "G", "T": "T", "R": "AG", "Y": "CT", "S": "CG", "W": "AT", "K": "GT", "M": "AC",
    "B": "CGT", "D": "AGT", "H": "ACT", "V": "ACG", "N": "ACGT",
}  # fmt: skip
_CODE = {bases: code for code, bases in IUPAC.items()}
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
                f"the motif {text.strip()[:60]!r} has {letter!r} at position {position + 1}: "
                f"use A, C, G, T or an IUPAC code such as N"
            )
        for base in IUPAC[letter]:
            ppm["ACGT".index(base), position] = 1 / len(IUPAC[letter])
    return Motif(name or word, word, ppm)


# The site of AP-1 (JUN and FOS dimers), TGACTCA on one strand and TGAGTCA on the other (Angel et al. 1987; Lee,
# Mitchell & Tjian 1987): almost a palindrome, only its centre tells the strands apart. The numbers are set by hand.
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


def count(X: np.ndarray, weights: np.ndarray | None = None) -> np.ndarray:
    """PFM `(4, w)` of aligned sites, one-hot `(N, 4, w)`, each counted once or by `weights (N,)`."""
    if weights is None:
        return X.sum(axis=0, dtype=np.float64)
    return np.tensordot(np.asarray(weights, np.float64), X, axes=1)


def to_ppm(pfm: np.ndarray, *, pseudocount: float = 1.0, background: np.ndarray = UNIFORM) -> np.ndarray:
    """Column probabilities of counts `(4, w)`: `pseudocount` sites' worth of background is added to each column.

    Raises InputError for negative counts, or a column that would have no counts at all.
    """
    pfm = _matrix(pfm)
    if (pfm < 0).any() or not np.isfinite(pfm).all():
        raise InputError("the counts of a motif hold a negative or missing number: they must be 0 or more")
    total = pfm.sum(axis=0) + pseudocount
    if (total <= 0).any():
        raise InputError(f"column {int((total <= 0).argmax()) + 1} of the motif has no counts: add a pseudocount")
    return (pfm + pseudocount * np.asarray(background)[:, None]) / total


def to_pwm(
    ppm: np.ndarray, *, background: np.ndarray = UNIFORM, pseudocount: float = 1.0, nsites: float = 20.0
) -> np.ndarray:
    """Log-odds log2(PPM / background) in bits, `(4, w)`.

    The PPM is first mixed with `pseudocount` sites of background against `nsites` real ones, so that a base that was
    never seen is unlikely, not impossible; pseudocount 0 keeps it and gives -inf.
    """
    background = np.asarray(background, np.float64)[:, None]
    mixed = (_matrix(ppm) * nsites + pseudocount * background) / (nsites + pseudocount)
    with np.errstate(divide="ignore"):
        return np.log2(mixed / background)


def information_content(ppm: np.ndarray, *, background: np.ndarray = UNIFORM) -> np.ndarray:
    """Bits of each column, `(w,)`: relative entropy to the background; with the uniform one, 2 minus the entropy.

    Source: Schneider et al. (1986), without its correction for few sites.
    """
    ppm = _matrix(ppm)
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = ppm * np.log2(ppm / np.asarray(background)[:, None])
    return np.where(ppm > 0, terms, 0.0).sum(axis=0)


def to_icm(ppm: np.ndarray, *, background: np.ndarray = UNIFORM) -> np.ndarray:
    """Letter heights of an information logo, `(4, w)` in bits: PPM × column information."""
    return _matrix(ppm) * information_content(ppm, background=background)


def consensus(ppm: np.ndarray) -> str:
    """The IUPAC word of a PPM, by Cavener's rule (1987).

    A base that has more than half and more than twice the next stands alone; else two bases with more than three
    quarters together; else three where the fourth never occurs; else N.
    """
    word = []
    for column in _matrix(ppm).T:
        order = np.argsort(-column, kind="stable")
        first, second, third, fourth = column[order]
        if first > 0.5 and first > 2 * second:
            kept = 1
        elif first + second > 0.75:
            kept = 2
        else:
            kept = 3 if fourth == 0 and third > 0 else 4
        word.append(_CODE["".join(sorted("ACGT"[base] for base in order[:kept]))])
    return "".join(word)


def reverse_complement_motif(motif: Motif) -> Motif:
    """The same pattern read on the other strand."""
    return motif._replace(ppm=motif.ppm[::-1, ::-1].copy())


def trim(motif: Motif, bits: float = 0.25) -> Motif:
    """The motif without the columns at either end that have less information than `bits`; one column stays at least."""
    information = information_content(motif.ppm)
    keep = np.flatnonzero(information >= bits)
    if not len(keep):
        keep = np.array([information.argmax()])
    return motif._replace(ppm=motif.ppm[:, keep[0] : keep[-1] + 1].copy())


def draw(ppm: np.ndarray, n: int, rng: np.random.Generator) -> np.ndarray:
    """`n` words drawn column by column from a PPM `(4, w)`: codes `(n, w)` int8."""
    steps = _matrix(ppm).cumsum(axis=0)[:3]  # (3, w)
    chance = rng.random((n, steps.shape[1], 1))
    return (chance >= steps.T).sum(axis=2).astype(np.int8)


def scan(X: np.ndarray, pwm: np.ndarray) -> np.ndarray:
    """Log-odds score of a PWM `(4, w)` at every position of one-hot `(N, 4, L)`: float32 `(N, 2, L - w + 1)`.

    [:, 0] reads the + strand, [:, 1] the − strand; a position is the leftmost base of the site on the + strand. An
    all-zero column (N) scores as the worst base of its motif column, so that unknown sequence is no hit.

    Raises InputError when the motif is longer than the sequences.
    """
    pwm = _matrix(pwm)
    width, length = pwm.shape[1], X.shape[2]
    if width > length:
        raise InputError(f"the motif has {width} columns but the sequences have {length} bases: trim the motif")
    codes = to_codes(X)
    scores = np.zeros((len(codes), 2, length - width + 1), np.float32)
    for strand, matrix in enumerate((pwm, pwm[::-1, ::-1])):
        table = np.concatenate([matrix, matrix.min(axis=0, keepdims=True)]).astype(np.float32)  # (5, w)
        for offset in range(width):
            scores[:, strand] += table[:, offset][codes[:, offset : offset + scores.shape[2]]]
    return scores


def _matrix(values: np.ndarray) -> np.ndarray:
    values = np.asarray(values, np.float64)
    if values.ndim != 2 or values.shape[0] != 4 or not values.shape[1]:
        raise InputError(f"a motif's matrix has shape {values.shape}: it must be (4, width), rows A C G T")
    return values
