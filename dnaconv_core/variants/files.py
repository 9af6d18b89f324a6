"""Variant effects as a table and as an annotated VCF."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import Any, TextIO

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


def as_json(effect: VariantEffect) -> dict[str, Any]:
    """One effect by COLUMNS; None for a number it lacks. `pos` counts from 1, starts of windows from 0."""
    v = effect.variant
    values: list[Any] = [v.chrom, v.pos, v.id, v.ref, effect.alt, effect.effect_logit, effect.effect_prediction]
    values += [effect.ref_logit, effect.alt_logit, effect.ref_prediction, effect.alt_prediction]
    values += [effect.best_effect_logit, effect.best_start, effect.best_strand or None]
    values += [list(map(str, effect.gained)), list(map(str, effect.lost)), effect.window_start, effect.status]
    return dict(zip(COLUMNS, values, strict=True))


def judged_json(one: Judged) -> dict[str, Any]:
    """What the null of one adds, by JUDGED."""
    null = one.null
    values: list[Any] = [null and null.percentile, one.p, one.q, one.low, one.high]
    values += [null and null.largest_percentile, one.largest_p, one.largest_q, null and null.source]
    return dict(zip(JUDGED, values, strict=True))


def table_row(effect: VariantEffect) -> list[str | int]:
    """One effect in the order of COLUMNS; what it lacks is empty, and no text can act as a formula."""
    row = as_json(effect)
    row["best_strand"] = effect.best_strand and f"({effect.best_strand})"
    cells = {name: safe_cell(str(row[name])) for name in ("chrom", "pos", "id", "ref", "alt")}
    return [cells.get(name, _cell(value)) for name, value in row.items()]


def judged_row(one: Judged) -> list[str | int]:
    """One effect and its null in the order of COLUMNS and JUDGED."""
    return [*table_row(one.effect), *map(_cell, judged_json(one).values())]


def _cell(value: Any) -> str | int:
    if value is None:
        return ""
    if isinstance(value, list):
        return " ".join(value)
    return f"{value:.6g}" if isinstance(value, float) else value


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
        some = judged[at : at + len(group)]
        at += len(group)
        entries = [_entries(effect) for effect in group]
        if judged:
            entries = [{**own, **_judged_entries(one)} for one, own in zip(some, entries, strict=True)]
        values = {name: [one[name] for one in entries] for name in entries[0]}
        file.write(annotated(group[0].variant, values) + "\n")
        yield from group


def _entries(effect: VariantEffect) -> dict[str, str]:
    """The INFO entries of one allele."""
    return {
        "DNACONV_LOGIT": _number(effect.effect_logit),
        "DNACONV_PREDICTION": _number(effect.effect_prediction),
        "DNACONV_BEST_LOGIT": _number(effect.best_effect_logit),
        "DNACONV_BEST_START": "." if effect.best_start is None else str(effect.best_start + 1),
        "DNACONV_BEST_STRAND": effect.best_strand or ".",
        "DNACONV_STATUS": effect.status.split(":")[0],
    }


def _judged_entries(one: Judged) -> dict[str, str]:
    """What the null of one adds: the names of JUDGED, of which those of its own window are the short ones."""
    null = one.null
    return {
        "DNACONV_PERCENTILE": _number(null and null.percentile),
        "DNACONV_P": _number(one.p),
        "DNACONV_Q": _number(one.q),
        "DNACONV_LOW": _number(one.low),
        "DNACONV_HIGH": _number(one.high),
        "DNACONV_BEST_PERCENTILE": _number(null and null.largest_percentile),
        "DNACONV_BEST_P": _number(one.largest_p),
        "DNACONV_BEST_Q": _number(one.largest_q),
        "DNACONV_NULL_SOURCE": null.source if null else ".",
    }


def _number(value: float | None) -> str:
    return "." if value is None else f"{value:.5g}"
