"""Memory that is asked for and given back a hundred times a second should stay with the process."""

from __future__ import annotations

import ctypes
import resource
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

FULL = "there is not enough memory for this: close other programs, raise the limit (ulimit -v), or take less at once"
_SIGNS = ("allocate memory", "failed to map segment", "can't start new thread", "out of memory")  # in other words
_TORCH = 720 << 20  # bytes of address space in which torch loads and predicts
_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # glibc's <malloc.h>
_NEVER = 1 << 30  # bytes
_USUAL = 32 << 20  # what glibc's own rule comes to in a process with large arrays; once touched, the rule is off
_lock, _users = threading.Lock(), 0


def ran_out(error: BaseException) -> bool:
    """Whether this error says, in Python's, torch's or the loader's words, that there was no more memory."""
    if isinstance(error, MemoryError):
        return True
    spoken = isinstance(error, (RuntimeError, ImportError, OSError))
    return spoken and any(sign in str(error).lower() for sign in _SIGNS)


class TorchNeedsRoom:
    """A finder of modules that finds none: under a limit (ulimit -v) in which torch cannot be loaded, asking for it
    raises MemoryError, where loading it would end the process without a word of Python's."""

    def __init__(self, limit: int) -> None:
        self.limit = limit

    @classmethod
    def install(cls) -> None:
        """Where this process is limited."""
        limit = resource.getrlimit(resource.RLIMIT_AS)[0]
        if limit != resource.RLIM_INFINITY and not any(isinstance(finder, cls) for finder in sys.meta_path):
            sys.meta_path.insert(0, cls(limit))

    def find_spec(self, name: str, path: object = None, target: object = None) -> None:
        if name == "torch" and self.limit < _TORCH:
            raise MemoryError


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
