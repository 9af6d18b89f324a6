"""`dnaconv variants`: what the variants of a VCF do to a prediction."""

from __future__ import annotations

from argparse import Namespace
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from dnaconv_core.cluster.where import where
from dnaconv_core.commands.base import (
    Answer,
    chosen_output,
    on_option,
    open_model,
    siblings_of,
    skipped_json,
    task_option,
    with_model,
)
from dnaconv_core.commands.sequences import covariate_option, given_covariates
from dnaconv_core.progress import Bar

if TYPE_CHECKING:
    from dnaconv_core.variants.null import Judged

_SHOWN = 50  # variants printed


def add(groups: Any, command: Any) -> None:
    changing = with_model(
        command(groups, "variants", variants, "score variants of a VCF: alternative minus reference allele")
    )
    changing.add_argument("--vcf", required=True, metavar="FILE", help="variants, plain or gzip")
    changing.add_argument(
        "--genome", required=True, metavar="FILE", help="FASTA or 2bit file, or the name of a genome in the home folder"
    )
    changing.add_argument("--out", default="", metavar="FILE.csv", help="write the table there")
    changing.add_argument("--vcf-out", default="", metavar="FILE.vcf", help="write the VCF with effects added there")
    changing.add_argument("--motif", action="append", default=[], metavar="WORD", help="list hits of this IUPAC word")
    changing.add_argument(
        "--null",
        type=int,
        default=0,
        metavar="N",
        help="compare each effect with N matched random variants of its region: percentile, p and q (100 is enough)",
    )
    covariate_option(changing)
    on_option(changing)
    task_option(changing)


def variants(options: Namespace) -> Answer:
    from dnaconv_core.data.genome import Genome
    from dnaconv_core.data.references import GENOMES, reference
    from dnaconv_core.experiments import all_experiments
    from dnaconv_core.sequence.motif import from_iupac
    from dnaconv_core.variants.effects import score_variants
    from dnaconv_core.variants.files import as_json, judged_json, write_table, write_vcf
    from dnaconv_core.variants.null import Verdicts, threshold_words, verdicts
    from dnaconv_core.variants.vcf import read_vcf
    from dnaconv_core.wholefile import WholeFile

    bundle = open_model(options)
    known = all_experiments().get(bundle.experiment)
    words = options.motif or ([known.motif] if known is not None and known.motif else [])
    file, of, on = read_vcf(options.vcf), chosen_output(options, bundle.config), where(options.on)
    rows, lines, n = [], list(of.lines), 0
    with ExitStack() as stack:
        genome = stack.enter_context(Genome(reference(GENOMES, options.genome)))
        beside = given_covariates(bundle, options.covariate)
        effects = score_variants(
            bundle.model,
            file.variants,
            genome,
            covariates=beside,
            motifs=[from_iupac(word, word) for word in words],
            task=of.number,
            on=on,
            progress=Bar(),
        )
        found = Verdicts([], None, "")
        if options.null:
            models = [bundle.model, *siblings_of(options.model)]
            how: dict[str, Any] = {"covariates": beside, "task": of.number, "on": on, "progress": Bar()}
            found = verdicts(models, effects, genome, n=options.null, **how)
            effects = iter([one.effect for one in found.judged])
        if options.out:
            effects = write_table(stack.enter_context(WholeFile(options.out)).file, effects, found.judged)
        if options.vcf_out:
            effects = write_vcf(
                stack.enter_context(WholeFile(options.vcf_out)).file, file.header, effects, found.judged
            )
        for n, effect in enumerate(effects, 1):  # millions go by: only what is printed is kept
            v = effect.variant
            if options.json:
                rows.append(as_json(effect) | (judged_json(found.judged[n - 1]) if options.null else {}))
            elif n <= _SHOWN:
                number = "      –" if effect.effect_logit is None else f"{effect.effect_logit:+.4f}"
                chance = _chance(found.judged[n - 1]) if options.null else ""
                lines.append(f"{v.chrom}:{v.pos} {v.ref[:12]}>{effect.alt[:12]}  {number}{chance}  {effect.status}")
    if not n:
        lines.append(f"{options.vcf} has no variants")
    shown = lines + ([f"… and {n - _SHOWN:,} more"] if n > _SHOWN else [])
    shown += [f"written to {path}" for path in (options.out, options.vcf_out) if path]
    facts: dict[str, Any] = {**of.facts, "variants": rows}
    if options.null:
        facts |= {"null_threshold": found.threshold, "best_threshold": found.largest_threshold}
        facts |= {"spread": found.spread or None}
        shown += [threshold_words(found.threshold, "logit")] if found.threshold is not None else []
    return Answer({**facts, **skipped_json(file.skipped)}, "\n".join(shown))


def _chance(one: Judged) -> str:
    return "" if one.null is None else f"  larger than {one.null.percentile:.1%} of matched ones, q {one.q:.2g}"
