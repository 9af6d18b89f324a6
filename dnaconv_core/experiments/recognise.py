"""What a user's files are, by their content, and which role each plays in a new experiment."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from dnaconv_core.data.headers import label_place
from dnaconv_core.errors import DataError, DnaConvError
from dnaconv_core.text import open_text

ROLES = {  # a form of file: what it may be, the usual first
    "table": ("table",),
    "FASTA": ("positives", "negatives", "test_positives", "test_negatives", "fasta", "class", "genome"),
    "genome": ("genome", "positives", "negatives", "fasta", "class"),
    "intervals": ("bed", "blacklist"),
    "bigWig": ("bigwig_covariate", "bigwig_label"),
    "dataset": ("dataset", "valid", "test"),
}
_LINES, _LETTERS = 2500, 50_000  # of a file that are looked at
_GENOME = 20_000  # bases of a record from which it is a contig, not an example
_BIGWIG = (b"\x26\xfc\x8f\x88", b"\x88\x8f\xfc\x26")
_BIGBED = (b"\xeb\xf2\x89\x87", b"\x87\x89\xf2\xeb")
_SEQUENCE = re.compile(r"[ACGTUN]{8,}", re.IGNORECASE)
_WHOLE = re.compile(r"\s*-?\d+\s*")
_NEGATIVE = re.compile(
    r"(?<![a-z])(neg|negatives?|background|bg|controls?|ctrl|unbound|nonbound|decoys?|random|shuffled?|no)(?![a-z])",
    re.I,
)
_SIDE = re.compile(r"pos|positives?|neg|negatives?|background|bg|controls?|data|seqs?|peaks?", re.IGNORECASE)
_TEST = re.compile(r"(?<![a-z])(test|testing|holdout|heldout)(?![a-z])", re.IGNORECASE)
_VALID = re.compile(r"(?<![a-z])(val|valid|validation|dev)(?![a-z])", re.IGNORECASE)
_BLACK = re.compile(r"black|exclu|mask", re.IGNORECASE)
_PACKED = re.compile(
    r"\.(gz|bgz|txt|csv|tsv|fa|fasta|fna|fas|bed|narrowpeak|broadpeak|bedgraph|bw|bigwig|npz|parquet)$", re.I
)


class Recognised(NamedTuple):
    """A file, what it is and why; `problem` is a sentence where it cannot be used."""

    path: Path
    form: str  # a key of ROLES; '' where it is none
    why: str
    role: str = ""  # one of ROLES[form]; '' where it is left out
    name: str = ""  # of a class or a covariate
    head: tuple[str, ...] = ()  # the first lines as they are
    problem: str = ""


def recognise(paths: Sequence[Path]) -> list[Recognised]:
    """Every file with its form, and with the role that all of them together suggest."""
    return with_roles([recognise_one(path) for path in paths])


def recognise_one(path: Path) -> Recognised:
    """The form of one file. Never raises: what is wrong is in `problem`."""
    try:
        return _recognised(path)
    except DnaConvError as error:
        return Recognised(path, "", "", problem=str(error))
    except OSError as error:
        return Recognised(path, "", "", problem=f"{path} cannot be read ({error.strerror}): choose another file")


def _recognised(path: Path) -> Recognised:
    if path.is_dir():
        if any(path.glob("metadata.csv*")) or any(path.glob("tasks.json")):
            return Recognised(path, "dataset", "a DiskDataset: a folder of shards")
        raise DataError(f"{path} is a folder, but no DiskDataset: name a file in it")
    if not path.exists():
        raise DataError(f"{path} does not exist on the machine the dashboard runs on: check the path")
    with path.open("rb") as file:
        start = file.read(4)
    if not start:
        raise DataError(f"{path.name} is empty: nothing can be read from it")
    if start in _BIGWIG:
        return Recognised(path, "bigWig", "it begins as a bigWig does")
    if start in _BIGBED:
        raise DataError(f"{path.name} is a bigBed: turn it into BED with 'bigBedToBed', or give another file")
    if start == b"PAR1":
        return Recognised(path, "table", "it is a Parquet file")
    if start == b"PK\x03\x04" and path.suffix.lower() == ".npz":
        return Recognised(path, "dataset", "arrays of numpy")
    return _of_text(path, tuple(_head(path)))


def _head(path: Path) -> Iterator[str]:
    """The first lines; a line that is longer than any of an example is cut."""
    letters = 0
    for line in islice(open_text(path, longest=1 << 28), _LINES):
        yield line[:_LETTERS]
        letters += len(line)
        if letters > _LETTERS:
            return


def _of_text(path: Path, head: tuple[str, ...]) -> Recognised:
    first = next((line for line in head if line.strip() and not line.startswith((";", "#", "track", "browser"))), "")
    if not first:
        raise DataError(f"{path.name} is empty: it has no line that says anything")
    shown = tuple(line[:200] for line in head[:12])
    if first.startswith(">"):
        longest = _longest_record(head)
        if longest >= _GENOME or path.with_name(path.name + ".fai").exists():
            return Recognised(path, "genome", f"FASTA whose first records have {longest:,} bases or more", head=shown)
        return Recognised(path, "FASTA", "its lines begin with '>'", head=shown)
    rows = [line.split("\t") if "\t" in line else line.split() for line in head if _is_row(line)]
    data = rows[1:] if len(rows) > 1 and not _is_interval(rows[0]) else rows
    if data and sum(map(_is_interval, data)) >= 0.8 * len(data) and not any(map(_SEQUENCE.fullmatch, data[0][3:])):
        return Recognised(path, "intervals", "its columns are a chromosome, a start and an end", head=shown)
    return Recognised(path, "table", "its lines have columns", head=shown)


def _is_row(line: str) -> bool:
    return bool(line.strip()) and not line.startswith(("#", "track", "browser"))


def _is_interval(row: list[str]) -> bool:
    if len(row) < 3 or any(len(text) > 15 for text in row[1:3]):
        return False
    if _SEQUENCE.fullmatch(row[0].strip()) or _numeric(row[0]):
        return False
    return bool(row[0].strip() and _WHOLE.fullmatch(row[1]) and _WHOLE.fullmatch(row[2]))


def _numeric(text: str) -> bool:
    """A number with a point: no chromosome, which may be called '7'."""
    return "." in text and text.replace(".", "").strip().isdigit()


def _longest_record(head: tuple[str, ...]) -> int:
    longest = here = 0
    for line in head:
        here = 0 if line.startswith(">") else here + len(line)
        longest = max(longest, here)
    return longest


# Roles


def with_roles(files: Sequence[Recognised]) -> list[Recognised]:
    """The files with a role each, as the forms and names of all of them suggest."""
    forms = Counter(one.form for one in files)
    given: list[Recognised] = []
    for one in files:
        role = _ROLE_OF[one.form](one, forms, given) if one.form else ""
        given.append(one._replace(role=role, name=stem(one.path)))
    return _sole_negatives(given)


def _fasta(one: Recognised, forms: Counter[str], given: list[Recognised]) -> str:
    if forms["intervals"]:
        return "" if _taken(given, "genome") or forms["genome"] else "genome"
    name = stem(one.path)
    test = "test_" if _TEST.search(name) else ""
    if forms["FASTA"] == 1:
        return "fasta" if _place(one) else "positives"
    side = "negatives" if _NEGATIVE.search(name) else "positives"
    if not _taken(given, test + side):
        return test + side
    other = test + {"negatives": "positives", "positives": "negatives"}[side]
    return other if forms["FASTA"] == 2 and not _taken(given, other) else "class"


def _sole_negatives(files: list[Recognised]) -> list[Recognised]:
    """More files than a pair are one of each class; a pair of which neither is negative has one."""
    roles = [one.role for one in files]
    if "class" in roles:
        return [one._replace(role="class") if one.form == "FASTA" else one for one in files]
    if roles.count("negatives") and not roles.count("positives"):
        last = roles.index("negatives")
        return [one._replace(role="positives") if place == last else one for place, one in enumerate(files)]
    return files


def _place(one: Recognised) -> bool:
    headers = [line[1:].strip() for line in one.head if line.startswith(">")]
    return label_place(headers) is not None


def _taken(given: list[Recognised], role: str) -> bool:
    return any(one.role == role for one in given)


def _once(role: str) -> Callable[[Recognised, Counter[str], list[Recognised]], str]:
    return lambda one, forms, given: "" if _taken(given, role) else role


def _intervals(one: Recognised, forms: Counter[str], given: list[Recognised]) -> str:
    black = bool(_BLACK.search(one.path.name)) and forms["intervals"] > 1
    role = "blacklist" if black or _taken(given, "bed") else "bed"
    return "" if _taken(given, role) else role


def _dataset(one: Recognised, forms: Counter[str], given: list[Recognised]) -> str:
    name = stem(one.path)
    role = "dataset"
    if forms["dataset"] > 1:
        role = "test" if _TEST.search(name) else "valid" if _VALID.search(name) else "dataset"
    return "" if _taken(given, role) else role


_ROLE_OF = {
    "table": _once("table"),
    "FASTA": _fasta,
    "genome": _once("genome"),
    "intervals": _intervals,
    "bigWig": lambda one, forms, given: "bigwig_covariate",
    "dataset": _dataset,
}


def title_of(path: Path) -> str:
    """Words for a title from a file's name, without those that say which of several files it is."""
    words = re.split(r"[_\W]+", stem(path))
    kept = [word for word in words if word and not (_SIDE.fullmatch(word) or _TEST.fullmatch(word))]
    return " ".join(kept or words).strip()


def stem(path: Path) -> str:
    """A file's name without its endings, as the word for a class."""
    name = path.name
    while (shorter := _PACKED.sub("", name)) != name and shorter:
        name = shorter
    return name[:60]
