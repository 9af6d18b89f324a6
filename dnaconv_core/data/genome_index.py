"""Where each contig of a FASTA file stands (`.fai`): checked against the file, made anew where it does not fit.

Files that no index can describe (gzip, UTF-16, blank lines or spaces inside a contig, lines of unequal length) are read
through a plain copy in the home folder's cache, which is made once and again when the file has changed.
"""

from __future__ import annotations

import fcntl
import gzip
import hashlib
import io
import mmap
import os
import secrets
import shutil
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

import numpy as np

from dnaconv_core.errors import DataError
from dnaconv_core.files import write_atomic
from dnaconv_core.home import cache_folder
from dnaconv_core.progress import SILENT, Progress
from dnaconv_core.storing import READ_ONLY, ReadOnlyError, read_only

_PIECE = 16 << 20  # bytes looked at together
_SPARE = 1 << 30  # bytes of disk that an unpacked copy leaves free
_BOM = b"\xef\xbb\xbf"
_SPACE = b" \t\r\n\v\f"
_WIDE = (b"\xff\xfe", b"\xfe\xff")  # how UTF-16 begins
_LINE = 1 << 20  # letters of a line that are held together


class Entry(NamedTuple):
    """A contig's line of the index: it has `length` bases from byte `offset` on, `bases` in a line of `width` bytes."""

    name: str
    length: int
    offset: int
    bases: int
    width: int


class Indexed(NamedTuple):
    """The bytes to read, mapped into memory, and where each contig stands in them."""

    data: mmap.mmap
    entries: dict[str, Entry]


def open_indexed(path: Path, progress: Progress = SILENT) -> Indexed:
    """Map a FASTA file, or its plain copy, with its index. Raises DataError saying why it cannot be read."""
    copy = _copy_path(path)
    if copy.is_file():
        return _open_copy(copy, path)
    with path.open("rb") as file:
        head = file.read(4096)
    packed = head[:2] == b"\x1f\x8b" or head[:2] in _WIDE
    if not packed:
        if not head.removeprefix(_BOM).lstrip().startswith((b">", b";")):
            raise DataError(f"{path} is not FASTA: its first line should begin with '>'")
        data = open_mapped(path)
        entries = _stored(path, data)
        if entries is None:
            entries = build_index(path, data)
            if entries is not None:
                _store(path, entries)
        if entries is not None:
            return Indexed(data, {entry.name: entry for entry in entries})
    _write_copy(path, copy, progress)
    return _open_copy(copy, path)


def _open_copy(copy: Path, path: Path) -> Indexed:
    data = open_mapped(copy)
    entries = _stored(copy, data) or build_index(path, data)
    if entries is None:
        raise DataError(f"{path} has a header inside a line of sequence: begin each '>' on a line of its own")
    _store(copy, entries)
    return Indexed(data, {entry.name: entry for entry in entries})


def open_mapped(path: Path) -> mmap.mmap:
    """The file's bytes, mapped into memory."""
    with path.open("rb") as file:
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)


def let_go(data: mmap.mmap) -> None:
    """Give back the memory of pages that were read; they are read again when needed."""
    if hasattr(mmap, "MADV_DONTNEED"):
        data.madvise(mmap.MADV_DONTNEED)


# --- making an index


def build_index(path: Path, data: mmap.mmap) -> list[Entry] | None:
    """The index of FASTA in `data`, or None where no index can describe it. `path` is named in errors.

    Raises DataError for a contig without a name, a name that comes twice, and a file without any contig.
    """
    entries: list[Entry] = []
    seen: set[str] = set()
    looked = 0
    at = _first_header(data)
    if at < 0:
        raise DataError(f"{path} is not FASTA: its first line should begin with '>'")
    while at < len(data):
        name, begin = _header(data, at)
        if name is None:
            return None
        if not name:
            raise DataError(f"{path}: contig {len(entries) + 1} has no name: write one after its '>'")
        if name in seen:
            raise DataError(f"{path} has two contigs named {name[:60]!r}: give each a name of its own")
        seen.add(name)
        mark = data.find(b"\n>", begin - 1)
        end = len(data) if mark < 0 else mark
        entry = _entry(data, name, begin, end)
        if entry is None:
            return None
        entries.append(entry)
        looked += end - begin
        if looked > 4 * _PIECE:
            let_go(data)
            looked = 0
        at = len(data) if mark < 0 else mark + 1
    return entries


