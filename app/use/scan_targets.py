"""What is scanned: pasted sequences, or a region of a genome."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import streamlit as st

from components.reference_file import reference_file
from components.sequences_in import pasted_or_file
from dnaconv_core.data.genome import Contig, Genome, RecordContig
from dnaconv_core.data.references import GENOMES
from dnaconv_core.errors import InputError
from dnaconv_core.sequence.encoding import LETTERS
from frame import state
from frame.language import mark, tr
from frame.words import plain

if TYPE_CHECKING:
    from dnaconv_core.model.bundle import Bundle

_MOST = 20_000_000  # bases on a page; the command line takes chromosomes
_LETTERS, _GENOME, _FINISHED = mark("Sequence"), mark("Genome and region"), mark("Finished scan")
_NAMED = 5  # sequences that are too short, told by name


class Target(NamedTuple):
    """A stretch of a contig to scan."""

    contig: Contig
    start: int
    end: int
    key: tuple  # what decides the scores


def ask_targets(model: Bundle) -> list[Target] | None:
    """Ask for sequences, or for a region of a genome; none while nothing is given. None: for a scan made before."""
    kind = st.segmented_control(
        tr("From"),
        [_LETTERS, _GENOME, _FINISHED],
        format_func=tr,
        default=_LETTERS,
        required=True,
        key="scan_from",
        label_visibility="collapsed",
    )
    if kind == _LETTERS:
        examples, what = {tr("Example"): _example(model)}, tr("Sequence to scan")
        records = pasted_or_file("scan", examples, model.config.alphabet, what=what)
        return [Target(RecordContig(r), 0, len(r.sequence), (r.id, r.sequence)) for r in records]
    return _region() if kind == _GENOME else None


def _region() -> list[Target]:
    left, right = st.columns([2, 1])
    with left:
        words = tr("A FASTA or 2bit file.")
        path = reference_file("scan_genome", GENOMES, tr("Genome"), placeholder="/data/hg19.fa", help=words)
    region = right.text_input(
        tr("Region"),
        key="scan_region",
        placeholder="chr22:20,208,964-20,218,963",
        help=tr("First and last base, counted from 1, as genome browsers show them; or a contig's name alone."),
    )
    if path is None or not region:
        return []
    with st.spinner(tr("Reading the genome's index…")):
        genome = Genome(path)
    contig, locus = genome.region(region)
    return [Target(contig, locus.start, locus.end, (str(path), path.stat().st_mtime, *locus))]


@st.cache_data(show_spinner=False)
def _example_of(alphabet: str, sites: tuple[str, ...], length: int) -> str:
    """A random sequence with the experiment's own examples set into it, and an unknown stretch."""
    rng = np.random.default_rng(4)
    letters = np.array(list(LETTERS[alphabet]))
    text = "".join(letters[rng.integers(0, 4, length)])
    for number, site in enumerate(sites):
        at = (number + 1) * length // (len(sites) + 1)
        text = text[:at] + site + text[at + len(site) :]
    gap = int(0.06 * length)
    return text[: length - gap] + "N" * (gap // 2) + text[length - gap + gap // 2 :]


def _example(model: Bundle) -> str:
    sites = tuple(example.sequence for example in state.experiment().examples)
    return _example_of(model.config.alphabet, sites, 6000)


def check_targets(targets: list[Target]) -> None:
    """Raises InputError where two sequences have one name, as peaks could not tell them apart, or all are too long."""
    seen: set[str] = set()
    for target in targets:
        if target.contig.name in seen:
            raise InputError(f"the sequence {target.contig.name!r} comes twice: give each its own name")
        seen.add(target.contig.name)
    total = sum(target.end - target.start for target in targets)
    if total > _MOST:
        raise InputError(
            f"these are {total:,} bases and this page takes {_MOST:,}: choose a region, or use 'dnaconv scan'"
        )


def tell_too_short(targets: list[Target], window: int) -> None:
    """A line about those that no window fits into."""
    short = [target.contig.name for target in targets if target.end - target.start < window]
    if short:
        named = plain(", ".join(short[:_NAMED]))
        if len(short) > _NAMED:
            named += " " + tr("and {n:,} more", n=len(short) - _NAMED)
        told = tr("Not scanned, because shorter than the {n:d} bases of a window: {names}.", n=window, names=named)
        st.caption(told)
