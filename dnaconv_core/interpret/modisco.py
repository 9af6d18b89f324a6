"""Patterns by TF-MoDISco (Shrikumar et al. 2018; modisco-lite), an optional extra, in the form of our own."""

from __future__ import annotations

from importlib.util import find_spec

import numpy as np

from dnaconv_core.errors import InputError
from dnaconv_core.interpret.attribution import Attribution
from dnaconv_core.interpret.patterns import Pattern, contributing, described, numbered, windows
from dnaconv_core.interpret.seqlets import Seqlets
from dnaconv_core.threads import threads_kept

_WINDOW, _FLANK = 21, 10  # bases of a seqlet's core and on either side of it, TF-MoDISco's own choice


def check(length: int) -> None:
    """Raises InputError where it is not installed, or the sequences are shorter than its seqlets."""
    if find_spec("modiscolite") is None:
        raise InputError("TF-MoDISco is not installed: 'pip install modisco-lite', or use the finder 'own'")
    if length < _WINDOW + 2 * _FLANK:
        raise InputError(
            f"TF-MoDISco's seqlets have {_WINDOW + 2 * _FLANK} bases and these sequences {length}: use the finder 'own'"
        )


def find_patterns(X: np.ndarray, found: Attribution, positive: np.ndarray, *, least: int) -> tuple[Pattern, ...]:
    """Its positive patterns in explained one-hot X `(N, 4, L)`, of at least `least` seqlets."""
    from modiscolite.tfmodisco import TFMoDISco

    hypothetical = np.ascontiguousarray(found.hypothetical.transpose(0, 2, 1), np.float32)
    with threads_kept():
        theirs, _ = TFMoDISco(
            np.ascontiguousarray(X.transpose(0, 2, 1), np.float32),
            hypothetical,
            sliding_window_size=_WINDOW,
            flank_size=_FLANK,
            min_metacluster_size=least,
            final_min_cluster_size=least,
        )
    patterns = []
    for one in theirs or ():
        rows = np.array([s.example_idx for s in one.seqlets])
        starts = np.array([s.start for s in one.seqlets])
        minus = np.array([bool(s.is_revcomp) for s in one.seqlets])
        whole = one.seqlets[0].end - one.seqlets[0].start
        cut = windows(found.values * X, rows, starts, whole)
        left, right = contributing(np.where(minus[:, None, None], cut[:, ::-1, ::-1], cut).mean(axis=0))
        first = np.where(minus, starts + whole - right, starts + left)
        patterns.append(described((rows, first, minus), right - left, X, found.values * X, positive))
    return numbered(patterns)


def seqlets(patterns: tuple[Pattern, ...], found: Attribution, X: np.ndarray) -> Seqlets:
    """The seqlets of all patterns, strongest first; TF-MoDISco gives them no p-values."""
    if not patterns:
        return Seqlets(*(np.zeros(0, np.int64),) * 4, _WINDOW)
    score = np.concatenate(
        [windows(found.values * X, p.sequence, p.start, p.motif.width).sum(axis=(1, 2)) for p in patterns]
    )
    order = np.argsort(-score, kind="stable")
    rows, starts = (np.concatenate([getattr(p, name) for p in patterns])[order] for name in ("sequence", "start"))
    return Seqlets(rows, starts, score[order].astype(np.float32), np.full(len(score), np.nan), _WINDOW)
