"""Variant effects as a table and as an annotated VCF."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import TextIO

from dnaconv_core.files import safe_cell
from dnaconv_core.variants.effects import VariantEffect
from dnaconv_core.variants.null import Judged
from dnaconv_core.variants.vcf import JUDGED_INFO, annotated, annotated_header

COLUMNS = (
    "chrom", "pos", "id", "ref", "alt", "effect_logit", "effect_probability", "ref_logit", "alt_logit",
    "ref_probability", "alt_probability", "best_effect_logit", "best_start", "best_strand", "motifs_gained",
    "motifs_lost", "window_start", "status",
)  # fmt: skip


JUDGED = (
    "null_percentile", "null_p", "null_q", "effect_low", "effect_high", "best_percentile", "best_p", "best_q",
    "null_source",
)  # fmt: skip


def table_row(effect: VariantEffect) -> list[str | int]:
    """One effect in the order of COLUMNS; what it lacks is empty, and no text can act as a formula."""
    v = effect.variant
    numbers = [effect.effect_logit, effect.effect_prediction, effect.ref_logit, effect.alt_logit]
    numbers += [effect.ref_prediction, effect.alt_prediction, effect.best_effect_logit]
    return [
        *map(safe_cell, (v.chrom, str(v.pos), v.id, v.ref, effect.alt)),
        *("" if number is None else f"{number:.6g}" for number in numbers),
        "" if effect.best_start is None else effect.best_start,
        effect.best_strand and f"({effect.best_strand})",
        " ".join(map(str, effect.gained)),
        " ".join(map(str, effect.lost)),
        "" if effect.window_start is None else effect.window_start,
        effect.status,
    ]


def judged_row(one: Judged) -> list[str | int]:
    """One effect and its null in the order of COLUMNS and JUDGED."""
    null = one.null
    numbers = [null and null.percentile, one.p, one.q, one.low, one.high]
    numbers += [null and null.largest_percentile, one.largest_p, one.largest_q]
    more = ["" if number is None else f"{number:.6g}" for number in numbers]
    return [*table_row(one.effect), *more, null.source if null else ""]


def write_table(
    file: TextIO, effects: Iterable[VariantEffect], judged: Sequence[Judged] = ()
) -> Iterator[VariantEffect]:
    """Write each effect as it passes through. judged: the same effects with their nulls, which add columns."""
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow((*COLUMNS, *JUDGED) if judged else COLUMNS)
    for number, effect in enumerate(effects):
        writer.writerow(judged_row(judged[number]) if judged else table_row(effect))
        yield effect


def write_vcf(
    file: TextIO, header: list[str], effects: Iterable[VariantEffect], judged: Sequence[Judged] = ()
) -> Iterator[VariantEffect]:
    """Write the lines of a VCF with their effects added as the effects pass through, which come in the file's order.

    judged: the same effects with their nulls, which add entries.
    """
    file.writelines(f"{line}\n" for line in annotated_header(header, JUDGED_INFO if judged else ()))
    at = 0
    for _, alleles in groupby(effects, key=lambda effect: effect.variant.line):
        group = list(alleles)
        values = {
            "DNACONV_LOGIT": [_number(effect.effect_logit) for effect in group],
            "DNACONV_PREDICTION": [_number(effect.effect_prediction) for effect in group],
            "DNACONV_BEST_LOGIT": [_number(effect.best_effect_logit) for effect in group],
            "DNACONV_STATUS": [effect.status.split(":")[0] for effect in group],
        }
        if judged:
            some = judged[at : at + len(group)]
            values["DNACONV_PERCENTILE"] = [_number(one.null and one.null.percentile) for one in some]
            values |= {"DNACONV_P": [_number(one.p) for one in some], "DNACONV_Q": [_number(one.q) for one in some]}
        at += len(group)
        file.write(annotated(group[0].variant, values) + "\n")
        yield from group


def _number(value: float | None) -> str:
    return "." if value is None else f"{value:.5g}"