def _first_header(data: mmap.mmap) -> int:
    """Byte of the first '>', after blank lines and ';' comments; -1 where something else comes before it."""
    at = _after_space(data, len(_BOM) if data[:3] == _BOM else 0)
    while at < len(data) and data[at] == ord(";"):
        line = data.find(b"\n", at)
        at = len(data) if line < 0 else _after_space(data, line)
    return at if at < len(data) and data[at] == ord(">") else -1


def _header(data: mmap.mmap, at: int) -> tuple[str | None, int]:
    """Name in the header at byte `at` (None where a carriage return ends the line), and where the next line begins."""
    end = data.find(b"\n", at)
    end = len(data) if end < 0 else end
    line = data[at + 1 : end].rstrip()
    if b"\r" in line:
        return None, end
    words = line.split()
    return (words[0].decode("utf-8", "replace") if words else ""), min(end + 1, len(data))


def _entry(data: mmap.mmap, name: str, begin: int, end: int) -> Entry | None:
    """The contig whose lines stand in [begin, end), or None where these differ in more than the last one's length."""
    begin, end = _after_space(data, begin), _before_space(data, end)
    if begin >= end:
        return Entry(name, 0, begin, 0, 0)
    if data[begin] == ord(">"):  # a header behind spaces
        return None
    newline = data.find(b"\n", begin, end)
    line = data[begin : end if newline < 0 else newline + 1]
    bases = len(line.rstrip())
    width = bases + 1 if newline < 0 else len(line)
    full, rest = divmod(end - begin, width)
    view = np.frombuffer(data, np.uint8, end - begin, begin)
    n_space = sum(int(np.count_nonzero(view[at : at + _PIECE] <= 32)) for at in range(0, len(view), _PIECE))
    apart = view[: full * width].reshape(full, width)[:, bases:]
    if n_space != full * (width - bases) or (apart > 32).any() or rest > bases:
        return None
    return Entry(name, full * bases + rest, begin, bases, width)


def _after_space(data: mmap.mmap, at: int) -> int:
    while at < len(data) and data[at] <= 32:
        at += 1
    return at


def _before_space(data: mmap.mmap, at: int) -> int:
    while at > 0 and data[at - 1] <= 32:
        at -= 1
    return at


# --- an index that is there already


def fits(entries: list[Entry], data: mmap.mmap) -> bool:
    """Whether each contig's header, first line and end stand where the index says, and nothing is left over."""
    at = _first_header(data)
    for entry in sorted(entries, key=lambda entry: entry.offset):
        if not 0 <= at < len(data) or data[at] != ord(">"):
            return False
        name, begin = _header(data, at)
        at = _after_space(data, begin)
        if name != entry.name or min(entry[1:]) < 0:
            return False
        if entry.length == 0:
            continue
        if not 0 < entry.bases < entry.width or at != entry.offset:
            return False
        full, rest = divmod(entry.length - 1, entry.bases)
        if full and data[at + entry.bases : at + entry.width].strip(_SPACE):
            return False
        end = at + full * entry.width + rest + 1
        if end > len(data) or data[end - 1] <= 32 or (end < len(data) and data[end] > 32):
            return False
        at = _after_space(data, end)
    return at == len(data) and bool(entries)


def _stored(path: Path, data: mmap.mmap) -> list[Entry] | None:
    """The first index, next to the file or in the cache, that is no older than the file and fits it."""
    changed = path.stat().st_mtime_ns
    for place in _places(path):
        try:
            if place.stat().st_mtime_ns < changed:
                continue
            rows = [line.split("\t") for line in place.read_text("utf-8").splitlines()]
            entries = [Entry(row[0], *map(int, row[1:5])) for row in rows]
        except (OSError, ValueError, TypeError):
            continue
        if len({entry.name for entry in entries}) == len(entries) and fits(entries, data):
            return entries
    return None


def _store(path: Path, entries: list[Entry]) -> None:
    """Write the index next to the file, else into the cache, else not at all: it can be made again."""
    if read_only():
        return
    text = "".join("\t".join(map(str, entry)) + "\n" for entry in entries).encode()
    for place in _places(path):
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            write_atomic(place, text)
            return
        except OSError:
            continue


