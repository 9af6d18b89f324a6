"""One piece of work in a thread of the server."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from dnaconv_core.errors import DnaConvError, TrainingError
from dnaconv_core.home import acting, acting_as
from dnaconv_core.progress import Progress, seconds_left
from frame.language import mark

_LOOK = 0.2  # seconds between looks for a turn
_turn = threading.Lock()
_log = logging.getLogger("dnaconv.app")


@contextmanager
def one_at_a_time(progress: Progress) -> Iterator[None]:
    """Have work wait for its turn, where many may ask at once. Raises TrainingError when it is stopped before."""
    while not _turn.acquire(timeout=_LOOK):
        if progress.should_stop():
            raise TrainingError("it was stopped before its turn came")
        progress.report(0.0, mark("waiting for its turn"))
    try:
        yield
    finally:
        _turn.release()


class Job:
    """One piece of work; it is its own `Progress`."""

    def __init__(self, work: Callable[[Progress], Any], on: str = "") -> None:
        """on: the cluster that does it, '' for here."""
        self.fraction, self.message, self.on = 0.0, "starting", on
        self.result: Any = None
        self.so_far: Any = None  # what the work shows before it is done, if it does
        self.begun = time.monotonic()
        self.error: Exception | None = None
        self.stopped = False
        self.sessions: set[object] = set()  # those that wait for it
        self.user = acting()
        self.thread = threading.Thread(target=self._run, args=(work,), name="work", daemon=True)
        self.thread.start()

    @property
    def left(self) -> float | None:
        """Seconds, or None while they cannot be told."""
        return seconds_left(time.monotonic() - self.begun, self.fraction)

    @property
    def done(self) -> bool:
        return not self.thread.is_alive()

    def _run(self, work: Callable[[Progress], Any]) -> None:
        try:
            with acting_as(self.user):
                self.result = work(self)
        except DnaConvError as error:
            self.error = error
        except Exception as error:  # told on the page, with its traceback in the terminal
            _log.exception("background work failed")
            self.error = error

    def report(self, fraction: float, message: str) -> None:
        self.fraction, self.message = min(max(fraction, 0.0), 1.0), message

    def should_stop(self) -> bool:
        return self.stopped

    def show(self, some: Any) -> None:
        """Let pages show this until the result is there."""
        self.so_far = some
