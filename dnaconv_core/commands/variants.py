"""`dnaconv variants`: what the variants of a VCF do to a prediction."""

from __future__ import annotations

from argparse import Namespace
from contextlib import ExitStack
from typing import Any

from dnaconv_core.commands.base import Answer, chosen_output, open_model, skipped_json, task_option, with_model
from dnaconv_core.commands.sequences import covariate_option, given_covariates
from dnaconv_core.progress import Bar

_SHOWN = 50  # variants printed


def add(groups: Any, command: Any) -> None:
    changing = with_model(
        command(groups, "variants", variants, "score variants of a VCF: alternative minus reference allele")
    )
    changing.add_argument("--vcf", required=True, metavar="FILE", help="variants, plain or gzip")
    changing.add_argument("--genome", required=True, metavar="FASTA", help="the genome that the VCF refers to")
    changing.add_argument("--out", default="", metavar="FILE.csv", help="write the table there")
    changing.add_argument("--vcf-out", default="", metavar="FILE.vcf", help="write the VCF with effects added there")
    changing.add_argument("--motif", action="append", default=[], metavar="WORD", help="list hits of this IUPAC word")
    covariate_option(changing)
    task_option(changing)


def variants(options: Namespace) -> Answer:
    from dnaconv_core.data.genome import Genome
    from dnaconv_core.experiments import all_experiments
    from dnaconv_core.sequence.motif import from_iupac
    from dnaconv_core.variants.effects import score_variants
    from dnaconv_core.variants.files import write_table, write_vcf
    from dnaconv_core.variants.vcf import read_vcf
    from dnaconv_core.wholefile import WholeFile

    bundle = open_model(options)
    known = all_experiments().get(bundle.experiment)
    words = options.motif or ([known.motif] if known is not None and known.motif else [])
    file, of = read_vcf(options.vcf), chosen_output(options, bundle.config)
    rows, lines, n = [], list(of.lines), 0
    with ExitStack() as stack:
        genome = stack.enter_context(Genome(options.genome))
        effects = score_variants(
            bundle.model,
            file.variants,
            genome,
            covariates=given_covariates(bundle, options.covariate),
            motifs=[from_iupac(word, word) for word in words],
            task=of.number,
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
    if not n:
        lines.append(f"{options.vcf} has no variants")
    shown = lines + ([f"… and {n - _SHOWN:,} more"] if n > _SHOWN else [])
    shown += [f"written to {path}" for path in (options.out, options.vcf_out) if path]
    return Answer({**of.facts, "variants": rows, **skipped_json(file.skipped)}, "\n".join(shown))
