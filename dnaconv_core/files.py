"""Writing files so that a reader, or a crash, never sees half of one."""

from __future__ import annotations

import os
import secrets
from pathlib import Path


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
