"""`dnaconv scan`: every window of long sequences, on both strands."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from dnaconv_core.answers.outputs import answer_of_one
from dnaconv_core.cluster.where import where
from dnaconv_core.commands.base import (
    Answer,
    chosen_output,
    on_option,
    open_model,
    skipped_json,
    task_option,
    tell,
    with_model,
)
from dnaconv_core.commands.sequences import covariate_option, given_covariates
from dnaconv_core.errors import InputError
from dnaconv_core.progress import Bar

if TYPE_CHECKING:
    from dnaconv_core.data.genome import Contig
    from dnaconv_core.model.bundle import Bundle
    from dnaconv_core.results import Skipped
    from dnaconv_core.scan.files import Scanned
    from dnaconv_core.sequence.motif import Motif

_SHOWN = 20  # peaks of each sequence
_SMALL = 64 << 20  # bytes of FASTA that are read whole


def add(groups: Any, command: Any) -> None:
    scanning = with_model(command(groups, "scan", scan, "score every window of long sequences, on both strands"))
    scanning.add_argument("--fasta", required=True, metavar="FILE", help="sequences, or a genome (with --region)")
    scanning.add_argument(
        "--region",
        default="",
        metavar="CHR:FIRST-LAST",
        help="from 1, both ends included, as samtools and genome browsers count",
    )
    scanning.add_argument("--bed", default="", metavar="FILE", help="write the peaks there")
    scanning.add_argument("--bedgraph", default="", metavar="FILE", help="write every window's score there")
    scanning.add_argument("--bigwig", default="", metavar="FILE", help="the same for a genome browser")
    cut = scanning.add_mutually_exclusive_group()
    cut.add_argument(
        "--false-peaks",
        type=float,
        default=None,
        metavar="X",
        help="threshold at which so many false peaks are expected in all (default: 1)",
    )
    cut.add_argument(
        "--threshold", type=float, default=None, metavar="X", help="threshold: the lowest prediction of a peak"
    )
    cut.add_argument(
        "--fpr", type=float, default=None, metavar="X", help="threshold that this share of validation negatives reaches"
    )
    scanning.add_argument(
        "--no-chance",
        action="store_true",
        help="do not scan shuffles (faster): no q-values; needs --threshold or --fpr",
    )
    motifs = "motifs that sites are matched with: a file, or a word (default: the experiment's motif)"
    scanning.add_argument("--motifs", default="", metavar="FILE|WORD", help=motifs)
    scanning.add_argument(
        "--edges",
        choices=("exact", "context"),
        default="exact",
        help="'exact' scores each window alone; 'context' lets padded windows see the bases around (faster)",
    )
    scanning.add_argument("--max-unknown", type=int, default=0, metavar="N", help="unknown bases a window may have")
    covariate_option(scanning)
    on_option(scanning)
    task_option(scanning)


def scan(options: Namespace) -> Answer:
    from dnaconv_core.scan.chance import by_chance
    from dnaconv_core.scan.files import scan_to_files
    from dnaconv_core.scan.scan import ScanOptions, plan_scan

    bundle = open_model(options)
    of, on = chosen_output(options, bundle.config), where(options.on)
    chosen = _asked_threshold(bundle, of.number, options.threshold, options.fpr)
    if options.no_chance and not chosen:
        raise InputError("--no-chance leaves nothing to choose a threshold by: give --threshold or --fpr")
    given = given_covariates(bundle, options.covariate)
    how = ScanOptions(edges=options.edges, covariates=given, max_unknown=options.max_unknown)
    motifs = _motifs(options.motifs, bundle.experiment)
    with ExitStack() as stack:
        targets, skipped = _targets(stack, options.fasta, options.region, bundle.config.alphabet)
        wished, chance = _wished(options.false_peaks), None
        if not options.no_chance:
            chance = by_chance(bundle.model, targets, how=how, task=of.number, false_peaks=wished, progress=Bar())
        threshold = chosen[0] if chosen else chance.threshold(wished) if chance else np.inf
        results = scan_to_files(
            bundle.model,
            targets,
            threshold=threshold,
            task=of.number,
            how=how,
            motifs=motifs,
            chance=chance,
            bed=options.bed,
            bedgraph=options.bedgraph,
            bigwig=options.bigwig,
            on=on,
            progress=Bar(),
        )
    plan = plan_scan(bundle.model, edges=options.edges)
    words = chosen[1] if chosen else f"from {threshold:.4g}"
    words += f": {chance.words(threshold) if chance else 'not counted how many come by chance'}"
    lines = [*of.lines, f"{plan.method} scan, {plan.edges} edges{'; ' + plan.note if plan.note else ''}; peaks {words}"]
    for result in results:
        lines += _lines(result)
    sequences = [result._asdict() | {"peaks": [peak.as_json() for peak in result.peaks]} for result in results]
    expected = float(chance.expected(threshold)) if chance else None
    cut = {"threshold": threshold, "expected_by_chance": expected, "shuffled": chance.bases if chance else 0}
    return Answer({**of.facts, **cut, "sequences": sequences, **skipped_json(skipped)}, "\n".join(lines))


def _lines(result: Scanned) -> list[str]:
    """What was found in one sequence; first and last base, from 1."""
    missing = f", {result.n_missing:,} with unknown bases left out" if result.n_missing else ""
    lines = [f"{result.id}: {result.n_scored:,} windows scored{missing}; {len(result.peaks):,} peaks"]
    for peak in result.peaks[:_SHOWN]:
        line, site = f"  {peak.start + 1:>10} {peak.end:>10} {peak.side} {peak.score:.4f}", peak.site
        line += "" if peak.q is None else f"  q {peak.q:.2g}"
        if site:
            named = f"{site.motif} {site.word}" if site.motif else site.word
            line += f"  site {site.start + 1}-{site.end}, summit {site.summit + 1}: {named}"
        lines.append(line)
    more = len(result.peaks) - _SHOWN
    return [*lines, f"  … and {more:,} more"] if more > 0 else lines


def _motifs(given: str, experiment: str) -> Sequence[Motif]:
    """What sites are matched with: as given, else what the model's experiment is known to look for."""
    from dnaconv_core.experiments import recorded_experiment
    from dnaconv_core.interpret.naming import targets
    from dnaconv_core.sequence.motif import from_iupac

    known = recorded_experiment(experiment).motif
    if given:
        return targets(given)
    return [from_iupac(known, known)] if known else []


