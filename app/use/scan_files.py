"""What a scan found, as files."""

from __future__ import annotations

import io
import tempfile
from pathlib import Path

import streamlit as st

from dnaconv_core.scan.scan import Chunk, Scan
from dnaconv_core.scan.tracks import Peak, write_bed, write_bedgraph, write_bigwig
from frame.language import tr
from frame.words import plain
from use.scan_targets import Target


def scan_files(targets: list[Target], found: list[Scan], peaks: list[list[Peak]]) -> None:
    """Buttons for peaks (BED) and scores (bedGraph, bigWig) of all sequences."""
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
            (tr("Peaks (BED)"), bed, "peaks.bed"),
            (tr("Scores (bedGraph)"), bedgraph, "scores.bedgraph"),
            (tr("Scores (bigWig)"), bigwig, "scores.bw"),
        ):
            st.download_button(
                plain(label), make, name, icon=":material/download:", on_click="ignore", key=f"scan_{name}"
            )
