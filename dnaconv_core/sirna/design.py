"""Design siRNAs: every 21-base site of an mRNA, its guide strand, the model's prediction, and what designers weigh."""

from __future__ import annotations

import csv
import io
from bisect import bisect
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from dnaconv_core.errors import InputError
from dnaconv_core.evaluate.conformal import Margin, margin_in
from dnaconv_core.files import safe_cell
from dnaconv_core.predict import predict
from dnaconv_core.progress import SILENT, Progress
from dnaconv_core.results import Record
from dnaconv_core.sequence.encoding import one_hot, reverse_complement_text
from dnaconv_core.sirna.offtargets import LENGTH, SEED, OffTargets, find_offtargets
from dnaconv_core.sirna.rules import (
    RULES,
    check_rules,
    end_energies,
    gc_share,
    longest_run,
    longest_stem,
    reynolds_score,
)

if TYPE_CHECKING:
    from dnaconv_core.model.bundle import Bundle

DEFAULT_MODEL = "rnai_huesken"
_LEAST_ORF = 300  # bases of an open reading frame that is taken for the coding region
GUESSED = "guessed (longest ORF)"
NOT_SEARCHED = "not searched"


class OffTarget(NamedTuple):
    """How often a guide's sites occur in a transcriptome, the intended one included."""

    seed_sites: int
    exact: int
    one_mismatch: int
    names: tuple[str, ...]
    utr_sites: int | None = None  # of the seed sites, in 3' UTRs; None where the transcriptome does not tell them


class SirnaSite(NamedTuple):
    """One target site and its guide, both RNA 5'→3'; energies in kcal/mol at 37 °C."""

    id: str  # of the mRNA
    start: int  # of the site, from 0
    target: str  # 21 bases of the mRNA
    guide: str  # its reverse complement: the antisense strand
    prediction: float
    region: str  # "5' UTR", 'CDS', "3' UTR", or '' where the coding region is not known
    gc: float  # share of G and C among the 21 bases
    energy_5: float  # stability of the duplex at the guide's 5' end
    energy_3: float  # and at its 3' end
    longest_run: int  # of one base
    longest_stem: int  # pairs of the longest hairpin the guide can form
    reynolds: int  # points
    rules: dict[str, bool]
    sense: str  # the strand to order, 21 bases
    off_target: OffTarget | None = None
    interval: tuple[float, float] | None = None  # in which its measured activity is expected (see `Design.margin`)

    @property
    def asymmetry(self) -> float:
        """Above 0 where the guide's 5' end is the weaker one, the end that RISC favours."""
        return self.energy_5 - self.energy_3

    @property
    def seed(self) -> str:
        return self.guide[SEED]


class Design(NamedTuple):
    sites: list[SirnaSite]  # best first
    n_missing: int  # sites left out for unknown bases
    cds: dict[str, tuple[int, int]]  # coding region of each mRNA where given or guessed
    guessed: bool = False  # it was not given: each is the longest open reading frame
    margin: Margin | None = None  # of the intervals; None where the model has no validation predictions


def check_model(bundle: Bundle) -> None:
    """InputError unless the model reads guides of 21 bases of RNA and nothing else."""
    config = bundle.config
    if config.alphabet != "RNA" or config.length != LENGTH or config.covariates:
        raise InputError(
            f"the model reads {config.length} bases of {config.alphabet}"
            + (f" and {', '.join(config.covariates)}" if config.covariates else "")
            + f"; siRNA design needs one that reads {LENGTH} bases of RNA, such as {DEFAULT_MODEL}"
        )


