"""What was read of a database, kept until the database changes: many sessions ask the same, many times a second."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Hashable
from pathlib import Path
from typing import Any, TypeVar

Answer = TypeVar("Answer")
Stamp = tuple[tuple[int, int, int], ...]

_MOST = 256  # answers kept
_TICK = 100_000_000  # ns: two changes nearer to each other may bear the same time
_lock = threading.Lock()
_kept: dict[tuple[Path, Hashable], tuple[Stamp, Any]] = {}


def once(database: Path, question: Hashable, ask: Callable[[], Answer]) -> Answer:
    """The answer to `ask()`, or the one it gave before if the database has not changed since.

    A change is told by inode, size and time of the file and its log. An answer read so soon after a change that a
    second one could hide behind it is not kept. Callers must not change what they get.
    """
    stamp, now = _stamp(database), time.time_ns()
    known = _kept.get((database, question))
    if known is not None and known[0] == stamp:
        return known[1]
    answer = ask()
    if stamp and max(changed for _, _, changed in stamp) < now - _TICK:
        with _lock:
            _kept.pop((database, question), None)
            _kept[database, question] = stamp, answer
            while len(_kept) > _MOST:
                del _kept[next(iter(_kept))]
    return answer


def _stamp(database: Path) -> Stamp:
    """Of the file and its write-ahead log; an empty log comes and goes with every reader."""
    found = []
    for path in (database, f"{database}-wal"):
        try:
            status = os.stat(path)
        except OSError:
            continue
        if status.st_size:
            found.append((status.st_ino, status.st_size, status.st_mtime_ns))
    return tuple(found)
