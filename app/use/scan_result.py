"""What a scan found: the scores along the sequence, its peaks, and files of both."""

from __future__ import annotations

import io
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import streamlit as st

from components.chart import chart
from components.sequence import Row, marks_of, sequences
from dnaconv_core.scan.scan import Chunk, Scan, plan_scan
from dnaconv_core.scan.tracks import Peak, call_peaks, write_bed, write_bedgraph, write_bigwig
from frame import state
from frame.pages import SALIENCY
from frame.words import plain
from use import figures
from use.scan_targets import Target

if TYPE_CHECKING:
    from dnaconv_core.model.bundle import Bundle

_PEAKS = 1000


class Cut(NamedTuple):
    """Where peaks begin, the share of validation negatives that chose it, and the covariates as a link tells them."""

    at: float
    rate: float | None
    beside: dict[str, str]


def show_scan(model: Bundle, targets: list[Target], found: list[Scan], cut: Cut, output: int) -> None:
    """Numbers, track, peaks and files of what was found for one output, from 0."""
    found = [one._replace(scores=one.scores[:, :, output : output + 1]) for one in found]
    peaks = [call_peaks(one.scores, cut.at, window=one.window, strands=one.strands, start=one.start) for one in found]
    one = found[number := _which(found, peaks)]
    _numbers(model, one, peaks[number], cut)
    with st.container(border=True):
        picked = _track(one, peaks[number], cut)
    _peaks(targets, one, peaks[number], picked, cut.beside)
    _files(targets, found, peaks)


def _numbers(model: Bundle, one: Scan, peaks: list[Peak], cut: Cut) -> None:
    plan = plan_scan(model.model, edges=one.plan.edges)
    chosen = None if cut.rate is None else f"At most {cut.rate:.1%} of the validation negatives reach it."
    unknown = "Not scored: N or other ambiguous codes in them."
    with st.container(horizontal=True):
        st.metric(
            "Windows scored", f"{one.n_scored:,}", help=plain(f"{plan.method} scan. {plan.note}"), width="content"
        )
        st.metric("With unknown bases", f"{one.n_missing:,}", help=unknown, width="content")
        st.metric("Peaks", f"{len(peaks):,}", width="content")
        st.metric("Threshold", f"{cut.at:.3f}", help=chosen, width="content")


def _track(one: Scan, peaks: list[Peak], cut: Cut) -> Peak | None:
    """The scores along the sequence; the peak nearest to a click."""
    words = "at each window's middle base; drag to zoom, double-click to see all"
    if one.plan.edges == "context":
        words += ". Windows saw the bases around them"
    st.caption(f"Prediction {words}.")
    figure = figures.track(one, peaks, cut.at, unit="probability" if cut.rate else "prediction")
    clicked = chart(figure, key="scan_track", height=260, revision=f"{one.name}{one.start}", clickable=True)
    at = clicked["data"] if clicked else None
    if not peaks or not isinstance(at, int):
        return None
    return min(peaks, key=lambda peak: abs(peak.start + one.window // 2 - at))


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
        st.caption("No window reaches the threshold.")
        return
    order = sorted(peaks, key=lambda peak: -peak.score)[:_PEAKS]
    with st.container(border=True):
        st.markdown(
            "**Peaks**, best first",
            help="Windows that reach the threshold and overlap no better one. Choose one.",
        )
        event = st.dataframe(
            {
                "start": [peak.start for peak in order],
                "end": [peak.end for peak in order],
                "strand": [peak.strand for peak in order],
                "prediction": [peak.score for peak in order],
            },
            hide_index=True,
            height=min(38 + 35 * len(order), 250),
            on_select="rerun",
            selection_mode="single-row",
            key=f"scan_peaks_{one.name}",
            column_config={
                "start": st.column_config.NumberColumn(help="From 0."),
                "end": st.column_config.NumberColumn(help="Not included."),
                "strand": st.column_config.TextColumn(help="The higher one; a dot where the network reads both."),
                "prediction": st.column_config.NumberColumn(format="%.4f"),
            },
        )
        rows = event["selection"]["rows"]
        _window(targets, one, order[rows[0]] if rows and rows[0] < len(order) else picked or order[0], beside)


def _window(targets: list[Target], one: Scan, peak: Peak, beside: dict[str, str]) -> None:
    contig = next(target.contig for target in targets if target.contig.name == one.name)
    text = contig.text(peak.start, peak.end)
    row = Row(
        text,
        f"{one.name}:{peak.start}-{peak.end}",
        f"{peak.score:.3f}",
        marks_of(state.experiment().motif, text),
    )
    sequences([row], key="scan_window", wrap=True, numbers=True)
    st.page_link(
        SALIENCY,
        label="Look at this window in Saliency",
        icon=":material/highlight:",
        query_params=state.link() | {"sequence": text} | beside,
    )


def _files(targets: list[Target], found: list[Scan], peaks: list[list[Peak]]) -> None:
    lengths = {target.contig.name: target.contig.length for target in targets}

    def bed() -> bytes:
        out = io.StringIO()
        for one, called in zip(found, peaks, strict=True):
            write_bed(out, one.name, called)
        return out.getvalue().encode()

    def bedgraph() -> bytes:
        out = io.StringIO()
        out.write(f"# score of the window around each base, the higher strand; {found[0].plan.edges}\n")
        for one in found:
            write_bedgraph(out, one.name, Chunk(one.start, one.scores), window=one.window)
        return out.getvalue().encode()

    def bigwig() -> bytes:
        with tempfile.TemporaryDirectory() as folder:
            text, made = Path(folder) / "scan.bedgraph", Path(folder) / "scan.bw"
            text.write_bytes(bedgraph())
            write_bigwig(made, text, lengths)
            return made.read_bytes()

    with st.container(horizontal=True):
        for label, make, name in (
            ("Peaks (BED)", bed, "peaks.bed"),
            ("Scores (bedGraph)", bedgraph, "scores.bedgraph"),
            ("Scores (bigWig)", bigwig, "scores.bw"),
        ):
            st.download_button(
                plain(label), make, name, icon=":material/download:", on_click="ignore", key=f"scan_{name}"
            )
