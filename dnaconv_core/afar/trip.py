"""One run that is away: what of it has come home, written into its record as if it trained here."""

from __future__ import annotations

import contextlib
import json
import os
import time
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from dnaconv_core.afar.host import Asked, Parcel, Report
from dnaconv_core.errors import RunError
from dnaconv_core.files import write_atomic, write_together
from dnaconv_core.model.bundle import CONFIG
from dnaconv_core.runs import lock
from dnaconv_core.runs.execute import CHECKPOINTS, LOG
from dnaconv_core.runs.record import Run
from dnaconv_core.runs.start import FOLDER, keep_source
from dnaconv_core.runs.store import Claim, Store

if TYPE_CHECKING:
    from distributed import Future

EVERY = "DNACONV_CLUSTER_SYNC"  # seconds between two checkpoints that come home
_EVERY = 15.0
_KEPT = 2  # checkpoints
_TOLD = ("epoch", "epochs", "message", "device", "threads", "seconds", "remaining")  # columns, while it trains


class Trip:
    """The lock of a run, its task, and what is known of it."""

    def __init__(self, store: Store, claim: Claim, key: str, *, gpu: bool) -> None:
        self.store, self.run, self.lock, self.key = store, claim.run.id, claim.lock, key
        self.folder, self.gpu, self.log = store.folder(self.run), gpu, 0  # bytes of the log that are here
        self.future: Future[Any] | None = None
        self.token = ""  # of the task that has its parcel, or is being given it
        self.worker = ""  # its address
        self.given = self.over = self.stopping = False
        self._synced = time.monotonic()

    # --- out

    def parcel(self, goods: list[Any]) -> Parcel:
        """All that a worker needs, with the newest checkpoints; what came home of later epochs is forgotten."""
        run = self.store.get(self.run)
        if run.spec.start:
            keep_source(run.spec.start, self.folder, self.store)
        paths = [*self.folder.glob(f"{CHECKPOINTS}/epoch-*.ckpt"), *self.folder.glob(f"{FOLDER}/*")]
        files = {str(path.relative_to(self.folder)): path.read_bytes() for path in paths if path.is_file()}
        self.store.forget_after(self.run, _epoch(self._checkpoint()))
        self.log = 0
        return Parcel(run._replace(place="", message="waiting", cancel=False), goods, files)

    def asked(self) -> Asked:
        """What to ask for now."""
        if not self.given:
            return Asked("")
        due = time.monotonic() - self._synced >= _seconds()
        epoch = max((row.epoch for row in self.store.metrics(self.run)), default=-1)
        return Asked(self.token, epoch, self.log, self._checkpoint() if due else None)

    # --- home

    def take(self, report: Report) -> None:
        """What a worker tells of it."""
        run = report.run
        if run is None:
            return
        self.token, self.given = report.token, True
        by_epoch: dict[int, dict[str, dict[str, float | None]]] = defaultdict(lambda: defaultdict(dict))
        for row in report.metrics:
            by_epoch[row.epoch][row.split][row.name] = row.value
        for epoch, metrics in by_epoch.items():
            self.store.add_metrics(self.run, epoch, metrics)
        for epoch, kernels in report.filters:
            self.store.add_filters(self.run, epoch, kernels)
        if report.log:
            with open(self.folder / LOG, "ab") as log:
                log.write(report.log)
            self.log += len(report.log)
        if report.checkpoint is not None:
            self._keep(*report.checkpoint)
        if report.files is None:
            told = {name: getattr(run, name) for name in _TOLD}
            self.stopping |= self.store.note(self.run, slot=f"cluster/{report.worker}", **told)
        else:
            self._end(run, report)

    def _keep(self, name: str, content: bytes) -> None:
        folder = self.folder / CHECKPOINTS
        folder.mkdir(exist_ok=True)
        write_atomic(folder / name, content)
        self._synced = time.monotonic()
        for old in sorted(folder.glob("epoch-*.ckpt"))[:-_KEPT]:
            old.unlink()

    def _end(self, run: Run, report: Report) -> None:
        """It has ended there: its files first, then its state."""
        files, columns = dict(report.files or {}), {name: getattr(run, name) for name in ("seconds", "epochs")}
        columns |= {"device": run.device, "threads": run.threads, "slot": f"cluster/{report.worker}"}
        for name in [name for name in files if "/" in name]:
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            write_atomic(path, files.pop(name))
        if files:
            write_together(self.folder, files, CONFIG)
        if run.state in ("finished", "cancelled"):
            self.store.finish(self.run, run.state, run.metrics, epoch=run.epoch, message=run.message, **columns)
        elif run.state == "failed":
            self.store.fail(self.run, run.error.replace(report.home, str(self.store.home)), **columns)
        else:
            self.store.interrupt(self.run, f"{run.message}, on worker {report.worker}")
        self._named()
        self.over = True

    def _named(self) -> None:
        """It may have been renamed meanwhile."""
        name = self.store.get(self.run).name
        with contextlib.suppress(OSError, ValueError):
            if json.loads((self.folder / CONFIG).read_bytes()).get("name") != name:
                self.store.edit(self.run, name=name)

    # --- what else may happen to it

    def away(self) -> None:
        """No worker has it now: say so, and hear whether it is to stop."""
        self.given, self.token = False, ""  # the next one is given what has come home
        epoch = _epoch(self._checkpoint())
        words = "waiting for a worker of the cluster" + (f", to go on after epoch {epoch}" if epoch else "")
        self.stopping |= self.store.note(self.run, message=words, remaining=None)

    def cancelled(self) -> None:
        """It was stopped while no worker had it."""
        with contextlib.suppress(RunError):
            record = self.store.get(self.run)
            words = "stopped by the user"
            self.store.finish(self.run, "cancelled", record.metrics, epoch=_epoch(self._checkpoint()), message=words)
        self.over = True

    def interrupted(self, words: str) -> None:
        with contextlib.suppress(RunError):
            self.store.interrupt(self.run, words)
        self.over = True

    def failed(self, words: str) -> None:
        with contextlib.suppress(RunError):
            self.store.fail(self.run, words)
        self.over = True

    @property
    def gone(self) -> bool:
        """Whether its folder was removed under it, which its record is told of."""
        if lock.is_still(self.folder, self.lock):
            return False
        self.store.lose(self.run)
        self.over = True
        return True

    def close(self) -> None:
        os.close(self.lock)

    def _checkpoint(self) -> str:
        return max((path.name for path in self.folder.glob(f"{CHECKPOINTS}/epoch-*.ckpt")), default="")


def _epoch(checkpoint: str) -> int:
    return int(checkpoint.removeprefix("epoch-").removesuffix(".ckpt")) if checkpoint else 0


def _seconds() -> float:
    try:
        return float(os.environ.get(EVERY) or _EVERY)
    except ValueError:
        return _EVERY
