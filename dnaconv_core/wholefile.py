"""Text files written piece by piece that appear only when they are complete."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from dnaconv_core.errors import DataError


class WholeFile:
    """A text file, open in a `with` as `.file`, that takes its name when the block ends well; without a name it goes.

    near: beside what to keep a file without a name. Raises DataError when the folder cannot be written to, or the name
    is that of a folder, a device or a pipe.
    """

    def __init__(self, path: Path | str | None, near: Path | str = "") -> None:
        place = Path(path or near)
        if place.exists() and not place.is_file():  # a rename would put a file in the place of /dev/stdout
            raise DataError(f"{place} is no file: give the name of one to write")
        self.path = Path(os.path.realpath(place)) if path else None  # what a link points to, not the link
        self.part = Path(os.path.realpath(place)).with_name(f".{secrets.token_hex(8)}.part")
        try:
            self.file = self.part.open("x", encoding="utf-8", errors="surrogateescape", newline="\n")
        except OSError as error:
            raise DataError(f"{place} cannot be written ({error.strerror}): check its folder") from error

    def __enter__(self) -> WholeFile:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        self.file.close()
        if kind is None and self.path is not None:
            os.replace(self.part, self.path)
        else:
            self.part.unlink()
