"""Memory that is asked for and given back a hundred times a second should stay with the process."""

from __future__ import annotations

import ctypes
import resource
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

FULL = "there is not enough memory for this: close other programs, raise the limit (ulimit -v), or take less at once"
_SIGNS = ("allocate memory", "failed to map segment", "can't start new thread", "out of memory")  # in other words
_TORCH = 720 << 20  # bytes of address space in which torch loads and predicts
_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # glibc's <malloc.h>
_NEVER = 1 << 30  # bytes
_USUAL = 32 << 20  # what glibc's own rule comes to in a process with large arrays; once touched, the rule is off
_LEAN, _MANY = 1 << 20, 50_000  # bytes; examples whose arrays are that large
_lock, _kept, _lean = threading.Lock(), 0, 0


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
    _count(libc, kept=1)
    try:
        yield
    finally:
        _count(libc, kept=-1)


@contextmanager
def lean_memory(n: int) -> Iterator[None]:
    """Within, glibc returns what is freed of a megabyte or more to the system at once, and all else that is free at
    the end: for steps whose arrays of all `n` examples come and go. Nothing happens for few of them, within
    `kept_memory`, and elsewhere than on glibc.
    """
    libc = _libc() if n >= _MANY else None
    if libc is None:
        yield
        return
    _count(libc, lean=1)
    try:
        yield
    finally:
        _count(libc, lean=-1)


@cache
def large_memory() -> None:
    """From now on glibc keeps up to 64 MB of what is freed, as it does by its own rule once a large array was freed.

    Before, it returns what a batch leaves free and maps it anew for the next, which takes up to a third of the time of
    an attribution.
    """
    libc = _libc()
    if libc is not None:
        with _lock:
            _follow(libc, _rule())


def _count(libc: ctypes.CDLL, *, kept: int = 0, lean: int = 0) -> None:
    """Note one more user or one less, and have glibc follow the rule of those there are."""
    global _kept, _lean
    with _lock:
        before = _rule()
        _kept, _lean = _kept + kept, _lean + lean
        rule = _rule()
        if rule != before:
            _follow(libc, rule)
        if rule < before or (lean < 0 and not _kept):
            libc.malloc_trim(0)


def _follow(libc: ctypes.CDLL, rule: int) -> None:
    libc.mallopt(_MMAP_THRESHOLD, rule)
    libc.mallopt(_TRIM_THRESHOLD, min(2 * rule, _NEVER))


def _rule() -> int:
    """Bytes of an array from which it is returned when it is freed."""
    return _NEVER if _kept else _LEAN if _lean else _USUAL


def _libc() -> ctypes.CDLL | None:
    if not sys.platform.startswith("linux"):
        return None
    libc = ctypes.CDLL(None)
    return libc if hasattr(libc, "mallopt") and hasattr(libc, "malloc_trim") else None
