"""Simple predictors are fitted once: they depend on the data and nothing of the network, and take most of a short run.

Each set of them is a file in the cache, named by a hash of all that it depends on: every value of both parts, how they
were fitted, and the code and libraries that did it. It holds arrays and JSON, and is read as what a stranger wrote: a
damaged one is fitted anew. The files used longest ago go where there are too many.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import io
import json
import os
import time
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from dnaconv_core import __version__
from dnaconv_core.data.dataset import Dataset
from dnaconv_core.evaluate.baselines import Baseline, fit_baselines
from dnaconv_core.files import DAMAGED, sweep_parts, write_atomic
from dnaconv_core.home import baselines_folder
from dnaconv_core.progress import SILENT, Progress
from dnaconv_core.results import Metric
from dnaconv_core.storing import read_only

MOST_BYTES = 200 << 20  # of all files together
_BLOCK = 5_000  # examples that are hashed together
_MADE_BY = ("numpy", "scipy", "scikit-learn", "pyjaspar")
_TOLD = "told"  # the entry of a file with what is no array


def kept_baselines(
    task: str, train: Dataset, valid: Dataset, *, progress: Progress = SILENT, **how: Any
) -> Iterator[tuple[str, Baseline]]:
    """What `fit_baselines` yields for the same: read where all of it was fitted before, else fitted and kept.

    Raises what that does. A cache that cannot be read or written costs time only.
    """
    path = baselines_folder() / f"{_key(task, train, valid, how)}.npz"
    found = _read(path, len(valid))
    if found is not None:
        yield from found.items()
        progress.report(1.0, "baselines: fitted before")
        return
    found = {}
    for key, one in fit_baselines(task, train, valid, progress=progress, **how):
        found[key] = one
        yield key, one
    if not progress.should_stop() and not read_only():
        _keep(path, found)


def _key(task: str, train: Dataset, valid: Dataset, how: dict[str, Any]) -> str:
    """A hash of what the baselines depend on, in hexadecimal digits."""
    told = hashlib.sha256(f"{_made_by()}\n{task}\n".encode())
    for name in sorted(how):
        value = how[name]
        told.update(f"{name} {value.tolist() if isinstance(value, np.ndarray) else value!r}\n".encode())
    for data in (train, valid):
        _hash(told, data)
    return told.hexdigest()


def _hash(told: Any, data: Dataset) -> None:
    """All of these data that an example is seen, weighed or grouped by."""
    told.update(repr((data.X.shape, data.y.shape, data.covariate_names, data.alphabet)).encode())
    for start in range(0, len(data), _BLOCK):
        block = slice(start, start + _BLOCK)
        for values in (data.X, data.y, data.w, data.covariates):
            if values is not None:
                told.update(np.ascontiguousarray(values[block]).data)
        told.update(repr([str(name) for name in data.ids[block]]).encode())


@functools.cache
def _made_by() -> str:
    """The versions of what fits, and a hash of our own code for it, which may change between versions."""
    versions = [f"{name} {version(name)}" for name in _MADE_BY]
    rooms = [Path(__file__).parents[1] / room for room in ("answers", "evaluate")]
    code = hashlib.sha256(b"".join(path.read_bytes() for room in rooms for path in sorted(room.glob("*.py"))))
    return f"dnaconv {__version__}, {', '.join(versions)}, {code.hexdigest()}"


def _read(path: Path, n: int) -> dict[str, Baseline] | None:
    """The baselines in this file, with predictions of `n` examples; None where it is missing or damaged."""
    try:
        with np.load(path, allow_pickle=False) as kept:
            told = json.loads(str(kept[_TOLD][()]))
            found = {key: _baseline(one, kept[key], n) for key, one in told.items()}
    except (*DAMAGED, AttributeError, RecursionError):
        return None
    with contextlib.suppress(OSError):  # it may be somebody else's: then others have it longer
        os.utime(path)
    return found


def _baseline(told: dict[str, Any], prediction: np.ndarray, n: int) -> Baseline:
    if prediction.ndim != 2 or len(prediction) != n or prediction.dtype != np.float32:
        raise ValueError("these are predictions of something else")
    metrics = {str(name): Metric.from_json(one) for name, one in told["metrics"].items()}
    return Baseline(str(told["name"]), str(told["explanation"]), prediction, metrics)


def _keep(path: Path, found: dict[str, Baseline]) -> None:
    told = json.dumps({key: one.as_json() for key, one in found.items()})
    arrays: dict[str, Any] = {key: one.prediction for key, one in found.items()} | {_TOLD: np.array(told)}
    packed = io.BytesIO()
    np.savez_compressed(packed, **arrays)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _make_room(path.parent, len(packed.getbuffer()))
        write_atomic(path, packed.getvalue())
    except OSError:  # the disk is full, or somebody else's
        return


def _make_room(folder: Path, more: int) -> None:
    """Remove those used longest ago until `more` bytes fit, and what was left half written."""
    sweep_parts(folder, time.time())
    files = sorted((path.stat().st_mtime, path.stat().st_size, path) for path in folder.glob("*.npz"))
    left = sum(size for _, size, _ in files) + more
    for _, size, path in files:
        if left <= MOST_BYTES:
            return
        path.unlink(missing_ok=True)
        left -= size
