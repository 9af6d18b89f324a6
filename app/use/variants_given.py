"""The variants that are looked at: made up, from a VCF, or the difference of two sequences."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any, NamedTuple

import streamlit as st

from components.reference_file import reference_file
from components.sequence import marks_of
from components.sequences_in import uploaded_text
from components.skipped import show_skipped
from dnaconv_core.data.examples import Skipped
from dnaconv_core.data.genome import Contig, Genome, RecordContig
from dnaconv_core.data.references import GENOMES
from dnaconv_core.errors import DataError, InputError
from dnaconv_core.experiments.base import Experiment
from dnaconv_core.results import Record
from dnaconv_core.sequence.encoding import clean
from dnaconv_core.variants.effects import pasted_variant
from dnaconv_core.variants.vcf import Variant, read_vcf
from frame import state
from frame.addressed import choose_one
from frame.language import mark, tr

_EXAMPLE, _FILES, _PAIR = mark("Example"), mark("VCF and genome"), mark("Two sequences")
_HEADER = ["##fileformat=VCFv4.2", "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO"]
_OTHER = {"A": "C", "C": "A", "G": "T", "T": "G"}
_MOST = 20_000


class Given(NamedTuple):
    """Variants, the header of their file, and the genome that they refer to. key: what decides their effects."""

    header: list[str]
    variants: list[Variant]
    genome: Genome | dict[str, Contig]
    key: tuple
    skipped: tuple[Skipped, ...] = ()


def ask_variants(length: int) -> Given | None:
    """Ask for them; None while nothing is given. length: bases of a window."""
    experiment = state.experiment()
    names = {name: name for name in (_EXAMPLE, _FILES, _PAIR)}
    kind = choose_one(tr("From"), names, key="variants_from", label_visibility="collapsed")
    if kind == _EXAMPLE:
        st.caption(
            tr("Made-up variants: in a known site, beside it, an insertion, a deletion, a wrong REF, and one outside.")
        )
        return _example(experiment, length)
    return _pair(experiment, length) if kind == _PAIR else _files()


def _pair(experiment: Experiment, length: int) -> Given | None:
    site = experiment.examples[0].sequence
    left, right = st.columns(2)
    ref = left.text_area(tr("Reference"), site, key="variants_ref", height=100)
    alt = right.text_area(tr("Alternative"), _changed(site), key="variants_alt", height=100)
    ref, alt = (clean(text, where=name) for text, name in ((ref, "the reference"), (alt, "the alternative")))
    if not ref or not alt:
        return None
    variant, genome = pasted_variant(ref, alt, length=length)
    return Given(_HEADER, [variant], genome, (ref, alt))


def _files() -> Given | None:
    left, right = st.columns(2)
    upload = left.file_uploader(tr("VCF"), ["vcf", "gz"], key="variants_vcf", help=tr("Plain or gzip, up to 50 MB."))
    with right:
        words = tr("The FASTA or 2bit file that the VCF refers to; chr1 and 1, chrM and MT mean the same.")
        path = reference_file("variants_genome", GENOMES, tr("Genome"), placeholder="/data/hg19.fa", help=words)
    if upload is None or path is None:
        return None
    header, variants, skipped = _read(upload)
    show_skipped(skipped)
    with st.spinner(tr("Reading the genome's index…")):
        genome = Genome(path)
    return Given(header, variants, genome, (upload.file_id, str(path), path.stat().st_mtime), skipped)


def _read(upload: Any) -> tuple[list[str], list[Variant], tuple[Skipped, ...]]:
    """Header, variants and bad lines of an uploaded VCF. Raises an error with the name that its user knows."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "variants.vcf"
        copy.write_text(uploaded_text(upload, "a VCF, plain or gzip"))
        try:
            file = read_vcf(copy)
            variants = list(file.variants)
        except DataError as error:  # told by the name its user knows
            raise DataError(str(error).replace(str(copy), upload.name)) from error
    if not variants:
        raise InputError(f"{upload.name} has a header but no variants below it")
    if len(variants) > _MOST:
        raise InputError(f"{len(variants):,} lines are more than the {_MOST:,} of this page: use 'dnaconv variants'")
    return file.header, variants, tuple(one._replace(file=upload.name) for one in file.skipped)


def _changed(site: str) -> str:
    """With another base in its middle."""
    middle = len(site) // 2
    return site[:middle] + _OTHER.get(site[middle], "A") + site[middle + 1 :]


def _example(experiment: Experiment, length: int) -> Given:
    """Six made-up variants in and beside the known site of the first example."""
    site = experiment.examples[0].sequence
    text = (site * (1 + 3 * length // len(site)))[: max(3 * length, len(site))]
    marks = marks_of(experiment.motif, site)
    middle = marks[0].start + 3 if marks else len(site) // 2
    middle += len(site) if len(text) >= 2 * len(site) else 0
    at = [middle, middle + 20, middle + 1, middle - 2]
    lines = [
        (at[0], "site", text[at[0]], _OTHER[text[at[0]]]),
        (at[1], "beside", text[at[1]], _OTHER[text[at[1]]]),
        (at[2], "insertion", text[at[2]], text[at[2]] + "GG"),
        (at[3], "deletion", text[at[3] : at[3] + 4], text[at[3]]),
        (middle, "wrong_ref", _OTHER[text[middle]], text[middle]),
        (len(text) + 5, "outside", "A", "C"),
    ]
    variants = [
        Variant("example", place + 1, name, ref, (alt,), ("example", str(place + 1), name, ref, alt), number)
        for number, (place, name, ref, alt) in enumerate(lines, 1)
    ]
    return Given(_HEADER, variants, {"example": RecordContig(Record("example", text, 0))}, ("example", experiment.key))
