"""One piece of work in a thread of the server."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Any

from dnaconv_core.errors import DnaConvError
from dnaconv_core.home import acting, acting_as
from dnaconv_core.progress import Progress, seconds_left

_log = logging.getLogger("dnaconv.app")


class Job:
    """One piece of work; it is its own `Progress`."""

    def __init__(self, work: Callable[[Progress], Any]) -> None:
        self.fraction, self.message = 0.0, "starting"
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
