"""What a Dask worker does for a run: takes in what it needs, starts its process, and tells how it stands when asked."""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import shutil
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from dnaconv_core.afar.goods import COPY, FIELDS, Good, listing
from dnaconv_core.cluster.facts import facts
from dnaconv_core.errors import DataError
from dnaconv_core.files import write_atomic
from dnaconv_core.runs.execute import CHECKPOINTS, LOG
from dnaconv_core.runs.record import MetricRow, Run
from dnaconv_core.runs.start import FOLDER
from dnaconv_core.runs.store import ENDED, LIVE, Store

if TYPE_CHECKING:
    import numpy as np
    from distributed import Worker

ABANDONED = 120.0  # seconds without a question from home after which a worker gives a run up
_LOOK = 0.1
_TEXTS = (".json", ".md", ".txt", ".csv")
_NOT_SENT = ("lock", LOG)


class Parcel(NamedTuple):
    """A run on its way to a worker."""

    run: Run
    goods: list[Good]
    files: dict[str, bytes]  # of its folder: checkpoints, and the model that it starts from


class Asked(NamedTuple):
    """What home has of a run already."""

    token: str  # of the arrival that was given its parcel; '' before
    epoch: int = -1  # of the last metrics
    log: int = 0  # bytes of the log
    checkpoint: str | None = None  # name of the last one; None: not to be sent now


class Report(NamedTuple):
    """How a run stands on a worker."""

    token: str
    worker: str
    facts: dict[str, str]
    home: str = ""  # the folder it has there; '' while it waits for its parcel
    run: Run | None = None
    metrics: tuple[MetricRow, ...] = ()
    filters: tuple[tuple[int, np.ndarray], ...] = ()
    log: bytes = b""
    checkpoint: tuple[str, bytes] | None = None
    files: dict[str, bytes] | None = None  # once it has ended


class Guest:
    """A run on this worker, from the arrival of its task to the moment that home has all of it."""

    def __init__(self, run: str, folder: Path, worker: str) -> None:
        self.run, self.folder, self.worker, self.token = run, folder, worker, secrets.token_hex(8)
        self.given, self.let_go, self.seen = threading.Event(), threading.Event(), time.monotonic()
        self.process: subprocess.Popen[bytes] | None = None
        self.renamed: dict[str, str] = {}  # paths of data here: as they are called at home

    @property
    def over(self) -> bool:
        return self.let_go.is_set() or time.monotonic() - self.seen > ABANDONED

    def stay(self) -> None:
        """All of it, in the task's thread."""
        try:
            while not self.given.wait(_LOOK):
                if self.over:
                    return
            self.process = self._started()
            while not self.over:
                time.sleep(_LOOK)
        finally:
            if self.process is not None:
                self.process.kill()
                self.process.wait()
            shutil.rmtree(self.folder, ignore_errors=True)

    def _started(self) -> subprocess.Popen[bytes]:
        own = {"DNACONV_HOME": str(self.folder), "DNACONV_USER": "", "DNACONV_USERS": "", "PYTHONSAFEPATH": "1"}
        return subprocess.Popen(
            [sys.executable, "-m", "dnaconv_core.afar.guest"],
            stdin=subprocess.PIPE,
            env={"OMP_WAIT_POLICY": "PASSIVE", **os.environ, **own},
        )


_guests: dict[str, Guest] = {}


def host(key: str, run: str) -> str:
    """The task: returns once home has all of the run, or has given it up."""
    from distributed import get_worker

    worker = get_worker()
    guest = _guests[key] = Guest(run, _place(worker) / key, str(worker.name))
    try:
        guest.stay()
    finally:
        _guests.pop(key, None)
    return guest.token


def _place(worker: Worker) -> Path:
    """A worker's own folder, which it removes when it ends."""
    return Path(worker.local_directory) / "dnaconv"


# --- data


def lacking(goods: list[Good], dask_worker: Worker) -> list[str]:
    """Digests of the goods that this worker neither sees under their path nor has been sent."""
    return [good.digest for good in goods if _found(good, _place(dask_worker)) is None]


def _found(good: Good, place: Path) -> str | None:
    sent = place / "goods" / good.digest / good.name
    if sent.exists():
        return str(sent)
    try:
        seen = not os.environ.get(COPY) and listing(good.path) == good.files
    except OSError:
        seen = False
    return good.path if seen else None


def take_block(good: Good, name: str, block: bytes, dask_worker: Worker) -> None:
    """The next bytes of one file."""
    path = _place(dask_worker) / "coming" / good.digest / good.name / name
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "ab") as file:
        file.write(block)


def settle(good: Good, dask_worker: Worker) -> None:
    """All blocks are here. Raises DataError where they are not what was to be sent."""
    place = _place(dask_worker)
    coming, target = place / "coming" / good.digest, place / "goods" / good.digest
    if not coming.exists() or listing(coming / good.name) != good.files:
        shutil.rmtree(coming, ignore_errors=True)
        raise DataError(f"{good.path} was changed or damaged on its way to a worker: start the run again")
    target.parent.mkdir(parents=True, exist_ok=True)
    os.replace(coming, target)


