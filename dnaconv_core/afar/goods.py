"""The data that a run reads: found on a worker under the same path with the same content, or sent there once."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from dnaconv_core.data.book import book_part
from dnaconv_core.errors import DataError
from dnaconv_core.experiments import recorded_experiment
from dnaconv_core.experiments.own import EXPERIMENT, folder_of
from dnaconv_core.experiments.sources import ACCESSIBILITY, BOOK, BOOK_PART, OWN, SYNTHETIC, book_files
from dnaconv_core.runs.spec import RunSpec

FIELDS = ("data", "valid", "covariates")  # of a RunSpec, which may be paths
COPY = "DNACONV_CLUSTER_COPY"  # set on a worker: send data there even where it sees them
_BLOCK = 1 << 23
_known: dict[str, tuple[tuple[int, int, int], str]] = {}  # digests of files, while size and time stay


class Good(NamedTuple):
    """A file or folder. It is put at `mount` in the worker's home folder, or named in field `mount` of the RunSpec."""

    mount: str
    path: str  # here
    files: tuple[tuple[str, int, str], ...]  # name below the path ('' for a file), bytes, SHA-256

    @property
    def name(self) -> str:
        return Path(self.path).name

    @property
    def digest(self) -> str:
        return hashlib.sha256(repr(self.files).encode()).hexdigest()[:32]


def goods_of(spec: RunSpec) -> list[Good]:
    """All that a run reads besides the package. Raises DataError for what is not here."""
    found = []
    for mount, path in _places(spec).items():
        try:
            found.append(Good(mount, str(path), listing(path)))
        except OSError as error:
            raise DataError(f"{path} cannot be read ({error.strerror}), so no worker can be given it") from None
    return found


def listing(path: Path | str) -> tuple[tuple[str, int, str], ...]:
    """Every file below a path with its size and digest, by name. Raises OSError where there is none."""
    root = Path(path)
    names = [""] if not root.is_dir() else sorted(str(p.relative_to(root)) for p in root.rglob("*") if p.is_file())
    return tuple((name, *_digest(root / name)) for name in names)


def blocks(path: Path) -> Iterator[bytes]:
    """The bytes of a file; one empty block of an empty one."""
    with open(path, "rb") as file:
        yield file.read(_BLOCK)
        while block := file.read(_BLOCK):
            yield block


def _digest(path: Path) -> tuple[int, str]:
    status = os.stat(path)
    stamp = (status.st_ino, status.st_size, status.st_mtime_ns)
    known = _known.get(str(path))
    if known is None or known[0] != stamp:
        found = hashlib.sha256()
        for block in blocks(path):
            found.update(block)
        known = _known[str(path)] = stamp, found.hexdigest()
    return status.st_size, known[1]


def _places(spec: RunSpec) -> dict[str, Path]:
    """What is read, by where a worker has it."""
    experiment = recorded_experiment(spec.experiment)
    found: dict[str, Path] = {}
    if experiment.own:
        own = folder_of(experiment.key)
        names = [EXPERIMENT, *(part for part in ("train", "valid") if spec.data == OWN and (own / part).is_dir())]
        found |= {f"experiments/{experiment.key}/{name}": own / name for name in names}
    parts: set[str] = set(book_files(experiment)) if spec.data == BOOK else set()
    for field in FIELDS:
        value = getattr(spec, field)
        if value.startswith(BOOK_PART):
            parts |= {value.removeprefix(BOOK_PART), *([ACCESSIBILITY] if experiment.covariates else [])}
        elif value and value not in (SYNTHETIC, BOOK, OWN):
            found[field] = Path(value)
    for part in sorted(parts):
        place = book_part(part)
        if place is None:
            raise DataError(f"the book's {part} is not in the data folder: get it with 'dnaconv data fetch'")
        found[f"data/book/{part}"] = place
    return found
