"""Sequences by name and position: records in memory, and genomes on disk, the one door to a FASTA by position."""

from __future__ import annotations

import mmap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from dnaconv_core.data.examples import UNKNOWN, Loci
from dnaconv_core.data.genome_index import Entry, let_go, open_indexed, open_mapped
from dnaconv_core.data.loci import pieces
from dnaconv_core.data.twobit import Packed, is_twobit, letters, read_index
from dnaconv_core.errors import DataError, InputError
from dnaconv_core.progress import SILENT, Progress
from dnaconv_core.results import Record
from dnaconv_core.sequence.encoding import AMBIGUOUS, LETTERS
from dnaconv_core.sequence.interval import Locus, contig_key, parse_region

_CODES = {}
for _name, _letters in LETTERS.items():
    _CODES[_name] = np.full(256, UNKNOWN, np.uint8)
    for _code, _letter in enumerate(_letters):
        _CODES[_name][[ord(_letter), ord(_letter.lower())]] = _code
    for _other in "tu":  # either letter means the fourth base
        _CODES[_name][[ord(_other), ord(_other.upper())]] = 3
_KEPT = f"ACGTU{AMBIGUOUS}".encode()
_UPPER = bytes(byte if byte in _KEPT else ord("N") for byte in bytes(range(256)).upper())  # all else is unknown


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
        result = np.full(end - start, UNKNOWN, np.uint8)
        if low < high:
            result[low - start : high - start] = self._codes(low, high, alphabet)
        return result

    def _codes(self, start: int, end: int, alphabet: str) -> np.ndarray:
        return text_codes(self.text(start, end), alphabet)


class RecordContig(Contig):
    """A record that is held in memory."""

    def __init__(self, record: Record) -> None:
        super().__init__(record.id, len(record.sequence))
        self._sequence = record.sequence

    def text(self, start: int, end: int) -> str:
        return self._sequence[start:end]


class Stretch(Contig):
    """A contig of which no more than the letters of [start, end) are held, to travel to another process."""

    def __init__(self, contig: Contig, start: int, end: int) -> None:
        super().__init__(contig.name, contig.length)
        self._first = max(start, 0)
        self._letters = contig.text(self._first, min(end, contig.length))

    def text(self, start: int, end: int) -> str:
        return self._letters[start - self._first : end - self._first]


class _GenomeContig(Contig):
    """A contig of a file that is mapped into memory."""

    def __init__(self, path: Path, data: np.ndarray, entry: Entry | Packed) -> None:
        super().__init__(entry.name, entry.length)
        self._path, self._data, self._entry = path, data, entry

    def text(self, start: int, end: int) -> str:
        return self._bytes(start, end).tobytes().translate(_UPPER).decode() if start < end else ""

    def _codes(self, start: int, end: int, alphabet: str) -> np.ndarray:
        return _CODES[alphabet][self._bytes(start, end)]

    def _bytes(self, start: int, end: int) -> np.ndarray:
        """Letters of [start, end) as they stand in the file, without the ends of lines."""
        if not 0 <= start < end <= self.length:
            raise InputError(f"{self.name}:{start}-{end} reaches beyond {self.name}, which has {self.length:,} bases")
        if isinstance(self._entry, Packed):
            return letters(self._data, self._entry, start, end)
        _, _, offset, bases, width = self._entry
        (first, place), (last, rest) = divmod(start, bases), divmod(end, bases)
        if first == last:
            found = self._data[offset + first * width + place :][: end - start]
        else:
            head = self._data[offset + first * width + place :][: bases - place]
            lines = self._data[offset + (first + 1) * width :][: (last - first - 1) * width]  # may lack the last end
            tail = self._data[offset + last * width :][:rest]
            found = np.concatenate([head, _without_ends(lines, bases, width), tail])
        if len(found) != end - start or found.min() <= 32:
            raise DataError(f"{self._path} was changed while it was read: begin again")
        return found


def _without_ends(lines: np.ndarray, bases: int, width: int) -> np.ndarray:
    """The letters of whole lines, of which only the last may lack its end."""
    full = len(lines) // width
    return np.concatenate(
        [lines[: full * width].reshape(full, width)[:, :bases].ravel(), lines[full * width :][:bases]]
    )