# --- a run


def deliver(key: str, token: str, parcel: Parcel, dask_worker: Worker) -> bool:
    """Give a waiting task what it asked for; False where it has gone meanwhile."""
    guest = _guests.get(key)
    if guest is None or guest.token != token or guest.given.is_set():
        return False
    guest.folder.mkdir(parents=True)
    spec = parcel.run.spec
    for good in parcel.goods:
        place = _found(good, _place(dask_worker))
        if place is None:
            raise DataError(f"{good.path} is not on worker {guest.worker} any more: start the run again")
        if good.mount in FIELDS:
            changed: dict[str, Any] = {good.mount: place}
            spec = replace(spec, **changed)
            guest.renamed |= {place: good.path} if place != good.path else {}
        else:
            (guest.folder / good.mount).parent.mkdir(parents=True, exist_ok=True)
            (guest.folder / good.mount).symlink_to(place)
    store = Store(guest.folder)
    store.take_in(parcel.run._replace(spec=spec))
    for name, content in parcel.files.items():
        path = store.folder(guest.run) / name
        path.parent.mkdir(exist_ok=True)
        write_atomic(path, content)
    guest.given.set()
    return True


async def collect(asked: dict[str, Asked]) -> dict[str, Report]:
    """How those of these runs stand that are here; in a thread, because files are read."""
    return await asyncio.to_thread(_collect, asked)


def _collect(asked: dict[str, Asked]) -> dict[str, Report]:
    found = {}
    for key, known in asked.items():
        guest = _guests.get(key)
        if guest is not None:
            guest.seen = time.monotonic()
            found[key] = _report(guest, known)
    return found


def _report(guest: Guest, known: Asked) -> Report:
    process = guest.process
    if process is None:
        return Report(guest.token, guest.worker, facts())
    ended = process.poll() is not None  # before its record is read: what it wrote last is in there then
    if guest.token != known.token:
        known = Asked(guest.token)
    store = Store(guest.folder)
    run, folder = store.get(guest.run), store.folder(guest.run)
    metrics = store.metrics(run.id, after=known.epoch)
    filters = [store.filters(run.id, epoch) for epoch in store.filter_epochs(run.id) if epoch > known.epoch]
    if ended and run.state in LIVE:  # it fell over before it began
        run = run._replace(state="interrupted", message="its process ended without a word")
    ended = ended and run.state in ENDED
    newest = known.checkpoint if not ended else known.checkpoint or ""
    return Report(
        guest.token,
        guest.worker,
        facts(),
        str(guest.folder),
        run._replace(spec=None),  # type: ignore[arg-type]  # home has it
        tuple(metrics),
        tuple((one.epoch, one.kernels) for one in filters if one is not None),
        _log(folder / LOG, known.log),
        None if newest is None else _checkpoint(folder / CHECKPOINTS, newest),
        _files(folder, guest.renamed) if ended else None,
    )


def _log(path: Path, start: int) -> bytes:
    if not path.is_file():
        return b""
    with open(path, "rb") as file:
        file.seek(start)
        return file.read()


def _checkpoint(folder: Path, known: str) -> tuple[str, bytes] | None:
    """The newest checkpoint, unless it is the one that is known."""
    for path in sorted(folder.glob("epoch-*.ckpt"), reverse=True):
        if path.name <= known:
            return None
        try:
            return path.name, path.read_bytes()
        except FileNotFoundError:  # a newer one has just taken its place
            continue
    return None


def _files(folder: Path, renamed: dict[str, str]) -> dict[str, bytes]:
    """All that a run has left, checkpoints and its starting model apart; data are called as they are at home."""
    found = {}
    for path in sorted(folder.rglob("*")):
        name = str(path.relative_to(folder))
        if not path.is_file() or name in _NOT_SENT or name.split("/")[0] in (CHECKPOINTS, FOLDER):
            continue
        content = path.read_bytes()
        for here, there in renamed.items() if path.suffix in _TEXTS else ():
            content = content.replace(_text(here, path.suffix), _text(there, path.suffix))
        found[name] = content
    return found


def _text(path: str, kind: str) -> bytes:
    return json.dumps(path)[1:-1].encode() if kind == ".json" else path.encode()


def stop(key: str, token: str) -> None:
    """Ask a run to stop, as a user would here; its best model is kept."""
    guest = _guests.get(key)
    if guest is not None and guest.token == token and guest.process is not None:
        store = Store(guest.folder)
        if store.get(guest.run).state in LIVE:
            store.ask_to_stop(guest.run)


def let_go(key: str, token: str = "") -> None:
    """Home has all of this run, or wants no more of it."""
    guest: Any = _guests.get(key)
    if guest is not None and token in ("", guest.token):
        guest.let_go.set()
