"""Rows of a file that were left out, and why."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

import streamlit as st

from dnaconv_core.data.examples import Skipped
from dnaconv_core.files import safe_cell
from frame.language import said, tr, tr_n

_SHOWN = 200


def show_skipped(skipped: Sequence[Skipped]) -> None:
    """A line that opens a list of them, to be downloaded whole; nothing where every row was used."""
    if not skipped:
        return
    with st.expander(tr_n("One row was left out", "{n:,} rows were left out", len(skipped))):
        rows = skipped[:_SHOWN]
        shown = {tr("Line"): [r.line for r in rows], tr("Reason"): [said(r.reason) for r in rows]}
        st.dataframe(shown, hide_index=True)
        st.download_button(
            tr("Download the list"),
            _csv(skipped),
            "left_out.csv",
            "text/csv",
            icon=":material/download:",
            on_click="ignore",
        )


def _csv(skipped: Sequence[Skipped]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(Skipped._fields)
    writer.writerows([safe_cell(one.file), one.line, safe_cell(one.reason)] for one in skipped)
    return text.getvalue()