def _wished(false_peaks: float | None) -> float:
    from dnaconv_core.scan.chance import FALSE_PEAKS

    return FALSE_PEAKS if false_peaks is None else false_peaks


def _asked_threshold(
    bundle: Bundle, output: int, threshold: float | None, fpr: float | None
) -> tuple[float, str] | None:
    """The least prediction of a peak where it or a share of the negatives was asked for, and the words for it."""
    from dnaconv_core.evaluate.calibration import read_reference, scanned_negatives
    from dnaconv_core.scan.tracks import threshold_at

    if threshold is not None:
        if np.isnan(threshold):
            raise InputError("--threshold is nan: it must be a number")
        return threshold, f"from {threshold:g}"
    if fpr is None:
        return None
    if not answer_of_one(bundle.config.answer).yes_or_no:
        raise InputError("--fpr needs a yes-or-no model: this one predicts a number, give --threshold")
    reference = read_reference(bundle.path, output)
    if reference is None or not len(reference.negatives):
        raise InputError(f"--fpr needs validation predictions, which {bundle.path} does not have: give --threshold")
    negatives = scanned_negatives(bundle.model, reference, output)
    chosen = threshold_at(negatives, fpr)
    return chosen, f"from {chosen:.4g}, which {fpr:g} of {len(negatives):,} validation negatives reach"


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
