"""Text files written piece by piece that appear only when they are complete."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from dnaconv_core.errors import DataError


class WholeFile:
    """A text file, open in a `with` as `.file`, that takes its name when the block ends well; without a name it goes.

    near: where to keep a file without a name. Raises DataError when the folder cannot be written to.
    """

    def __init__(self, path: Path | str | None, near: Path | str | None = None) -> None:
        self.path = Path(path) if path else None
        folder = Path(path or near or tempfile.gettempdir()).parent
        try:
            handle, name = tempfile.mkstemp(dir=folder, prefix=".dnaconv_", suffix=".part")
        except OSError as error:
            raise DataError(f"{path or near} cannot be written ({error.strerror}): check its folder") from error
        self.part = Path(name)
        self.file = os.fdopen(handle, "w", encoding="utf-8", errors="surrogateescape", newline="\n")

    def __enter__(self) -> WholeFile:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        self.file.close()
        if kind is None and self.path is not None:
            os.chmod(self.part, 0o644)
            os.replace(self.part, self.path)
        else:
            self.part.unlink()
