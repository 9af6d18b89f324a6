"""The record of every run: rows in `runs.db` (SQLite, WAL) and a folder `runs/<id>/` for what is large.

State moves `queued → running → finished | failed | cancelled | interrupted`, and only here. A run's process holds a
lock on `runs/<id>/lock` for life: whether that lock is free, not a process id, says whether a run still lives.
"""

from __future__ import annotations

import json
import secrets
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from dnaconv_core.errors import RunError
from dnaconv_core.home import home
from dnaconv_core.runs.lock import is_held
from dnaconv_core.runs.spec import RunSpec

SCHEMA = 1
LIVE = ("queued", "running")
ENDED = ("finished", "failed", "cancelled", "interrupted")

_TABLES = """
CREATE TABLE runs (
    id TEXT PRIMARY KEY, name TEXT NOT NULL, experiment TEXT NOT NULL, state TEXT NOT NULL, spec TEXT NOT NULL,
    device TEXT NOT NULL DEFAULT '', created REAL NOT NULL, started REAL, finished REAL,
    epoch INTEGER NOT NULL DEFAULT 0, epochs INTEGER NOT NULL DEFAULT 0, message TEXT NOT NULL DEFAULT '',
    error TEXT NOT NULL DEFAULT '', metrics TEXT NOT NULL DEFAULT '{}', cancel INTEGER NOT NULL DEFAULT 0);
CREATE TABLE metrics (
    run TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE, epoch INTEGER NOT NULL, split TEXT NOT NULL,
    name TEXT NOT NULL, value REAL, PRIMARY KEY (run, epoch, split, name)) WITHOUT ROWID;
"""


class Run(NamedTuple):
    id: str
    name: str
    experiment: str
    state: str
    spec: RunSpec
    device: str
    created: float  # Unix time; likewise started and finished
    started: float | None
    finished: float | None
    epoch: int  # done so far
    epochs: int  # planned
    message: str  # what it is doing, for a user
    error: str  # why it failed
    metrics: dict[str, dict[str, Any]]  # final, by split, as in Metric.as_json
    cancel: bool  # a user has asked it to stop

    def as_json(self) -> dict[str, Any]:
        """What the command line prints of a run."""
        rest = {k: v for k, v in self._asdict().items() if k not in ("id", "spec", "cancel")}
        return {"run": self.id, **rest, "spec": self.spec.to_json()}


class MetricRow(NamedTuple):
    epoch: int
    split: str
    name: str
    value: float | None


