"""A Dask cluster, opened for a while and looked at before anything is computed there."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

from dnaconv_core.cluster.facts import difference, facts
from dnaconv_core.errors import ClusterError

if TYPE_CHECKING:
    from distributed import Client

PATIENCE = 10.0  # seconds that a scheduler has to answer
_LARGEST = 1 << 20  # bytes of a scheduler file
_TLS = "distributed.comm.tls"
GPU = "GPU"  # the resource of workers started with --resources "GPU=1"


class Worker(NamedTuple):
    address: str
    name: str
    slots: int  # pieces at the same time
    gpus: int


@contextmanager
def connected(address: str, patience: float = PATIENCE) -> Iterator[Client]:
    """A client of the cluster at `address`, as `where` gives it; closed afterwards.

    Raises ClusterError where Dask is not installed, nothing answers, or it is lost in between.
    """
    try:
        from distributed import Client
    except ImportError:
        raise ClusterError("a cluster needs Dask, which is not installed: pip install 'dnaconv[cluster]'") from None
    for name in ("distributed", "distributed.client", "distributed.core", "distributed.comm"):
        logging.getLogger(name).setLevel(logging.CRITICAL)  # a user is told in a sentence
    if "://" not in address:
        _check_file(address)
    which = {"scheduler_file": address} if "://" not in address else {"address": address}
    try:
        client = Client(**which, timeout=patience, set_as_default=False, name="dnaconv")
    except (OSError, ValueError, TypeError, KeyError) as error:
        named = f", name the certificates in Dask's configuration ({_TLS})" if address.startswith("tls://") else ""
        raise ClusterError(
            f"the cluster at {address} does not answer ({_reason(error)}): start it with 'dask scheduler'{named}, or "
            f"choose 'here'"
        ) from None
    try:
        yield client
    finally:
        client.close(timeout=2)


def _check_file(path: str) -> None:
    """Raises ClusterError where this is no scheduler file: Dask would try for long, and end in its own error."""
    try:
        with open(path, "rb") as stream:
            stored = json.loads(stream.read(_LARGEST))
        found = isinstance(stored, dict) and isinstance(stored.get("address"), str)
    except (OSError, ValueError, RecursionError):
        found = False
    if not found:
        raise ClusterError(
            f"{path} is no scheduler file: give the one that 'dask scheduler --scheduler-file' wrote, or choose 'here'"
        )


def is_lost(client: Client, error: Exception) -> bool:
    """Whether this error means that the scheduler is gone."""
    from distributed import CancelledError
    from distributed.comm.core import CommClosedError

    return isinstance(error, (CancelledError, CommClosedError)) or client.status != "running"


def lost(address: str) -> ClusterError:
    """What is said of a scheduler that was there and is no more."""
    return ClusterError(f"the cluster at {address} was lost: start it again, and repeat what was asked")


def workers_of(client: Client) -> list[Worker]:
    """Those there are now. Raises OSError where the scheduler does not answer."""
    found: dict[str, Any] | None = client.scheduler_info(n_workers=-1).get("workers")
    if found is None:  # what a client that has lost its scheduler answers
        raise ConnectionError("the scheduler is gone")
    return [
        Worker(key, str(one["name"]), int(one["nthreads"]), int(one.get("resources", {}).get(GPU, 0)))
        for key, one in found.items()
    ]


def checked_workers(client: Client, address: str) -> list[Worker]:
    """The workers, each of which has the versions and the code of this machine.

    Raises ClusterError that names the first that has not, and where there is none.
    """
    workers = workers_of(client)
    if not workers:
        raise ClusterError(f"the cluster at {address} has no workers: start some with 'dask worker {address}'")
    names = {worker.address: worker.name for worker in workers}
    for key, theirs in client.run(facts, on_error="return").items():
        if isinstance(theirs, ImportError):
            raise ClusterError(
                f"worker {names.get(key, key)} cannot load dnaconv ({theirs}): install there what is installed here"
            )
        if isinstance(theirs, OSError):  # it has just gone
            continue
        if isinstance(theirs, Exception):
            raise ClusterError(f"worker {names.get(key, key)} does not work ({theirs}): look at its log")
        if words := difference(theirs):
            raise ClusterError(
                f"worker {names.get(key, key)} has {words}: install the same on both, or results would differ"
            )
    return workers


class Cluster(NamedTuple):
    slots: int  # pieces, or runs, at the same time
    dashboard: str  # the address of Dask's own; '' where it has none


def look(address: str) -> Cluster:
    """The cluster at `address` as it is now. Raises ClusterError as `connected` and `checked_workers` do."""
    with connected(address) as client:
        return Cluster(slots_of(checked_workers(client, address)), str(client.dashboard_link or ""))


def slots_of(workers: list[Worker]) -> int:
    """How many pieces the cluster computes at the same time."""
    return sum(worker.slots for worker in workers)


def _reason(error: Exception) -> str:
    return str(error).split("\n")[0][:120] or type(error).__name__
