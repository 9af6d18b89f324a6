"""FASTA files and text, plain or gzip."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from dnaconv_core.data.dataset import Dataset
from dnaconv_core.data.table import unique
from dnaconv_core.data.textfile import clean_fast
from dnaconv_core.errors import DataError, InputError
from dnaconv_core.results import Record
from dnaconv_core.sequence.encoding import count_ambiguous, one_hot
from dnaconv_core.text import read_text


def read_fasta(path_or_text: Path | str, alphabet: str = "DNA") -> list[Record]:
    """The records of a FASTA file (a Path, or a file's name) or of FASTA text (begins with '>' or has several lines).

    A record's id is the first word of its header; sequences may run over any number of lines, in any case, with U or T.
    Raises InputError naming the record and position of a foreign character, DataError for a file without records.
    """
    if isinstance(path_or_text, str) and (path_or_text.lstrip().startswith(">") or "\n" in path_or_text):
        return _records(path_or_text, alphabet, "the text")
    return _records(read_text(path_or_text), alphabet, str(path_or_text))


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


def _records(text: str, alphabet: str, source: str) -> list[Record]:
    before, *blocks = ("\n" + text).replace("\r", "\n").split("\n>")
    stray = next((line for line in before.splitlines() if line.strip() and not line.startswith(";")), None)
    if stray is not None or not blocks:
        found = f"begins with {stray.strip()[:40]!r}" if stray is not None else "has no record"
        raise DataError(f"{source} {found}: FASTA records begin with a line such as '>name'")
    records = []
    for number, block in enumerate(blocks, 1):
        header, _, body = block.partition("\n")
        name = header.split()[0] if header.split() else f"seq_{number}"
        where = f"{source}: record {number} ({name!r})"
        if ";" in body:
            body = "\n".join(line for line in body.split("\n") if not line.startswith(";"))
        sequence = clean_fast("".join(body.split()), alphabet, where)
        if not sequence:
            raise InputError(f"{where} is empty: add letters below its header or remove it")
        records.append(Record(name, sequence, count_ambiguous(sequence)))
    return records
