"""Files that a user brought to the dashboard, kept under the home folder until an experiment is made of them.

Each lot has a folder named by a token that stands in the address, so that a refresh or a link finds it again. Lots that
nobody has touched for a week, or that are too many, are swept; those from which an experiment was made stay as long as
it does, so that it can be made again.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import secrets
import shutil
import time
from pathlib import Path
from typing import Any

from dnaconv_core.errors import DataError, InputError
from dnaconv_core.experiments.own import RECIPE
from dnaconv_core.files import not_written, write_atomic
from dnaconv_core.home import home
from dnaconv_core.quota import check_upload
from dnaconv_core.storing import ReadOnlyError, check_storing

KEPT_SECONDS = 7 * 24 * 3600
MOST_BYTES = 4 << 30  # of all lots together that no experiment was made from
MOST_FILES = 60  # of one lot
_TOKEN = re.compile(r"[0-9a-f]{16}")
_DRAFT = ".draft.json"
_DRAFT_BYTES = 1 << 20
_INDEX = (".fai", ".gzi")
_NAME = 120  # letters of a file's name


def uploads_folder() -> Path:
    return home() / "uploads"


def new_token() -> str:
    return secrets.token_hex(8)


def safe_name(name: str) -> str:
    """A file's name without folders, control characters or a dot in front; its end is kept where it is cut."""
    name = re.split(r"[/\\]", name)[-1]
    name = "".join(c for c in name if c.isprintable()).strip().lstrip(".").strip() or "file"
    return name if len(name) <= _NAME else name[: _NAME - 20] + "…" + name[-19:]


class Lot:
    """The files that were brought together. Nothing is written before the first file is kept."""

    def __init__(self, token: str) -> None:
        if not _TOKEN.fullmatch(token):
            raise InputError("the address does not name files that were brought here: start over")
        self.token, self.folder = token, uploads_folder() / token

    def keep(self, name: str, content: bytes | memoryview) -> Path:
        """Write a file of this name, in place of an earlier one. Raises DataError where there is no room."""
        check_storing()
        check_upload(home(), len(content))
        path = self.folder / safe_name(name)
        if not path.exists() and len(self.files()) >= MOST_FILES:
            raise DataError(f"there are {MOST_FILES} files already: remove some, or give the path of a folder")
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            write_atomic(path, bytes(content))
        except OSError as error:
            raise DataError(not_written(path, error)) from None
        return path

    def files(self) -> list[Path]:
        """Those that were kept, in the order in which they came, without the index made for a genome."""
        if not self.folder.is_dir():
            return []
        found = [path for path in self.folder.iterdir() if path.is_file() and not path.name.startswith(".")]
        names = {path.name for path in found}
        found = [path for path in found if not (path.suffix in _INDEX and path.stem in names)]
        return sorted(found, key=lambda path: (path.stat().st_mtime_ns, path.name))

    def remove(self, path: Path) -> None:
        """Remove a file of this lot; one from elsewhere is left alone."""
        if path.parent == self.folder:
            path.unlink(missing_ok=True)

    def draft(self) -> dict[str, Any]:
        """What was chosen on the page so far; {} where nothing was, or it cannot be read."""
        file = self.folder / _DRAFT
        try:
            stored = json.loads(file.read_bytes()) if file.stat().st_size <= _DRAFT_BYTES else {}
        except (OSError, ValueError, RecursionError):
            return {}
        return stored if isinstance(stored, dict) else {}

    def keep_draft(self, choices: dict[str, Any]) -> None:
        """Remember what was chosen; where that cannot be written, a refresh forgets it and nothing else is lost."""
        with contextlib.suppress(OSError, ReadOnlyError):
            check_storing()
            self.folder.mkdir(parents=True, exist_ok=True)
            write_atomic(self.folder / _DRAFT, json.dumps(choices).encode())


def sweep(now: float | None = None) -> list[str]:
    """Remove old lots, and the oldest of those that are together too large; returns their tokens."""
    root, now = uploads_folder(), time.time() if now is None else now
    if not root.is_dir():
        return []
    used, removed, total = _used(), [], 0
    lots = [path for path in root.iterdir() if path.is_dir() and _TOKEN.fullmatch(path.name) and path not in used]
    for folder in sorted(lots, key=_touched, reverse=True):
        total += sum(file.stat().st_size for file in folder.iterdir() if file.is_file())
        if now - _touched(folder) > KEPT_SECONDS or total > MOST_BYTES:
            shutil.rmtree(folder, ignore_errors=True)
            removed.append(folder.name)
    return removed


def _touched(folder: Path) -> float:
    return max([folder.stat().st_mtime, *(file.stat().st_mtime for file in folder.iterdir())])


def _used() -> set[Path]:
    """Folders that hold an input of an experiment there is, or that is being made."""
    found = set()
    for recipe in home().glob(f"*/*/{RECIPE}") if home().is_dir() else ():
        try:
            inputs = json.loads(recipe.read_bytes())["inputs"]
            found |= {Path(os.path.abspath(one["path"])).parent for one in inputs}
        except (OSError, ValueError, KeyError, TypeError):
            continue
    return found
