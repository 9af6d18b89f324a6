"""`python -m dnaconv_core.afar.lead CLUSTER LOCK`: sends waiting runs of one home to a cluster and brings them back.

It holds the lock of every run that is away: for the store, the pages and the commands a run on a cluster is a run like
any other. When it dies its runs are 'interrupted', the workers give them up, and a resume goes on from what has come
home; so it is when the scheduler is lost.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dnaconv_core.afar.goods import blocks, goods_of
from dnaconv_core.afar.host import Report, collect, deliver, host, lacking, let_go, settle, stop, take_block
from dnaconv_core.afar.trip import Trip
from dnaconv_core.cluster.connect import GPU, Worker, checked_workers, connected, is_lost, slots_of, workers_of
from dnaconv_core.cluster.facts import difference
from dnaconv_core.errors import ClusterError, DnaConvError, RunError
from dnaconv_core.runs.place import take_lead
from dnaconv_core.runs.record import Run
from dnaconv_core.runs.store import Store
from dnaconv_core.runs.worker import settings_of

if TYPE_CHECKING:
    from distributed import Client

_LOOK = 1.0  # seconds between questions; of many runs more, so that they do not fill the scheduler's day
_RUNS_A_SECOND = 50
_LINGER = 4.0  # seconds to wait for the next run, as a search makes one after the other
_AT_ONCE = 4  # runs that are given their data side by side


class Lead:
    """The runs of one home that are away on one cluster."""

    def __init__(self, store: Store, client: Client, place: str) -> None:
        self.store, self.client, self.place = store, client, place
        self.trips: dict[str, Trip] = {}
        self.pool = ThreadPoolExecutor(_AT_ONCE)
        self.busy_until = time.monotonic() + _LINGER

    def all(self) -> None:
        """Until no run waits or is away. What is raised when the scheduler is lost, `is_lost` knows."""
        while self.trips or time.monotonic() < self.busy_until:
            workers = workers_of(self.client)
            self.send(workers)
            told, there = self.reports(), {worker.address for worker in workers}
            for key, trip in list(self.trips.items()):
                if key in told:
                    self.hear(trip, *told[key])
                elif trip.worker not in there:
                    trip.away()
                self.look_after(trip)
            time.sleep(max(_LOOK, len(self.trips) / _RUNS_A_SECOND) if self.trips else 0.2)

    def send(self, workers: list[Worker]) -> None:
        """Make a task of waiting runs, as many as there is room for."""
        gpus = sum(worker.gpus for worker in workers)
        free = {False: slots_of(workers), True: gpus}
        for trip in self.trips.values():
            free[trip.gpu] -= 1

        def room(run: Run) -> bool:
            return run.place == self.place and free[_gpu(run, gpus)] > 0

        while (claim := self.store.claim(room, "cluster")) is not None:
            gpu = _gpu(claim.run, gpus)
            free[gpu] -= 1
            key = f"dnaconv-{claim.run.id}-{secrets.token_hex(4)}"
            trip = self.trips[key] = Trip(self.store, claim, key, gpu=gpu)
            trip.future = self.client.submit(
                host, key, trip.run, key=key, pure=False, retries=0, resources={GPU: 1} if gpu else None
            )
            self.busy_until = time.monotonic() + _LINGER

    def reports(self) -> dict[str, tuple[str, Report]]:
        """By run: the worker that has it, and what it tells."""
        if not self.trips:
            return {}
        asked = {key: trip.asked() for key, trip in self.trips.items()}
        there = [worker for worker, keys in self.client.processing().items() if set(keys) & set(asked)]
        told = self.client.run(collect, asked, workers=there, on_error="return") if there else {}
        for address, found in told.items():
            if isinstance(found, Exception) and not isinstance(found, OSError):
                print(f"{address}: {found}", file=sys.stderr)
        return {
            key: (address, report)
            for address, found in told.items()
            if isinstance(found, dict)
            for key, report in found.items()
        }

    def hear(self, trip: Trip, address: str, report: Report) -> None:
        """A task that waits for its parcel is given it; what another tells is noted."""
        trip.worker = address
        if report.run is not None:
            try:
                trip.take(report)
            except DnaConvError as error:
                trip.failed(str(error))
            except OSError as error:
                trip.interrupted(f"what came from a worker could not be written: {error.strerror or error}")
        elif report.token != trip.token:
            trip.given, trip.token = False, report.token
            if words := difference(report.facts):
                trip.failed(f"worker {report.worker} has {words}: install the same on both, then resume")
            else:
                self.pool.submit(self.give, trip, address, report.token)

    def give(self, trip: Trip, address: str, token: str) -> None:
        """Send the data that a worker lacks, then the run. In a thread of its own: it may take long."""
        try:
            goods = goods_of(self.store.get(trip.run).spec)
            for digest in self.at(address, lacking, goods):
                good = next(one for one in goods if one.digest == digest)
                self.store.note(trip.run, message="sending the data to a worker")
                for name, _, _ in good.files:
                    for block in blocks(Path(good.path) / name):
                        self.at(address, take_block, good, name, block)
                self.at(address, settle, good)
            if trip.token == token and not trip.given:
                self.at(address, deliver, trip.key, token, trip.parcel(goods))
        except DnaConvError as error:
            trip.failed(str(error))
        except Exception as error:  # the worker has gone meanwhile: the next one is given all again
            print(f"{trip.run} could not be given to {address}: {error}", file=sys.stderr)
            trip.token = ""

    def at(self, address: str, function: Callable[..., Any], *arguments: Any) -> Any:
        """What a function returns on one worker."""
        return self.client.run(function, *arguments, workers=[address])[address]

    def look_after(self, trip: Trip) -> None:
        """Whether it is to stop, has ended, or has lost its worker for good."""
        if not trip.over and not trip.gone:
            self._follow(trip)
        if trip.over:
            if trip.worker:
                self.client.run(let_go, trip.key, workers=[trip.worker], on_error="ignore")
            if trip.future is not None and not trip.given:
                trip.future.cancel()
            del self.trips[trip.key]
            trip.close()
            self.busy_until = time.monotonic() + _LINGER

    def _follow(self, trip: Trip) -> None:
        from distributed import KilledWorker

        future = trip.future
        if future is not None and future.status == "error":
            error = future.exception(timeout=5)
            if isinstance(error, KilledWorker):
                trip.interrupted("four workers ended while they trained it, so it was given up: look at their logs")
            else:
                trip.failed(f"a worker could not train it ({str(error)[:200]}): look at its log")
        elif future is not None and future.status in ("cancelled", "lost"):
            raise ConnectionError
        elif trip.stopping and not trip.given:
            trip.cancelled()
        elif trip.stopping:
            self.client.run(stop, trip.key, trip.token, workers=[trip.worker], on_error="ignore")


def _gpu(run: Run, there: int) -> bool:
    """Whether a run is to have a GPU: it asks for one, or takes the best there is."""
    wish = run.device.split(":")[0] or settings_of(run).device.split(":")[0]
    return wish == "cuda" or (wish == "auto" and there > 0)


def main(arguments: list[str]) -> int:
    """LOCK is an open descriptor that holds the lead."""
    place, held = arguments[0], int(arguments[1])
    os.set_inheritable(held, False)
    store = Store()
    while True:
        try:
            _lead(store, place)
        except ClusterError as error:
            print(error, file=sys.stderr)
            _give_up(store, place, str(error))
        os.close(held)
        if not any(run.place == place for run in store.waiting()):
            return 0
        again = take_lead(store, place)  # a run that came between the last look and this moment found it taken
        if again is None:
            return 0
        held = again


def _lead(store: Store, place: str) -> None:
    with connected(place) as client:
        checked_workers(client, place)
        lead, words = Lead(store, client, place), f"the cluster at {place} was lost: start it again, then resume"
        try:
            lead.all()
        except Exception as error:
            if not is_lost(client, error):
                raise
            for trip in lead.trips.values():
                trip.interrupted(f"{words}, which goes on from the last checkpoint")
            raise ClusterError(words) from None
        finally:
            lead.pool.shutdown(wait=False, cancel_futures=True)
            for trip in lead.trips.values():
                trip.close()


def _give_up(store: Store, place: str, words: str) -> None:
    """What waits for a cluster that cannot be used does not wait in silence."""
    for run in store.waiting():
        if run.place == place:
            with contextlib.suppress(RunError):
                store.interrupt(run.id, words)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
