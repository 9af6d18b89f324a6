"""The book's real data: fetched once into the home folder, or placed there from a folder of files.

Parts have the repository's names (`train_siRNA`, `valid_dataset`, `accessibility.txt`, …); `jund` and `sirna` are all
parts of one experiment. They lie at `data_folder()/book/<part>`.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from filelock import FileLock, Timeout

from dnaconv_core.data.book_files import BOOK_FILES, COMMIT, FOLDER, PARTS, REPOSITORY
from dnaconv_core.data.download import blob_id, download
from dnaconv_core.errors import FetchError, InputError
from dnaconv_core.home import data_folder
from dnaconv_core.progress import SILENT, Progress
from dnaconv_core.storing import check_storing

BASE_URL = f"https://raw.githubusercontent.com/{REPOSITORY}/{COMMIT}"
_FILES_LOOKED_AT = 100_000  # in a folder given as the source
BY_HAND = (
    f"without a connection, download the folder {FOLDER} of https://github.com/{REPOSITORY} (commit {COMMIT[:10]}) "
    "elsewhere and run 'dnaconv data fetch --from DIR' with the folder it lies in"
)


class Fetched(NamedTuple):
    """The parts that are complete now, and those asked for that are still missing (only with a source folder)."""

    complete: dict[str, Path]
    missing: tuple[str, ...]


class _File(NamedTuple):
    part: str
    name: str  # below the part; "" for a part that is one file
    blob: str

    @property
    def target(self) -> Path:
        return book_folder() / self.part / self.name if self.name else book_folder() / self.part

    @property
    def label(self) -> str:
        return f"{self.part}/{self.name}" if self.name else self.part


def book_folder() -> Path:
    """Where the book's data lie; it need not exist."""
    return data_folder() / "book"


def book_part(name: str) -> Path | None:
    """The folder (or file) of a part once it is complete, None before. Raises InputError when there is no such part."""
    (part,) = part_names([name])
    files = [_File(part, file, blob).target for file, blob in BOOK_FILES[part].items()]
    return book_folder() / part if all(file.is_file() for file in files) else None


def available() -> dict[str, Path]:
    """The parts that have been fetched completely."""
    return {part: path for part in BOOK_FILES if (path := book_part(part)) is not None}


def part_names(names: Iterable[str]) -> list[str]:
    """The parts that these names stand for, sets such as 'jund' spelt out. Raises InputError for an unknown name."""
    parts: dict[str, None] = {}
    for name in names:
        found = PARTS.get(name) or ((name,) if name in BOOK_FILES else ())
        if not found:
            raise InputError(f"the book has no part {name!r}: choose from {', '.join([*PARTS, *BOOK_FILES])}")
        parts.update(dict.fromkeys(found))
    return list(parts)


def fetch(
    parts: Iterable[str] = ("jund", "sirna"),
    *,
    source: Path | str | None = None,
    base_url: str = BASE_URL,
    progress: Progress = SILENT,
    sleep: Callable[[float], None] = time.sleep,
) -> Fetched:
    """Bring these parts into the home folder; files that are there and right are left alone.

    source: a folder to take the files from instead of the network, in whatever layout; a file counts when its content
    is right. Parts it lacks are named in the result's `missing`.
    Raises FetchError when a file cannot be had, when `source` holds none of them, or when progress asks to stop (what
    arrived is kept); InputError for an unknown part.
    """
    check_storing()
    names = part_names(parts)
    try:
        book_folder().mkdir(parents=True, exist_ok=True)
        with FileLock(book_folder() / ".lock", timeout=0):
            wanted = [_File(part, name, blob) for part in names for name, blob in BOOK_FILES[part].items()]
            lacking = [file for file in wanted if not (file.target.is_file() and blob_id(file.target) == file.blob)]
            if source is not None:
                lacking = _place(lacking, Path(source), progress)
            else:
                lacking = _download(lacking, base_url, progress, sleep)
    except Timeout as error:
        raise FetchError(f"another fetch is writing to {book_folder()}: wait until it has ended") from error
    except OSError as error:
        raise FetchError(f"{book_folder()} cannot be filled ({error.strerror or error}): check it") from error
    missing = tuple(part for part in names if any(file.part == part for file in lacking))
    complete = {part: book_folder() / part for part in names if part not in missing}
    if not complete:
        raise FetchError(
            f"{source} holds no whole part of the book's data (looked for {', '.join(missing)}, by their content): "
            f"give the folder that holds {FOLDER} of https://github.com/{REPOSITORY}"
        )
    progress.report(1.0, f"{len(complete)} parts in {book_folder()}")
    return Fetched(complete, missing)


def _download(lacking: list[_File], base_url: str, progress: Progress, sleep: Callable[[float], None]) -> list[_File]:
    """Fetch each file; returns those still lacking, which are none."""
    for done, file in enumerate(lacking):
        file.target.parent.mkdir(parents=True, exist_ok=True)

        def tell(have: int, total: int | None, done: int = done, file: _File = file) -> None:
            within = min(have / total, 1.0) if total else 0.0
            size = f"{have / 1e6:.1f} of {total / 1e6:.1f} MB" if total else f"{have / 1e6:.1f} MB"
            progress.report(0.99 * (done + within) / len(lacking), f"{file.label}: {size}")

        def warn(message: str, done: int = done, file: _File = file) -> None:
            progress.report(0.99 * done / len(lacking), f"{file.label}: {message}")

        try:
            download(
                f"{base_url.rstrip('/')}/{FOLDER}/{file.label}",
                file.target,
                file.blob,
                tell=tell,
                warn=warn,
                should_stop=progress.should_stop,
                sleep=sleep,
            )
        except FetchError as error:
            if progress.should_stop():
                raise
            raise FetchError(f"{error}; {BY_HAND}") from error
    return []


def _place(lacking: list[_File], source: Path, progress: Progress) -> list[_File]:
    """Copy from `source` the files whose content is right, whatever their folders are called; returns the others."""
    if not source.is_dir():
        raise FetchError(f"{source} is not a folder: give the one that holds the book's files")
    names = {Path(file.label).name for file in lacking}
    found: dict[str, Path] = {}
    for path in _files(source):
        if path.name in names:
            found.setdefault(blob_id(path), path)
    for done, file in enumerate(lacking):
        if progress.should_stop():
            raise FetchError("placing the files was stopped: those already placed are kept")
        if file.blob in found:
            file.target.parent.mkdir(parents=True, exist_ok=True)
            part = file.target.with_name(file.target.name + ".part")
            shutil.copyfile(found[file.blob], part)
            os.replace(part, file.target)
        progress.report(0.99 * (done + 1) / len(lacking), file.label)
    return [file for file in lacking if file.blob not in found]


def _files(source: Path) -> Iterator[Path]:
    count = 0
    for folder, _, names in os.walk(source):
        for name in names:
            count += 1
            if count > _FILES_LOOKED_AT:
                raise FetchError(f"{source} holds more than {_FILES_LOOKED_AT:,} files: give one closer to the data")
            path = Path(folder) / name
            if path.is_file():
                yield path
