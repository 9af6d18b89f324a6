"""Sequences by name and position: records in memory, and genomes on disk read through their index (pyfaidx)."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from dnaconv_core.errors import DataError, InputError
from dnaconv_core.results import Record
from dnaconv_core.sequence.encoding import LETTERS
from dnaconv_core.sequence.interval import Locus, parse_locus

if TYPE_CHECKING:
    import pyfaidx

_INDEXING = threading.Lock()  # who reads an index that another thread is writing finds no contig in it
_CODES = {}
for _name, _letters in LETTERS.items():
    _CODES[_name] = np.full(256, 4, np.uint8)
    for _code, _letter in enumerate(_letters):
        _CODES[_name][[ord(_letter), ord(_letter.lower())]] = _code
    for _other in "tu":  # either letter means the fourth base
        _CODES[_name][[ord(_other), ord(_other.upper())]] = 3


def text_codes(text: str, alphabet: str = "DNA") -> np.ndarray:
    """Letters as codes uint8: 0 to 3 for A C G T (U), 4 for anything else."""
    return _CODES[alphabet][np.frombuffer(text.encode("ascii", "replace"), np.uint8)]


class Contig:
    """One named sequence of `length` bases, read piece by piece."""

    def __init__(self, name: str, length: int) -> None:
        self.name, self.length = name, length

    def text(self, start: int, end: int) -> str:
        """Upper-case letters of [start, end), which lies within the contig."""
        raise NotImplementedError

    def codes(self, start: int, end: int, alphabet: str = "DNA") -> np.ndarray:
        """Codes of [start, end); 4 (unknown) wherever that lies outside the contig."""
        low, high = min(max(start, 0), self.length), min(max(end, 0), self.length)
        result = np.full(end - start, 4, np.uint8)
        if low < high:
            result[low - start : high - start] = text_codes(self.text(low, high), alphabet)
        return result


class RecordContig(Contig):
    """A record that is held in memory."""

    def __init__(self, record: Record) -> None:
        super().__init__(record.id, len(record.sequence))
        self._sequence = record.sequence

    def text(self, start: int, end: int) -> str:
        return self._sequence[start:end]


class _GenomeContig(Contig):
    def __init__(self, fasta: pyfaidx.Fasta, name: str) -> None:
        super().__init__(name, fasta.faidx.index[name].rlen)
        self._fasta = fasta

    def text(self, start: int, end: int) -> str:
        import pyfaidx

        if start >= end:
            return ""
        try:
            return str(self._fasta.faidx.fetch(self.name, start + 1, end)).upper()
        except (pyfaidx.FetchError, ValueError, OSError) as error:
            raise DataError(f"{self._fasta.filename}: {self.name}:{start}-{end} cannot be read ({error})") from error


class Genome:
    """A FASTA file on disk, of any size: contigs by name. Use it in a `with`, or call `close`.

    Its index (`.fai`) is made beside it, or in `$TMPDIR` where that folder cannot be written to. Raises DataError when
    the file is missing, is not FASTA, or is compressed in a way that allows no access by position.
    """

    def __init__(self, path: Path | str) -> None:
        import pyfaidx

        self.path = Path(path)
        if self.path.is_dir():
            raise DataError(f"{self.path} is a folder: give the genome's FASTA file")
        if not self.path.is_file():
            raise DataError(f"{self.path} does not exist: check the name of the genome's FASTA file")
        with self.path.open("rb") as file:
            head = file.read(18)
        if head[:2] == b"\x1f\x8b" and b"BC\x02\x00" not in head:
            raise DataError(f"{self.path} is gzip, which allows no access by position: unpack it, or use bgzip")
        if head[:2] != b"\x1f\x8b" and not head.lstrip().startswith((b">", b";")):
            raise DataError(f"{self.path} is not FASTA: its first line should begin with '>'")
        try:
            with _INDEXING:
                self._fasta = pyfaidx.Fasta(str(self.path), as_raw=True, rebuild=True, indexname=self._index())
        except (pyfaidx.FastaIndexingError, pyfaidx.UnsupportedCompressionFormat, ValueError, ImportError) as error:
            raise DataError(f"{self.path} cannot be indexed ({error}): write it with lines of equal length") from error
        self.names = list(self._fasta.faidx.index)

    def _index(self) -> str | None:
        if os.access(self.path.parent, os.W_OK) or self.path.with_name(self.path.name + ".fai").is_file():
            return None
        import hashlib
        import tempfile

        mark = hashlib.sha256(str(self.path.absolute()).encode()).hexdigest()[:16]
        return str(Path(tempfile.gettempdir()) / f"dnaconv_{os.getuid()}_{mark}.fai")

    def __enter__(self) -> Genome:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._fasta.close()

    def __contains__(self, name: str) -> bool:
        return name in self._fasta.faidx.index

    def __getitem__(self, name: str) -> Contig:
        """The contig of this name, with or without 'chr'. Raises InputError naming some there are."""
        for known in (name, f"chr{name}", name.removeprefix("chr")):
            if known in self:
                return _GenomeContig(self._fasta, known)
        some = ", ".join(self.names[:8]) + (", …" if len(self.names) > 8 else "")
        raise InputError(f"{self.path} has no contig {name!r}: it has {some}")

    def __iter__(self) -> Iterator[Contig]:
        return (self[name] for name in self.names)

    def region(self, text: str) -> tuple[Contig, Locus]:
        """The contig and span that 'chr:start-end' (from 0, end not included) or a contig's name alone means.

        Raises InputError when it is neither, or reaches beyond the contig.
        """
        text = text.strip()
        if text in self:
            return self[text], Locus(text, 0, self[text].length)
        locus = parse_locus(text)
        contig = self[locus.chrom]
        if locus.end > contig.length:
            raise InputError(
                f"the region {text} ends beyond {contig.name}, which has {contig.length:,} bases: choose a smaller end"
            )
        return contig, locus._replace(chrom=contig.name)
