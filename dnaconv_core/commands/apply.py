"""`dnaconv scan`, `dnaconv variants` and `dnaconv sirna`."""

from __future__ import annotations

import re
from argparse import Namespace
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from dnaconv_core.commands.base import MODEL_HELP, Answer
from dnaconv_core.errors import InputError
from dnaconv_core.progress import Bar
from dnaconv_core.runs.models import find_model

if TYPE_CHECKING:
    from dnaconv_core.data.genome import Contig
    from dnaconv_core.model.bundle import Bundle

_COVARIATE_HELP = "a value that every window gets, such as accessibility=0.02 (once for each the model needs)"


def add(groups: Any, command: Any) -> None:
    scanning = command(groups, "scan", scan, "score every window of long sequences, on both strands")
    scanning.add_argument("model", metavar="MODEL", help=MODEL_HELP)
    scanning.add_argument("--fasta", required=True, metavar="FILE", help="sequences, or a genome (with --region)")
    scanning.add_argument("--region", default="", metavar="CHR:START-END", help="from 0, end not included")
    scanning.add_argument("--bed", default="", metavar="FILE", help="write the peaks there")
    scanning.add_argument("--bedgraph", default="", metavar="FILE", help="write every window's score there")
    scanning.add_argument("--bigwig", default="", metavar="FILE", help="the same for a genome browser")
    cut = scanning.add_mutually_exclusive_group()
    cut.add_argument("--threshold", type=float, default=None, metavar="X", help="a peak's least prediction")
    cut.add_argument("--fpr", type=float, default=None, metavar="X", help="or the share of validation negatives above")
    scanning.add_argument(
        "--edges",
        choices=("exact", "context"),
        default="exact",
        help="'exact' scores each window alone; 'context' lets padded windows see the bases around (faster)",
    )
    scanning.add_argument("--max-unknown", type=int, default=0, metavar="N", help="unknown bases a window may have")
    scanning.add_argument("--covariate", action="append", default=[], metavar="NAME=VALUE", help=_COVARIATE_HELP)

    changing = command(groups, "variants", variants, "score variants of a VCF: alternative minus reference allele")
    changing.add_argument("model", metavar="MODEL", help=MODEL_HELP)
    changing.add_argument("--vcf", required=True, metavar="FILE", help="variants, plain or gzip")
    changing.add_argument("--genome", required=True, metavar="FASTA", help="the genome that the VCF refers to")
    changing.add_argument("--out", default="", metavar="FILE.csv", help="write the table there")
    changing.add_argument("--vcf-out", default="", metavar="FILE.vcf", help="write the VCF with effects added there")
    changing.add_argument("--motif", action="append", default=[], metavar="WORD", help="list hits of this IUPAC word")
    changing.add_argument("--covariate", action="append", default=[], metavar="NAME=VALUE", help=_COVARIATE_HELP)

    designing = command(groups, "sirna", sirna, "design siRNAs: score the guide of every 21-base site of an mRNA")
    designing.add_argument("--fasta", required=True, metavar="FILE", help="one mRNA or more, plain or gzip")
    designing.add_argument("--model", default="rnai_huesken", metavar="MODEL", help=MODEL_HELP)
    designing.add_argument("--transcriptome", default="", metavar="FILE", help="FASTA in which matches are counted")
    designing.add_argument("--cds", default="", metavar="START-END", help="coding region, from 0; else the longest ORF")
    designing.add_argument("--dtdt", action="store_true", help="oligos end in dTdT instead of the mRNA's bases")
    designing.add_argument("--show", type=int, default=20, metavar="N", help="sites to print (default 20)")
    designing.add_argument("--out", default="", metavar="FILE.csv", help="write all sites and oligos there")


