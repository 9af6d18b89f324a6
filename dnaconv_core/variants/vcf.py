"""A small, strict reader and writer of VCF, plain or gzip, line by line."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from dnaconv_core.errors import DataError
from dnaconv_core.text import open_text

_ALLELE = re.compile(r"[ACGTURYSWKMBDHVNacgturyswkmbdhvn]+")
_FIXED = ("#CHROM", "POS", "ID", "REF", "ALT", "QUAL", "FILTER", "INFO")
_POSITION = re.compile(r"\d{1,18}", re.ASCII)


class Variant(NamedTuple):
    """One line of a VCF; `pos` is 1-based, as the file has it."""

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


def read_vcf(path: Path | str) -> VcfFile:
    """Open a VCF; its variants are read as they are asked for.

    Raises DataError naming the line: no '#CHROM' header, too few columns, a position that is no number, or a REF that
    is not bases.
    """
    path = Path(path)
    lines = iter(enumerate(open_text(path), 1))
    header: list[str] = []
    for number, line in lines:
        if line.startswith("##"):
            header.append(line)
        elif line.startswith("#CHROM\t"):
            header.append(line)
            return VcfFile(header, _variants(path, lines))
        elif line.startswith("#CHROM"):
            raise DataError(f"{path}: line {number} has no tabs: a VCF has them between its columns")
        elif line.strip():
            raise DataError(f"{path}: line {number} comes before a header: a VCF has a line that begins with '#CHROM'")
    raise DataError(f"{path} has no '#CHROM' line: it is no VCF, or an empty one")


def _variants(path: Path, lines: Iterator[tuple[int, str]]) -> Iterator[Variant]:
    for number, line in lines:
        if not line.strip():
            continue
        fields = tuple(line.split("\t"))
        if len(fields) < 5:
            raise DataError(f"{path}: line {number} has {len(fields)} columns: a VCF has 5 or more, with tabs between")
        chrom, pos, name, ref, alt = fields[:5]
        if not _POSITION.fullmatch(pos):
            raise DataError(f"{path}: line {number} has the position {pos[:40]!r}: it must be a whole number")
        if not is_bases(ref):
            raise DataError(f"{path}: line {number} has the REF {ref[:40]!r}: it must be bases")
        alts = () if alt in (".", "") else tuple(alt.split(","))
        yield Variant(chrom, int(pos), name, ref.upper(), alts, fields, number)


INFO = (
    '##INFO=<ID=DNACONV_LOGIT,Number=A,Type=Float,Description="Model output before the sigmoid, ALT minus REF">',
    '##INFO=<ID=DNACONV_PREDICTION,Number=A,Type=Float,Description="Model prediction, ALT minus REF">',
    '##INFO=<ID=DNACONV_BEST_LOGIT,Number=A,Type=Float,Description="Largest change over windows and strands">',
    '##INFO=<ID=DNACONV_STATUS,Number=A,Type=String,Description="ok, or why this allele was not scored as usual">',
)


def annotated_header(header: list[str]) -> list[str]:
    """The header with the lines that describe what `annotated` adds, in place of any from an earlier time."""
    kept = [line for line in header if not line.startswith("##INFO=<ID=DNACONV_")]
    columns = kept[-1].split("\t")  # a file without INFO gets the column
    return [*kept[:-1], *INFO, "\t".join([*columns, *_FIXED[len(columns) :]])]


def annotated(variant: Variant, values: dict[str, list[str]]) -> str:
    """The variant's line with these INFO entries, in place of any of their name; the rest is left as it was."""
    fields = [*variant.fields, *("." for _ in _FIXED[len(variant.fields) :])]
    kept = [] if fields[7] in (".", "") else fields[7].split(";")
    kept = [entry for entry in kept if entry.partition("=")[0] not in values]
    fields[7] = ";".join(kept + [f"{key}={','.join(per_allele)}" for key, per_allele in values.items()])
    return "\t".join(fields)