def design(
    bundle: Bundle,
    records: Sequence[Record],
    *,
    cds: tuple[int, int] | None = None,
    transcriptome: Path | str | None = None,
    progress: Progress = SILENT,
) -> Design:
    """Every 21-base site of each mRNA (letters of RNA or DNA), best prediction first.

    The guide is the site's reverse complement, as in the data of Huesken et al. (2005). cds: start and end of the
    coding region of a single mRNA, 0-based and half-open; by default guessed: the longest open reading frame from AUG,
    if it has 300 bases. transcriptome: FASTA in which sites of every guide are counted. Raises InputError when the
    model does not fit, a name comes twice, an mRNA is shorter than a site, or cds does not lie within it.
    """
    check_model(bundle)
    if not records:
        raise InputError("there is no mRNA: give one of at least 21 bases")
    if cds is not None and (len(records) != 1 or not 0 <= cds[0] < cds[1] <= len(records[0].sequence)):
        raise InputError(
            f"the coding region is {cds[0] + 1}-{cds[1]}, counted from 1: it must lie within a single mRNA, start first"
        )
    found: list[tuple[Record, int, str]] = []
    n_missing = 0
    regions: dict[str, tuple[int, int] | None] = {}
    for number, record in enumerate(records, 1):
        text = record.sequence.upper().replace("T", "U")
        if len(text) < LENGTH:
            raise InputError(f"sequence {number} ({record.id!r}) has {len(text)} bases: a target site has {LENGTH}")
        if record.id in regions:
            raise InputError(f"the mRNA {record.id!r} comes twice: give each its own name")
        regions[record.id] = cds or longest_orf(text)
        for start in range(len(text) - LENGTH + 1):
            target = text[start : start + LENGTH]
            if set(target) <= set("ACGU"):
                found.append((record._replace(sequence=text), start, reverse_complement_text(target, "RNA")))
            else:
                n_missing += 1
    if not found:
        raise InputError("no site has 21 known bases: look at the N in the sequence")
    guides = [guide for _, _, guide in found]
    progress.report(0.0, f"{len(guides):,} guides to score")
    predictions = predict(bundle.model, one_hot(guides, "RNA"))[:, 0]
    margin = margin_in(bundle.path)
    sites = [
        _site(record, start, guide, float(value), regions[record.id])
        for (record, start, guide), value in zip(found, predictions, strict=True)
    ]
    if margin is not None:
        sites = [site._replace(interval=margin.around(site.prediction)) for site in sites]
    if transcriptome:
        counted = find_offtargets(guides, transcriptome, progress=progress)
        sites = [site._replace(off_target=one) for site, one in zip(sites, _each(counted), strict=True)]
    order = np.argsort([-site.prediction for site in sites], kind="stable")
    progress.report(1.0, f"{len(sites):,} sites")
    known = {name: region for name, region in regions.items() if region}
    return Design([sites[i] for i in order], n_missing, known, guessed=cds is None and bool(known), margin=margin)


def _each(counted: OffTargets) -> Iterator[OffTarget]:
    """What was counted, by guide."""
    columns = (counted.seed_sites, counted.exact, counted.one_mismatch, counted.names, counted.utr_sites)
    for seed, exact, near, names, utr in zip(*columns, strict=True):
        yield OffTarget(int(seed), int(exact), int(near), tuple(names), int(utr) if counted.n_utrs else None)


def apart(sites: Sequence[SirnaSite]) -> list[SirnaSite]:
    """The sites without those that overlap a better one of the same mRNA; best first, as they come."""
    taken: dict[str, list[int]] = {}
    kept = []
    for site in sites:
        starts = taken.setdefault(site.id, [])
        place = bisect(starts, site.start)
        near = starts[max(place - 1, 0) : place + 1]
        if all(abs(start - site.start) >= LENGTH for start in near):
            starts.insert(place, site.start)
            kept.append(site)
    return kept


class Duplex(NamedTuple):
    """A siRNA as its strands lie, antiparallel; each text is as wide as the others, with blanks where a strand ends."""

    sense: str  # 5'→3' from left to right
    bonds: str  # '|' between bases that pair
    antisense: str  # 3'→5' from left to right
    overhangs: tuple[tuple[int, int], tuple[int, int]]  # columns of the sense strand's, and of the antisense strand's
    seed: tuple[int, int]  # columns of the antisense strand's bases 2 to 8

    def lines(self) -> str:
        """Three lines, with the ends marked."""
        return f"5'  {self.sense}  3'  sense\n    {self.bonds}\n3'  {self.antisense}  5'  antisense (guide)"


def duplex(site: SirnaSite, *, dtdt: bool = False) -> Duplex:
    """The two strands to order, 19 pairs with two unpaired bases at either 3' end; with `dtdt` those are dTdT."""
    sense, guide = (_bases(strand) for strand in oligos(site, dtdt=dtdt))
    gap, width = "  ", LENGTH + 2
    return Duplex(
        gap + sense,
        gap + "|" * (LENGTH - 2) + gap,
        guide[::-1] + gap,
        ((width - 2, width), (0, 2)),
        (LENGTH - SEED.stop, LENGTH - SEED.start),
    )


def _bases(strand: str) -> str:
    return strand.replace("dTdT", "tt")  # one letter for each: small ones are DNA


