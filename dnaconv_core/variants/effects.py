"""What a model says of sequence variants: the alternative allele minus the reference, in its genomic surroundings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence, Sized
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from dnaconv_core.answers.links import LINKS
from dnaconv_core.cluster.pieces import over
from dnaconv_core.data.genome import Contig, Genome, RecordContig
from dnaconv_core.errors import InputError
from dnaconv_core.model.packed import Packed, at_hand, pack
from dnaconv_core.progress import SILENT, Progress
from dnaconv_core.results import Record
from dnaconv_core.scan.scan import scan
from dnaconv_core.sequence.encoding import count_ambiguous
from dnaconv_core.sequence.motif import Motif
from dnaconv_core.variants.motif_changes import Hit, changed_hits, motif_hits
from dnaconv_core.variants.vcf import Variant, is_bases

if TYPE_CHECKING:
    from dnaconv_core.model.convnet import ConvNet

LONGEST_ALLELE = 10_000
_BATCH = 256  # alleles scored together
_SENT = 4  # such batches in what a worker is sent
SCORED = ("ok", "contig_end", "unknown_bases")  # what a status begins with where there are numbers


class VariantEffect(NamedTuple):
    """One alternative allele. Numbers are None where it was not scored; positions are 0-based.

    The window is centred on the variant's first base (moved where the contig ends); REF's and ALT's begin at the same
    base. 'best' is the largest change over all windows that hold that base, on both strands.
    """

    variant: Variant
    alt: str  # as the file has it
    status: str  # 'ok', or a word and a sentence: 'ref_mismatch: …'
    window_start: int | None = None
    ref_window: str = ""
    alt_window: str = ""
    ref_logit: float | None = None
    alt_logit: float | None = None
    ref_prediction: float | None = None
    alt_prediction: float | None = None
    best_effect_logit: float | None = None
    best_start: int | None = None
    best_strand: str = ""
    gained: tuple[Hit, ...] = ()
    lost: tuple[Hit, ...] = ()

    @property
    def effect_logit(self) -> float | None:
        return _difference(self.ref_logit, self.alt_logit)

    @property
    def effect_prediction(self) -> float | None:
        """ALT − REF of the probability, or of the number that the model predicts."""
        return _difference(self.ref_prediction, self.alt_prediction)


def _difference(ref: float | None, alt: float | None) -> float | None:
    return None if ref is None or alt is None else alt - ref


def score_variants(
    model: ConvNet,
    variants: Iterable[Variant],
    genome: Genome | Mapping[str, Contig],
    *,
    covariates: np.ndarray | None = None,
    motifs: Sequence[Motif] = (),
    task: int = 0,
    on: str = "",
    progress: Progress = SILENT,
) -> Iterator[VariantEffect]:
    """Effects of every alternative allele, in order; what cannot be scored is reported as such and the rest goes on.

    covariates: raw values `(C,)` for every window. motifs: whose hits gained and lost are listed. on: a Dask cluster
    that scores them, with the same result; the genome stays here. Ends early when asked. Raises InputError when
    the model does not read DNA or lacks its covariates.
    """
    if model.config.alphabet != "DNA":
        raise InputError("variants need a model that reads DNA: this one reads RNA, choose another")
    alleles = (
        _placed(model.config.length, variant, alt, genome) for variant in variants for alt in variant.alts or [""]
    )
    batches = iter(lambda: list(islice(alleles, _BATCH)), [])
    pieces = iter(lambda: list(islice(batches, _SENT if on else 1)), [])
    job = _Job(pack(model) if on else model, covariates, motifs, task)
    done, total = 0, len(variants) if isinstance(variants, Sized) else 0
    for found in over(_scored, job, pieces, on=on, progress=progress):
        yield from found
        done += len(found)
        progress.report(min(done / total, 1.0) if total else 0.0, f"{done:,} alleles scored")


class _Job(NamedTuple):
    model: ConvNet | Packed
    covariates: np.ndarray | None
    motifs: Sequence[Motif]
    task: int


class _Placed(NamedTuple):
    """An allele in its surroundings: both texts begin at `start`, and hold a window from each of `n` bases."""

    effect: VariantEffect
    start: int = 0
    n: int = 0
    centre: int = 0
    ref: str = ""
    alt: str = ""


def _placed(length: int, variant: Variant, alt: str, genome: Genome | Mapping[str, Contig]) -> _Placed:
    refused = _allele_refused(variant.ref, alt)
    if refused:
        return _without(variant, alt, refused)
    try:
        contig = genome[variant.chrom]
    except (InputError, KeyError):
        return _without(variant, alt, f"outside: the genome has no contig {variant.chrom}")
    ref = _bases(variant.ref)
    refused = _place_refused(contig, variant.start, ref) or _too_short(contig, length)
    return _without(variant, alt, refused) if refused else _surrounded(length, variant, ref, alt, contig)


def _bases(allele: str) -> str:
    """An allele that is written out, in the letters of a genome."""
    return allele.upper().replace("U", "T")


def _without(variant: Variant, alt: str, status: str) -> _Placed:
    return _Placed(VariantEffect(variant, alt or ".", status))


def _allele_refused(ref: str, alt: str) -> str:
    if not alt:
        return "no_alt: the line names no alternative allele"
    for allele in (ref, alt):
        if not is_bases(allele):
            return f"unsupported: the allele {allele[:30]} is not written out in bases"
    if max(len(ref), len(alt)) > LONGEST_ALLELE:
        return f"unsupported: an allele is longer than {LONGEST_ALLELE:,} bases"
    return ""


def _place_refused(contig: Contig, start: int, ref: str) -> str:
    """Why REF is not what the genome has there; '' where it is."""
    if start < 0 or start + len(ref) > contig.length:
        return f"outside: {contig.name} has {contig.length} bases"
    there = contig.text(start, start + len(ref)).upper().replace("U", "T")
    if there == ref:
        return ""
    known = [(a, b) for a, b in zip(there, ref, strict=True) if a in "ACGT"]
    if len(known) < len(ref) and all(a == b for a, b in known):
        return f"ref_unknown: the genome has {there[:30]} where the file has {ref[:30]}"
    return f"ref_mismatch: the file has {ref[:30]} and the genome has {there[:30]}"


def _too_short(contig: Contig, length: int) -> str:
    if contig.length >= length:
        return ""
    return f"short_contig: {contig.name} has {contig.length} bases and the model reads {length}"


def _surrounded(length: int, variant: Variant, ref: str, alt: str, contig: Contig) -> _Placed:
    """Both alleles with every window that holds the variant's first base."""
    start = variant.start
    first, last = max(start - length + 1, 0), min(start, contig.length - length)
    centre = min(max(start - length // 2, first), last)
    need = last + length  # the texts' end, counted as if nothing had changed
    before, after = contig.text(first, start), contig.text(start + len(ref), min(need + len(ref), contig.length))
    alleles = ref, _bases(alt)
    texts = [(before + allele + after).upper()[: need - first].ljust(need - first, "N") for allele in alleles]
    windows = [text[centre - first : centre - first + length] for text in texts]
    unknown = max(map(count_ambiguous, windows))
    status = "ok"
    if need + len(ref) - len(alt) > contig.length and windows[1].endswith("N"):
        status = "contig_end: behind the deletion the contig ends, and unknown bases fill the window"
    elif unknown:
        status = f"unknown_bases: {unknown} of the window's {length} bases are unknown"
    elif centre != start - length // 2:
        status = f"contig_end: the window was moved by {abs(centre - start + length // 2)} bases to fit the contig"
    effect = VariantEffect(variant, alt, status, centre, windows[0], windows[1])
    return _Placed(effect, first, last - first + 1, centre, texts[0], texts[1])


def _scored(job: _Job, batches: list[list[_Placed]]) -> list[VariantEffect]:
    """Here or on a worker."""
    model, how = at_hand(job.model), (job.covariates, job.motifs, job.task)
    return [effect for batch in batches for effect in _score(model, batch, *how)]


def _score(
    model: ConvNet, batch: Sequence[_Placed], covariates: np.ndarray | None, motifs: Sequence[Motif], task: int
) -> Iterator[VariantEffect]:
    """One scan over all texts set end to end; windows that run from one text into the next are passed over."""
    texts = [text for placed in batch if placed.n for text in (placed.ref, placed.alt)]
    if not texts:
        yield from (placed.effect for placed in batch)
        return
    joined = Record("alleles", "".join(texts), 0)
    found = scan(model, joined, strands="+-", output="logit", covariates=covariates, max_unknown=len(joined.sequence))
    logits, at = found.scores, 0  # (2, windows, T)
    for placed in batch:
        if not placed.n:
            yield placed.effect
            continue
        ref = logits[:, at : at + placed.n]  # (2, n, T)
        at += len(placed.ref)
        alt = logits[:, at : at + placed.n]
        at += len(placed.alt)
        change = alt[:, :, task] - ref[:, :, task]
        strand, best = np.unravel_index(np.abs(change).argmax(), change.shape)
        middle = placed.centre - placed.start
        pair = np.array([ref[0, middle], alt[0, middle]], np.float64)  # (2, T)
        values = LINKS[model.config.output].of_array(pair)
        gained, lost = _motif_changes(placed, motifs)
        yield placed.effect._replace(
            ref_logit=float(pair[0, task]),
            alt_logit=float(pair[1, task]),
            ref_prediction=float(values[0, task]),
            alt_prediction=float(values[1, task]),
            best_effect_logit=float(change[strand, best]),
            best_start=placed.start + int(best),
            best_strand="+-"[strand],
            gained=gained,
            lost=lost,
        )


def _motif_changes(placed: _Placed, motifs: Sequence[Motif]) -> tuple[tuple[Hit, ...], tuple[Hit, ...]]:
    """Hits gained and lost."""
    start = placed.effect.variant.start - placed.start
    before = motif_hits(placed.ref, start, start + len(placed.effect.variant.ref), motifs)
    after = motif_hits(placed.alt, start, start + len(placed.effect.alt), motifs)
    return changed_hits(before, after)


def pasted_variant(ref: str, alt: str, *, length: int) -> tuple[Variant, dict[str, Contig]]:
    """The one difference between two pasted sequences as a variant, and REF as a genome of its own.

    Sequences shorter than `length` get unknown bases on both sides. Raises InputError when they are the same.
    """
    if ref == alt:
        raise InputError("the two sequences are the same: change at least one base in one of them")
    head = next((i for i, (a, b) in enumerate(zip(ref, alt, strict=False)) if a != b), min(len(ref), len(alt)))
    tail = 0
    while tail < min(len(ref), len(alt)) - head and ref[-1 - tail] == alt[-1 - tail]:
        tail += 1
    if head and min(len(ref), len(alt)) - head == tail:  # nothing but inserted or deleted: keep the base before it
        head -= 1
    alleles = [text[head : len(text) - tail] for text in (ref, alt)]
    if not all(alleles):  # at the very beginning: keep the base after it
        tail -= 1
        alleles = [text[head : len(text) - tail] for text in (ref, alt)]
    pad = max(length - min(len(ref), len(alt)), 0)
    before = pad // 2
    whole = "N" * before + ref + "N" * (pad - before)
    contig = RecordContig(Record("pasted", whole, 0))
    fields = ("pasted", str(before + head + 1), ".", *alleles)
    return Variant("pasted", before + head + 1, ".", alleles[0], (alleles[1],), fields, 0), {"pasted": contig}
