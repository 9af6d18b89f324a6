"""How many peaks of each height a scan would find by chance, read off shuffles of what is scanned.

As target and decoy in proteomics (Elias & Gygi 2007): the sequence without its order is scanned in the same way. Pieces
are shuffled by themselves, so that composition that changes along a chromosome stays where it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from dnaconv_core.data.examples import UNKNOWN
from dnaconv_core.data.genome import Contig
from dnaconv_core.errors import InputError
from dnaconv_core.progress import SILENT, Progress
from dnaconv_core.scan.scan import DEFAULTS, ScanOptions, default_strands, plan_scan, scan_chunks
from dnaconv_core.scan.tracks import Peak, PeakCaller
from dnaconv_core.sequence.encoding import from_codes, to_codes
from dnaconv_core.sequence.shuffle import dinucleotide_shuffle

if TYPE_CHECKING:
    from dnaconv_core.model.convnet import ConvNet

FALSE_PEAKS = 1.0  # expected in a whole scan: where peaks begin unless asked otherwise
_BASES = {"dense": 400_000, "windows": 20_000}  # shuffled, at most where the scan is longer, by how they are scanned
_LEAST = 50_000  # of wide networks, which take longer, and of short scans
_COUNTED = 30  # false peaks that the threshold is read from: right to a fifth
_PIECE = 2000  # bases shuffled by themselves, or ten windows where that is more


class Chance(NamedTuple):
    """Peaks of shuffled sequence, and how much longer what is scanned is."""

    heights: np.ndarray  # (K,) their scores, lowest first
    ratio: float  # windows of the scan for each shuffled window
    bases: int  # that were shuffled

    def expected(self, scores: np.ndarray | float) -> np.ndarray:
        """False peaks of at least this score in the whole scan; where no shuffle has one, what one would stand for."""
        above = len(self.heights) - np.searchsorted(self.heights, np.float32(scores), "left")
        return np.maximum(above, 1) * self.ratio

    def threshold(self, false_peaks: float) -> float:
        """The lowest score that at most so many false peaks reach; what no shuffled window reaches where it is rare.

        Raises InputError for a number of peaks that is none.
        """
        _positive(false_peaks)
        allowed = int(false_peaks / self.ratio)
        if allowed >= len(self.heights):
            return float(self.heights[0]) if len(self.heights) else -np.inf
        return float(np.nextafter(self.heights[::-1][allowed], np.float32(np.inf)))

    def told(self, peaks: Sequence[Peak]) -> list[Peak]:
        """The peaks of a whole scan, each with its `expected` and its `q`: the least share of false ones at which it is
        among those that are called.
        """
        scores = np.array([peak.score for peak in peaks], np.float32)
        order = np.argsort(-scores, kind="stable")
        expected = self.expected(scores)
        rank = np.searchsorted(-scores[order], -scores[order], "right")  # ties count together
        share = np.minimum(expected[order] / np.maximum(rank, 1), 1.0)
        q = np.empty(len(scores))
        q[order] = np.minimum.accumulate(share[::-1])[::-1]
        told = zip(peaks, expected.tolist(), q.tolist(), strict=True)
        return [peak._replace(expected=many, q=share) for peak, many, share in told]

    def words(self, threshold: float) -> str:
        """What is expected from a threshold on: '0.08 false peaks expected' or 'fewer than …'."""
        reached = len(self.heights) and self.heights[-1] >= threshold
        many = f"{float(self.expected(threshold)):.2g}"
        s = "" if many == "1" else "s"
        return f"{'' if reached else 'fewer than '}{many} false peak{s} expected by chance"


def by_chance(
    model: ConvNet,
    targets: Sequence[tuple[Contig, int, int]],
    *,
    how: ScanOptions = DEFAULTS,
    task: int = 0,
    false_peaks: float = FALSE_PEAKS,
    seed: int = 0,
    progress: Progress = SILENT,
) -> Chance:
    """Peaks of dinucleotide shuffles of each (contig, start, end), scanned as `how` says.

    Short sequences are shuffled again and again, until `false_peaks` of the scan would be thirty there; of long ones
    pieces are drawn. Unknown bases stay in place. Raises InputError when no sequence is as long as a window, or for a
    number of peaks that is none.
    """
    window = model.config.length
    fitting = [target for target in targets if target[2] - target[1] >= window]
    if not fitting:
        raise InputError(f"no sequence is as long as a window: this model reads {window} bases, give a longer one")
    _positive(false_peaks)
    how = how._replace(strands=how.strands or default_strands(model), output="prediction")
    most = _bases(model, plan_scan(model, edges=how.edges, method=how.method).method)
    wanted = _COUNTED / false_peaks * sum(end - start for _, start, end in fitting)
    least = int(min(most, max(wanted, _LEAST)))
    shuffled = _shuffles(fitting, max(_PIECE, 10 * window), least, seed, model.config.alphabet)
    caller = PeakCaller(float(np.finfo(np.float32).min), window, how.strands or "", task)
    gap = np.full(window, UNKNOWN, np.uint8)  # no window reads two pieces
    joined = _Codes(np.concatenate([part for piece in shuffled for part in (piece, gap)]))
    for chunk in scan_chunks(model, joined, how=how, progress=progress):
        caller.add(chunk)
    windows = sum(len(piece) - window + 1 for piece in shuffled)
    scanned = sum(end - start - window + 1 for _, start, end in fitting)
    heights = np.sort(np.array([peak.score for peak in caller.finish()], np.float32))
    return Chance(heights, scanned / windows, sum(map(len, shuffled)))


def _positive(false_peaks: float) -> None:
    if not 0 < false_peaks < np.inf:
        raise InputError(f"the false peaks to expect are {false_peaks}: give a number above 0, such as 0.1")


def _bases(model: ConvNet, method: str) -> int:
    """How many bases are shuffled, so that it takes seconds."""
    if method == "windows":
        return _BASES[method]
    return max(_LEAST, _BASES[method] // max(1, model.config.members * model.config.filters // 32))


class _Codes(Contig):
    def __init__(self, codes: np.ndarray) -> None:
        super().__init__("shuffles", len(codes))
        self._held = codes

    def _codes(self, start: int, end: int, alphabet: str) -> np.ndarray:
        return self._held[start:end]


def _shuffles(
    targets: Sequence[tuple[Contig, int, int]], size: int, least: int, seed: int, alphabet: str
) -> list[np.ndarray]:
    """Shuffled pieces (codes) of at least `least` bases together: of all targets, or of some drawn by chance."""
    places = [
        (contig, low, min(low + size, end)) for contig, start, end in targets for low in _begins(start, end, size)
    ]
    order = np.random.default_rng(seed).permutation(len(places))
    lengths = np.array([places[i][2] - places[i][1] for i in order])
    enough = int(np.searchsorted(lengths.cumsum(), least)) + 1
    by_length: dict[int, list[np.ndarray]] = {}
    for i in order[:enough]:
        contig, low, high = places[i]
        by_length.setdefault(high - low, []).append(contig.codes(low, high, alphabet))
    copies = max(1, -(-least // int(lengths[:enough].sum())))
    found: list[np.ndarray] = []
    for pieces in by_length.values():
        X = from_codes(np.stack(pieces))  # (n, 4, length)
        found += [*to_codes(dinucleotide_shuffle(X, copies, seed=seed).reshape(-1, *X.shape[1:])).astype(np.uint8)]
    return found


def _begins(start: int, end: int, size: int) -> list[int]:
    """Where pieces of this size begin that cover [start, end); the last is moved back to fit."""
    if end - start <= size:
        return [start]
    return [*range(start, end - size, size), end - size]
