"""What killed processes left half made in the home folder goes when something starts there again."""

from __future__ import annotations

import time
from pathlib import Path

from dnaconv_core.files import sweep_parts
from dnaconv_core.home import home
from dnaconv_core.runs.making import sweep_makings
from dnaconv_core.scratch import sweep

SCRATCH = (  # the folders in which things are made aside, and how their names begin
    ("experiments", ".making-"), ("experiments", ".deleted-"), ("models", ".import-"), ("cache", ".rebuild-"),
)  # fmt: skip
_WHERE = (  # where files are written in one step
    "", "experiments/*/", "models/", "models/*/", "runs/*/", "runs/*/checkpoints/", "uploads/*/", "cache/",
    "genomes/", "transcriptomes/",
    "interpret/*/", "makings/*/",
)  # fmt: skip


def tidy(folder: Path | None = None, now: float | None = None) -> list[Path]:
    """Remove scratch folders that no process holds, and what was left more than a day ago; returns them."""
    root = folder or home()
    swept = [path for name, prefix in SCRATCH for path in sweep(root / name, prefix)]
    now = time.time() if now is None else now
    for pattern in _WHERE if root.is_dir() else ():
        for place in sorted(root.glob(pattern)) if pattern else [root]:
            swept += sweep_parts(place, now)
    return swept + sweep_makings(root, now)