def scan(options: Namespace) -> Answer:
    from dnaconv_core.scan.files import scan_to_files
    from dnaconv_core.scan.scan import plan_scan

    bundle = _bundle(options.model)
    threshold, words = _threshold(bundle, options.threshold, options.fpr)
    with ExitStack() as stack:
        results = scan_to_files(
            bundle.model,
            _targets(stack, options.fasta, options.region, bundle.config.alphabet),
            threshold=threshold,
            edges=options.edges,
            covariates=given_covariates(bundle, options.covariate),
            max_unknown=options.max_unknown,
            bed=options.bed,
            bedgraph=options.bedgraph,
            bigwig=options.bigwig,
            progress=Bar(),
        )
    plan = plan_scan(bundle.model, edges=options.edges)
    lines = [f"{plan.method} scan, {plan.edges} edges{'; ' + plan.note if plan.note else ''}; peaks {words}"]
    for result in results:
        missing = f", {result.n_missing:,} with unknown bases left out" if result.n_missing else ""
        lines.append(f"{result.id}: {result.n_scored:,} windows scored{missing}; {len(result.peaks):,} peaks")
        lines += [f"  {p.start:>10} {p.end:>10} {p.strand} {p.score:.4f}" for p in result.peaks[:20]]
        if len(result.peaks) > 20:
            lines.append(f"  … and {len(result.peaks) - 20:,} more")
    sequences = [
        {
            "id": result.id,
            "length": result.length,
            "n_scored": result.n_scored,
            "n_missing": result.n_missing,
            "peaks": [{"start": p.start, "end": p.end, "strand": p.strand, "score": p.score} for p in result.peaks],
        }
        for result in results
    ]
    return Answer({"sequences": sequences}, "\n".join(lines))


def variants(options: Namespace) -> Answer:
    from dnaconv_core.data.genome import Genome
    from dnaconv_core.experiments import EXPERIMENTS
    from dnaconv_core.sequence.motif import from_iupac
    from dnaconv_core.variants.effects import score_variants
    from dnaconv_core.variants.files import write_table, write_vcf
    from dnaconv_core.variants.vcf import read_vcf
    from dnaconv_core.wholefile import WholeFile

    bundle = _bundle(options.model)
    known = EXPERIMENTS.get(bundle.experiment)
    words = options.motif or ([known.motif] if known is not None and known.motif else [])
    file = read_vcf(options.vcf)
    rows, lines, n = [], [], 0
    with ExitStack() as stack:
        genome = stack.enter_context(Genome(options.genome))
        effects = score_variants(
            bundle.model,
            file.variants,
            genome,
            covariates=given_covariates(bundle, options.covariate),
            motifs=[from_iupac(word, word) for word in words],
            progress=Bar(),
        )
        if options.out:
            effects = write_table(stack.enter_context(WholeFile(options.out)).file, effects)
        if options.vcf_out:
            effects = write_vcf(stack.enter_context(WholeFile(options.vcf_out)).file, file.header, effects)
        for n, effect in enumerate(effects, 1):  # millions go by: only what is printed is kept
            v = effect.variant
            if options.json:
                row = {"chrom": v.chrom, "pos": v.pos, "ref": v.ref, "alt": effect.alt}
                row |= {"effect_logit": effect.effect_logit, "effect_probability": effect.effect_prediction}
                rows.append(row | {"status": effect.status})
            elif n <= _SHOWN:
                number = "      –" if effect.effect_logit is None else f"{effect.effect_logit:+.4f}"
                lines.append(f"{v.chrom}:{v.pos} {v.ref[:12]}>{effect.alt[:12]}  {number}  {effect.status}")
    shown = lines + ([f"… and {n - _SHOWN:,} more"] if n > _SHOWN else [])
    shown += [f"written to {path}" for path in (options.out, options.vcf_out) if path]
    return Answer({"variants": rows}, "\n".join(shown) or f"{options.vcf} has no variants")


def given_covariates(bundle: Bundle, given: list[str]) -> np.ndarray | None:
    """The values of --covariate NAME=VALUE in the model's order, `(C,)`. Raises InputError naming what is wrong."""
    names, values = bundle.config.covariates, {}
    for text in given:
        name, found, number = text.partition("=")
        if not found or name not in names:
            wanted = ", ".join(names) or "none"
            raise InputError(f"--covariate is {text!r}: write NAME=VALUE; this model takes {wanted}")
        try:
            values[name] = float(number)
        except ValueError:
            raise InputError(f"--covariate {name} is {number!r}: it must be a number") from None
    missing = [name for name in names if name not in values]
    if missing:
        raise InputError(
            f"this model needs {', '.join(missing)} beside the sequence: give --covariate {missing[0]}=VALUE"
        )
    return np.array([values[name] for name in names], np.float32) if names else None


