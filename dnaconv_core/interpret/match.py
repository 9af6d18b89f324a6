"""Name a motif: Tomtom (Gupta et al. 2007; memelite's implementation) against JASPAR or a user's motifs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from dnaconv_core.errors import InputError
from dnaconv_core.interpret.compiled import tomtom
from dnaconv_core.sequence.motif import Motif, information_content, reverse_complement_motif

SIGNIFICANT = 0.05  # q-values above read "no significant match"
NO_MATCH = "no significant match"
_LEAST_BITS = 7.0  # of the whole motif
_TRIM = 0.25  # bits: flanking columns with less say nothing and only lengthen the overlap


class Match(NamedTuple):
    """A target that resembles a query. `offset`: the query's column where the target's first lies (may be negative),
    with the target read on `strand`."""

    name: str
    matrix_id: str
    p_value: float
    q_value: float
    offset: int
    strand: str
    target: Motif

    @property
    def significant(self) -> bool:
        return self.q_value <= SIGNIFICANT

    def oriented(self) -> Motif:
        """The target on the strand that matches."""
        return self.target if self.strand == "+" else reverse_complement_motif(self.target)

    def as_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "matrix_id": self.matrix_id,
            "p_value": self.p_value,
            "q_value": self.q_value,
            "offset": self.offset,
            "strand": self.strand,
            "significant": self.significant,
        }


def match_motifs(
    motifs: Sequence[Motif],
    targets: Sequence[Motif],
    *,
    most: int = 5,
    families: Sequence[int] | np.ndarray | None = None,
    both_strands: bool = True,
) -> list[list[Match]]:
    """The best `most` targets of each motif, best first, with q-values (Benjamini-Hochberg over motifs × targets).

    families: a number for each motif; q-values are then over the motifs of the same number × targets, which keeps a few
    motifs of interest from paying for many others, as long as the numbers were not chosen by the matches. Motifs are
    trimmed to their informative core first; offsets count from the whole motif. One with less than 7 bits (three and a
    half certain bases) matches too much to be compared. both_strands: also the targets' reverse complements; not of
    RNA, where these are other motifs. Raises InputError when there is nothing to compare with.
    """
    if not len(targets):
        raise InputError("there are no motifs to compare with: choose JASPAR, or a file that holds some")
    cores = {i: core for i, core in enumerate(map(_core, motifs)) if core is not None}
    asked = list(cores)
    if not asked:
        return [[] for _ in motifs]
    queries, ppms = [cores[i][1] for i in asked], [target.ppm for target in targets]
    p_values, offsets, strands = tomtom(queries, ppms, both_strands=both_strands)
    family = np.zeros(len(asked), int) if families is None else np.asarray(families)[asked]
    q_values = np.empty_like(p_values)
    for number in np.unique(family):
        of = family == number
        q_values[of] = benjamini_hochberg(p_values[of].ravel()).reshape(-1, len(targets))
    results: list[list[Match]] = [[] for _ in motifs]
    for row, i in enumerate(asked):
        for t in np.argsort(p_values[row], kind="stable")[:most]:
            strand = "-" if strands[row, t] else "+"
            offset = cores[i][0] - int(offsets[row, t])  # memelite says where the query begins in the target
            p, q = float(p_values[row, t]), float(q_values[row, t])
            results[i].append(Match(targets[t].name, targets[t].matrix_id, p, q, offset, strand, targets[t]))
    return results


def benjamini_hochberg(p: np.ndarray, tests: int | None = None) -> np.ndarray:
    """q-values `(n,)` of p-values `(n,)` (Benjamini & Hochberg 1995).

    tests: how many there were, where only the smallest p-values are given; the q-values are then never too small.
    """
    p = np.asarray(p, np.float64)
    order = np.argsort(p)
    ranked = p[order] * (tests or len(p)) / np.arange(1, len(p) + 1)
    q = np.empty_like(p)
    q[order] = np.minimum(np.minimum.accumulate(ranked[::-1])[::-1], 1.0)
    return q


def _core(motif: Motif) -> tuple[int, np.ndarray] | None:
    """First informative column, and the PPM from there to the last one; None where there is too little to compare."""
    bits = information_content(motif.ppm)
    kept = np.flatnonzero(bits >= _TRIM)
    return (int(kept[0]), motif.ppm[:, kept[0] : kept[-1] + 1]) if bits.sum() >= _LEAST_BITS else None
