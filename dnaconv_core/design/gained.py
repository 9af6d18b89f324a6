"""Motifs that a design has and its start has not, named by JASPAR."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from dnaconv_core.design.design import Design
from dnaconv_core.interpret.hits import ScoreChances, score_chances
from dnaconv_core.sequence.encoding import one_hot, reverse_complement_text
from dnaconv_core.sequence.jaspar import jaspar
from dnaconv_core.sequence.motif import Motif, scan, to_pwm

P_VALUE = 1e-4  # of a hit, as FIMO's usual one


class Gained(NamedTuple):
    """A hit of the design: leftmost base from 0, its word as its strand reads it, and of how many motifs it is one."""

    name: str
    matrix_id: str
    start: int
    strand: str
    word: str
    p_value: float
    alike: int  # motifs that say the same: this one, and those whose gained hits overlap it by half


def gained(one: Design, motifs: Sequence[Motif] | None = None, *, most: int = 5) -> list[Gained]:
    """Hits that an edit lies in and that the start has not at that place, most certain first; motifs: else JASPAR's
    vertebrates. Of hits that overlap by half of the shorter, the best stands for all."""
    found = _hits(one, tuple(jaspar() if motifs is None else motifs))
    kept: list[Gained] = []
    motifs_of: list[set[tuple[str, str]]] = []
    for hit in sorted(found, key=lambda hit: (hit.p_value, hit.name, hit.start, hit.strand)):
        like = next((i for i, other in enumerate(kept) if _overlap(hit, other)), None)
        if like is None:
            kept.append(hit)
            motifs_of.append({hit[:2]})
        else:
            motifs_of[like].add(hit[:2])
    return [hit._replace(alike=len(others)) for hit, others in zip(kept, motifs_of, strict=True)][:most]


def _overlap(a: Gained, b: Gained) -> bool:
    shared = min(a.start + len(a.word), b.start + len(b.word)) - max(a.start, b.start)
    return 2 * shared >= min(len(a.word), len(b.word))


def _hits(one: Design, motifs: tuple[Motif, ...]) -> list[Gained]:
    places = np.array([edit.place for edit in one.edits], int)
    X, found = one_hot([one.start, one.sequence]), []
    for motif in motifs:
        if motif.width > X.shape[2]:
            continue
        pwm, chances, least = _read(motif.ppm.tobytes(), motif.width, motif.nsites)
        scores = scan(X, pwm)  # (2, 2, P)
        here = (scores[1] > least) & (scores[0] <= least)  # (2, P)
        for strand, start in np.argwhere(here):
            if ((places >= start) & (places < start + motif.width)).any():
                word = one.sequence[start : start + motif.width]
                word = reverse_complement_text(word) if strand else word
                p = float(chances.of(np.float64(scores[1, strand, start])))
                found.append(Gained(motif.name, motif.matrix_id, int(start), "+-"[strand], word, p, 1))
    return found


@lru_cache(maxsize=4096)
def _read(ppm: bytes, width: int, nsites: float) -> tuple[np.ndarray, ScoreChances, float]:
    """The PWM of a motif, its scores' chances, and the score above which they are at most P_VALUE."""
    pwm = to_pwm(np.frombuffer(ppm).reshape(4, width), nsites=nsites)
    chances = score_chances(pwm)
    return pwm, chances, chances.above(P_VALUE)