def _places(path: Path) -> list[Path]:
    return [path.with_name(path.name + ".fai"), cache_folder() / f"genome-{_mark(path)}.fai"]


def _mark(path: Path) -> str:
    return hashlib.sha256(os.fsencode(os.path.realpath(path))).hexdigest()[:16]


# --- a plain copy


def _copy_path(path: Path) -> Path:
    state = path.stat()
    return cache_folder() / f"genome-{_mark(path)}-{state.st_size}-{state.st_mtime_ns}.fa"


def _write_copy(path: Path, copy: Path, progress: Progress) -> None:
    """Write `path` unpacked, with each contig in one line, to `copy`; copies of its earlier states go."""
    if read_only():
        raise ReadOnlyError(f"{path} needs a plain copy, and {READ_ONLY}: unpack it, with lines of equal length")
    part = copy.with_name(f".{secrets.token_hex(8)}.part")
    try:
        copy.parent.mkdir(parents=True, exist_ok=True)
        _sweep(copy)
        with path.open("rb") as packed, part.open("xb") as file:
            fcntl.flock(file, fcntl.LOCK_EX)  # says that somebody is writing it
            _pour(path, packed, file, progress)
        os.replace(part, copy)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise DataError(f"{path} cannot be unpacked to its end ({error}): fetch it again") from error
    except UnicodeDecodeError as error:
        raise DataError(f"{path} is not text: byte {error.start} cannot be read as {error.encoding}") from error
    except OSError as error:
        raise DataError(f"{path} needs a plain copy in {copy.parent}, which failed ({error.strerror})") from error
    finally:
        part.unlink(missing_ok=True)


def _sweep(copy: Path) -> None:
    """Remove copies of the file's earlier states, and what killed processes left."""
    mark = "-".join(copy.name.split("-")[:2])
    for old in copy.parent.glob(f"{mark}-*"):
        old.unlink(missing_ok=True)
    for part in copy.parent.glob(".*.part"):
        try:
            with part.open("rb") as file:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                part.unlink(missing_ok=True)
        except OSError:  # it is being written, or is gone
            continue


def _pour(path: Path, packed: BinaryIO, out: BinaryIO, progress: Progress) -> None:
    room = shutil.disk_usage(Path(out.name).parent).free - _SPARE
    size, written, any_contig, fresh = max(path.stat().st_size, 1), 0, False, True
    for number, line in enumerate(_lines(packed)):
        letters, begins = line.translate(None, _SPACE), fresh
        fresh = line.endswith(b"\n")
        if not letters or (begins and letters[:1] == b";"):
            continue
        if begins and letters[:1] == b">":
            if not fresh and len(line) >= _LINE:
                raise DataError(f"{path} has a header of more than {_LINE:,} letters: is it a FASTA file?")
            letters = b"\n" * any_contig + line.strip() + b"\n"
            any_contig = True
        elif not any_contig:
            raise DataError(f"{path} is not FASTA: its first line should begin with '>'")
        written += out.write(letters)
        if written > room:
            raise DataError(f"{path} unpacks to more than the disk of {Path(out.name).parent} has room for: free some")
        if number % 100_000 == 0:
            if progress.should_stop():
                raise DataError(f"unpacking {path} was stopped: nothing was kept")
            progress.report(min(packed.tell() / size, 1.0), f"Unpacking {path.name}")
    if not any_contig:
        raise DataError(f"{path} is empty: it should hold a genome as FASTA")


def _lines(packed: BinaryIO) -> Iterator[bytes]:
    """Lines of a file, unpacked and in UTF-8, whatever ends them; those of more than _LINE letters in pieces."""
    zipped = packed.read(2) == b"\x1f\x8b"
    packed.seek(0)
    stream = gzip.GzipFile(fileobj=packed) if zipped else packed
    wide = stream.read(2) in _WIDE
    stream.seek(0)
    encoding, errors = ("utf-16", "strict") if wide else ("utf-8-sig", "surrogateescape")
    text = io.TextIOWrapper(stream, encoding, errors, newline=None)
    while line := text.readline(_LINE):
        yield line.encode("utf-8", errors)
    text.detach()
