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
from frame.language import tr
from use.scan_track import Shown, scan_track

if TYPE_CHECKING:
    from dnaconv_core.model.bundle import Bundle


def show_finished(model: Bundle, output: int) -> None:
    """Ask for the files of a scan, and draw its track."""
    with st.container(border=True):
        left, right = st.columns(2)
        scores = left.text_input(
            tr("Scores (bigWig)"),
            key="scan_bigwig",
            placeholder="/data/scores.bw",
            help=tr("What `dnaconv scan --bigwig` wrote, on this machine."),
        )
        peaks = right.text_input(tr("Peaks (BED, optional)"), key="scan_bed", placeholder="/data/peaks.bed")
        words = tr("For the letters; how much each base matters is then computed by the model above.")
        genome = reference_file(
            "scan_letters", GENOMES, tr("Genome (optional)"), placeholder="/data/hg19.fa", help=words
        )
    if not scores.strip():
        st.info(tr("Give the bigWig of a scan above."), icon=":material/arrow_upward:")
        return
    check_path()
    path = Path(scores.strip()).expanduser()
    contigs = contigs_of(path)
    name = st.selectbox(tr("Sequence"), sorted(contigs, key=lambda one: -contigs[one]), key="scan_contig")
    bed = Path(peaks.strip()).expanduser() if peaks.strip() else None
    changed = bed.stat().st_mtime if bed is not None and bed.is_file() else 0.0
    with st.spinner(tr("Reading the peaks…")):
        found = _peaks(bed, changed).get(name, []) if bed is not None else []
    with st.container(border=True):
        st.caption(tr("The highest score in each stretch, from the file; letters from the genome, where one is given."))
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


@st.cache_data(show_spinner=False, max_entries=4)
def _peaks(path: Path, changed: float) -> dict:
    return read_bed(path)
