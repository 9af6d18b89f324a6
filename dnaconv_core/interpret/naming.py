"""Motifs to compare with, and matches, chosen in one place for the shell, the report and the dashboard."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from dnaconv_core.interpret.jaspar import jaspar
from dnaconv_core.interpret.match import Match, match_motifs
from dnaconv_core.sequence.motif import Motif
from dnaconv_core.sequence.motif_text import read_motifs


def targets(path: str = "", group: str = "vertebrates") -> Sequence[Motif]:
    """The motifs of a MEME or JASPAR file, or JASPAR CORE of a group. Raises what the readers raise."""
    return read_motifs(Path(path)) if path else jaspar(group)


FIRST = 20  # filters that are shown, and named, first


def named_filters(
    motifs: Sequence[Motif], order: Sequence[int] | np.ndarray, path: str = "", group: str = "vertebrates"
) -> list[list[Match]]:
    """The best matches of each filter's motif, with q-values as `families` says."""
    return match_motifs(motifs, targets(path, group), families=families(len(motifs), order))


def families(n: int, order: Sequence[int] | np.ndarray) -> np.ndarray:
    """For each of n filters 0 where it is among the first 20 of `order`, else 1: q-values are over each × targets.

    `order` comes from what the filters do on labelled sequences (`filters.by_usefulness`) and knows nothing of motifs.
    So the false discovery rate holds in both groups (stratified control, Sun et al. 2006), and the filters that matter
    do not pay for hundreds that do not.
    """
    found = np.ones(n, int)
    found[np.asarray(order, int)[:FIRST]] = 0
    return found


def named(motifs: Sequence[Motif], path: str = "", group: str = "vertebrates", *, most: int = 5) -> list[list[Match]]:
    """The best matches of each motif."""
    return match_motifs(motifs, targets(path, group), most=most)
