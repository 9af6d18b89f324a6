"""The track of a scan: what the server sends of the view that the browser asks for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import streamlit as st

from components.track import Box, Served, View, track, view_of
from dnaconv_core.data.genome import Contig
from dnaconv_core.interpret.words import output_word
from dnaconv_core.scan.along import TILE, worth
from dnaconv_core.scan.levels import HeldScores, Levels
from dnaconv_core.scan.scan import Scan
from dnaconv_core.scan.tracks import Peak
from dnaconv_core.sequence.motif import Motif
from frame.job import quietly
from frame.language import said, tr
from use.scan_boxes import boxes_of, hits_of

if TYPE_CHECKING:
    from dnaconv_core.model.convnet import ConvNet

_BINS = 900  # in one view; a view on either side is sent with it
_OVERVIEW = 600
_LETTERS = 500  # bases of a view in which they are sent, with what each is worth
_HITS = 20_000  # bases of a view in which motif hits are looked for
_PLACES = 2000
_PATIENCE = 0.3  # seconds a view waits for what a tile's bases are worth


class Shown(NamedTuple):
    """What a track is of."""

    key: tuple  # what decides what its bases are worth
    name: str
    levels: Levels
    span: tuple[float, float]  # of the score's axis
    peaks: Sequence[Peak]
    threshold: float | None
    contig: Contig | None  # its letters; None where they are not known
    model: ConvNet | None = None
    covariates: np.ndarray | None = None
    output: int = 0
    motif: Motif | None = None


@st.fragment
def scan_track(shown: Shown, *, key: str, picked: int) -> None:
    """Draw the track; the start of a peak that is clicked there goes into the session as f"{key}_picked", and the page
    is drawn anew. picked: the start of the one that is chosen. A peak in f"{key}_goto" is gone to, once.
    """
    goto: Peak | None = st.session_state.pop(f"{key}_goto", None)
    low, high = shown.levels.start, shown.levels.end
    if shown.contig is not None:
        low, high = min(low, max(_first(shown), 0)), max(high, _last(shown))
    bounds = View(low, high)
    view = view_of(key, bounds) if goto is None else _around(goto, bounds)
    if goto is not None:
        st.session_state[f"_{key}_view"] = {"start": view.start, "end": view.end}
    clicked = track(
        _served(shown, view, bounds),
        key=key,
        name=shown.name,
        bounds=bounds,
        overview=_overview(shown, bounds),
        names=shown.levels.names,
        span=shown.span,
        units=(tr("prediction"), said(output_word(shown.model.config)) if shown.model else ""),
        threshold=shown.threshold,
        alphabet=shown.model.config.alphabet if shown.model else "DNA",
        motif=shown.motif.name if shown.motif and shown.contig else "",
        goto=None if goto is None else view,
        picked=picked,
        places=_places(shown.peaks),
    )
    if clicked is not None and clicked != picked:
        st.session_state.update({f"{key}_picked": clicked, f"{key}_turn": st.session_state.get(f"{key}_turn", 0) + 1})
        st.rerun()


def _places(peaks: Sequence[Peak]) -> list[tuple[int, int, int]]:
    """Number, middle of the site and width of the best, in order."""
    best = sorted(peaks, key=lambda peak: -peak.score)[:_PLACES]
    middles = ((peak, peak.site.summit if peak.site else (peak.start + peak.end) // 2) for peak in best)
    return sorted((peak.start, middle, peak.end - peak.start) for peak, middle in middles)


def _first(shown: Shown) -> int:
    return shown.levels.start - (shown.model.config.length // 2 if shown.model else 0)


def _last(shown: Shown) -> int:
    half = shown.model.config.length - shown.model.config.length // 2 - 1 if shown.model else 0
    return min(shown.levels.end + half, shown.contig.length if shown.contig else shown.levels.end)


def _around(peak: Peak, bounds: View) -> View:
    middle = peak.site.summit if peak.site else (peak.start + peak.end) // 2
    half = max(peak.end - peak.start, 80) // 2
    return View(max(middle - half, bounds.start), min(middle + half, bounds.end))


def _overview(shown: Shown, bounds: View) -> np.ndarray:
    many = min(_OVERVIEW, bounds.end - bounds.start)
    lines = shown.levels.bins(bounds.start, bounds.end, many)
    return np.fmax.reduce(lines, axis=0)


def _served(shown: Shown, view: View, bounds: View) -> Served:
    """The view and as much again on either side."""
    wide = view.end - view.start
    start, end = max(view.start - wide, bounds.start), min(view.end + wide, bounds.end)
    many = max(min(_BINS * (end - start) // max(wide, 1), end - start), 1)
    letters, values, coming = "", None, False
    if wide <= _LETTERS and shown.contig is not None:
        letters = shown.contig.text(start, end)
        values, coming = _worth(shown, start, end)
    return Served(
        start,
        end,
        shown.levels.bins(start, end, many),
        boxes_of(shown.peaks, start, end),
        _hits(shown, start, end) if wide <= _HITS else None,
        letters,
        values,
        coming,
    )


def _worth(shown: Shown, start: int, end: int) -> tuple[np.ndarray | None, bool]:
    """What the bases are worth, from tiles that are computed once; None, and True, until all are there."""
    model, contig = shown.model, shown.contig
    if model is None or contig is None:
        return None, False
    first, last = start // TILE, (end - 1) // TILE

    def one(number: int) -> np.ndarray | None:
        key, tiles = ("scan worth", *shown.key, contig.name, shown.output, number), _tiles()
        if key not in tiles:
            found = quietly(
                key,
                lambda _: worth(model, contig, number, task=shown.output, covariates=shown.covariates),
                patience=_PATIENCE,
            )
            if found is None:
                return None
            tiles[key] = found
        return tiles[key]

    tiles = []
    for number in range(first, last + 1):
        tile = one(number)
        if tile is None:
            return None, True
        tiles.append(tile)
    return np.concatenate(tiles)[start - first * TILE : end - first * TILE], False


def _tiles() -> dict[tuple, np.ndarray]:
    """Of this session; a kilobyte each."""
    kept = st.session_state.setdefault("_scan_tiles", {})
    if len(kept) > 2000:
        kept.clear()
    return kept


def _hits(shown: Shown, start: int, end: int) -> list[Box]:
    if shown.motif is None or shown.contig is None:
        return []
    alphabet = shown.model.config.alphabet if shown.model else "DNA"
    return hits_of(shown.contig, start, end, shown.motif, alphabet)


@st.cache_resource(show_spinner=False, max_entries=6)
def held_levels(key: tuple, _found: Scan) -> HeldScores:
    """The levels of a scan of one output; key: what decides its scores."""
    return HeldScores(_found)
