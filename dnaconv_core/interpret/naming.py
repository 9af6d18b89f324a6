"""Motifs to compare with, and matches, chosen in one place for the shell, the report and the dashboard."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from dnaconv_core.interpret.jaspar import jaspar
from dnaconv_core.interpret.match import Match, match_motifs
from dnaconv_core.sequence.motif import Motif
from dnaconv_core.sequence.motif_text import read_motifs


def targets(path: str = "", group: str = "vertebrates") -> Sequence[Motif]:
    """The motifs of a MEME or JASPAR file, or JASPAR CORE of a group. Raises what the readers raise."""
    return read_motifs(Path(path)) if path else jaspar(group)


def named(motifs: Sequence[Motif], path: str = "", group: str = "vertebrates", *, most: int = 5) -> list[list[Match]]:
    """The best matches of each motif."""
    return match_motifs(motifs, targets(path, group), most=most)