def longest_orf(text: str) -> tuple[int, int] | None:
    """The longest open reading frame of an mRNA (AUG to a stop, included), or None if shorter than 300 bases."""
    text, found = text.upper().replace("T", "U"), []
    for frame in range(3):
        start = None
        for at in range(frame, len(text) - 2, 3):
            codon = text[at : at + 3]
            if codon == "AUG" and start is None:
                start = at
            elif codon in ("UAA", "UAG", "UGA") and start is not None:
                found.append((start, at + 3))
                start = None
    longest = max(found, key=lambda orf: (orf[1] - orf[0], -orf[0]), default=(0, 0))
    return longest if longest[1] - longest[0] >= _LEAST_ORF else None


def oligos(site: SirnaSite, *, dtdt: bool = False) -> tuple[str, str]:
    """Sense and antisense strands to order, 5'→3'; with `dtdt` both end in dTdT instead of the mRNA's bases."""
    if dtdt:
        return site.target[2:] + "dTdT", site.guide[:19] + "dTdT"
    return site.sense, site.guide


def _site(record: Record, start: int, guide: str, prediction: float, cds: tuple[int, int] | None) -> SirnaSite:
    text = record.sequence
    target = text[start : start + LENGTH]
    beyond = text[start + LENGTH : start + LENGTH + 2]
    overhang = beyond if len(beyond) == 2 and set(beyond) <= set("ACGU") else "UU"  # at the mRNA's end
    energies = end_energies(guide)
    region = ""
    if cds:
        region = "5' UTR" if start < cds[0] else "CDS" if start + LENGTH <= cds[1] else "3' UTR"
    return SirnaSite(
        record.id,
        start,
        target,
        guide,
        prediction,
        region,
        gc_share(target),
        *energies,
        longest_run(guide),
        longest_stem(guide),
        reynolds_score(guide),
        check_rules(guide),
        target[2:] + overhang,
    )


def as_json(site: SirnaSite, rank: int, *, dtdt: bool = False) -> dict[str, Any]:
    """One site with all that `sites_csv` writes of it, the rules by name; what was not searched says so."""
    names = ("id", "start", "target", "guide", "prediction", "gc", "longest_run", "longest_stem", "seed", "rules")
    row = {"rank": rank, **{name: getattr(site, name) for name in names}, "region": site.region or None}
    low, high = site.interval or (None, None)
    row |= {"interval": site.interval, "low": low, "high": high, "reynolds_score": site.reynolds}
    row |= {"energy_5_kcal": site.energy_5, "energy_3_kcal": site.energy_3, "asymmetry_kcal": site.asymmetry}
    if (other := site.off_target) is None:
        row |= {"off_targets": NOT_SEARCHED}
    else:
        row |= other._asdict() | {"names": list(other.names), "transcripts": list(other.names)}
        row |= {"seed_sites_3_utr": other.utr_sites, "exact_sites": other.exact}
        row |= {"one_mismatch_sites": other.one_mismatch}
    sense, antisense = oligos(site, dtdt=dtdt)
    return row | {"sense_oligo": sense, "antisense_oligo": antisense}


def sites_csv(sites: Sequence[SirnaSite], *, dtdt: bool = False) -> str:
    """A table for a spreadsheet and for ordering; no text in it can act as a formula."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    counted = any(site.off_target for site in sites)
    head = ["rank", "id", "start", "target", "guide", "prediction", "low", "high", "region", "gc"]
    head += ["energy_5_kcal", "energy_3_kcal"]
    head += ["asymmetry_kcal", "longest_run", "longest_stem", "reynolds_score", "seed", *RULES]
    apart = ["seed_sites", "seed_sites_3_utr", "exact_sites", "one_mismatch_sites", "transcripts"]
    head += apart if counted else ["off_targets"]
    writer.writerow([*head, "sense_oligo", "antisense_oligo"])
    for rank, site in enumerate(sites, 1):
        row = [rank, safe_cell(site.id), site.start, site.target, site.guide]
        low, high = (f"{end:.6g}" for end in site.interval) if site.interval else ("", "")
        row += [f"{site.prediction:.6g}", low, high, site.region, f"{site.gc:.4f}"]
        row += [f"{site.energy_5:.2f}", f"{site.energy_3:.2f}", f"{site.asymmetry:.2f}", site.longest_run]
        row += [site.longest_stem, site.reynolds, site.seed]
        row += ["pass" if site.rules[key] else "fail" for key in RULES]
        other = site.off_target
        if not counted:
            row.append(NOT_SEARCHED)
        else:
            utr = "" if other is None or other.utr_sites is None else other.utr_sites
            row += (
                [other.seed_sites, utr, other.exact, other.one_mismatch, " ".join(other.names)] if other else [""] * 5
            )
        writer.writerow([*row, *oligos(site, dtdt=dtdt)])
    return out.getvalue()
