"""The peaks of a scan in a table, and the window of one."""

from __future__ import annotations

import streamlit as st

from components.sequence import Mark, Row, sequences
from dnaconv_core.data.genome import Contig
from dnaconv_core.scan.scan import Scan
from dnaconv_core.scan.tracks import Peak
from frame import state
from frame.language import tr
from frame.pages import SALIENCY
from use.scan_columns import formats, rows_of

MOST = 1000  # peaks whose sites are located, and that are listed


def track_key(one: Scan) -> str:
    """Of a sequence's track: another sequence of the same name is another."""
    return f"scan_track_{one.name}_{one.start}_{one.scores.shape[1]}"


def peaks_table(contig: Contig, one: Scan, peaks: list[Peak], picked: Peak | None, beside: dict[str, str]) -> None:
    """All peaks, to choose one from; below them the window of `picked`, or of the best."""
    if not peaks:
        st.caption(tr("No window reaches the threshold: nothing here stands out from shuffled sequence."))
        return
    order = sorted(peaks, key=lambda peak: -peak.score)[:MOST]
    key = track_key(one)
    rows = [order.index(picked)] if picked in order else []
    table = f"scan_peaks_{key}_{st.session_state.get(f'{key}_turn', 0)}"  # another box once the track has chosen
    with st.container(border=True):
        st.markdown(
            tr("**Peaks**, best first"),
            help=tr("Sites of the windows that reach the threshold. Choose one: the track goes there."),
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
            column_config=formats(),
        )
        _chosen(order, event["selection"]["rows"], key, last=f"{table}_last", at_first=rows)
        _window(contig, one, picked or order[0], beside)


def _chosen(order: list[Peak], rows: list[int], key: str, *, last: str, at_first: list[int]) -> None:
    """Go to the peak of a row that is newly chosen. A box that begins with a row says so as if it had been clicked."""
    before = st.session_state.setdefault(last, at_first)
    if rows and rows != before and rows[0] < len(order):
        st.session_state.update({last: rows, f"{key}_picked": order[rows[0]].start, f"{key}_goto": order[rows[0]]})
        st.rerun()


def _window(contig: Contig, one: Scan, peak: Peak, beside: dict[str, str]) -> None:
    text = contig.text(peak.start, peak.end)
    site = peak.site
    marks = (Mark(max(site.start - peak.start, 0), site.end - peak.start, tr("the site")),) if site else ()
    row = Row(text, f"{one.name}:{peak.start + 1:,}–{peak.end:,}", f"{peak.score:.3f}", marks)
    sequences([row], key="scan_window", wrap=True, numbers=True)
    st.page_link(
        SALIENCY,
        label=tr("Look at this window in Saliency"),
        icon=":material/highlight:",
        query_params=state.link() | {"sequence": text} | beside,
    )
