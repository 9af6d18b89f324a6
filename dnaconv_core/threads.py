"""Parts of one computation side by side, each on a core of its own.

The networks here are small: where every operation is spread over all cores, they wait for one another after each, and
on a busy machine for whatever else runs. Batches that do not need one another had better not meet at all.
"""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from threading import Barrier
from typing import TYPE_CHECKING, TypeVar

from dnaconv_core.memory import large_memory

if TYPE_CHECKING:
    from torch import nn

Part = TypeVar("Part")
Result = TypeVar("Result")


def side_by_side(work: Callable[[Part], None], parts: Sequence[Part], threads: int) -> Iterator[Part]:
    """Does `work(part)` for every part, `threads` at a time, and yields each part, in order, when it is done.

    Inside `work`, torch has one thread. What it raises is raised here; when the caller takes no more, parts not yet
    begun are left out. `work` must set torch's modes (inference, gradients) itself: they belong to a thread.
    """
    large_memory()
    if threads < 2 or len(parts) < 2:
        for part in parts:
            work(part)
            yield part
        return
    pool = _single_threads(min(threads, len(parts)))
    waiting: deque[tuple[Part, Future[None]]] = deque()
    try:
        for part in parts:
            if len(waiting) == 2 * threads:
                yield _finished(waiting)
            waiting.append((part, pool.submit(work, part)))
        while waiting:
            yield _finished(waiting)
    finally:
        pool.shutdown(cancel_futures=True)


def in_batches(work: Callable[[slice], None], n: int, size: int, threads: int) -> Iterator[slice]:
    """The same for n rows, `size` at a time: each part is a slice of them."""
    yield from side_by_side(work, [slice(start, min(start + size, n)) for start in range(0, n, size)], threads)


def alone(work: Callable[[], Result]) -> Result:
    """What `work()` returns, computed in a thread of its own in which torch has one core.

    For many small steps one after another: on two cores, one of them busy, they took ten times as long.
    """
    pool = _single_threads(1)
    try:
        return pool.submit(work).result()
    finally:
        pool.shutdown()


@contextmanager
def threads_kept() -> Iterator[None]:
    """torch's number of threads is afterwards what it was.

    numba sets that of the OpenMP they share to all cores, also where a run had one: with others beside it, it was ten
    times slower from then on.
    """
    torch = sys.modules.get("torch")
    usual = torch.get_num_threads() if torch else 0
    try:
        yield
    finally:
        if torch:
            torch.set_num_threads(usual)


def threads_of(model: nn.Module) -> int:
    """How many threads may compute with this model: torch's number on a CPU; one on any other device, and of a module
    that must be `alone`."""
    import torch

    if getattr(model, "alone", False):
        return 1
    return torch.get_num_threads() if next(model.parameters()).device.type == "cpu" else 1


def _finished(waiting: deque[tuple[Part, Future[None]]]) -> Part:
    part, future = waiting.popleft()
    future.result()
    return part


def _single_threads(count: int) -> ThreadPoolExecutor:
    """Threads in which torch computes alone.

    torch's number of threads belongs to the thread that sets it, but is also what threads use that begin later: so it
    is put back as soon as all have set theirs.
    """
    import torch

    usual, ready = torch.get_num_threads(), Barrier(count + 1)

    def prepare() -> None:
        torch.get_num_threads()  # a thread's first question sets its number to the usual one
        torch.set_num_threads(1)
        ready.wait()

    pool = ThreadPoolExecutor(count, initializer=prepare)
    for _ in range(count):  # a thread begins when there is something to do
        pool.submit(int)
    ready.wait()
    torch.set_num_threads(usual)
    return pool
