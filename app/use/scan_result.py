"""What a scan found: the scores along the sequence, its peaks, and files of both."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import streamlit as st

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
from use.scan_columns import COLUMNS, rows_of
from use.scan_files import scan_files
from use.scan_targets import Target
from use.scan_track import Shown, held_levels, scan_track

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
        picked = _track(model, _of(targets, one), one, peaks[number], cut, output)
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


def _track(model: Bundle, target: Target, one: Scan, peaks: list[Peak], cut: Cut, output: int) -> Peak | None:
    """The scores along the sequence and what lies under them; the peak that is chosen there or in the table."""
    words = "at each window's middle base"
    if one.plan.edges == "context":
        words += ". Windows saw the bases around them"
    st.caption(f"Prediction {words}; a letter is as tall as the logit falls when that base is replaced.")
    motif, at = recorded_experiment(model.experiment).motif, cut.at if np.isfinite(cut.at) else None
    low, high = float(np.nanmin(one.scores, initial=0.0)), float(np.nanmax(one.scores, initial=at or 0.0))
    own = (str(model.path), target.key, cut.covariates is None or tuple(cut.covariates))
    shown = Shown(
        own, one.name, held_levels((own, output, one.plan), one), (low, high), peaks, at, target.contig, model.model,
        cut.covariates, output, from_iupac(motif, motif) if motif else None,
    )  # fmt: skip
    key = _key(one)
    picked = st.session_state.get(f"{key}_picked", -1)
    scan_track(shown, key=key, picked=picked)
    return next((peak for peak in peaks if peak.start == picked), None)


def _key(one: Scan) -> str:
    """Of a sequence's track: another sequence of the same name is another."""
    return f"scan_track_{one.name}_{one.start}_{one.scores.shape[1]}"


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
    key = _key(one)
    rows = [order.index(picked)] if picked in order else []
    table = f"scan_peaks_{key}_{st.session_state.get(f'{key}_turn', 0)}"  # another box once the track has chosen
    with st.container(border=True):
        st.markdown(
            "**Peaks**, best first",
            help="Sites that the model reads in windows that reach the threshold. Choose one: the track goes there.",
        )
        event = st.dataframe(
            rows_of(order),
            hide_index=True,
            placeholder="–",
            height=min(38 + 35 * len(order), 250),
            on_select="rerun",
            selection_mode="single-row",
            selection_default={"selection": {"rows": rows, "columns": []}},
            key=table,
            column_config=COLUMNS,
        )
        _chosen(order, event["selection"]["rows"], key, last=f"{table}_last", at_first=rows)
        _window(targets, one, picked or order[0], beside)


def _chosen(order: list[Peak], rows: list[int], key: str, *, last: str, at_first: list[int]) -> None:
    """Go to the peak of a row that is newly chosen. A box that begins with a row says so as if it had been clicked."""
    before = st.session_state.setdefault(last, at_first)
    if rows and rows != before and rows[0] < len(order):
        st.session_state.update({last: rows, f"{key}_picked": order[rows[0]].start, f"{key}_goto": order[rows[0]]})
        st.rerun()


def _of(targets: list[Target], one: Scan) -> Target:
    return next(target for target in targets if target.contig.name == one.name)


def _window(targets: list[Target], one: Scan, peak: Peak, beside: dict[str, str]) -> None:
    contig = _of(targets, one).contig
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
