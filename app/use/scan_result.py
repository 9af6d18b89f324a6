"""What a scan found: the scores along the sequence, its peaks, and files of both."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import streamlit as st

from dnaconv_core.experiments import recorded_experiment
from dnaconv_core.interpret.words import output_word
from dnaconv_core.progress import Progress
from dnaconv_core.scan.chance import Chance
from dnaconv_core.scan.scan import Scan, plan_scan
from dnaconv_core.scan.sites import locate
from dnaconv_core.scan.tracks import Peak, call_peaks
from dnaconv_core.sequence.motif import from_iupac
from frame.job import background
from frame.language import mark, said, tr, tr_n
from frame.words import plain
from use.scan_files import scan_files
from use.scan_peaks import MOST, peaks_table, track_key
from use.scan_targets import Target
from use.scan_track import Shown, held_levels, scan_track

if TYPE_CHECKING:
    from dnaconv_core.model.bundle import Bundle

_METHODS = {"dense": mark("Dense scan."), "windows": mark("Scan window by window.")}


class Cut(NamedTuple):
    """Where peaks begin, how many come by chance, and the covariates: as a link tells them, and as numbers."""

    at: float
    chance: Chance
    beside: dict[str, str]
    covariates: np.ndarray | None


def show_scan(model: Bundle, targets: list[Target], found: list[Scan], cut: Cut, output: int) -> None:
    """Numbers, track, peaks and files of what was found for one output, from 0."""
    found = [one._replace(scores=one.scores[:, :, output : output + 1]) for one in found]
    key = ("scan sites", str(model.path), output, cut.at, cut.covariates is None or tuple(cut.covariates))
    key = (*key, tuple(target.key for target in targets), found[0].plan)
    peaks = background(
        key, lambda progress: _located(model, targets, found, cut, output, progress), words=tr("Locating the sites")
    )
    if peaks is None:
        return
    one = found[number := _which(found, peaks)]
    _numbers(model, one, peaks[number], cut)
    with st.container(border=True):
        picked = _track(model, _target(targets, one), one, peaks[number], cut, output)
    peaks_table(_target(targets, one).contig, one, peaks[number], picked, cut.beside)
    scan_files(targets, found, peaks)


def _located(
    model: Bundle, targets: list[Target], found: list[Scan], cut: Cut, output: int, progress: Progress
) -> list[list[Peak]]:
    """The peaks of each sequence with their sites, those of one site as one, and what is expected by chance."""
    motif = recorded_experiment(model.experiment).motif
    motifs = [from_iupac(motif, motif)] if motif else []
    contigs = {target.contig.name: target.contig for target in targets}
    peaks = []
    for one in found:
        called = call_peaks(one.scores, cut.at, window=one.window, strands=one.strands, start=one.start)
        best = sorted(called, key=lambda peak: -peak.score)
        some = sorted(best[:MOST], key=lambda peak: peak.start)
        some = locate(
            model.model, contigs[one.name], some, task=output, covariates=cut.covariates, motifs=motifs,
            progress=progress,
        )  # fmt: skip
        peaks.append(sorted(some + best[MOST:], key=lambda peak: peak.start))
    told = iter(cut.chance.told([peak for some in peaks for peak in some]))
    return [list(islice(told, len(some))) for some in peaks]


def _numbers(model: Bundle, one: Scan, peaks: list[Peak], cut: Cut) -> None:
    plan = plan_scan(model.model, edges=one.plan.edges)
    counted = tr(
        "Counted in {n:,} bases of dinucleotide shuffles of what is scanned; in all sequences.", n=cut.chance.bases
    )
    rare = "" if len(cut.chance.heights) and cut.chance.heights[-1] >= cut.at else "< "
    expected = f"{rare}{float(cut.chance.expected(cut.at)):.2g}"
    how = f"{tr(_METHODS[plan.method])} {plain(said(plan.note))}"
    with st.container(horizontal=True):
        st.metric(tr("Windows scored"), f"{one.n_scored:,}", help=how, width="content")
        unknown = tr("Not scored: N or other ambiguous codes in them.")
        st.metric(tr("With unknown bases"), f"{one.n_missing:,}", help=unknown, width="content")
        neighbours = tr("Neighbouring windows of one site are one peak.")
        st.metric(tr("Peaks"), f"{len(peaks):,}", help=neighbours, width="content")
        st.metric(tr("Expected by chance"), expected, help=counted, width="content")
        st.metric(tr("Threshold"), f"{cut.at:.3f}", width="content")


def _track(model: Bundle, target: Target, one: Scan, peaks: list[Peak], cut: Cut, output: int) -> Peak | None:
    """The scores along the sequence and what lies under them; the peak that is chosen there or in the table."""
    words = tr(
        "Prediction at each window's middle base; a letter is as tall as the {unit} falls when that base is replaced.",
        unit=plain(said(output_word(model.config))),
    )
    if one.plan.edges == "context":
        words = f"{words} {tr('Windows saw the bases around them.')}"
    st.caption(words)
    motif, at = recorded_experiment(model.experiment).motif, cut.at if np.isfinite(cut.at) else None
    low, high = float(np.nanmin(one.scores, initial=0.0)), float(np.nanmax(one.scores, initial=at or 0.0))
    own = (str(model.path), target.key, cut.covariates is None or tuple(cut.covariates))
    shown = Shown(
        own, one.name, held_levels((own, output, one.plan), one), (low, high), peaks, at, target.contig, model.model,
        cut.covariates, output, from_iupac(motif, motif) if motif else None,
    )  # fmt: skip
    key = track_key(one)
    picked = st.session_state.get(f"{key}_picked", -1)
    scan_track(shown, key=key, picked=picked)
    return next((peak for peak in peaks if peak.start == picked), None)


def _target(targets: list[Target], one: Scan) -> Target:
    return next(target for target in targets if target.contig.name == one.name)


def _which(found: list[Scan], peaks: list[list[Peak]]) -> int:
    """The number of the sequence to look at: the same one when another threshold changes the labels."""
    if len(found) == 1:
        return 0
    words = [
        f"{one.name} · {tr_n('{n:,} peak', '{n:,} peaks', len(some))}" for one, some in zip(found, peaks, strict=True)
    ]
    names = [one.name for one in found]
    last = st.session_state.get("_scan_which", "")
    number = st.selectbox(
        tr("Sequence"),
        range(len(found)),
        names.index(last) if last in names else 0,
        format_func=words.__getitem__,
        key=f"scan_which_{hash(tuple(words))}",  # other labels: another box, or it would show an old one
    )
    st.session_state["_scan_which"] = names[number]
    return number
