"""How long work tells where it is and asks whether to stop.

Anything with `report(fraction, message)` and `should_stop()` will do: the CLI passes a `Bar`, a run's process writes to
the run store, tests and library users pass nothing (`SILENT`).
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Protocol, TextIO


class Progress(Protocol):
    def report(self, fraction: float, message: str) -> None:
        """Say that `fraction` (0 to 1) of the work is done, in words for a user."""

    def should_stop(self) -> bool:
        """True when the user has asked to stop; the worker then ends at the next safe point."""
        ...


class _Silent:
    def report(self, fraction: float, message: str) -> None:
        pass

    def should_stop(self) -> bool:
        return False


SILENT: Progress = _Silent()


class Part:
    """The progress of one step, as a share of a longer work."""

    def __init__(self, whole: Progress, start: float, share: float) -> None:
        self.whole, self.start, self.share = whole, start, share

    def report(self, fraction: float, message: str) -> None:
        self.whole.report(self.start + self.share * fraction, message)

    def should_stop(self) -> bool:
        return self.whole.should_stop()


_SURE, _SHARE = 4, 0.05  # seconds and share of the work after which the time left can be told


def seconds_left(seconds: float, fraction: float) -> float | None:
    """Of work of which `fraction` took `seconds`; None while too little is done to tell, and once all is done."""
    return seconds / fraction * (1 - fraction) if seconds > _SURE and _SHARE < fraction < 1 else None


class Timed:
    """Progress whose messages end in the time left."""

    def __init__(self, progress: Progress, clock: Callable[[], float] = time.monotonic) -> None:
        self.progress, self.clock = progress, clock
        self._begun = clock()

    def report(self, fraction: float, message: str) -> None:
        left = seconds_left(self.clock() - self._begun, fraction)
        self.progress.report(fraction, message + ("" if left is None else f" · {left_words(left)}"))

    def should_stop(self) -> bool:
        return self.progress.should_stop()


def left_words(seconds: float) -> str:
    """'about 40 s left'."""
    return f"about {seconds:.0f} s left" if seconds < 90 else f"about {seconds / 60:.0f} min left"


class Bar:
    """A progress bar on one line of a terminal; on anything else, a line at most every `every` seconds."""

    def __init__(self, stream: TextIO | None = None, every: float = 10.0) -> None:
        self.stream = stream or sys.stderr
        self.every = 0.1 if self.stream.isatty() else every
        self._last = float("-inf")

    def report(self, fraction: float, message: str) -> None:
        now, done = time.monotonic(), fraction >= 1
        if not done and now - self._last < self.every:
            return
        self._last = now
        if self.stream.isatty():
            full = round(24 * min(max(fraction, 0), 1))
            self.stream.write(f"\r\x1b[K[{'#' * full}{'.' * (24 - full)}] {fraction:4.0%} {message}" + "\n" * done)
        else:
            self.stream.write(f"{fraction:4.0%} {message}\n")
        self.stream.flush()

    def should_stop(self) -> bool:
        return False
