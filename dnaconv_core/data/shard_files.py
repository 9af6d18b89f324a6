"""Which files a DeepChem DiskDataset folder holds: its metadata, tasks and shards, by name."""

from __future__ import annotations

import csv
import gzip
import io
import json
import os
import re
import zlib
from pathlib import Path
from typing import Any, NamedTuple

from dnaconv_core.errors import DataError, UnsafeFileError

METADATA, TASKS, COVARIATES = "metadata.csv.gzip", "tasks.json", "covariates.json"
COLUMNS = ("ids", "X", "y", "w")
_METADATA_BYTES = 16 << 20
_SHARD_FILE = re.compile(r"shard-(\d+)-X\.(joblib|npy)")
_FILE_NAME = re.compile(r"\w[\w.-]*\.(joblib|npy)")


class Shard(NamedTuple):
    X: Path
    y: Path | None
    w: Path | None
    ids: Path | None
    a: Path | None


def is_diskdataset(path: Path | str) -> bool:
    """Whether the folder looks like a DiskDataset."""
    path = Path(path)
    return path.is_dir() and ((path / METADATA).is_file() or any(map(_SHARD_FILE.fullmatch, os.listdir(path))))


def list_shards(folder: Path) -> list[Shard]:
    """The shards as the metadata lists them, or by number without metadata. Raises DataError for a missing file."""
    if not folder.is_dir():
        raise DataError(f"{folder} is not a folder: a DiskDataset is a folder with {METADATA} and shard files")
    if (folder / METADATA).is_file():
        shards = _from_metadata(folder)
    else:
        found = sorted((int(m[1]), m[2]) for m in map(_SHARD_FILE.fullmatch, os.listdir(folder)) if m)
        there: dict[int, dict[str, Any]] = {number: {} for number, _ in found}
        for number, suffix in found:
            names = {part: folder / f"shard-{number}-{part}.{suffix}" for part in COLUMNS}
            there[number] = {part: file if file.is_file() else None for part, file in names.items()}
        shards = [Shard(a=_covariate_file(parts["X"]), **parts) for parts in there.values()]
    if not shards:
        raise DataError(f"{folder} has no shard: a DiskDataset holds shard-0-X.joblib and the like")
    for part in ("y", "w", "ids", "a"):
        have = [getattr(shard, part) is not None for shard in shards]
        if any(have) and not all(have):
            raise DataError(
                f"{folder}: the shard of {shards[have.index(False)].X.name} has no {part} and others have: "
                f"add its file, or remove {part} from all"
            )
    return shards


def _from_metadata(folder: Path) -> list[Shard]:
    file = folder / METADATA
    try:
        with gzip.open(file) as stream:
            content = stream.read(_METADATA_BYTES + 1)
        if len(content) > _METADATA_BYTES:
            raise UnsafeFileError(
                f"{file} unpacks to more than {_METADATA_BYTES >> 20} MiB: no list of shards needs that"
            )
        table = list(csv.DictReader(io.StringIO(content.decode())))
    except (OSError, EOFError, zlib.error, UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{file} cannot be read ({error}): fetch or write it again") from error
    shards: list[Shard] = []
    for row in table:
        files: dict[str, Any] = {}  # None for a part that the shard lacks
        for part in COLUMNS:
            name = row.get(part)
            if name in (None, "", "None", "nan"):
                files[part] = None
                continue
            if not _FILE_NAME.fullmatch(name):
                raise UnsafeFileError(
                    f"{file} names {name[:100]!r}: a shard is a .joblib or .npy file in the same folder"
                )
            files[part] = folder / name
            if not files[part].is_file():
                raise DataError(f"{folder} has no {name}, which its {METADATA} names: copy the missing file there")
        if files["X"] is None:
            raise DataError(f"{file} names no X file in row {len(shards) + 1}: each shard needs one")
        shards.append(Shard(a=_covariate_file(files["X"]), **files))
    return shards


def _covariate_file(x_file: Path) -> Path | None:
    file = x_file.with_name(re.sub(r"-X(?=\.\w+$)", "-a", x_file.name))
    return file if file != x_file and file.is_file() else None


def json_list(file: Path) -> list[Any] | None:
    """The list in a JSON file, None when there is no such file."""
    if not file.is_file():
        return None
    try:
        stored = json.loads(file.read_text())
    except (OSError, ValueError, RecursionError) as error:
        raise DataError(f"{file} cannot be read ({error}): it should be a list such as [0]") from error
    if not isinstance(stored, list):
        raise DataError(f"{file} does not hold a list: it should be one such as [0]")
    return stored


def covariate_names(folder: Path, n: int) -> tuple[str, ...]:
    """The names stored with the shards, or plain ones."""
    names = json_list(folder / COVARIATES)
    if names is None:
        return ("accessibility",) if n == 1 else tuple(f"covariate_{i}" for i in range(n))
    if len(names) != n or not all(isinstance(name, str) for name in names):
        raise DataError(f"{folder / COVARIATES} should hold {n} names, one for each column of shard-0-a")
    return tuple(names)
