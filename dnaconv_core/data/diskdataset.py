"""DeepChem's DiskDataset folders, in and out; the one place that turns `(n, L, 4)` into `(N, 4, L)` and back.

A folder holds `metadata.csv.gzip` (one row of file names per shard), `tasks.json`, and for each shard N the arrays
`shard-N-{X,y,w,ids}.joblib` (`.npy` from newer DeepChem). `shard-N-a.joblib`, if there, holds covariates, and
`covariates.json` their names.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import os
import re
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from dnaconv_core.cluster.pieces import over
from dnaconv_core.data.code_rows import codes_of
from dnaconv_core.data.dataset import Dataset
from dnaconv_core.data.on_disk import StoredRows, StreamedX
from dnaconv_core.data.shard_files import (
    COLUMNS,
    COVARIATES,
    METADATA,
    TASKS,
    Shard,
    covariate_names,
    json_list,
    list_shards,
)
from dnaconv_core.data.unique import check_stored, unique
from dnaconv_core.data.unpickle import StoredArray, read_array
from dnaconv_core.errors import ConfigError, DataError
from dnaconv_core.memory import lean_memory
from dnaconv_core.progress import SILENT, Progress
from dnaconv_core.sequence.encoding import from_codes

_BLOCK_BYTES = 16 << 20  # of X, unpacked and checked at a time
_SHARD_BYTES = 256 << 20  # of X, in one written shard
_DIGITS = 21  # of a whole number as text


def read_diskdataset(path: Path | str, *, alphabet: str = "DNA", budget_bytes: int | None = None) -> Dataset:
    """The dataset in a DiskDataset folder, shards in the order that its metadata (or their number) gives.

    X must be one-hot `(n, L, 4)` of any numeric type; all-zero positions are N. When X takes more than `budget_bytes`
    (256 MiB, or what the variable DNACONV_IN_MEMORY says in MiB) it is unpacked, a block at a time, into a temporary
    file that vanishes with the process, and so are the ids: both are read from there as they are needed.
    Labels are absent (`y` is `(N, 0)`) when there are no y files; missing weights are 1.
    Raises DataError naming the file, row and position of what is wrong, UnsafeFileError for a file that holds
    anything but an array.
    """
    folder = Path(path)
    shards = list_shards(folder)
    shapes = [_x_shape(shard.X) for shard in shards]
    length = shapes[0][1]
    for shard, shape in zip(shards, shapes, strict=True):
        if shape[1] != length:
            raise DataError(f"{shard.X} has sequences of {shape[1]} bases and {shards[0].X} of {length}: split them up")
    n = sum(shape[0] for shape in shapes)
    if n == 0:
        raise DataError(f"{folder} has no examples: its shards are empty")
    with lean_memory(n):
        on_disk = 4 * n * length > (_budget() if budget_bytes is None else budget_bytes)
        return _joined(folder, shards, shapes, alphabet, on_disk)


def _joined(folder: Path, shards: list[Shard], shapes: list[tuple[int, ...]], alphabet: str, on_disk: bool) -> Dataset:
    """The shards as one dataset, whose sequences and ids lie on the disk or in memory."""
    n, length = sum(shape[0] for shape in shapes), shapes[0][1]
    X: Any = StreamedX(n, length) if on_disk else np.empty((n, 4, length), np.int8)
    ids: Any = StoredRows((n,), _id_type(shards)) if on_disk and shards[0].ids else None
    rows = []
    start = 0
    for shard, shape in zip(shards, shapes, strict=True):
        _fill(X, start, shard.X)
        beside = _read_beside(shard, shape[0])
        if ids is not None:
            ids.append(beside.ids)
            beside = beside._replace(ids=np.empty(0, str))  # a view would keep them all
        rows.append(beside)
        start += shape[0]
    y, w = (np.concatenate(_same_width(part, shards)) for part in zip(*((r.y, r.w) for r in rows), strict=True))
    if ids is None:
        ids = unique(np.concatenate([r.ids for r in rows]), folder) if shards[0].ids else np.arange(n).astype(str)
    else:
        check_stored(ids, folder)
    tasks = json_list(folder / TASKS)
    if tasks is not None and y.shape[1] and len(tasks) != y.shape[1]:
        raise DataError(f"{folder / TASKS} names {len(tasks)} tasks but y has {y.shape[1]} columns: correct the names")
    dataset = Dataset(X, y, w, ids, alphabet=alphabet, name=folder.resolve().name)
    if shards[0].a is None:
        return dataset
    a = np.concatenate(_same_width([r.a for r in rows], shards))
    return dataset.with_covariates(a, covariate_names(folder, a.shape[1]))


def write_diskdataset(
    dataset: Dataset,
    path: Path | str,
    *,
    shard_size: int | None = None,
    level: int = 3,
    on: str = "",
    progress: Progress = SILENT,
) -> Path:
    """Write a folder that DeepChem's `DiskDataset(path)` opens; returns it.

    shard_size: examples per shard, by default as many as fit in 256 MiB. level: of zlib, 1 to 9. on: a Dask cluster,
    each of whose workers packs a shard, to the same bytes. The folder appears complete or not at all.
    Raises DataError when `path` exists and is not an empty folder, or `progress` asks to stop.
    """
    path = Path(path)
    if path.exists() and not (path.is_dir() and not any(path.iterdir())):
        raise DataError(f"{path} exists already: choose another name, or remove it first")
    size = shard_size or max(_SHARD_BYTES // (4 * dataset.length), 1)
    path.parent.mkdir(parents=True, exist_ok=True)
    part = Path(tempfile.mkdtemp(dir=path.parent, prefix=f".{path.name}."))
    try:
        names = []
        starts = range(0, len(dataset), size)
        pieces = (_piece(dataset, slice(start, start + size), codes=bool(on)) for start in starts)
        for number, packed in enumerate(over(_packed, level, pieces, on=on, progress=progress)):
            for name, content in packed.items():
                (part / f"shard-{number}-{name}.joblib").write_bytes(content)
            names.append([f"shard-{number}-{name}.joblib" for name in COLUMNS])
            progress.report(len(names) / len(starts), f"{len(names):,} of {len(starts):,} shards written")
        if len(names) < len(starts):
            raise DataError(f"writing {path} was stopped: nothing was kept")
        table = io.StringIO()
        csv.writer(table, lineterminator="\n").writerows([COLUMNS, *names])
        (part / METADATA).write_bytes(gzip.compress(table.getvalue().encode(), mtime=0))
        (part / TASKS).write_text(json.dumps(list(range(dataset.y.shape[1]))))
        if dataset.covariates is not None:
            (part / COVARIATES).write_text(json.dumps(list(dataset.covariate_names)))
        part.chmod(0o755)  # mkdtemp makes it private
        if path.exists():
            path.rmdir()
        os.replace(part, path)
    except BaseException:
        shutil.rmtree(part, ignore_errors=True)
        raise
    return path


def _piece(dataset: Dataset, rows: slice, *, codes: bool) -> dict[str, np.ndarray]:
    """The arrays of one shard; of X, to travel, one byte a base."""
    arrays = {
        "X": codes_of(dataset.X, rows) if codes else dataset.X[rows],
        "y": np.ascontiguousarray(dataset.y[rows]),
        "w": np.ascontiguousarray(dataset.w[rows]),
        "ids": np.array(dataset.ids[rows].tolist(), dtype=str),
    }
    if dataset.covariates is not None:
        arrays["a"] = np.ascontiguousarray(dataset.covariates[rows])
    return arrays


def _packed(level: int, arrays: dict[str, np.ndarray]) -> dict[str, bytes]:
    """The content of each file of one shard, here or on a worker."""
    import joblib

    found = {}
    for name, array in arrays.items():
        if name == "X":
            X = from_codes(array) if array.ndim == 2 else array
            array = np.ascontiguousarray(np.swapaxes(X, 1, 2), dtype=np.int8)  # (n, L, 4)
        file = io.BytesIO()
        joblib.dump(array, file, compress=("zlib", level))
        found[name] = file.getvalue()
    return found


# Their contents


class _Beside(NamedTuple):
    """What is stored with a shard's X."""

    y: np.ndarray  # (n, T) float32
    w: np.ndarray  # (n, T) float32
    ids: np.ndarray  # (n,) text
    a: np.ndarray  # (n, C) float32


