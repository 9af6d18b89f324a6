"""Loci on a genome: chromosome, start, end, strand, 0-based and half-open, as in BED and in the ids of windows."""

from __future__ import annotations

import re
from typing import NamedTuple
from urllib.parse import urlencode

from dnaconv_core.errors import InputError

_LOCUS = re.compile(r"(\S+):([\d,]{1,18})-([\d,]{1,18})(?:\(([+-])\))?", re.ASCII)  # numbers that int64 holds


class Locus(NamedTuple):
    """Bases [start, end) of `chrom`, counted from 0; strand '+', '-', or '.' where it does not matter."""

    chrom: str
    start: int
    end: int
    strand: str = "."

    @property
    def length(self) -> int:
        return self.end - self.start


def find_locus(text: str) -> Locus | None:
    """The locus that `text` writes, or None where it writes none: ids may be anything."""
    match = _LOCUS.fullmatch(text.strip())
    if match is None:
        return None
    digits = match[2].replace(",", ""), match[3].replace(",", "")
    if not all(digits) or int(digits[0]) >= int(digits[1]):
        return None
    return Locus(match[1], int(digits[0]), int(digits[1]), match[4] or ".")


def parse_region(text: str) -> Locus:
    """The bases that a region means as samtools and genome browsers write it: 'chr22:101-200' is [100, 200).

    The first and the last base, both included and counted from 1, with or without commas in the numbers and '(+)' or
    '(-)' behind. Raises InputError saying what is wrong with it.
    """
    given = text.strip()
    match = _LOCUS.fullmatch(given)
    if match is None:
        raise InputError(f"{given[:60]!r} is no region: write chromosome:first-last, such as chr22:20208964-20209064")
    first, last = (int(digits.replace(",", "") or 0) for digits in (match[2], match[3]))
    if first < 1:
        raise InputError(f"the region {given[:60]!r} begins at 0: bases are counted from 1 here, both ends included")
    if last < first:
        raise InputError(f"the region {given[:60]!r} is empty: its last base must not lie before its first")
    return Locus(match[1], first - 1, last, match[4] or ".")


def format_region(locus: Locus) -> str:
    """'chr22:101-200' for [100, 200): what `parse_region` reads."""
    return f"{locus.chrom}:{locus.start + 1}-{locus.end}"


def format_locus(locus: Locus) -> str:
    """'chr22:100-200', followed by '(+)' or '(-)' where the locus has a strand: what `find_locus` reads."""
    strand = f"({locus.strand})" if locus.strand in "+-" else ""
    return f"{locus.chrom}:{locus.start}-{locus.end}{strand}"


def contig_key(name: str) -> str:
    """What names of one contig have in common: 'chr1', 'Chr1' and '1' → '1'; 'chrM', 'MT' and 'chrMT' → 'M'."""
    bare = name[3:] if name[:3].lower() == "chr" and len(name) > 3 else name
    return "M" if bare in ("M", "MT") else bare


def browser_url(locus: Locus, assembly: str, *, flank: int = 0) -> str:
    """The UCSC Genome Browser's page of a locus; `assembly` by UCSC's name ('hg19'), `flank` more bases on either side.

    The browser counts from 1 and includes the end, so [100, 200) is shown as 101-200. Raises InputError for an assembly
    that is no plain name.
    """
    if not re.fullmatch(r"[A-Za-z0-9_.]+", assembly):
        raise InputError(f"assembly is {assembly!r}: give its UCSC name, such as hg19 or mm10")
    position = format_region(locus._replace(start=max(locus.start - flank, 0), end=locus.end + flank))
    return "https://genome.ucsc.edu/cgi-bin/hgTracks?" + urlencode({"db": assembly, "position": position}, safe=":")