class Store:
    """The runs of one home folder. Cheap to make; every call opens its own connection, so it may cross threads."""

    def __init__(self, folder: Path | None = None) -> None:
        self.home = Path(folder or home())
        self.database = self.home / "runs.db"

    def folder(self, run: str) -> Path:
        """Where a run keeps what is large; also its bundle, once there is one."""
        return self.home / "runs" / run

    def create(self, spec: RunSpec, name: str = "") -> Run:
        """A new queued run."""
        run = f"{spec.experiment.replace('_', '-')}-{secrets.token_hex(3)}"
        with self._connect() as db:
            db.execute(
                "INSERT INTO runs (id, name, experiment, state, spec, created, message) VALUES (?, ?, ?, ?, ?, ?, ?)",
                (run, name or run, spec.experiment, "queued", json.dumps(spec.to_json()), time.time(), "waiting"),
            )
        self.folder(run).mkdir(parents=True, exist_ok=True)
        return self.get(run)

    def get(self, run: str) -> Run:
        """The run of this id. Raises RunError when there is none."""
        with self._connect() as db:
            row = db.execute("SELECT * FROM runs WHERE id = ?", (run,)).fetchone()
        if row is None:
            raise RunError(f"there is no run {run!r} in {self.home}: 'dnaconv runs' lists those there are")
        return self._settled(_run(row))

    def list(self, experiment: str = "") -> list[Run]:
        """All runs, newest first; of one experiment if named. Nothing is created where there are none."""
        if not self.database.is_file():
            return []
        with self._connect() as db:
            rows = db.execute("SELECT * FROM runs ORDER BY created DESC").fetchall()
        runs = [self._settled(_run(row)) for row in rows]
        return [run for run in runs if experiment in ("", run.experiment)]

    def metrics(self, run: str, after: int = -1) -> list[MetricRow]:
        """The metric rows of epochs later than `after`, by epoch."""
        with self._connect() as db:
            rows = db.execute(
                "SELECT epoch, split, name, value FROM metrics WHERE run = ? AND epoch > ? ORDER BY epoch, split, name",
                (run, after),
            )
            return [MetricRow(*row) for row in rows]

    def start(self, run: str, epochs: int) -> None:
        self._move(run, ("queued",), "running", epochs=epochs, message="starting", started=time.time())

    def note(self, run: str, **columns: str | int) -> bool:
        """Note how a run is doing (epoch, message, device); True when a user has asked it to stop."""
        names = ", ".join(f"{name} = ?" for name in columns)
        with self._connect() as db:
            if columns:
                db.execute(f"UPDATE runs SET {names} WHERE id = ?", (*columns.values(), run))
            row = db.execute("SELECT cancel FROM runs WHERE id = ?", (run,)).fetchone()
        return row is None or bool(row["cancel"])

    def add_metrics(self, run: str, epoch: int, metrics: dict[str, dict[str, float | None]]) -> None:
        rows = [(run, epoch, split, name, value) for split, part in metrics.items() for name, value in part.items()]
        with self._connect() as db:
            db.executemany("INSERT OR REPLACE INTO metrics VALUES (?, ?, ?, ?, ?)", rows)

    def finish(self, run: str, state: str, metrics: dict[str, dict[str, Any]], *, epoch: int, message: str) -> None:
        """The run ended with a model: 'finished' or 'cancelled'."""
        self._move(
            run, ("running",), state, metrics=json.dumps(metrics), epoch=epoch, message=message, finished=time.time()
        )

    def fail(self, run: str, error: str) -> None:
        self._move(run, LIVE, "failed", error=error, message="failed", finished=time.time())

    def ask_to_stop(self, run: str) -> None:
        """Ask a live run to stop; a queued one is cancelled at once. Raises RunError when it has ended."""
        state = self.get(run).state
        if state == "queued":
            self._move(run, ("queued",), "cancelled", message="cancelled before it started", finished=time.time())
        elif state == "running":
            with self._connect() as db:
                db.execute("UPDATE runs SET cancel = 1 WHERE id = ?", (run,))
        else:
            raise RunError(f"run {run} is {state}: only a queued or running one can be cancelled")

    def _settled(self, run: Run) -> Run:
        """The run as it truly is: 'running' without a live process becomes 'interrupted'."""
        if run.state != "running" or is_held(self.folder(run.id)):
            return run
        with self._connect() as db:
            db.execute(
                "UPDATE runs SET state = 'interrupted', finished = ?, message = ? WHERE id = ? AND state = 'running'",
                (time.time(), "its process ended without a word", run.id),
            )
            return _run(db.execute("SELECT * FROM runs WHERE id = ?", (run.id,)).fetchone())

    def _move(self, run: str, before: tuple[str, ...], state: str, **columns: Any) -> None:
        names = ", ".join(f"{name} = ?" for name in columns)
        marks = ", ".join("?" for _ in before)
        with self._connect() as db:
            changed = db.execute(
                f"UPDATE runs SET state = ?, {names} WHERE id = ? AND state IN ({marks})",
                (state, *columns.values(), run, *before),
            ).rowcount
        if not changed:
            raise RunError(f"run {run} is {self.get(run).state}, so it cannot become {state}")

    @contextmanager
    def _connect(self) -> Iterator[sqlite3.Connection]:
        try:
            self.home.mkdir(parents=True, exist_ok=True)
            db = sqlite3.connect(self.database, timeout=30)
        except (OSError, sqlite3.OperationalError) as error:
            raise RunError(f"the home folder {self.home} cannot be written ({error}): set DNACONV_HOME") from None
        db.row_factory = sqlite3.Row
        try:
            with db:
                _prepare(db, self.database)
                yield db
        except sqlite3.DatabaseError as error:
            raise RunError(f"{self.database} cannot be used ({error}): check the disk, or move the file away") from None
        finally:
            db.close()


def _prepare(db: sqlite3.Connection, path: Path) -> None:
    """Make or check the schema. Raises RunError for a database of a newer version."""
    db.execute("PRAGMA foreign_keys = ON")
    version = db.execute("PRAGMA user_version").fetchone()[0]
    if version > SCHEMA:
        raise RunError(f"{path} is of a newer dnaconv (schema {version}; this one knows {SCHEMA}): update dnaconv")
    if version == SCHEMA:
        return
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("BEGIN IMMEDIATE")
    if db.execute("PRAGMA user_version").fetchone()[0] == 0:  # another process may have been quicker
        for statement in _TABLES.split(";"):
            db.execute(statement)
        db.execute(f"PRAGMA user_version = {SCHEMA}")


def _run(row: sqlite3.Row) -> Run:
    fields = dict(row)
    fields["spec"] = RunSpec.from_json(json.loads(fields["spec"]))
    fields["metrics"] = json.loads(fields["metrics"])
    fields["cancel"] = bool(fields["cancel"])
    return Run(**fields)