def _x_shape(file: Path) -> tuple[int, ...]:
    with StoredArray(file) as stored:
        shape, dtype = stored.shape, stored.dtype
    if len(shape) != 3 or shape[2] != 4 or shape[1] == 0:
        hint = ": swap its last two axes" if len(shape) == 3 and shape[1] == 4 else ""
        raise DataError(f"{file} has shape {shape}, but one-hot sequences are (examples, length, 4){hint}")
    if dtype.kind not in "biuf":
        raise DataError(f"{file} holds {dtype} values, but one-hot sequences are numbers")
    return shape


def _budget() -> int:
    """Bytes of one-hot up to which X is kept in memory."""
    wanted = os.environ.get("DNACONV_IN_MEMORY", "256")
    if not re.fullmatch(r"\d{1,9}", wanted):
        raise ConfigError(f"DNACONV_IN_MEMORY is {wanted[:60]!r}: it must be a whole number of MiB, such as 1024")
    return int(wanted) << 20


def _id_type(shards: list[Shard]) -> np.dtype:
    """Text wide enough for the ids of every shard, as their files declare them."""
    widths = [1]
    for file in [shard.ids for shard in shards if shard.ids]:
        with StoredArray(file) as stored:
            number = stored.dtype.kind in "iu"
            widths.append(_DIGITS if number else stored.dtype.itemsize // (4 if stored.dtype.kind == "U" else 1))
    return np.dtype(f"U{max(widths)}")


def _fill(X: np.ndarray | StreamedX, start: int, file: Path) -> None:
    """Unpack one shard into the rows of X `(N, 4, L)` from `start`, checking each block."""
    with StoredArray(file) as stored:
        row_bytes = stored.dtype.itemsize * 4 * stored.shape[1]
        done = 0
        for block in stored.blocks(max(_BLOCK_BYTES // row_bytes, 1)):
            rows = _one_hot(block, file, done)  # (n, L, 4)
            if isinstance(X, StreamedX):
                X.stored.append(_codes(rows))
            else:
                X[start + done : start + done + len(rows)] = np.swapaxes(rows, 1, 2)
            done += len(rows)


def _codes(rows: np.ndarray) -> np.ndarray:
    """Codes `(n, L)` uint8 of one-hot `(n, L, 4)`: 0 to 3, 4 for an unknown base."""
    known = rows.view(np.uint32)[..., 0] != 0
    codes = rows[..., 1] + 2 * rows[..., 2] + 3 * rows[..., 3]
    return np.where(known, codes, np.int8(4)).view(np.uint8)


def _one_hot(block: np.ndarray, file: Path, start: int) -> np.ndarray:
    """`(n, L, 4)` int8 after checking that each position has at most a single 1 and otherwise 0."""
    narrow = np.ascontiguousarray(block.view(np.uint8) if block.dtype.itemsize == 1 else block == 1).view(np.uint8)
    wrong = narrow > 1 if block.dtype.itemsize == 1 else (block != 0) & (block != 1)  # NaN is neither
    if wrong.any():
        row, position, channel = np.argwhere(wrong)[0]
        raise DataError(
            f"{file}: row {start + row}, position {position} (counted from 0) holds {block[row, position, channel]}: "
            "one-hot sequences hold only 0 and 1"
        )
    words = narrow.view(np.uint32)[..., 0]  # (n, L): the four channels as the bytes of one number
    twice = (words & (words - np.uint32(1))) != 0
    if twice.any():
        row, position = np.argwhere(twice)[0]
        raise DataError(
            f"{file}: row {start + row}, position {position} (counted from 0) has {narrow[row, position].sum()} ones: "
            "a one-hot position has one, or none for N"
        )
    return narrow.view(np.int8)


def _read_beside(shard: Shard, n: int) -> _Beside:
    y = _numbers(shard.y, n, shard.X, 0) if shard.y else np.empty((n, 0), np.float32)
    w = _numbers(shard.w, n, shard.X, y.shape[1]) if shard.w else np.ones(y.shape, np.float32)
    if w.shape[1] == 1:
        w = np.repeat(w, y.shape[1], axis=1)
    if w.shape != y.shape:
        raise DataError(f"{shard.w} has {w.shape[1]} columns but {shard.y} has {y.shape[1]}: they must be equal")
    if shard.w and not (np.isfinite(w) & (w >= 0)).all():
        row = int(np.flatnonzero(~(np.isfinite(w) & (w >= 0)).all(axis=1))[0])
        raise DataError(f"{shard.w}: row {row} (counted from 0) has the weight {w[row]}: weights are numbers from 0 up")
    y[w == 0] = np.nan_to_num(y[w == 0], posinf=0, neginf=0)  # DeepChem marks missing labels by weight 0
    _finite(y, shard.y)
    a = _numbers(shard.a, n, shard.X, 0) if shard.a else np.empty((n, 0), np.float32)
    _finite(a, shard.a)
    return _Beside(y, w, _ids(shard.ids, n, shard.X), a)


def _checked_rows(file: Path, n: int, x_file: Path, kinds: str, what: str) -> np.ndarray:
    with StoredArray(file) as stored:
        if not stored.shape or stored.shape[0] != n:
            rows = stored.shape[0] if stored.shape else "no"
            raise DataError(f"{file} has {rows} rows but {x_file.name} has {n}: they must be equal")
        if stored.dtype.kind not in kinds:
            raise DataError(f"{file} holds {stored.dtype} values: {what}")
    return read_array(file)


def _numbers(file: Path, n: int, x_file: Path, columns: int) -> np.ndarray:
    """`(n, k)` float32 from `(n,)` or `(n, k)`."""
    values = _checked_rows(file, n, x_file, "biuf", "it should hold numbers")
    if values.ndim > 2:
        raise DataError(f"{file} has shape {values.shape}, but it should be (examples, {columns or 'columns'})")
    with np.errstate(over="ignore"):  # becomes infinite and is reported as such
        return (values[:, None] if values.ndim == 1 else values).astype(np.float32)


def _finite(values: np.ndarray, file: Path | None) -> None:
    if not np.isfinite(values).all():
        row = int(np.flatnonzero(~np.isfinite(values).all(axis=1))[0])
        raise DataError(f"{file}: row {row} (counted from 0) holds {values[row]}: every value must be a finite number")


def _ids(file: Path | None, n: int, x_file: Path) -> np.ndarray:
    if file is None:
        return np.empty(n, "U1")
    ids = _checked_rows(file, n, x_file, "iuUS", "ids are text or whole numbers")
    if ids.ndim == 2 and ids.shape[1] == 1:
        ids = ids[:, 0]
    if ids.ndim != 1:
        raise DataError(f"{file} has shape {ids.shape}, but ids are a single column")
    try:
        return ids.astype(str)
    except UnicodeDecodeError as error:
        raise DataError(f"{file} has an id that is not ASCII ({error}): write ids as text") from error


def _same_width(parts: Sequence[np.ndarray], shards: list[Shard]) -> Sequence[np.ndarray]:
    for part, shard in zip(parts, shards, strict=True):
        if part.shape[1] != parts[0].shape[1]:
            raise DataError(
                f"the shard of {shard.X} has {part.shape[1]} columns and the first {parts[0].shape[1]}: "
                "all shards need the same tasks"
            )
    return parts
