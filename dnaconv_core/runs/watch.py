"""What a run tells while it trains: into the store a few times a second, and on to whoever else watches."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from dnaconv_core.errors import RunError
from dnaconv_core.progress import SILENT, Progress
from dnaconv_core.runs import lock
from dnaconv_core.runs.store import Run, Store

if TYPE_CHECKING:
    import numpy as np

    from dnaconv_core.train.loop import Evaluation

_POLL = 0.5  # seconds between looks into the store
BY_THE_USER, FROM_OUTSIDE = "stopped by the user", "ended from outside (SIGTERM)"


class Watch:
    """Progress of one run. Asked to stop by the store, by SIGTERM and by Ctrl-C.

    held: the descriptor of the run's lock; once the run's folder is gone, whatever is told or asked raises RunError.
    impatient: a signal raises KeyboardInterrupt where training does not look itself whether to stop, and so does a
    second one anywhere.
    """

    def __init__(
        self,
        store: Store,
        run: Run,
        epochs: int,
        inner: Progress = SILENT,
        *,
        held: int | None = None,
        impatient: bool = False,
    ) -> None:
        self.store, self.run, self.epochs, self.inner, self.impatient = store, run.id, epochs, inner, impatient
        self.held = held
        self.stop = self.signalled = False
        self.cause = BY_THE_USER  # of a stop
        self.give_up: Callable[[], None] | None = None  # ends the run well from where it is; None: as 'cancelled'
        self.training = False  # steps are being made, so that should_stop is asked many times a second
        self.about_to = False  # the next time that it is asked, steps are being made
        self._looked = self._told = float("-inf")
        self._earlier, self._began = run.seconds, time.monotonic()
        self._from_epoch, self._from_time = 0, self._began
        self._open = store.hold_open()
        self._before: dict[int, Any] = {}
        for number in (signal.SIGTERM, signal.SIGINT):
            try:
                self._before[number] = signal.signal(number, self._on_signal)
            except ValueError:  # not in the main thread, where signals do not arrive anyway
                break

    def close(self) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._open.close()

    def _on_signal(self, number: int, *_: Any) -> None:
        if number == signal.SIGTERM and not self.stop:
            self.cause = FROM_OUTSIDE  # a limit of time, another program, a machine that shuts down
        again, self.stop, self.signalled = self.signalled, True, True
        if self.impatient and (again or not self.training):
            raise KeyboardInterrupt

    @property
    def seconds(self) -> float:
        """Time spent on this run, resumes included, whatever the wall clock says."""
        return round(self._earlier + time.monotonic() - self._began, 3)

    @property
    def lost(self) -> bool:
        """The run's folder was removed or moved while it trained: nothing can be kept any more."""
        return self.held is not None and not lock.is_still(self.store.folder(self.run), self.held)

    def check(self) -> None:
        """Raises RunError where the run's folder is gone."""
        if self.lost:
            raise RunError(self.store.gone(self.run))

    def say(self, message: str, **columns: Any) -> None:
        self.check()
        self.inner.report(0.0, message)
        self.stop |= self.store.note(self.run, message=message, seconds=self.seconds, **columns)

    def train_from(self, epoch: int) -> None:
        """Training begins. Until its first step asks whether to stop, which takes seconds on a busy machine, it is not
        waited for."""
        self._from_epoch, self._from_time, self.about_to = epoch, time.monotonic(), True

    @contextmanager
    def ending(self, end: Callable[[], None]) -> Iterator[None]:
        """The network is kept; what comes now may take long and is given up for `end` when a user asks to stop."""
        self.give_up, self.training = end, False
        yield
        self.training = True

    def evaluated(self, evaluation: Evaluation, kernels: np.ndarray) -> None:
        speed: dict[str, float | None] = {"samples_per_second": evaluation.samples_per_second}
        metrics = {**evaluation.metrics, "train": evaluation.metrics["train"] | speed}
        self.store.add_metrics(self.run, evaluation.epoch, metrics)
        self.store.add_filters(self.run, evaluation.epoch, kernels)
        self.store.note(self.run, epoch=evaluation.epoch, seconds=self.seconds)

    def report(self, fraction: float, message: str) -> None:
        self.inner.report(fraction, message)
        now = time.monotonic()
        if now - self._told >= _POLL or fraction >= 1:  # not _due(): a step has nearly always just looked
            self._told = now
            self.check()
            epoch = round(fraction * self.epochs)
            pace = (now - self._from_time) / max(epoch - self._from_epoch, 1)
            self.stop |= self.store.note(
                self.run, epoch=epoch, message=message, seconds=self.seconds, remaining=pace * (self.epochs - epoch)
            )

    def should_stop(self) -> bool:
        if self.about_to:
            self.training, self.about_to = True, False
        if not self.stop and self._due():
            self.check()
            self.stop = self.store.note(self.run, seconds=self.seconds)
        return self.stop or self.inner.should_stop()

    def _due(self) -> bool:
        now = time.monotonic()
        if now - self._looked < _POLL:
            return False
        self._looked = now
        return True
