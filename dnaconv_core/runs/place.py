"""Runs on a Dask cluster, as far as the queue knows of them: which process sends those of one home there."""

from __future__ import annotations

import hashlib
from pathlib import Path

from dnaconv_core.runs import lock
from dnaconv_core.runs.schema import unwritable
from dnaconv_core.runs.store import Store

LEAD = "dnaconv_core.afar.lead"  # the module of that process


def take_lead(store: Store, place: str, patience: float = 0.5) -> int | None:
    """The descriptor that holds the lead of this home's runs on a cluster, or None when a process has it."""
    return lock.take(lead_folder(store, place), patience)


def lead_folder(store: Store, place: str) -> Path:
    return made(store, store.home / "slots" / f"cluster-{hashlib.sha256(place.encode()).hexdigest()[:8]}")


def made(store: Store, folder: Path) -> Path:
    """The folder, which is there now. Raises RunError where the home cannot be written."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise unwritable(store.home, error) from None
    return folder
