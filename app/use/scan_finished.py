"""A scan that was made before, by `dnaconv scan --bigwig`: looked at from its files, of any size."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from components.reference_file import reference_file
from dnaconv_core.data.genome import Genome
from dnaconv_core.data.references import GENOMES
from dnaconv_core.experiments import recorded_experiment
from dnaconv_core.scan.levels import BigWigScores, contigs_of, range_of
from dnaconv_core.scan.tracks import read_bed
from dnaconv_core.sequence.motif import from_iupac
from dnaconv_core.storing import check_path
from use.scan_track import Shown, scan_track

if TYPE_CHECKING:
    from dnaconv_core.model.bundle import Bundle


def show_finished(model: Bundle, output: int) -> None:
    """Ask for the files of a scan, and draw its track."""
    with st.container(border=True):
        left, right = st.columns(2)
        scores = left.text_input(
            "Scores (bigWig)",
            key="scan_bigwig",
            placeholder="/data/scores.bw",
            help="What `dnaconv scan --bigwig` wrote, on this machine.",
        )
        peaks = right.text_input("Peaks (BED, optional)", key="scan_bed", placeholder="/data/peaks.bed")
        words = "Of the letters; what each base is worth is then computed by the model above."
        genome = reference_file("scan_letters", GENOMES, "Genome (optional)", placeholder="/data/hg19.fa", help=words)
    if not scores.strip():
        st.info("Give the bigWig of a scan above.", icon=":material/arrow_upward:")
        return
    check_path()
    path = Path(scores.strip()).expanduser()
    contigs = contigs_of(path)
    name = st.selectbox("Sequence", sorted(contigs, key=lambda one: -contigs[one]), key="scan_contig")
    bed = Path(peaks.strip()).expanduser() if peaks.strip() else None
    changed = bed.stat().st_mtime if bed is not None and bed.is_file() else 0.0
    found = _peaks(bed, changed).get(name, []) if bed is not None else []
    with st.container(border=True):
        st.caption("Highest score in each stretch, as the file has it; letters from the genome, where one is given.")
        word = recorded_experiment(model.experiment).motif
        shown = Shown(
            (str(model.path), str(genome)),
            name,
            BigWigScores(path, name),
            _span(path),
            found,
            None,
            None if genome is None else Genome(genome)[name],
            None if model.config.covariates else model.model,  # what a base is worth: not known without the covariates
            output=output,
            motif=from_iupac(word, word) if word else None,
        )
        key = f"scan_track_{path}_{name}"
        scan_track(shown, key=key, picked=st.session_state.get(f"{key}_picked", -1))


def _span(path: Path) -> tuple[float, float]:
    low, high = range_of(path)
    return min(low, 0.0), high


@st.cache_data(show_spinner="Reading the peaks…", max_entries=4)
def _peaks(path: Path, changed: float) -> dict:
    return read_bed(path)
