"""The table of a scan's peaks; positions from 1."""

from __future__ import annotations

from typing import Any

import streamlit as st

from dnaconv_core.scan.tracks import Peak
from frame.language import tr


def formats() -> dict[str, Any]:
    """How the columns of `rows_of` are shown."""
    number, text = st.column_config.NumberColumn, st.column_config.TextColumn
    expected = tr("Peaks of this height or more that are expected in shuffles of all that is scanned.")
    q = tr("Expected share of false peaks among those of this height or more.")
    letters = tr("Of the motif's match, as read on its strand, else of the site.")
    return {
        "summit": number(
            tr("summit"), format="localized", help=tr("The base in the middle of what the model reads; counted from 1.")
        ),
        "site": text(
            tr("site"),
            help=tr("Where a substitution changes the prediction most; first and last base, counted from 1."),
        ),
        "letters": text(tr("letters"), help=letters),
        "motif": text(tr("motif"), help=tr("The experiment's known motif, where it matches at the site.")),
        "strand": text(
            tr("strand"), help=tr("Of the model, else of the motif; a dot where both strands read the same.")
        ),
        "prediction": number(tr("prediction"), format="%.4f", help=tr("Of the window.")),
        "expected": number(tr("by chance"), format="%.2g", help=expected),
        "q": number(format="%.2g", help=q),
        "window": text(tr("window"), help=tr("First and last base, counted from 1.")),
    }


def rows_of(peaks: list[Peak]) -> dict[str, list]:
    """Columns of the table of peaks."""
    sites = [peak.site for peak in peaks]
    return {
        "summit": [site.summit + 1 if site else None for site in sites],
        "site": [f"{site.start + 1:,}–{site.end:,}" if site else "" for site in sites],
        "letters": [site.word if site else "" for site in sites],
        "prediction": [peak.score for peak in peaks],
        "expected": [peak.expected for peak in peaks],
        "q": [peak.q for peak in peaks],
        "motif": [site.motif if site else "" for site in sites],
        "strand": [peak.side for peak in peaks],
        "window": [f"{peak.start + 1:,}–{peak.end:,}" for peak in peaks],
    }
