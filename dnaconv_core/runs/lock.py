"""The lock that a run's process holds for life: `runs/<id>/lock`, an advisory file lock (POSIX flock).

Unlike a process id it cannot be reused, and the kernel lets go of it the moment the process dies, reaped or not.
"""

from __future__ import annotations

import fcntl
import os
import time
from pathlib import Path


def take(folder: Path, patience: float = 0.5) -> int | None:
    """A file descriptor that holds the lock until it is closed, or None when somebody else holds it.

    The descriptor may be handed to a child process (`pass_fds`): the lock is held until both have closed it. Tries for
    `patience` seconds, because a look by `is_held` holds the lock for a moment.
    """
    descriptor = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    deadline = time.monotonic() + patience
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return descriptor
        except BlockingIOError:
            if time.monotonic() >= deadline:
                os.close(descriptor)
                return None
            time.sleep(0.01)


def is_still(folder: Path, descriptor: int) -> bool:
    """Whether this descriptor's lock is still the one in the folder: False once the folder was removed or moved."""
    try:
        return os.path.samestat(os.fstat(descriptor), os.stat(folder / "lock"))
    except OSError:
        return False


def is_held(folder: Path) -> bool:
    """Whether a live process holds the lock of this run's folder."""
    if not (folder / "lock").exists():
        return False
    descriptor = take(folder, patience=0)
    if descriptor is None:
        return True
    os.close(descriptor)
    return False
