"""What the headers of FASTA records tell in addition to a name: a locus with its strand, and a label."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from dnaconv_core.errors import InputError
from dnaconv_core.sequence.interval import Locus

KEYS = ("class", "label", "y", "target", "bound", "score", "value", "activity", "expression", "signal", "affinity")
_NO_LABELS = {"range", "strand", "5'pad", "3'pad", "repeatmasking", "chromosome", "chr", "gene", "transcript", "length"}
_KEY = re.compile(r"[\w.' -]{1,40}")
_PAIR = re.compile(r"(?:^|[;|,\s])\s*([A-Za-z][\w.']{0,39})\s*[:=]\s*([^;|,\s]{1,60})")
HEADER_LETTERS = 2000  # of a header that are looked at
_NAME = r"([A-Za-z0-9][\w.*-]{0,80}?)"
_END = r"(?=$|[\s;|,])"
_LOCI = tuple(  # each with groups of a name, two numbers and, where there is one, a strand; and the first number's base
    (re.compile(pattern, re.ASCII), base)
    for pattern, base in (
        (r"(?:.*?\s)?range=" + _NAME + r":(\d{1,15})-(\d{1,15})\b(?:.*?\bstrand=([+-]))?", 1),  # UCSC's tables
        (r"(?:.*?\s)?(?:chromosome|scaffold|contig|primary_assembly):[^:\s]+:" + _NAME
         + r":(\d{1,15}):(\d{1,15}):(-?1)" + _END, 1),  # Ensembl
        (r"(?:\S*::)?" + _NAME + r":(\d[\d,]{0,18})-(\d[\d,]{0,18})(?:[:_]?\(?([+-])\)?)?" + _END, 0),  # BED's
        (_NAME + r",([+-]),(\d{1,15}),(\d{1,15})" + _END, 0),
        (r"(?:[A-Za-z]+\d+_)?(chr\w{1,20}?|\d{1,2}|[XYM]|MT)_(\d{1,15})_(\d{1,15})(?:_([+-]))?" + _END, 0),  # Galaxy
    )
)  # fmt: skip
_STRANDS = {"+": "+", "-": "-", "1": "+", "-1": "-"}


def header_locus(header: str) -> Locus | None:
    """The locus that a header begins with or names, from 0 and half-open, or None.

    'chr1:100-200(-)', 'peak::chr1:100-200', 'chr1,+,100,200', 'hg19_chr1_100_200_+', UCSC's 'range=chr1:101-200
    strand=-' and Ensembl's 'chromosome:GRCh38:1:101:200:-1', both counted from 1.
    """
    for pattern, base in _LOCI:
        match = pattern.match(header[:HEADER_LETTERS])
        if match is None:
            continue
        name, *rest = match.groups()
        strand = rest[0] if rest[0] in ("+", "-") else _STRANDS.get(rest[2], ".") if len(rest) > 2 else "."
        numbers = [int(part.replace(",", "")) for part in rest if part and part not in ("+", "-")][:2]
        start, end = numbers[0] - base, numbers[1]
        return Locus(name, start, end, strand) if 0 <= start < end else None
    return None


class LabelPlace(NamedTuple):
    """Where the label stands: after `key` and ':' or '=', or after the last '|' where the key is '|'."""

    key: str
    why: str

    def find(self, header: str) -> str:
        """The label of a header, '' where it has none."""
        header = header[:HEADER_LETTERS]
        if self.key == "|":
            return header.rpartition("|")[2].strip() if "|" in header else ""
        wanted = self.key.lower()
        return next((value for key, value in _PAIR.findall(header) if key.lower() == wanted), "")


def label_place(headers: Sequence[str], pattern: str = "") -> LabelPlace | None:
    """Where labels stand in these headers. pattern: a key such as 'class', '|' for what follows the last '|', 'none',
    or '' to find out: a key that nine of ten headers have, or a last '|'.

    Raises InputError for a pattern that is neither, or that no header has.
    """
    if pattern == "none":
        return None
    if pattern:
        if pattern != "|" and not _KEY.fullmatch(pattern):
            raise InputError(
                f"the label pattern {pattern[:60]!r} is no key: give the word before the label, such as class in "
                "'>id;class:1', or | for what follows the last '|'"
            )
        place = LabelPlace(pattern.strip(), "as told")
        if headers and not any(map(place.find, headers)):
            raise InputError(f"no header has a label {pattern[:60]!r}: the first is {headers[0][:60]!r}")
        return place
    return _guessed(headers)


def _guessed(headers: Sequence[str]) -> LabelPlace | None:
    if not headers:
        return None
    found = Counter(key for header in headers for key in {k.lower() for k, _ in _PAIR.findall(header[:HEADER_LETTERS])})
    common = [key for key, times in found.items() if times >= 0.9 * len(headers) and key not in _NO_LABELS]
    key = next((key for key in KEYS if key in common), None)
    if key:
        return LabelPlace(key, f"headers have {key!r} before a value")
    last = LabelPlace("|", "a short word or a number follows the last '|' of headers")
    values = [last.find(header) for header in headers]
    many = len(set(values)) > max(20, len(values) // 2) and not all(map(_is_number, filter(None, values)))
    return last if not many and sum(map(bool, values)) >= 0.9 * len(values) else None


def _is_number(text: str) -> bool:
    try:
        return float(text) == float(text)
    except ValueError:
        return False


def header_id(header: str, place: LabelPlace | None) -> str:
    """The name in a header: its first word without the label."""
    name = header.split(";", 1)[0]
    if place is not None and place.key == "|":
        name = name.rpartition("|")[0] or name
    words = name.split()
    return words[0].rstrip(",|") if words else ""
