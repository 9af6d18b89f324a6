"""How much each of several users may keep: `DNACONV_QUOTA=runs=200,disk=20G,upload=500M`; what is left out is free."""

from __future__ import annotations

import os
import re
from pathlib import Path

from dnaconv_core.errors import ConfigError, DnaConvError
from dnaconv_core.home import owner_of

QUOTA = "DNACONV_QUOTA"
RUNS, DISK, UPLOAD = "runs", "disk", "upload"
_PART = re.compile(r"(runs|disk|upload)=(\d{1,9})([KMGT]?)", re.ASCII)
_UNITS = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}


class QuotaError(DnaConvError):
    """A user has, or would have, more than the server's owner allows."""


def quotas() -> dict[str, int]:
    """Each that is set, in runs or bytes. Raises ConfigError for text that is none."""
    found = {}
    for part in filter(None, os.environ.get(QUOTA, "").replace(" ", "").split(",")):
        match = _PART.fullmatch(part)
        if match is None:
            raise ConfigError(
                f"{QUOTA} holds {part[:60]!r}: write runs=NUMBER, disk=NUMBER or upload=NUMBER, such as 20G"
            )
        found[match[1]] = int(match[2]) * _UNITS[match[3]]
    return found


def check_runs(home: Path, there: int) -> None:
    """Raises QuotaError where a user has as many runs as they may, or no room left."""
    most = quotas().get(RUNS)
    if owner_of(home) and most is not None and there >= most:
        raise QuotaError(f"you have {there:,} runs of the {most:,} that each user may keep here: delete some")
    check_room(home)


def check_upload(home: Path, size: int) -> None:
    """Raises QuotaError for an upload of `size` bytes that is too large, or that the user has no room for."""
    most = quotas().get(UPLOAD)
    if owner_of(home) and most is not None and size > most:
        raise QuotaError(f"this has {_words(size)} and each upload may have {_words(most)} here: give less of it")
    check_room(home, size)


def check_room(home: Path, more: int = 0) -> None:
    """Raises QuotaError where a user's home, with `more` bytes, is larger than it may be."""
    most = quotas().get(DISK)
    if not owner_of(home) or most is None:
        return
    used = size_of(home) + more
    if used > most:
        raise QuotaError(
            f"your runs and data would take {_words(used)} of the {_words(most)} that each user may keep here: delete "
            f"runs or experiments that you need no more"
        )


def size_of(home: Path) -> int:
    """Bytes of all files below this folder; one that is removed meanwhile counts for nothing."""
    total, folders = 0, [str(home)]
    while folders:
        try:
            entries = list(os.scandir(folders.pop()))
        except OSError:
            continue
        for entry in entries:
            try:
                if entry.is_dir(follow_symlinks=False):
                    folders.append(entry.path)
                else:
                    total += entry.stat(follow_symlinks=False).st_size
            except OSError:
                continue
    return total


def _words(size: int) -> str:
    for unit, name in ((1 << 30, "GiB"), (1 << 20, "MiB")):
        if size >= unit:
            return f"{size / unit:.1f} {name}"
    return f"{size / 1024:.1f} KiB"
