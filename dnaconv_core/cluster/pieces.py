"""One function over many independent pieces: here, one after the other, or on every worker of a Dask cluster."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeVar

from dnaconv_core.cluster.connect import checked_workers, connected, is_lost, lost, slots_of
from dnaconv_core.errors import ClusterError
from dnaconv_core.progress import SILENT, Progress

if TYPE_CHECKING:
    from distributed import Client, Future

Shared = TypeVar("Shared")
Piece = TypeVar("Piece")
Result = TypeVar("Result")

RETRIES = 2  # of a piece that raises; one whose worker dies is given to three more, by Dask itself
_AHEAD = 3  # pieces under way for each that is computed: a worker never waits for the next
_LOOK = 0.2  # seconds between looks whether to stop


def over(
    work: Callable[[Shared, Piece], Result],
    shared: Shared,
    pieces: Iterable[Piece],
    *,
    on: str = "",
    progress: Progress = SILENT,
    retries: int = RETRIES,
) -> Iterator[Result]:
    """`work(shared, piece)` of every piece, in order; fewer when `progress` asks to stop.

    on: '' for here, or a cluster (see `where`). There `work` is a function of a module; `shared` travels to each worker
    once, and a few pieces per worker are under way at a time, so that neither they nor their results fill the memory.
    A piece whose worker dies, or that raises, is computed again elsewhere. What `work` raises in the end is raised
    here; ClusterError where the cluster is not fit (see `checked_workers`) or lost.
    """
    if not on:
        for piece in pieces:
            if progress.should_stop():
                return
            yield work(shared, piece)
        return
    with connected(on) as client:
        wide = _AHEAD * slots_of(checked_workers(client, on))
        yield from _on_cluster(client, on, work, shared, iter(pieces), wide, progress, retries)


def _on_cluster(
    client: Client,
    on: str,
    work: Callable[[Any, Any], Result],
    shared: Any,
    pieces: Iterator[Any],
    wide: int,
    progress: Progress,
    retries: int,
) -> Iterator[Result]:
    from distributed import CancelledError

    waiting: deque[tuple[Any, Future[Any]]] = deque()

    def sent(some: Iterable[Any]) -> list[tuple[Any, Future[Any]]]:
        return [(piece, client.submit(work, there, piece, pure=False, retries=retries)) for piece in some]

    again = 0
    try:
        there = client.scatter([shared], broadcast=True, hash=False)[0]
        while True:
            waiting.extend(sent(islice(pieces, wide - len(waiting))))
            if not waiting:
                return
            future = waiting[0][1]
            try:
                if not _came(future, progress):
                    return
                found = _result(future)
            except CancelledError:  # what travelled once lay on a worker that died, before the others had it
                again += 1
                if again > RETRIES or client.status != "running":
                    raise
                there = client.scatter([shared], broadcast=True, hash=False)[0]
                waiting = deque(sent([piece for piece, _ in waiting]))
                continue
            waiting.popleft()
            yield found
    except Exception as error:
        if is_lost(client, error):
            raise lost(on) from None
        raise
    finally:
        client.cancel([future for _, future in waiting])


def _came(future: Future[Any], progress: Progress) -> bool:
    """Wait for a piece; False when asked to stop meanwhile."""
    from distributed import TimeoutError as NotYet

    while not progress.should_stop():
        try:
            future.exception(timeout=_LOOK)
            return True
        except NotYet:
            continue
    return False


def _result(future: Future[Any]) -> Any:
    """Raises what the piece raised, and ClusterError for one that no worker survived."""
    from distributed import KilledWorker

    try:
        return future.result()
    except KilledWorker as error:
        raise ClusterError(
            f"a piece of work ended four workers, the last at {error.last_worker.address}: see whether they have "
            f"enough memory, and look at their log"
        ) from None
