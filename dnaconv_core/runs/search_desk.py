"""What every stage of a search works with: its record, its runs in the queue, its clock, and whether to stop."""

from __future__ import annotations

import contextlib
import time
from functools import cached_property

from dnaconv_core.errors import RunError
from dnaconv_core.progress import Progress
from dnaconv_core.runs.queue import all_slots, ensure_workers, resume
from dnaconv_core.runs.record import MOST_NAME
from dnaconv_core.runs.search_record import STOP, Search, folder_of, write_search
from dnaconv_core.runs.spec import RunSpec
from dnaconv_core.runs.store import LIVE, RESUMABLE, Run, Store
from dnaconv_core.runs.watch import BY_THE_USER

_LOOK = 0.3  # seconds between looks at the runs
_PATIENCE = 20.0  # seconds in which runs that are asked to stop do
_AGAIN = 3  # times that a run whose process dies is taken up


class Stopped(Exception):
    """The search is to stop; the message says why."""


class Desk:
    """Of one search, in the process that holds its lock."""

    def __init__(self, store: Store, search: Search, progress: Progress) -> None:
        self.store, self.search, self.progress = store, search, progress
        self._stop = folder_of(store, search.name) / STOP
        self._earlier, self._began = search.seconds, time.monotonic()
        self._taken_up: dict[str, int] = {}  # how often each run was
        self._saved = float("-inf")

    @property
    def seconds(self) -> float:
        """Spent on this search, over all continuations."""
        return self._earlier + time.monotonic() - self._began

    @cached_property
    def _slots_afar(self) -> int:
        """As many as there were when the search, or its continuation, began."""
        from dnaconv_core.cluster.connect import look

        return look(self.search.on).slots

    @property
    def width(self) -> int:
        """Runs that train at the same time: the slots of the best device, or of the cluster."""
        if self.search.on:
            return self._slots_afar
        slots = [slot.device.split(":")[0] for slot in all_slots()]
        return max(1, slots.count(slots[0])) if slots else 1

    def save(self) -> None:
        self.search.seconds, self._saved = round(self.seconds, 1), time.monotonic()
        write_search(self.store, self.search)

    def say(self, stage: str, left: float | None = None) -> None:
        """Tell where the search is, and how many seconds it will still take."""
        search, spent = self.search, self.seconds
        new = stage != search.stage
        search.stage, search.left = stage, left
        if left is not None:
            search.fraction = round(min(spent / max(spent + left, 1e-9), 0.99), 3)
        words = "" if left is None else f", about {max(left, 0) / 60:.0f} min left"
        self.progress.report(search.fraction, stage + words)
        if new or time.monotonic() - self._saved > 2:
            self.save()

    def look(self) -> None:
        """Raises Stopped when a user has asked for it."""
        if self.progress.should_stop() or self._stop.exists():
            raise Stopped(BY_THE_USER)

    def wait(self) -> None:
        """A moment, in which the queue is worked on."""
        ensure_workers(self.store)
        self.look()
        time.sleep(_LOOK)

    def run(self, key: str, spec: RunSpec, name: str) -> Run:
        """The run that does `key`, as it is now: made when first asked for, taken up again after a stop or death."""
        name = name[:MOST_NAME]
        run, times = self._known(key) or self._unrecorded(name, spec), self._taken_up.get(key, 0)
        if run is None:
            run = self.store.create(spec, name, tags=(self.search.tag,), waiting=True, place=self.search.on)
            self._taken_up[key] = 1
        elif run.state in RESUMABLE and (times == 0 or (run.state == "interrupted" and times <= _AGAIN)):
            run = resume(self.store, run.id)
            self._taken_up[key] = times + 1
        else:
            self._taken_up[key] = max(times, 1)
        if self.search.runs.get(key) != run.id:
            self.search.runs[key] = run.id
            self.save()
        return run

    def _known(self, key: str) -> Run | None:
        if key not in self.search.runs:
            return None
        try:
            return self.store.get(self.search.runs[key])
        except RunError:  # deleted
            return None

    def _unrecorded(self, name: str, spec: RunSpec) -> Run | None:
        """A run of this search that was made when its process was killed, before it could note which."""
        noted, since = set(self.search.runs.values()), self.search.created  # older ones may have learnt other data
        runs = [run for run in self.store.list() if self.search.tag in run.tags and run.id not in noted]
        runs = [run for run in runs if run.created >= since]
        return next((run for run in runs if (run.name, run.spec) == (name, spec)), None)

    def score(self, run: Run) -> float | None:
        """What a finished run reached on its validation part; None where that is undefined."""
        found = run.metrics.get("valid", {}).get(self.search.metric)
        found = found.get("value") if isinstance(found, dict) else found
        return None if found is None else float(found)

    def cancel(self, key: str) -> None:
        """Ask the run that does `key` to stop."""
        run = self._known(key)
        if run is not None and run.state in LIVE:
            with contextlib.suppress(RunError):  # it has just ended
                self.store.ask_to_stop(run.id)

    def cancel_all(self) -> None:
        """Ask every run of this search to stop, and see that they have."""
        live = [key for key in self.search.runs if (run := self._known(key)) is not None and run.state in LIVE]
        for key in live:
            self.cancel(key)
        until = time.monotonic() + _PATIENCE
        while live and time.monotonic() < until:
            live = [key for key in live if (run := self._known(key)) is not None and run.state in LIVE]
            time.sleep(0.05)
