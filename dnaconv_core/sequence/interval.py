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


def parse_locus(text: str) -> Locus:
    """The locus written as 'chr22:100-200', with or without '(+)' or '(-)' after it and commas in the numbers.

    Positions are taken as they stand: start from 0, end not included. Raises InputError saying what is wrong with it.
    """
    locus = find_locus(text)
    if locus is None:
        if _LOCUS.fullmatch(text.strip()):
            raise InputError(f"the locus {text.strip()[:60]!r} is empty: its end must be greater than its start")
        given = text.strip()[:60]
        raise InputError(f"{given!r} is no locus: write chromosome:start-end, such as chr22:20208963-20209064")
    return locus


def format_locus(locus: Locus) -> str:
    """'chr22:100-200', followed by '(+)' or '(-)' where the locus has a strand: what `parse_locus` reads."""
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
    position = f"{locus.chrom}:{max(locus.start - flank, 0) + 1}-{locus.end + flank}"
    return "https://genome.ucsc.edu/cgi-bin/hgTracks?" + urlencode({"db": assembly, "position": position}, safe=":")
