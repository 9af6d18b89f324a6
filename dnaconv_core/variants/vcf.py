"""A small reader and writer of VCF, plain or gzip, line by line; a line that is no variant is passed over."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from dnaconv_core.data.examples import Skipped
from dnaconv_core.errors import DataError
from dnaconv_core.sequence.encoding import AMBIGUOUS
from dnaconv_core.text import open_text

_ALLELE = re.compile(f"[ACGTU{AMBIGUOUS}]+", re.IGNORECASE | re.ASCII)
_FIXED = ("#CHROM", "POS", "ID", "REF", "ALT", "QUAL", "FILTER", "INFO")
_POSITION = re.compile(r"\d{1,18}", re.ASCII)


class Variant(NamedTuple):
    """One line of a VCF, as the file has it: `pos` is 1-based, alleles may be anything (`is_bases`)."""

    chrom: str
    pos: int
    id: str
    ref: str
    alts: tuple[str, ...]  # () where the file has '.'
    fields: tuple[str, ...]  # the line's columns as they stand
    line: int  # its number, from 1; 0 where there is no file

    @property
    def start(self) -> int:
        """The first base of REF, from 0."""
        return self.pos - 1


def is_bases(allele: str) -> bool:
    """Whether an allele is written out, rather than '*', '<DEL>' or a breakend."""
    return _ALLELE.fullmatch(allele) is not None


class VcfFile(NamedTuple):
    """The lines of a VCF: its header as it stands, then variants one by one."""

    header: list[str]
    variants: Iterator[Variant]
    skipped: list[Skipped]  # lines that are no variants, known once they have been passed


def read_vcf(path: Path | str) -> VcfFile:
    """Open a VCF; its variants are read as they are asked for.

    A line with too few columns or a position that is no number is listed in `skipped`. Raises DataError naming the
    line: no '#CHROM' header, or no line that is a variant.
    """
    path = Path(path)
    lines = iter(enumerate(open_text(path), 1))
    header: list[str] = []
    for number, line in lines:
        if line.startswith("##"):
            header.append(line)
        elif line.startswith("#CHROM\t"):
            header.append(line)
            skipped: list[Skipped] = []
            return VcfFile(header, _variants(path, lines, skipped), skipped)
        elif line.startswith("#CHROM"):
            raise DataError(f"{path}: line {number} has no tabs: a VCF has them between its columns")
        elif line.strip():
            raise DataError(f"{path}: line {number} comes before a header: a VCF has a line that begins with '#CHROM'")
    raise DataError(f"{path} has no '#CHROM' line: it is no VCF, or an empty one")


def _variants(path: Path, lines: Iterator[tuple[int, str]], skipped: list[Skipped]) -> Iterator[Variant]:
    n = 0
    for number, line in lines:
        if not line.strip():
            continue
        fields = tuple(line.split("\t"))
        if why := _no_variant(fields):
            skipped.append(Skipped(str(path), number, why))
            continue
        chrom, pos, name, ref, alt = (field.strip() for field in fields[:5])
        n += 1
        yield Variant(chrom, int(pos), name, ref, () if alt in (".", "") else tuple(alt.split(",")), fields, number)
    if skipped and not n:
        raise DataError(f"{path}: line {skipped[0].line} {skipped[0].reason}, and no other line is a variant")


def _no_variant(fields: tuple[str, ...]) -> str:
    if len(fields) < 5:
        return f"has {len(fields)} columns: a VCF has 5 or more, with tabs between"
    if not _POSITION.fullmatch(fields[1].strip()):
        return f"has the position {fields[1][:40]!r}: it must be a whole number"
    return ""


INFO = (
    '##INFO=<ID=DNACONV_LOGIT,Number=A,Type=Float,Description="Model output before the sigmoid, ALT minus REF">',
    '##INFO=<ID=DNACONV_PREDICTION,Number=A,Type=Float,Description="Model prediction, ALT minus REF">',
    '##INFO=<ID=DNACONV_BEST_LOGIT,Number=A,Type=Float,Description="Largest change over windows and strands">',
    '##INFO=<ID=DNACONV_BEST_START,Number=A,Type=Integer,Description="First base of that window, from 1">',
    '##INFO=<ID=DNACONV_BEST_STRAND,Number=A,Type=String,Description="Strand on which that window is read">',
    '##INFO=<ID=DNACONV_STATUS,Number=A,Type=String,Description="ok, or why this allele was not scored as usual">',
)


JUDGED_INFO = (
    '##INFO=<ID=DNACONV_PERCENTILE,Number=A,Type=Float,Description="Share of matched variants with less effect">',
    '##INFO=<ID=DNACONV_P,Number=A,Type=Float,Description="Share of all matched variants with as much effect">',
    '##INFO=<ID=DNACONV_Q,Number=A,Type=Float,Description="The same, after Benjamini and Hochberg">',
    '##INFO=<ID=DNACONV_LOW,Number=A,Type=Float,Description="Least DNACONV_LOGIT over members or seeds">',
    '##INFO=<ID=DNACONV_HIGH,Number=A,Type=Float,Description="Largest DNACONV_LOGIT over members or seeds">',
    '##INFO=<ID=DNACONV_BEST_PERCENTILE,Number=A,Type=Float,Description="DNACONV_PERCENTILE of the largest change">',
    '##INFO=<ID=DNACONV_BEST_P,Number=A,Type=Float,Description="DNACONV_P of the largest change">',
    '##INFO=<ID=DNACONV_BEST_Q,Number=A,Type=Float,Description="DNACONV_Q of the largest change">',
    '##INFO=<ID=DNACONV_NULL_SOURCE,Number=A,Type=String,Description="Matched variants: region, or shuffled windows">',
)


def annotated_header(header: list[str], more: Sequence[str] = ()) -> list[str]:
    """The header with the lines that describe what `annotated` adds, in place of any from an earlier time."""
    kept = [line for line in header if not line.startswith("##INFO=<ID=DNACONV_")]
    columns = kept[-1].split("\t")  # a file without INFO gets the column
    return [*kept[:-1], *INFO, *more, "\t".join([*columns, *_FIXED[len(columns) :]])]


def annotated(variant: Variant, values: dict[str, list[str]]) -> str:
    """The variant's line with these INFO entries, in place of those of an earlier time; the rest is left as it was."""
    fields = [*variant.fields, *("." for _ in _FIXED[len(variant.fields) :])]
    kept = [] if fields[7] in (".", "") else fields[7].split(";")
    kept = [entry for entry in kept if not entry.startswith("DNACONV_")]
    fields[7] = ";".join(kept + [f"{key}={','.join(per_allele)}" for key, per_allele in values.items()])
    return "\t".join(fields)
