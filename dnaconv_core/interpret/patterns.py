"""A pattern: aligned places of strong attribution, what they look like, what they contribute, and who has them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from dnaconv_core.sequence.motif import Motif, consensus, count, to_ppm

if TYPE_CHECKING:
    from dnaconv_core.interpret.match import Match


class Pattern(NamedTuple):
    """Aligned seqlets. `motif` is what they look like, `contribution (4, w)` their mean attribution."""

    motif: Motif
    pfm: np.ndarray  # (4, w)
    contribution: np.ndarray
    consensus: str
    n_seqlets: int
    sequence: np.ndarray  # (S,) rows of the explained sequences
    start: np.ndarray  # (S,) first base of the pattern on the + strand; may lie outside by a few bases
    minus: np.ndarray  # (S,) bool
    share_positives: float  # of explained positives that hold it
    share_negatives: float
    odds_ratio: float
    p_fisher: float


def contributing(contribution: np.ndarray) -> tuple[int, int]:
    """From where to where the columns of a mean contribution `(4, w)` have a fifth of the strongest."""
    total = np.abs(contribution.sum(axis=0))
    strong = np.flatnonzero(total >= 0.2 * total.max())
    return int(strong[0]), int(strong[-1]) + 1


def described(
    places: tuple[np.ndarray, np.ndarray, np.ndarray],
    width: int,
    X: np.ndarray,
    contributions: np.ndarray,
    positive: np.ndarray,
) -> Pattern:
    """The pattern of aligned places: rows, first bases on the + strand, which are read on the − strand, each `(S,)`.

    contributions: of the bases of one-hot X, both `(N, 4, L)`.
    """
    from scipy.stats import fisher_exact

    rows, first, minus = places

    def turned(values: np.ndarray) -> np.ndarray:
        cut = windows(values, rows, first, width)
        return np.where(minus[:, None, None], cut[:, ::-1, ::-1], cut)

    pfm = count(turned(X))
    ppm = to_ppm(pfm)
    holds = np.zeros(len(X), bool)
    holds[rows] = True
    table = [[int((holds & part).sum()), int((~holds & part).sum())] for part in (positive, ~positive)]
    test = fisher_exact(table)
    return Pattern(
        Motif("pattern", "pattern", ppm, float(len(rows))),
        pfm,
        turned(contributions).mean(axis=0),
        consensus(ppm),
        len(rows),
        rows,
        first,
        minus,
        table[0][0] / max(sum(table[0]), 1),
        table[1][0] / max(sum(table[1]), 1),
        float(test[0]),
        float(test[1]),
    )


def numbered(patterns: list[Pattern]) -> tuple[Pattern, ...]:
    """Those with most seqlets first, named by their place."""
    ordered = sorted(patterns, key=lambda p: -p.n_seqlets)
    return tuple(
        p._replace(motif=p.motif._replace(name=f"pattern {i}", matrix_id=f"pattern_{i}"))
        for i, p in enumerate(ordered, 1)
    )


def windows(values: np.ndarray, rows: np.ndarray, starts: np.ndarray, width: int) -> np.ndarray:
    """`(S, 4, width)` of values `(N, 4, L)`; zeros beyond the ends."""
    length = values.shape[2]
    columns = starts[:, None] + np.arange(width)
    inside = (columns >= 0) & (columns < length)
    picked = values[rows[:, None], :, np.clip(columns, 0, length - 1)]  # (S, width, 4)
    return (picked * inside[..., None]).transpose(0, 2, 1)


def as_json(pattern: Pattern, matches: Sequence[Match]) -> dict[str, Any]:
    """What the command line prints of a pattern; infinite odds are null, as JSON has none."""
    odds = pattern.odds_ratio
    return {
        "consensus": pattern.consensus,
        "n_seqlets": pattern.n_seqlets,
        "share_positives": pattern.share_positives,
        "share_negatives": pattern.share_negatives,
        "odds_ratio": odds if np.isfinite(odds) else None,
        "p_fisher": pattern.p_fisher,
        "matches": [match.as_json() for match in matches],
    }
