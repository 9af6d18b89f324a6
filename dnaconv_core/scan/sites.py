"""Where in a peak's window the site lies that the model reads there, by what every substitution changes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from dnaconv_core.data.genome import Contig
from dnaconv_core.interpret.hits import ScoreChances, score_chances
from dnaconv_core.interpret.ism import ism
from dnaconv_core.progress import SILENT, Progress
from dnaconv_core.scan.tracks import Peak, PeakSite
from dnaconv_core.sequence.encoding import from_codes, reverse_complement_text
from dnaconv_core.sequence.motif import Motif, scan, to_pwm

if TYPE_CHECKING:
    from dnaconv_core.model.convnet import ConvNet

_AT_ONCE = 64  # peaks
_BEYOND = 10  # bases of a site that the peak's window may cut off
_SHARE = 0.25  # of the strongest base: what a base of the site has on average
_RARE = 1e-3  # chance of a motif's match at one place, at most


def locate(
    model: ConvNet,
    contig: Contig,
    peaks: Sequence[Peak],
    *,
    task: int = 0,
    covariates: np.ndarray | None = None,
    motifs: Sequence[Motif] = (),
    progress: Progress = SILENT,
) -> list[Peak]:
    """The peaks with their `site`, in order of position; those of one site are one, its best.

    A base counts by how much the logit of `task` falls, on average, when it is replaced: in the peak's window, and in
    three more that have what was found there in the middle and a quarter to either side. The site is the stretch that
    has most of it (see `site_span`), its summit the middle of the weight. motifs: of which the best match that shares
    more than half of its bases with the site is told, if it is rarer than 1 in 1,000. Peaks not reached because
    `progress` asked to stop have no site.
    """
    matchers = [_Matcher(motif, model.config.alphabet) for motif in motifs]
    done: list[Peak] = []
    for begin in range(0, len(peaks), _AT_ONCE):
        some = list(peaks[begin : begin + _AT_ONCE])
        if progress.should_stop():
            done += some
            continue
        weights = _weights(model, contig, some, task, covariates)
        done += [_with_site(peak, row, contig, matchers) for peak, row in zip(some, weights, strict=True)]
        progress.report(len(done) / len(peaks), f"{contig.name}: {len(done):,} of {len(peaks):,} sites located")
    return _one_each(done)


def site_span(weights: np.ndarray) -> tuple[int, int, int]:
    """(start, end, summit) of the stretch that most of `weights (L,)` lies in; the summit is the weight's middle.

    The stretch whose sum, with a quarter of the highest weight taken off every base, is largest (Kadane's algorithm).
    """
    above = np.maximum(weights, 0)
    taken = above - _SHARE * above.max(initial=0)
    total = np.concatenate([[0.0], np.cumsum(taken)])
    lowest = np.minimum.accumulate(total[:-1])
    end = int(np.argmax(total[1:] - lowest)) + 1
    start = end - 1 - int(np.argmin(total[:end][::-1]))  # the last of equal beginnings: no empty base in front
    inside = above[start:end]
    middle = (inside @ np.arange(start, end)) / inside.sum() if inside.sum() > 0 else (start + end - 1) / 2
    return start, end, int(np.floor(middle + 0.5))


def _weights(
    model: ConvNet, contig: Contig, peaks: Sequence[Peak], task: int, covariates: np.ndarray | None
) -> np.ndarray:
    """What each base is worth, on average over the windows that hold it `(n, L + 2 · _BEYOND)`: of the peaks' windows
    and a little beyond either end, where the site that they show may go on."""
    length = model.config.length
    first = fall(model, contig, [(peak.start, peak.strand) for peak in peaks], task, covariates)
    total = np.pad(first, ((0, 0), (_BEYOND, _BEYOND)))
    seen = np.pad(np.ones_like(first), ((0, 0), (_BEYOND, _BEYOND)))
    places = []
    for number, (peak, row) in enumerate(zip(peaks, first, strict=True)):
        middle = peak.start + site_span(row)[2] - length // 2
        for start in (middle - length // 4, middle, middle + length // 4):
            places.append((number, min(max(start, 0), contig.length - length)))
    more = fall(model, contig, [(start, peaks[number].strand) for number, start in places], task, covariates)
    for (number, start), row in zip(places, more, strict=True):
        shift = start - peaks[number].start + _BEYOND
        low, high = max(shift, 0), min(shift + length, total.shape[1])
        if low < high:
            total[number, low:high] += row[low - shift : high - shift]
            seen[number, low:high] += 1
    return total / np.maximum(seen, 1)


def fall(
    model: ConvNet, contig: Contig, places: Sequence[tuple[int, str]], task: int, covariates: np.ndarray | None
) -> np.ndarray:
    """How much the logit falls, on average, when a base is replaced `(n, L)`; 0 at unknown bases. On the + strand."""
    config = model.config
    codes = np.stack([contig.codes(start, start + config.length, config.alphabet) for start, _ in places])
    turned = np.array([strand == "-" for _, strand in places])
    X = from_codes(codes)  # (n, 4, L)
    X[turned] = X[turned][:, ::-1, ::-1]
    beside = None if covariates is None else np.repeat(np.float32(covariates).reshape(1, -1), len(X), axis=0)
    fall = -ism(model, X, beside, task=task).sum(axis=1) / 3  # (n, L)
    fall[X.sum(axis=1) == 0] = 0
    fall[turned] = fall[turned][:, ::-1]
    return fall


def _with_site(peak: Peak, weights: np.ndarray, contig: Contig, matchers: Sequence[_Matcher]) -> Peak:
    if not (weights > 0).any():
        return peak
    low, high, summit = site_span(weights)
    first = peak.start - _BEYOND
    start, end = first + low, first + high
    site = PeakSite(first + summit, start, end, contig.text(start, end))
    found = [match for matcher in matchers if (match := matcher(contig, start, end))]
    if found:
        best = min(found, key=lambda match: match.p_value)
        site = site._replace(motif=best.motif, word=best.word, strand=best.strand, at=best.at, p_value=best.p_value)
    return peak._replace(site=site)


def _one_each(peaks: Sequence[Peak]) -> list[Peak]:
    """Of peaks whose sites overlap the best one, in order of position."""
    taken: list[Peak] = []
    for peak in sorted(peaks, key=lambda peak: (-peak.score, peak.start)):
        one = peak.site
        near = (other.site for other in taken if abs(other.start - peak.start) <= 2 * (peak.end - peak.start))
        if one is None or not any(other and one.start < other.end and other.start < one.end for other in near):
            taken.append(peak)
    return sorted(taken, key=lambda peak: peak.start)


class _Match(NamedTuple):
    motif: str
    word: str  # as its strand reads it
    strand: str  # '.' for a word that is its own reverse complement
    at: int  # its first base on the contig
    p_value: float


class _Matcher:
    """One motif, ready to be looked for."""

    def __init__(self, motif: Motif, alphabet: str) -> None:
        self.strands = "+-" if alphabet == "DNA" else "+"
        self.motif, self.pwm = motif, to_pwm(motif.ppm, nsites=motif.nsites)
        self.chances: ScoreChances = score_chances(self.pwm)
        self.palindrome = bool(np.allclose(self.pwm, self.pwm[::-1, ::-1]))

    def __call__(self, contig: Contig, start: int, end: int) -> _Match | None:
        """The best match that shares more than half of the shorter of both with [start, end), if it is rare."""
        width = self.motif.width
        share = min(width, end - start) // 2 + 1
        low, high = max(start + share - width, 0), min(end - share + width, contig.length)
        if high - low < width:
            return None
        X = from_codes(contig.codes(low, high)[None])
        scores = scan(X, self.pwm)[0, : len(self.strands)]  # (S, places)
        strand, place = np.unravel_index(scores.argmax(), scores.shape)
        p_value = float(self.chances.of(np.array([scores[strand, place] - 1e-4]))[0])
        if p_value > _RARE:
            return None
        at = low + int(place)
        word = contig.text(at, at + width)
        word = reverse_complement_text(word) if strand else word
        sign = "." if self.palindrome and len(self.strands) > 1 else self.strands[int(strand)]
        return _Match(self.motif.name or self.motif.matrix_id, word, sign, at, p_value)
