"""FASTA files and text, plain or gzip."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from dnaconv_core.data.dataset import Dataset
from dnaconv_core.data.table import unique
from dnaconv_core.errors import DataError, InputError
from dnaconv_core.results import Record, Skipped
from dnaconv_core.sequence.encoding import Parsed, one_hot, parse_records
from dnaconv_core.text import read_text


def read_fasta(path_or_text: Path | str, alphabet: str = "DNA") -> list[Record]:
    """The records of a FASTA file (a Path, or a file's name) or of FASTA text (begins with '>' or has several lines).

    A record's id is the first word of its header; sequences may run over any number of lines, in any case, with U or T.
    Raises InputError naming the record and position of a foreign character, DataError for a file without records.
    """
    if isinstance(path_or_text, str) and (path_or_text.lstrip().startswith(">") or "\n" in path_or_text):
        return parse_records(path_or_text, alphabet, name="the text").whole()
    return parse_records(read_text(path_or_text), alphabet, name=str(path_or_text)).whole()


def read_sequences(path: Path | str, alphabet: str = "DNA", *, masked: bool = False) -> Parsed:
    """The records of a FASTA file and those that cannot be used. masked: X and '-' are unknown bases.

    Raises DataError for a file without records, InputError where none can be used.
    """
    return parse_records(read_text(path), alphabet, name=str(path), masked=masked).usable()


def told_apart(parsed: Parsed, source: str, *, least: int = 0, what: str = "") -> tuple[Parsed, tuple[str, ...]]:
    """The records with ids of their own, without those of fewer than `least` bases; and a note where ids changed.

    what: has that many bases, such as 'a target site'. Raises InputError where none is long enough.
    """
    short = {i for i, record in enumerate(parsed.records) if len(record.sequence) < least}
    whys = [f"has {len(parsed.records[i].sequence)} bases: {what} has {least}" for i in sorted(short)]
    lines = [parsed.lines[i] for i in sorted(short)]
    if short and len(short) == len(parsed.records):
        raise InputError(f"{source}: sequence 1 ({parsed.records[0].id[:60]!r}) {whys[0]}")
    skipped = [*parsed.skipped, *(Skipped(source, line, why) for line, why in zip(lines, whys, strict=True))]
    kept = [i for i in range(len(parsed.records)) if i not in short]
    notes: list[str] = []
    names = unique([parsed.records[i].id for i in kept], source, notes)
    records = [parsed.records[i]._replace(id=name) for i, name in zip(kept, names, strict=True)]
    return Parsed(records, [parsed.lines[i] for i in kept], sorted(skipped, key=_line), parsed.errors), tuple(notes)


def _line(skipped: Skipped) -> int:
    return skipped.line


def read_fasta_dataset(path: Path | str, *, alphabet: str = "DNA") -> Dataset:
    """The records of a FASTA file as a dataset without labels: `y` and `w` are `(N, 0)`.

    An id that comes again gets a number behind it. Raises DataError when lengths differ, and as `read_fasta` does.
    """
    records = read_fasta(Path(path), alphabet)
    for number, record in enumerate(records, 1):
        if len(record.sequence) != len(records[0].sequence):
            raise DataError(
                f"{path}: record {number} ({record.id!r}) has {len(record.sequence)} bases and the first has "
                f"{len(records[0].sequence)}: a dataset needs equal lengths; 'dnaconv data import' takes any"
            )
    notes: list[str] = []
    ids = np.array(unique([record.id for record in records], str(path), notes), dtype=str)
    none = np.empty((len(records), 0), np.float32)
    X = one_hot([record.sequence for record in records], alphabet)
    return Dataset(X, none, none.copy(), ids, alphabet=alphabet, name=Path(path).name, notes=tuple(notes))
