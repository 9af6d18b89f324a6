"""`dnaconv scan`: every window of long sequences, on both strands."""

from __future__ import annotations

from argparse import Namespace
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from dnaconv_core.answers.outputs import answer_of_one
from dnaconv_core.commands.base import Answer, chosen_output, open_model, skipped_json, task_option, tell, with_model
from dnaconv_core.commands.sequences import covariate_option, given_covariates
from dnaconv_core.errors import InputError
from dnaconv_core.progress import Bar

if TYPE_CHECKING:
    from dnaconv_core.data.genome import Contig
    from dnaconv_core.model.bundle import Bundle
    from dnaconv_core.results import Skipped

_SMALL = 64 << 20  # bytes of FASTA that are read whole


def add(groups: Any, command: Any) -> None:
    scanning = with_model(command(groups, "scan", scan, "score every window of long sequences, on both strands"))
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
    covariate_option(scanning)
    task_option(scanning)


def scan(options: Namespace) -> Answer:
    from dnaconv_core.scan.files import scan_to_files
    from dnaconv_core.scan.scan import ScanOptions, plan_scan

    bundle = open_model(options)
    of = chosen_output(options, bundle.config)
    threshold, words = _threshold(bundle, of.number, options.threshold, options.fpr)
    given = given_covariates(bundle, options.covariate)
    how = ScanOptions(edges=options.edges, covariates=given, max_unknown=options.max_unknown)
    with ExitStack() as stack:
        targets, skipped = _targets(stack, options.fasta, options.region, bundle.config.alphabet)
        results = scan_to_files(
            bundle.model,
            targets,
            threshold=threshold,
            task=of.number,
            how=how,
            bed=options.bed,
            bedgraph=options.bedgraph,
            bigwig=options.bigwig,
            progress=Bar(),
        )
    plan = plan_scan(bundle.model, edges=options.edges)
    lines = [*of.lines, f"{plan.method} scan, {plan.edges} edges{'; ' + plan.note if plan.note else ''}; peaks {words}"]
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
    return Answer({**of.facts, "sequences": sequences, **skipped_json(skipped)}, "\n".join(lines))


def _threshold(bundle: Bundle, output: int, threshold: float | None, fpr: float | None) -> tuple[float, str]:
    """The least prediction of a peak, and how it was chosen: as given, by the negatives, else 0.5."""
    from dnaconv_core.evaluate.calibration import read_reference, scanned_negatives
    from dnaconv_core.scan.tracks import threshold_at

    if threshold is not None:
        if np.isnan(threshold):
            raise InputError("--threshold is nan: it must be a number")
        return threshold, f"from {threshold:g}"
    if not answer_of_one(bundle.config.answer).yes_or_no:
        if fpr is not None:
            raise InputError("--fpr needs a yes-or-no model: this one predicts a number, give --threshold")
        return float("inf"), "none: this model predicts a number, give --threshold"
    reference = read_reference(bundle.path, output)
    if reference is None or not len(reference.negatives):
        if fpr is not None:
            raise InputError(f"--fpr needs validation predictions, which {bundle.path} does not have: give --threshold")
        return 0.5, "from 0.5 (there are no validation negatives to choose by)"
    negatives = scanned_negatives(bundle.model, reference, output)
    share = max(0.01, 1 / len(negatives)) if fpr is None else fpr
    chosen = threshold_at(negatives, share)
    return chosen, f"from {chosen:.4g}, which {share:g} of {len(negatives):,} validation negatives reach"


def _targets(
    stack: ExitStack, fasta: str, region: str, alphabet: str
) -> tuple[list[tuple[Contig, int, int]], list[Skipped]]:
    """What to scan (a region of a genome, the records of a small file, or a large one's contigs), and bad records."""
    from dnaconv_core.data.fasta import read_sequences, told_apart
    from dnaconv_core.data.genome import Genome, RecordContig

    path = Path(fasta)
    if region:
        contig, locus = stack.enter_context(Genome(path)).region(region)
        return [(contig, locus.start, locus.end)], []
    if path.is_file() and path.stat().st_size > _SMALL:
        return [(contig, 0, contig.length) for contig in stack.enter_context(Genome(path))], []
    given, notes = told_apart(read_sequences(path, alphabet, masked=True), fasta)
    tell(notes)
    return [(contig, 0, contig.length) for contig in map(RecordContig, given.records)], given.skipped
