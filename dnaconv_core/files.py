"""Writing files so that a reader, or a crash, never sees half of one; what may go wrong in those of others."""

from __future__ import annotations

import lzma
import os
import secrets
import struct
import zipfile
import zlib
from pathlib import Path

# What numpy lets through of a damaged .npz, and what is missing in one that holds something else
DAMAGED = (KeyError, TypeError, ValueError, OSError, EOFError, MemoryError, zlib.error, zipfile.BadZipFile)
# What zipfile lets through of a damaged file, besides its own error
ZIP_DAMAGED = (
    zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error, OSError, EOFError, RuntimeError, ValueError,
    IndexError,
)  # fmt: skip
FORMULA = ("=", "+", "-", "@", "\t", "\r")  # a spreadsheet would calculate a cell that begins so


def safe_cell(text: str) -> str:
    """The text as a cell of a table: behind an apostrophe where it would act as a formula."""
    return f"'{text}" if text.startswith(FORMULA) else text


def write_atomic(path: Path, content: bytes) -> None:
    """Replace `path` by `content` in one step; its folder must exist. A device or a pipe is written to instead.

    Raises OSError that names `path`.
    """
    try:
        if path.exists() and not path.is_file():  # /dev/stdout must stay what it is
            path.write_bytes(content)
        else:
            _replace(Path(os.path.realpath(path)), content)  # what a link points to, not the link
    except OSError as error:
        raise type(error)(error.errno, error.strerror, str(path)) from None


def _replace(path: Path, content: bytes) -> None:
    part = path.with_name(f".{secrets.token_hex(8)}.part")
    try:
        with open(part, "xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
