"""An own experiment as one `.zip`, out and in again without trusting it.

In it: `experiment.json`, `recipe.json`, `audit.json`, `looks.json` and the DiskDatasets `train/`, `valid/` and `test/`.
"""

from __future__ import annotations

import os
import shutil
import zipfile
from dataclasses import replace
from pathlib import Path, PurePosixPath

from dnaconv_core.data.dataset import Dataset
from dnaconv_core.data.diskdataset import read_diskdataset
from dnaconv_core.data.shard_files import COVARIATES, METADATA, TASKS, list_shards
from dnaconv_core.data.unpickle import StoredArray
from dnaconv_core.errors import DataError, DnaConvError, UnsafeFileError
from dnaconv_core.experiments.base import Experiment
from dnaconv_core.experiments.own import (
    AUDIT,
    EXPERIMENT,
    FILE_NAME,
    LOOKS,
    PARTS,
    RECIPE,
    folder_of,
    from_words,
    read_words,
    write_experiment,
)
from dnaconv_core.experiments.own_store import data_hash, new_key, own_experiment, scratch, settle
from dnaconv_core.files import ZIP_DAMAGED, is_litter

_SMALL = 4 << 20  # bytes of a file beside the shards
_MOST_ENTRIES = 200_000
_ID_BYTES = 4 * 300  # of an example's id, as numpy keeps it
_BESIDE = 1 << 20  # bytes a shard may have beside its numbers
_TOP = (EXPERIMENT, RECIPE, AUDIT, LOOKS)
_BLOCK = 1 << 20
_BASES_A_BYTE = 64


def export_experiment(key: str, out: Path) -> int:
    """Write an experiment with its examples to the file `out`, in one step; returns its bytes.

    Raises InputError for one that is not a user's own.
    """
    experiment = own_experiment(key)
    folder = folder_of(experiment.key)
    part = out.with_name(f".{out.name}.part")
    try:
        with zipfile.ZipFile(part, "w", zipfile.ZIP_STORED) as archive:  # shards are compressed already
            for name in _files(folder):
                entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
                with (folder / name).open("rb") as source, archive.open(entry, "w", force_zip64=True) as target:
                    shutil.copyfileobj(source, target, _BLOCK)
        os.replace(part, out)
    finally:
        part.unlink(missing_ok=True)
    return out.stat().st_size


def _files(folder: Path) -> list[str]:
    inside = [f"{part}/{path.name}" for part in PARTS if (folder / part).is_dir() for path in (folder / part).iterdir()]
    return [name for name in _TOP if (folder / name).is_file()] + sorted(inside)


def import_experiment(archive: Path, key: str = "") -> Experiment:
    """Take in an experiment that was exported, under its own key or another one.

    Nothing is believed: names are checked, no file is larger than the stated shapes allow, shards hold arrays only, and
    all examples must have the stated hash. Raises DataError or UnsafeFileError naming what is wrong, InputError where
    the key is taken; nothing stays then.
    """
    try:
        with zipfile.ZipFile(archive) as packed, scratch() as folder:
            experiment = _told(packed, archive)
            _check_size(experiment, archive)
            key = new_key(key or experiment.key)
            _unpack(packed, archive, experiment, folder)
            _check(folder, archive, experiment)
            write_experiment(folder, replace(experiment, key=key))
            settle(folder, key)
    except FileNotFoundError:
        raise DataError(f"{archive} does not exist: give the path of an exported experiment") from None
    except DnaConvError:
        raise
    except ZIP_DAMAGED as error:
        raise DataError(f"{archive} is not a readable .zip ({error}): export the experiment again") from None
    return own_experiment(key)


def _told(packed: zipfile.ZipFile, archive: Path) -> Experiment:
    """What the archive says it is."""
    if EXPERIMENT not in packed.namelist():
        raise DataError(f"{archive} has no {EXPERIMENT}: an experiment is exported with 'dnaconv data export'")
    with packed.open(EXPERIMENT) as file:
        content = file.read(_SMALL + 1)
    return from_words(read_words(content[: _SMALL + 1], f"{EXPERIMENT} in {archive}"), f"{EXPERIMENT} in {archive}")


def _check_size(experiment: Experiment, archive: Path) -> None:
    """A base takes two bits, and those of overlapping windows less; far more bases than there are bits are a bomb."""
    bases, size = sum(n for _, n in experiment.parts) * experiment.length, archive.stat().st_size
    if bases > _BASES_A_BYTE * size:
        raise UnsafeFileError(f"{archive} states {bases:,} bases in {size:,} bytes, which cannot be: refused")


def _unpack(packed: zipfile.ZipFile, archive: Path, experiment: Experiment, folder: Path) -> None:
    """Every entry into `folder`, none larger than it may be."""
    sizes = dict(experiment.parts)
    entries = [entry for entry in packed.infolist() if not (entry.is_dir() or is_litter(entry.filename))]
    if len(entries) > _MOST_ENTRIES or len({entry.filename for entry in entries}) < len(entries):
        raise UnsafeFileError(f"{archive} holds too many files, or one of them twice: refused")
    left = {part: _allowed(experiment, n) for part, n in sizes.items()}
    for entry in entries:
        name = PurePosixPath(entry.filename)
        if entry.filename in _TOP:
            _copy(packed, entry, folder / name, _SMALL)
            continue
        fits = len(name.parts) == 2 and name.parts[0] in sizes and str(name) == entry.filename
        known = fits and (name.name in (METADATA, TASKS, COVARIATES) or FILE_NAME.fullmatch(name.name))
        if not known:
            raise UnsafeFileError(
                f"{archive} holds {entry.filename[:60]!r}, which is no part of an experiment: refused"
            )
        (folder / name.parts[0]).mkdir(exist_ok=True)
        left[name.parts[0]] -= _copy(packed, entry, folder / name, left[name.parts[0]])


def _allowed(experiment: Experiment, n: int) -> int:
    """Bytes that n examples may take, compressed badly."""
    each = 4 * experiment.length + 8 * experiment.n_tasks + 4 * len(experiment.covariates) + _ID_BYTES
    return int(1.05 * n * each) + _SMALL + _BESIDE * (1 + n // 1000)


def _copy(packed: zipfile.ZipFile, entry: zipfile.ZipInfo, target: Path, most: int) -> int:
    done = 0
    with packed.open(entry) as source, target.open("xb") as file:
        while block := source.read(_BLOCK):
            done += len(block)
            if done > most:
                raise UnsafeFileError(f"{entry.filename} unpacks to more than the {most:,} bytes it may have: refused")
            file.write(block)
    return done


def _check(folder: Path, archive: Path, experiment: Experiment) -> None:
    """The examples are those that are stated: their number, length, labels and hash."""
    parts: dict[str, Dataset] = {}
    for part, n in experiment.parts:
        shapes = []
        for shard in list_shards(folder / part):
            with StoredArray(shard.X) as stored:  # before anything is unpacked
                shapes.append(tuple(stored.shape))
        if any(shape[1:] != (experiment.length, 4) for shape in shapes) or sum(shape[0] for shape in shapes) != n:
            raise DataError(f"{archive}: the {part} part does not have the {n:,} examples of {experiment.length} bases")
        parts[part] = read_diskdataset(folder / part, alphabet=experiment.alphabet)
        experiment.check(parts[part])
    if parts and data_hash(parts) != experiment.data_hash:
        raise DataError(f"{archive}: its examples are not those that were exported (another hash): export it again")
