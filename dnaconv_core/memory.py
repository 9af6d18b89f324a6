"""Memory that is asked for and given back a hundred times a second should stay with the process."""

from __future__ import annotations

import ctypes
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # glibc's <malloc.h>
_NEVER = 1 << 30  # bytes
_USUAL = 32 << 20  # what glibc's own rule comes to in a process with large arrays; once touched, the rule is off
_lock, _users = threading.Lock(), 0


@contextmanager
def kept_memory() -> Iterator[None]:
    """Within, glibc keeps what is freed instead of returning it to the system; after the last user it is returned.

    Otherwise every step maps its activations anew and touches each page for the first time: thousands of page faults,
    from a tenth to half of its time. Returning the memory costs some milliseconds: only for hundreds of steps.
    Elsewhere than on glibc nothing happens.
    """
    libc = _libc()
    if libc is None:
        yield
        return
    _count(libc, 1)
    try:
        yield
    finally:
        _count(libc, -1)


def _count(libc: ctypes.CDLL, change: int) -> None:
    global _users
    with _lock:
        _users += change
        if _users == 1 and change == 1:
            libc.mallopt(_MMAP_THRESHOLD, _NEVER)
            libc.mallopt(_TRIM_THRESHOLD, _NEVER)
        elif _users == 0:
            libc.mallopt(_MMAP_THRESHOLD, _USUAL)
            libc.mallopt(_TRIM_THRESHOLD, 2 * _USUAL)
            libc.malloc_trim(0)


def _libc() -> ctypes.CDLL | None:
    if not sys.platform.startswith("linux"):
        return None
    libc = ctypes.CDLL(None)
    return libc if hasattr(libc, "mallopt") and hasattr(libc, "malloc_trim") else None
