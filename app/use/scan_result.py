"""What a scan found: the scores along the sequence, its peaks, and files of both."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import streamlit as st

from components.chart import chart
from components.sequence import Mark, Row, sequences
from dnaconv_core.experiments import recorded_experiment
from dnaconv_core.progress import Progress
from dnaconv_core.scan.chance import Chance
from dnaconv_core.scan.scan import Scan, plan_scan
from dnaconv_core.scan.sites import locate
from dnaconv_core.scan.tracks import Peak, call_peaks
from dnaconv_core.sequence.motif import from_iupac
from frame import state
from frame.job import background
from frame.pages import SALIENCY
from frame.words import plain
from use import figures
from use.scan_columns import COLUMNS, rows_of
from use.scan_files import scan_files
from use.scan_targets import Target

if TYPE_CHECKING:
    from dnaconv_core.model.bundle import Bundle

_PEAKS = 1000


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
        key, lambda progress: _located(model, targets, found, cut, output, progress), words="Locating the sites"
    )
    if peaks is None:
        return
    one = found[number := _which(found, peaks)]
    _numbers(model, one, peaks[number], cut)
    with st.container(border=True):
        picked = _track(one, peaks[number], cut)
    _peaks(targets, one, peaks[number], picked, cut.beside)
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
        some = sorted(best[:_PEAKS], key=lambda peak: peak.start)
        some = locate(
            model.model, contigs[one.name], some, task=output, covariates=cut.covariates, motifs=motifs,
            progress=progress,
        )  # fmt: skip
        peaks.append(sorted(some + best[_PEAKS:], key=lambda peak: peak.start))
    told = iter(cut.chance.told([peak for some in peaks for peak in some]))
    return [list(islice(told, len(some))) for some in peaks]


def _numbers(model: Bundle, one: Scan, peaks: list[Peak], cut: Cut) -> None:
    plan = plan_scan(model.model, edges=one.plan.edges)
    unknown = "Not scored: N or other ambiguous codes in them."
    counted = f"Counted in {cut.chance.bases:,} bases of dinucleotide shuffles of what is scanned; in all sequences."
    rare = "" if len(cut.chance.heights) and cut.chance.heights[-1] >= cut.at else "< "
    with st.container(horizontal=True):
        st.metric(
            "Windows scored", f"{one.n_scored:,}", help=plain(f"{plan.method} scan. {plan.note}"), width="content"
        )
        st.metric("With unknown bases", f"{one.n_missing:,}", help=unknown, width="content")
        st.metric("Peaks", f"{len(peaks):,}", help="Neighbouring windows of one site are one peak.", width="content")
        expected = f"{rare}{float(cut.chance.expected(cut.at)):.2g}"
        st.metric("Expected by chance", expected, help=counted, width="content")
        st.metric("Threshold", f"{cut.at:.3f}", width="content")


def _track(one: Scan, peaks: list[Peak], cut: Cut) -> Peak | None:
    """The scores along the sequence; the peak nearest to a click."""
    words = "at each window's middle base; drag to zoom, double-click to see all"
    if one.plan.edges == "context":
        words += ". Windows saw the bases around them"
    st.caption(f"Prediction {words}.")
    figure = figures.track(one, peaks, cut.at, unit="prediction")
    clicked = chart(figure, key="scan_track", height=260, revision=f"{one.name}{one.start}", clickable=True)
    at = clicked["data"] if clicked else None
    if not peaks or not isinstance(at, int):
        return None
    return min(peaks, key=lambda peak: abs(peak.start + one.window // 2 + 1 - at))


def _which(found: list[Scan], peaks: list[list[Peak]]) -> int:
    """The number of the sequence to look at: the same one when another threshold changes the labels."""
    if len(found) == 1:
        return 0
    words = [f"{one.name} · {len(some):,} peak{'s' * (len(some) != 1)}" for one, some in zip(found, peaks, strict=True)]
    names = [one.name for one in found]
    last = st.session_state.get("_scan_which", "")
    number = st.selectbox(
        "Sequence",
        range(len(found)),
        names.index(last) if last in names else 0,
        format_func=words.__getitem__,
        key=f"scan_which_{hash(tuple(words))}",  # other labels: another box, or it would show an old one
    )
    st.session_state["_scan_which"] = names[number]
    return number


def _peaks(targets: list[Target], one: Scan, peaks: list[Peak], picked: Peak | None, beside: dict[str, str]) -> None:
    if not peaks:
        st.caption("No window reaches the threshold: nothing here stands out from shuffled sequence so far.")
        return
    order = sorted(peaks, key=lambda peak: -peak.score)[:_PEAKS]
    with st.container(border=True):
        st.markdown(
            "**Peaks**, best first",
            help="Sites that the model reads in windows that reach the threshold. Choose one.",
        )
        event = st.dataframe(
            rows_of(order),
            hide_index=True,
            height=min(38 + 35 * len(order), 250),
            on_select="rerun",
            selection_mode="single-row",
            key=f"scan_peaks_{one.name}",
            column_config=COLUMNS,
        )
        rows = event["selection"]["rows"]
        _window(targets, one, order[rows[0]] if rows and rows[0] < len(order) else picked or order[0], beside)


def _window(targets: list[Target], one: Scan, peak: Peak, beside: dict[str, str]) -> None:
    contig = next(target.contig for target in targets if target.contig.name == one.name)
    text = contig.text(peak.start, peak.end)
    site = peak.site
    marks = (Mark(max(site.start - peak.start, 0), site.end - peak.start, "the site"),) if site else ()
    row = Row(text, f"{one.name}:{peak.start + 1:,}–{peak.end:,}", f"{peak.score:.3f}", marks)
    sequences([row], key="scan_window", wrap=True, numbers=True)
    st.page_link(
        SALIENCY,
        label="Look at this window in Saliency",
        icon=":material/highlight:",
        query_params=state.link() | {"sequence": text} | beside,
    )
