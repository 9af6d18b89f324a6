"""What each base of a long sequence is worth, and a motif's hits in it: read tile by tile where one looks."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from dnaconv_core.data.genome import Contig
from dnaconv_core.interpret.hits import find_hits
from dnaconv_core.predict import predict
from dnaconv_core.scan.sites import fall
from dnaconv_core.sequence.encoding import from_codes, reverse_complement_text
from dnaconv_core.sequence.motif import Motif

if TYPE_CHECKING:
    from dnaconv_core.model.convnet import ConvNet

TILE = 256  # bases
_SHARES = 4  # windows that hold each base


def worth(
    model: ConvNet, contig: Contig, tile: int, *, task: int = 0, covariates: np.ndarray | None = None
) -> np.ndarray:
    """How much the logit of `task` falls, on average, when each base of a tile is replaced (TILE,) float32.

    On average over the three other bases and over four windows that hold it, a quarter of a window apart; each is read
    on the strand that scores higher. 0 at unknown bases, beyond the contig's ends, and where no window fits.
    """
    length, begin = model.config.length, tile * TILE
    total, seen = np.zeros(TILE, np.float64), np.zeros(TILE, np.int64)
    starts = _starts(begin, length, contig.length)
    if begin >= contig.length or not len(starts):
        return total.astype(np.float32)
    strands = _strands(model, contig, starts, task, covariates)
    rows = fall(model, contig, list(zip(starts.tolist(), strands, strict=True)), task, covariates)
    for start, row in zip(starts.tolist(), rows, strict=True):
        low, high = max(start, begin), min(start + length, begin + TILE)
        total[low - begin : high - begin] += row[low - start : high - start]
        seen[low - begin : high - begin] += 1
    return (total / np.maximum(seen, 1)).astype(np.float32)


def _starts(begin: int, length: int, end: int) -> np.ndarray:
    """Where the windows begin that hold bases of [begin, begin + TILE): neighbouring tiles share them."""
    if end < length:
        return np.zeros(0, np.int64)
    step = max(length // _SHARES, 1)
    first = -(-(begin - length + 1) // step)
    starts = np.arange(first, (begin + TILE - 1) // step + 1) * step
    return np.unique(np.clip(starts, 0, end - length))


def _strands(model: ConvNet, contig: Contig, starts: np.ndarray, task: int, covariates: np.ndarray | None) -> list[str]:
    """The strand of each window that scores higher; '+' for RNA, and where both score the same."""
    if model.config.alphabet == "RNA":
        return ["+"] * len(starts)
    X = from_codes(np.stack([contig.codes(s, s + model.config.length) for s in starts.tolist()]))
    beside = None if covariates is None else np.repeat(np.float32(covariates).reshape(1, -1), len(X), axis=0)
    plus, minus = (predict(model, one, beside, output="logit")[:, task] for one in (X, X[:, ::-1, ::-1]))
    return ["-" if low > high + 1e-5 else "+" for high, low in zip(plus.tolist(), minus.tolist(), strict=True)]


class Place(NamedTuple):
    """A motif's match on a contig, [start, end)."""

    start: int
    end: int
    strand: str  # '.' where the motif is its own reverse complement
    word: str  # as its strand reads it
    motif: str
    p_value: float


def motif_places(contig: Contig, start: int, end: int, motif: Motif, alphabet: str, p_value: float) -> list[Place]:
    """Matches within [start, end) that are at most as likely as `p_value` at one place, in order of position."""
    start, end = max(start, 0), min(end, contig.length)
    if end - start < motif.width:
        return []
    hits = find_hits(from_codes(contig.codes(start, end, alphabet)[None]), motif, p_value=p_value,
                     strands="both" if alphabet == "DNA" else "one")  # fmt: skip
    same = alphabet == "DNA" and np.allclose(motif.ppm, motif.ppm[::-1, ::-1])
    found = []
    for at, strand, chance in zip((start + hits.start).tolist(), hits.strand, hits.p_value.tolist(), strict=True):
        word = contig.text(at, at + hits.width)
        word = reverse_complement_text(word, alphabet) if strand == "-" else word
        found.append(Place(at, at + hits.width, "." if same else str(strand), word, motif.name, chance))
    return sorted(found)
