"""Memory that is asked for and given back a hundred times a second should stay with the process."""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Iterator
from contextlib import contextmanager

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # glibc's <malloc.h>
_NEVER, _USUAL = 1 << 30, 128 << 10  # bytes


@contextmanager
def kept_memory() -> Iterator[None]:
    """Within, glibc keeps what is freed instead of returning it to the system; afterwards it is returned.

    Otherwise every step maps its activations anew and touches each page for the first time: thousands of page faults,
    about a tenth of a step. Elsewhere than on glibc nothing happens.
    """
    libc = _libc()
    if libc is None:
        yield
        return
    libc.mallopt(_MMAP_THRESHOLD, _NEVER)
    libc.mallopt(_TRIM_THRESHOLD, _NEVER)
    try:
        yield
    finally:
        libc.mallopt(_MMAP_THRESHOLD, _USUAL)
        libc.mallopt(_TRIM_THRESHOLD, _USUAL)
        libc.malloc_trim(0)


def _libc() -> ctypes.CDLL | None:
    if not sys.platform.startswith("linux"):
        return None
    libc = ctypes.CDLL(None)
    return libc if hasattr(libc, "mallopt") and hasattr(libc, "malloc_trim") else None
