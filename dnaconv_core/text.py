"""The one reader of text files, whoever wrote them: any Unicode encoding, Windows letters, any line end, gzip or not.

What a file is comes from its content, never from its name. Everything is read in pieces, so that a small file that
unpacks to a huge one is refused before it fills the memory.
"""

from __future__ import annotations

import codecs
import gzip
import io
import os
import re
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from dnaconv_core.errors import DataError, UnsafeFileError

TEXT_BYTES = 1 << 30  # the most a text file that is read whole may hold, unpacked
STREAM_BYTES = 1 << 37  # the same of one that is read line by line
LONGEST_LINE = 1 << 24  # characters of one line, where lines are read one by one
_PIECE = 1 << 20  # bytes unpacked at a time
_GZIP = b"\x1f\x8b"
_BINARY = re.compile("[\0-\x08\x0e-\x19\x1c-\x1f]")  # what no text has; 1a ends files of DOS, 1b colours a terminal
_MARKS = (  # byte-order marks, the longer first
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_OTHERS = (  # what else is often given, by its first bytes
    (b"PK\x03\x04", "a zip archive or an Excel workbook", "unpack it, or save its sheet as 'CSV UTF-8'"),
    (b"\xd0\xcf\x11\xe0", "an Excel workbook", "save its sheet as 'CSV UTF-8'"),
    (b"PAR1\x15", "a Parquet file", "give it where a table is asked for"),
    (b"BZh91AY&SY", "packed with bzip2", "unpack it, or pack it with gzip"),
    (b"\xfd7zXZ", "packed with xz", "unpack it, or pack it with gzip"),
    (b"\x28\xb5\x2f\xfd", "packed with zstd", "unpack it, or pack it with gzip"),
    (b"%PDF", "a PDF", "copy its text into a text file"),
)


def whole_number(text: str) -> int | None:
    """The number that up to 18 of the digits 0 to 9 write; None for anything else, digits of other kinds too."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 18 else None


def read_text(path: Path | str, *, limit: int | None = None, notes: list[str] | None = None) -> str:
    """The file's whole text, with '\\n' at every line's end.

    notes: gets a sentence where letters had to be guessed. Raises DataError when the file is not there, is a folder,
    damaged or no text, UnsafeFileError when it unpacks to more than `limit` bytes (by default TEXT_BYTES).
    """
    with _opened(Path(path)) as file:
        return "".join(_pieces(file, str(path), TEXT_BYTES if limit is None else limit, [] if notes is None else notes))


def text_of(content: bytes, name: str, *, limit: int | None = None, notes: list[str] | None = None) -> str:
    """The same of a file's bytes; `name` says in errors whose they are."""
    with _told(name):
        limit = TEXT_BYTES if limit is None else limit
        return "".join(_pieces(io.BufferedReader(io.BytesIO(content)), name, limit, [] if notes is None else notes))


def open_text(path: Path | str, *, longest: int = LONGEST_LINE, limit: int = STREAM_BYTES) -> Lines:
    """The file's lines, one by one; memory does not grow with the file. Raises as `read_text` when lines are taken."""
    return Lines(Path(path), longest, limit)


class Lines:
    """Iterate for the lines without their ends. `fraction` of the file read so far; `notes` as in `read_text`."""

    def __init__(self, path: Path, longest: int, limit: int) -> None:
        self.path, self.longest, self.limit = path, longest, limit
        self.notes: list[str] = []
        self.fraction = 0.0

    def __iter__(self) -> Iterator[str]:
        rest, number = "", 0
        with _opened(self.path) as file:
            size = max(os.fstat(file.fileno()).st_size, 1)
            for piece in _pieces(file, str(self.path), self.limit, self.notes):
                self.fraction = min(file.tell() / size, 1.0) if file.seekable() else 0.0
                *lines, rest = (rest + piece).split("\n")
                number += len(lines)
                if len(rest) > self.longest or any(len(line) > self.longest for line in lines):
                    self._refuse(number - len(lines), [*lines, rest])
                yield from lines
        if rest:
            yield rest

    def _refuse(self, before: int, lines: list[str]) -> None:
        number = before + next(i for i, line in enumerate(lines, 1) if len(line) > self.longest)
        raise UnsafeFileError(
            f"{self.path}: line {number} has more than {self.longest:,} characters: this looks like no file of lines; "
            "break it up"
        )


# Bytes to text


@contextmanager
def _opened(path: Path) -> Iterator[io.BufferedReader]:
    with _told(str(path)):
        if path.is_dir():
            raise DataError(f"{path} is a folder: name a file in it")
        with path.open("rb") as file:
            yield file


@contextmanager
def _told(name: str) -> Iterator[None]:
    """Everything that opening and unpacking can raise, said in one sentence."""
    try:
        yield
    except FileNotFoundError as error:
        raise DataError(f"{name} does not exist: check the name") from error
    except PermissionError as error:
        raise DataError(f"{name} cannot be opened ({error.strerror}): make it readable, or name another") from error
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"{name} cannot be read to its end ({error}): fetch or write it again") from error


