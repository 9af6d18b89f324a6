"""Runs that differ from one another in nothing but their seed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from dnaconv_core.model.bundle import is_bundle
from dnaconv_core.runs.spec import RunSpec
from dnaconv_core.runs.store import Store


def sibling_folders(store: Store, run: str) -> list[Path]:
    """Bundles of the finished runs that did the same as `run` from other seeds; none for what is not a run."""
    runs = {other.id: other for other in store.list()}
    if run not in runs:
        return []
    wanted, seeds, found = _but_seed(runs[run].spec), {_seed(runs[run].spec)}, []
    for other in runs.values():
        seed = _seed(other.spec)
        if other.state == "finished" and seed not in seeds and _but_seed(other.spec) == wanted:
            folder = store.folder(other.id)
            if is_bundle(folder):
                seeds.add(seed)
                found.append(folder)
    return found


def _seed(spec: RunSpec) -> int:
    return spec.settings.get("seed", 0)


def _but_seed(spec: RunSpec) -> dict[str, Any]:
    stored = spec.to_json()
    stored["settings"] = {name: value for name, value in spec.settings.items() if name not in ("seed", "device")}
    return stored
