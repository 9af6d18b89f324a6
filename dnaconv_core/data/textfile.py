"""Text files, plain or gzip, read whole up to a stated size."""

from __future__ import annotations

import csv
import gzip
import zlib
from pathlib import Path
from typing import NamedTuple

from dnaconv_core.errors import DataError, UnsafeFileError
from dnaconv_core.sequence.encoding import AMBIGUOUS, LETTERS, clean

SEPARATORS = "\t,;"  # of fields, in order of preference; spreadsheets of some countries write semicolons
TEXT_BYTES = 1 << 30  # the most a text file may hold, unpacked


def read_text(path: Path | str, *, limit: int | None = None) -> str:
    """The file's text (UTF-8, a byte-order mark is dropped), unpacked when it is gzip.

    Raises DataError when it is not there, is a folder or not text, UnsafeFileError when it unpacks to more than `limit`
    bytes (by default TEXT_BYTES).
    """
    path, limit = Path(path), TEXT_BYTES if limit is None else limit
    try:
        with path.open("rb") as file:
            packed = file.read(2) == b"\x1f\x8b"
            file.seek(0)
            with gzip.GzipFile(fileobj=file) if packed else file as stream:
                content = stream.read(limit + 1)
    except FileNotFoundError as error:
        raise DataError(f"{path} does not exist: check the name") from error
    except IsADirectoryError as error:
        raise DataError(f"{path} is a folder: name a file in it") from error
    except PermissionError as error:
        raise DataError(f"{path} cannot be opened ({error.strerror}): make it readable, or name another") from error
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"{path} cannot be read to its end ({error}): fetch or write it again") from error
    if len(content) > limit:
        raise UnsafeFileError(f"{path} holds more than {limit / 2**20:,.0f} MiB of text: split it")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(f"{path} is not a text file: byte {error.start} is not UTF-8") from error
    if "\0" in text:
        raise DataError(f"{path} is not a text file: it has a zero byte at position {text.index(chr(0))}")
    return text


class Rows(NamedTuple):
    """The fields of each line that is not blank, the lines' numbers (from 1), and what separates fields."""

    fields: list[list[str]]
    places: list[int]
    separator: str | None  # "\t", "," or ";", None for white space


def read_rows(path: Path | str) -> Rows:
    """A delimited text file, split at tabs, commas, semicolons or white space, whichever its first line has.

    Raises DataError when it is empty or cannot be split, and as `read_text` does.
    """
    return split_rows(read_text(path), str(path))


def split_rows(text: str, name: str) -> Rows:
    """The same of a text that was read already; `name` says in errors where it is from."""
    lines = text.splitlines()
    places = [number for number, line in enumerate(lines, 1) if line.strip().strip("\t,; ")]
    if not places:
        raise DataError(f"{name} is empty: it should hold one example a line")
    lines = [lines[place - 1] for place in places]
    separator = next((s for s in SEPARATORS if s in lines[0]), None)
    try:
        fields = list(csv.reader(lines, delimiter=separator)) if separator else [line.split() for line in lines]
    except csv.Error as error:
        raise DataError(f"{name} cannot be split into fields ({error}): save it again as CSV") from error
    if len(fields) != len(places):
        raise DataError(f"{name} has a quoted field that runs over several lines: keep each example on one line")
    return Rows(fields, places, separator)


def clean_fast(text: str, alphabet: str, where: str) -> str:
    """What `encoding.clean` gives, quickly for sequences that are already in order (most of a file)."""
    letters = text.upper()
    in_order = text.isascii() and not letters.translate(_GONE[alphabet])  # upper() makes two letters of 'ß'
    return letters if in_order else clean(text, alphabet, where=where)


_GONE = {name: dict.fromkeys(map(ord, letters + AMBIGUOUS)) for name, letters in LETTERS.items()}