class Genome:
    """A FASTA or 2bit file on disk, of any size: contigs by name. Use it in a `with`, or call `close`.

    Its index (`.fai`) is checked against the file and made again where it does not fit, beside it or, where that folder
    cannot be written to, in the home folder's cache. What allows no access by position (gzip and bgzip, UTF-16, lines
    of unequal length) is read through a plain copy there, made once; `progress` is told of it. Lower case is read as
    upper case; every letter but the four bases is unknown.

    Raises DataError when the file is missing, is not FASTA, is damaged, or has two contigs of one name.
    """

    def __init__(self, path: Path | str, *, progress: Progress = SILENT) -> None:
        self.path = Path(path)
        if self.path.is_dir():
            raise DataError(f"{self.path} is a folder: give the genome's FASTA file")
        if not self.path.is_file():
            raise DataError(f"{self.path} does not exist: check the name of the genome's FASTA file")
        try:
            if not self.path.stat().st_size:
                raise DataError(f"{self.path} is empty: it should hold a genome as FASTA")
            self._map, self._index = self._opened(progress)
        except OSError as error:
            raise DataError(f"{self.path} cannot be read ({error.strerror}): make it readable") from error
        self._data = np.frombuffer(self._map, np.uint8)
        self.names = list(self._index)
        self._by_key: dict[str, str] = {}
        for name in self.names:
            self._by_key.setdefault(contig_key(name), name)

    def _opened(self, progress: Progress) -> tuple[mmap.mmap, dict[str, Any]]:
        """The mapped file, and where each contig stands in it: an Entry, or of 2bit a Packed."""
        with self.path.open("rb") as file:
            packed = is_twobit(file.read(4))
        if not packed:
            return open_indexed(self.path, progress)
        data = open_mapped(self.path)
        return data, read_index(self.path, data)

    def __enter__(self) -> Genome:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let the file go: contigs that are still in use keep it until they are dropped too."""
        self._data, self._map = np.zeros(0, np.uint8), mmap.mmap(-1, 1)

    def release(self) -> None:
        """Give back the memory of what was read so far; it is read again when needed."""
        let_go(self._map)

    def __contains__(self, name: str) -> bool:
        return name in self._index

    def find(self, name: str) -> str | None:
        """The genome's own name of this contig, with or without 'chr', MT or M; None where it has none."""
        return name if name in self._index else self._by_key.get(contig_key(name))

    def __getitem__(self, name: str) -> Contig:
        """The contig of this name, with or without 'chr', MT or M. Raises InputError naming some there are."""
        known = self.find(name)
        if known is None:
            raise InputError(f"{self.path} has no contig {name[:60]!r}: it has {some_names(self.names)}")
        return _GenomeContig(self.path, self._data, self._index[known])

    def __iter__(self) -> Iterator[Contig]:
        return (self[name] for name in self.names)

    def region(self, text: str) -> tuple[Contig, Locus]:
        """The contig and span that 'chr:first-last' (from 1, both included) or a contig's name alone means.

        Raises InputError when it is neither, or reaches beyond the contig.
        """
        text = text.strip()
        if self.find(text) is not None:
            contig = self[text]
            return contig, Locus(contig.name, 0, contig.length)
        locus = parse_region(text)
        contig = self[locus.chrom]
        if locus.end > contig.length:
            raise InputError(
                f"the region {text} ends beyond {contig.name}, which has {contig.length:,} bases: choose a smaller end"
            )
        return contig, locus._replace(chrom=contig.name)


def some_names(names: list[str]) -> str:
    """The first of many names, for a message."""
    return ", ".join(name[:30] for name in names[:8]) + (", …" if len(names) > 8 else "")


_OPPOSITE = np.array([3, 2, 1, 0, UNKNOWN], np.uint8)
_ALONE = 20_000  # bases read for each locus, from which on each is read alone: it takes as long


def stretches(
    genome: Genome, loci: Loci, alphabet: str = "DNA", *, progress: Progress = SILENT
) -> tuple[np.ndarray, np.ndarray]:
    """Codes (all bases,) uint8 of N loci end to end, and offsets (N + 1,): the opposite strand where it is '-'.

    Beyond a contig's ends bases are unknown. Raises InputError for a contig that the genome lacks, DataError when
    `progress` asks to stop.
    """
    lengths = loci.end - loci.start
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    codes, done, last = np.empty(offsets[-1], np.uint8), 0, ""
    for piece in pieces(loci):
        if piece.chrom != last:
            contig, last = genome[piece.chrom], piece.chrom
            genome.release()
        if progress.should_stop():
            raise DataError(f"reading {genome.path} was stopped: nothing was kept")
        if len(piece.rows) * _ALONE < piece.end - piece.start:
            _place_each(codes, offsets, contig, loci, piece.rows, alphabet)
        else:
            found = contig.codes(piece.start, piece.end, alphabet)
            _place(codes, offsets[piece.rows], found, loci.subset(piece.rows), piece.start)
        done += len(piece.rows)
        progress.report(done / len(lengths), f"Reading the genome: {done:,} of {len(lengths):,} windows")
    return codes, offsets


def _place_each(
    codes: np.ndarray, offsets: np.ndarray, contig: Contig, loci: Loci, rows: np.ndarray, alphabet: str
) -> None:
    """Write the loci at `rows`, each read alone: they are few and lie far apart."""
    for row in rows.tolist():
        read = contig.codes(int(loci.start[row]), int(loci.end[row]), alphabet)
        codes[offsets[row] : offsets[row + 1]] = _OPPOSITE[read[::-1]] if loci.strand[row] == "-" else read


def _place(codes: np.ndarray, offsets: np.ndarray, found: np.ndarray, loci: Loci, first: int) -> None:
    """Write each locus to its offset in `codes`, from the bases `found`, of which the first stands at `first`."""
    lengths, minus = loci.end - loci.start, loci.strand == "-"
    for length in np.unique(lengths[lengths > 0]).tolist():
        row = np.flatnonzero(lengths == length)
        read = np.lib.stride_tricks.sliding_window_view(found, length)[loci.start[row] - first]  # (R, length)
        turned = minus[row]
        read[turned] = _OPPOSITE[read[turned, ::-1]]
        np.lib.stride_tricks.sliding_window_view(codes, length, writeable=True)[offsets[row]] = read


def windows(
    genome: Genome,
    chrom: np.ndarray,
    start: np.ndarray,
    end: np.ndarray,
    strand: np.ndarray,
    width: int,
    alphabet: str = "DNA",
) -> np.ndarray:
    """Codes (N, width) uint8 of the windows of `width` bases around the middles of [start, end), as `stretches` reads.

    Of an even difference the middle is exact; of [10, 21) and width 4 the window is [13, 17).
    """
    begin = (start + end) // 2 - width // 2
    return stretches(genome, Loci(chrom, begin, begin + width, strand), alphabet)[0].reshape(-1, width)