def _bundle(model: str) -> Bundle:
    from dnaconv_core.model.bundle import load_bundle

    return load_bundle(find_model(model))


def _threshold(bundle: Bundle, threshold: float | None, fpr: float | None) -> tuple[float, str]:
    """The least prediction of a peak, and how it was chosen: as given, by the negatives, else 0.5."""
    from dnaconv_core.evaluate.calibration import read_reference, scanned_negatives
    from dnaconv_core.scan.tracks import threshold_at

    if threshold is not None:
        if np.isnan(threshold):
            raise InputError("--threshold is nan: it must be a number")
        return threshold, f"from {threshold:g}"
    if bundle.config.task != "binary":
        if fpr is not None:
            raise InputError("--fpr needs a yes-or-no model: this one predicts a number, give --threshold")
        return float("inf"), "none: this model predicts a number, give --threshold"
    reference = read_reference(bundle.path)
    if reference is None or not len(reference.negatives):
        if fpr is not None:
            raise InputError(f"--fpr needs validation predictions, which {bundle.path} does not have: give --threshold")
        return 0.5, "from 0.5 (there are no validation negatives to choose by)"
    negatives = scanned_negatives(bundle.model, reference)
    share = max(0.01, 1 / len(negatives)) if fpr is None else fpr
    chosen = threshold_at(negatives, share)
    return chosen, f"from {chosen:.4g}, which {share:g} of {len(negatives):,} validation negatives reach"


def _targets(stack: ExitStack, fasta: str, region: str, alphabet: str) -> list[tuple[Contig, int, int]]:
    """What to scan: a region of a genome, the records of a small file, or the contigs of a large one."""
    from dnaconv_core.data.fasta import read_fasta
    from dnaconv_core.data.genome import Genome, RecordContig

    path = Path(fasta)
    if region:
        contig, locus = stack.enter_context(Genome(path)).region(region)
        return [(contig, locus.start, locus.end)]
    if path.is_file() and path.stat().st_size > _SMALL:
        return [(contig, 0, contig.length) for contig in stack.enter_context(Genome(path))]
    return [(contig, 0, contig.length) for contig in map(RecordContig, read_fasta(path, alphabet))]


_SHOWN = 50  # variants printed
_SMALL = 64 << 20  # bytes of FASTA that are read whole


def sirna(options: Namespace) -> Answer:
    from dnaconv_core.data.fasta import read_fasta
    from dnaconv_core.sirna.design import design, sites_csv
    from dnaconv_core.wholefile import WholeFile

    records = read_fasta(Path(options.fasta), "RNA")
    cds = _cds(options.cds)
    result = design(
        _bundle(options.model), records, cds=cds, transcriptome=options.transcriptome or None, progress=Bar()
    )
    sites = []
    for site in result.sites:
        row = {name: getattr(site, name) for name in ("id", "start", "target", "guide", "prediction", "gc", "rules")}
        if site.off_target is not None:
            row |= site.off_target._asdict() | {"names": list(site.off_target.names)}
        sites.append(row)
    if options.out:
        with WholeFile(options.out) as whole:
            whole.file.write(sites_csv(result.sites, dtdt=options.dtdt))
    missing = f"; {result.n_missing:,} with unknown bases left out" if result.n_missing else ""
    lines = [f"{len(sites):,} sites, best first{missing}"]
    for site in result.sites[: options.show]:
        kept = sum(site.rules.values())
        line = f"  {site.id} {site.start:>6}  {site.guide}  {site.prediction:.3f}  GC {site.gc:.0%}"
        line += f"  ΔΔG {site.asymmetry:+.1f}  rules {kept}/{len(site.rules)}"
        if site.off_target is not None:
            line += f"  matches {site.off_target.exact} + {site.off_target.one_mismatch}"
        lines.append(line)
    lines += [f"written to {options.out}"] if options.out else []
    return Answer({"sites": sites}, "\n".join(lines))


def _cds(text: str) -> tuple[int, int] | None:
    if not text:
        return None
    found = re.fullmatch(r"(\d{1,18})-(\d{1,18})", text, re.ASCII)
    if not found:
        raise InputError(f"--cds is {text!r}: write START-END, from 0, end not included")
    return int(found[1]), int(found[2])
