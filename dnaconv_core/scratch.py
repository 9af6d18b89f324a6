"""Folders in which something is made before it moves to its place; those of processes that were killed are swept."""

from __future__ import annotations

import fcntl
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dnaconv_core.storing import check_storing


@contextmanager
def scratch(parent: Path, prefix: str) -> Iterator[Path]:
    """A new folder `prefix…` in `parent`, gone afterwards unless it was moved; earlier ones left behind go first.

    Its process holds a lock on the folder, which falls when it dies, however it dies. Raises OSError where the folder
    cannot be made, ReadOnlyError where nothing may be kept.
    """
    check_storing()
    sweep(parent, prefix)
    folder, held = _make(parent, prefix)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(held)


def sweep(parent: Path, prefix: str) -> list[Path]:
    """Remove folders of this prefix that no living process holds; returns them."""
    swept = []
    for folder in sorted(parent.glob(f"{prefix}*")) if parent.is_dir() else ():
        held = _lock(folder)
        if held is None:
            continue
        shutil.rmtree(folder, ignore_errors=True)
        os.close(held)
        swept.append(folder)
    return swept


def _make(parent: Path, prefix: str) -> tuple[Path, int]:
    """A folder and the descriptor that holds it; tried again where a sweep came between the two."""
    while True:
        folder = parent / f"{prefix}{secrets.token_hex(6)}"
        folder.mkdir(parents=True)
        held = _lock(folder)
        if held is None:
            continue
        if folder.is_dir() and os.path.samestat(os.stat(folder), os.fstat(held)):
            return folder, held
        os.close(held)


def _lock(folder: Path) -> int | None:
    """A descriptor that holds the lock of this folder, or None where somebody has it, or there is no folder."""
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        return None
    return descriptor
