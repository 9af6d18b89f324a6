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
    """The best matches of each filter's motif, with q-values over the first 20 of `order` × targets, and over the rest.

    `order` comes from what the filters do on labelled sequences (`filters.by_usefulness`) and knows nothing of motifs.
    So the false discovery rate holds in both groups (stratified control, Sun et al. 2006), and the filters that matter
    do not pay for hundreds that do not.
    """
    families = np.ones(len(motifs), int)
    families[np.asarray(order, int)[:FIRST]] = 0
    return match_motifs(motifs, targets(path, group), families=families)


def named(motifs: Sequence[Motif], path: str = "", group: str = "vertebrates", *, most: int = 5) -> list[list[Match]]:
    """The best matches of each motif."""
    return match_motifs(motifs, targets(path, group), most=most)
