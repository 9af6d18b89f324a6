"""Which motif hits an allele makes or breaks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from dnaconv_core.sequence.encoding import one_hot, reverse_complement_text
from dnaconv_core.sequence.motif import Motif, scan, to_pwm

SHARE = 0.9  # of the way from a motif's worst score to its best: what counts as a hit


class Hit(NamedTuple):
    """A motif's occurrence; `offset` is its first base from the variant's first base, `word` as its strand reads it."""

    motif: str
    offset: int
    strand: str
    word: str

    def __str__(self) -> str:
        return f"{self.motif}:{self.word}({self.strand}){self.offset:+d}"


def motif_hits(text: str, start: int, end: int, motifs: Sequence[Motif]) -> list[Hit]:
    """Hits on either strand of `text` that overlap the allele [start, end), best share of the score first by motif."""
    found = []
    for motif in motifs:
        width = motif.width
        low, high = max(start - width + 1, 0), min(end + width - 1, len(text))
        if high - low < width:
            continue
        pwm = to_pwm(motif.ppm, nsites=motif.nsites)
        worst, best = pwm.min(axis=0).sum(), pwm.max(axis=0).sum()
        scores = scan(one_hot(text[low:high]), pwm)[0]  # (2, positions)
        palindrome = np.allclose(pwm, pwm[::-1, ::-1])  # the other strand would say the same again
        for strand, sign in enumerate("+" if palindrome else "+-"):
            for place in (scores[strand] >= worst + SHARE * (best - worst)).nonzero()[0]:
                word = text[low + place : low + place + width]
                word = word if sign == "+" else reverse_complement_text(word)
                found.append(Hit(motif.name or motif.matrix_id, int(low + place) - start, sign, word))
    return found


def changed_hits(before: Sequence[Hit], after: Sequence[Hit]) -> tuple[tuple[Hit, ...], tuple[Hit, ...]]:
    """Hits gained and lost: those of one allele whose word, motif and strand the other does not have as often."""

    def only(here: Sequence[Hit], there: Sequence[Hit]) -> tuple[Hit, ...]:
        left = Counter(hit._replace(offset=0) for hit in there)
        kept = []
        for hit in here:
            key = hit._replace(offset=0)
            if left[key]:
                left[key] -= 1
            else:
                kept.append(hit)
        return tuple(kept)

    return only(after, before), only(before, after)
