"""The table of a scan's peaks; positions from 1."""

from __future__ import annotations

import streamlit as st

from dnaconv_core.scan.tracks import Peak

COLUMNS = {
    "summit": st.column_config.NumberColumn(
        format="localized", help="The base in the middle of what the model reads; from 1."
    ),
    "site": st.column_config.TextColumn(
        help="The stretch where a substitution changes the prediction most; first and last base, from 1."
    ),
    "letters": st.column_config.TextColumn(help="Of the motif's match as its strand reads it, else of the site."),
    "motif": st.column_config.TextColumn(help="The experiment's known motif, where it matches at the site."),
    "strand": st.column_config.TextColumn(help="The model's, else the motif's; a dot where both read the same."),
    "prediction": st.column_config.NumberColumn(format="%.4f", help="Of the window."),
    "expected": st.column_config.NumberColumn(
        "by chance", format="%.2g", help="Peaks of this height or more expected in shuffles of all that is scanned."
    ),
    "q": st.column_config.NumberColumn(
        format="%.2g", help="Expected share of false peaks among those of this height or more."
    ),
    "window": st.column_config.TextColumn(help="First and last base, from 1."),
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