def _pieces(file: io.BufferedReader, name: str, limit: int, notes: list[str]) -> Iterator[str]:
    """The text piece by piece, every line end as '\\n'."""
    stream: BinaryIO = gzip.GzipFile(fileobj=file) if file.peek(2)[:2] == _GZIP else file  # type: ignore[assignment]
    content = stream.read(_PIECE)
    decoder = codecs.getincrementaldecoder(_encoding(content, name))()
    ends = io.IncrementalNewlineDecoder(None, translate=True)
    size = characters = 0
    while True:
        size += len(content)
        if size > limit:
            raise UnsafeFileError(f"{name} holds more than {limit / 2**20:,.0f} MiB of text: split it")
        try:
            text = decoder.decode(content, final=not content)
        except UnicodeDecodeError as error:
            text, decoder = _windows(error, name, size - len(error.object), notes)
        if binary := _BINARY.search(text):
            what = "a zero byte" if binary[0] == "\0" else f"the byte {ord(binary[0])}"
            raise DataError(f"{name} is not a text file: it has {what} at position {characters + binary.start()}")
        characters += len(text)
        if piece := ends.decode(text, final=not content):
            yield piece
        if not content:
            return
        content = stream.read(_PIECE)


def _encoding(head: bytes, name: str) -> str:
    """The encoding that the first bytes tell: a mark, or the zeros that Latin letters have in UTF-16."""
    for magic, what, mend in _OTHERS:
        if head.startswith(magic):
            raise DataError(f"{name} is not a text file but {what}: {mend}")
    for mark, encoding in _MARKS:
        if head.startswith(mark):
            return encoding
    first = head[:4096]
    zeros = [first[i::2].count(0) / max(len(first[i::2]), 1) for i in (0, 1)]
    if max(zeros) > 0.5 and min(zeros) < 0.1:
        return "utf-16-be" if zeros[0] > zeros[1] else "utf-16-le"
    return "utf-8"


def _windows(
    error: UnicodeDecodeError, name: str, before: int, notes: list[str]
) -> tuple[str, codecs.IncrementalDecoder]:
    """What is not UTF-8 as Windows' letters, and the decoder of what follows; refuses what is no text at all."""
    decoder = codecs.getincrementaldecoder("cp1252")()
    wrong = before + error.start
    if not error.encoding.startswith("utf-8"):
        raise DataError(f"{name} is not a text file: byte {wrong} is not {error.encoding.upper()[:6]}") from error
    try:
        text = decoder.decode(bytes(error.object))
    except UnicodeDecodeError:
        text = "\0"
    if _BINARY.search(text):
        raise DataError(
            f"{name} is not a text file: byte {wrong} is neither UTF-8 nor Windows text; save it as UTF-8"
        ) from error
    notes.append(f"{name} is not UTF-8 and was read as Windows text (cp1252): check letters with accents")
    return text, decoder
