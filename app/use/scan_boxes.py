"""Boxes below the track of a scan: peaks with their sites, and motif hits."""

from __future__ import annotations

from collections.abc import Sequence

from components.track import Box
from dnaconv_core.data.genome import Contig
from dnaconv_core.scan.along import motif_places
from dnaconv_core.scan.tracks import Peak
from dnaconv_core.sequence.motif import Motif
from frame.language import tr

_RARE = 5e-4  # chance of a hit at one place: a word of seven letters has 1e-4
_BOXES = 500


def boxes_of(peaks: Sequence[Peak], start: int, end: int) -> list[Box]:
    """Those in sight, the best where they are many; a peak's number is its first base."""
    seen = [peak for peak in peaks if peak.start < end and peak.end > start]
    return [_box(peak) for peak in sorted(seen, key=lambda peak: -peak.score)[:_BOXES]]


def _box(peak: Peak) -> Box:
    site = peak.site
    label = tr("peak {score:.3f}", score=peak.score) + ("" if peak.q is None else f", q {peak.q:.2g}")
    if site is None:
        return Box(peak.start, peak.end, peak.strand, label, number=peak.start)
    label += f": {site.motif or tr('site')} {site.word}, {site.start + 1:,}–{site.end:,}, "
    label += tr("summit {at:,}", at=site.summit + 1)
    return Box(peak.start, peak.end, peak.side, label, thick=(site.start, site.end), number=peak.start)


def hits_of(contig: Contig, start: int, end: int, motif: Motif, alphabet: str) -> list[Box]:
    """Motif hits in sight."""
    places = motif_places(contig, start, end, motif, alphabet, _RARE)
    return [
        Box(one.start, one.end, one.strand, f"{one.motif} {one.word} ({one.strand}), p {one.p_value:.1e}", one.word)
        for one in places[:_BOXES]
    ]
