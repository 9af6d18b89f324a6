"""Writing files so that a reader, or a crash, never sees half of one; what may go wrong in those of others."""

from __future__ import annotations

import errno
import lzma
import os
import re
import secrets
import shutil
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
DISK_FULL = "the disk, or a quota on it, is full: free some space and try again"
_NO_SPACE = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_PART = re.compile(r"\.[0-9a-f]{16}\.part")
_LITTER = (".ds_store", "thumbs.db", "desktop.ini", "icon\r")
_DAY = 24 * 3600  # seconds
FORMULA = ("=", "+", "-", "@", "\t", "\r")  # a spreadsheet would calculate a cell that begins so


def no_space(error: BaseException) -> bool:
    """Whether this error says that no more can be written."""
    return isinstance(error, OSError) and error.errno in _NO_SPACE


def not_written(path: Path, error: OSError) -> str:
    """What is said of something in the home folder that cannot be written."""
    advice = "free some space there" if no_space(error) else "make it writable, or set DNACONV_HOME to another"
    return f"{path} cannot be written ({error.strerror or error}): {advice}"


def is_litter(name: str) -> bool:
    """Whether a file is one that a Mac or Windows puts into folders and archives by itself."""
    parts = name.replace("\\", "/").split("/")
    return parts[0] == "__MACOSX" or parts[-1].startswith("._") or parts[-1].lower() in _LITTER


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


def write_together(folder: Path, files: dict[str, bytes], last: str) -> None:
    """Put these files into `folder` so that a reader, or a crash, never sees some of them without the others.

    A new folder appears with all of them. In one that is there, all are written aside first; `last`, without which the
    others mean nothing, goes before them and comes back after them. Raises OSError.
    """
    aside = folder.with_name(f".{secrets.token_hex(8)}.part") if not folder.exists() else None
    place = aside or folder
    place.mkdir(parents=True, exist_ok=True)
    parts: dict[str, Path] = {}
    try:
        for name, content in files.items():
            parts[name] = place / (name if aside else f".{secrets.token_hex(8)}.part")
            with open(parts[name], "xb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
        if aside:
            os.rename(aside, folder)
            return
        (folder / last).unlink(missing_ok=True)
        for name in sorted(files, key=lambda name: name == last):
            os.replace(parts[name], folder / name)
    except BaseException:
        if aside:
            shutil.rmtree(aside, ignore_errors=True)
        for part in parts.values() if not aside else ():
            part.unlink(missing_ok=True)
        raise


def sweep_parts(folder: Path, now: float) -> list[Path]:
    """Remove what processes that were killed left half written in this folder, a day after they did."""
    found = [path for path in folder.glob(".*.part") if _PART.fullmatch(path.name)] if folder.is_dir() else []
    old = [path for path in found if now - path.lstat().st_mtime > _DAY]
    for path in old:
        shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)
    return old


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
