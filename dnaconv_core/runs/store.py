"""The record of every run: rows in `runs.db` (SQLite, WAL) and a folder `runs/<id>/` for what is large.

State moves `queued → running → finished | failed | cancelled | interrupted`, and back to `queued` to go on, only here.
A run's process holds a lock on `runs/<id>/lock` for life: whether that lock is free, not a process id, says whether a
run still lives.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from dnaconv_core.errors import InputError, RunError
from dnaconv_core.files import write_atomic
from dnaconv_core.home import home, owner_of
from dnaconv_core.model.bundle import CONFIG
from dnaconv_core.quota import check_runs
from dnaconv_core.runs import lock
from dnaconv_core.runs.kept import once
from dnaconv_core.runs.record import (
    ENDED,
    LIVE,
    MOST_NOTES,
    RESUMABLE,
    Filters,
    MetricRow,
    Run,
    checked_name,
    checked_tags,
    read_run,
    state_word,
)
from dnaconv_core.runs.schema import SCHEMA, unwritable
from dnaconv_core.runs.series import Series
from dnaconv_core.runs.spec import RunSpec
from dnaconv_core.storing import check_storing, read_only

if TYPE_CHECKING:
    import sqlite3

__all__ = ["ENDED", "LIVE", "RESUMABLE", "SCHEMA", "Claim", "Filters", "MetricRow", "Run", "Store"]


class Claim(NamedTuple):
    run: Run
    lock: int  # the descriptor that holds the run's lock; whoever claimed it closes it


class Store(Series):
    """The runs of one home folder. Cheap to make; every call opens its own connection, so it may cross threads."""

    def __init__(self, folder: Path | None = None) -> None:
        self.home = Path(folder or home())
        self.database, self._runs = self.home / "runs.db", self.home / "runs"

    def folder(self, run: str) -> Path:
        """Where a run keeps what is large; also its bundle, once there is one."""
        return self._runs / run

    def check_home(self) -> None:
        """Raises RunError, in a sentence, where the home folder cannot be made or written."""
        self._make_folder("")
        if not os.access(self.home, os.W_OK | os.X_OK):
            raise RunError(
                f"the home folder {self.home} cannot be written: make it writable, or set DNACONV_HOME to another"
            )

    def hold_open(self) -> ExitStack:
        """Keep the database open until this is closed: the last one to close it cleans up its log, which takes long."""
        held = ExitStack()
        held.enter_context(self._connect())
        return held

    def create(
        self,
        spec: RunSpec,
        name: str = "",
        *,
        parent: str = "",
        tags: tuple[str, ...] = (),
        waiting: bool = False,
        place: str = "",
    ) -> Run:
        """A new queued run; `waiting` for a worker to take it, otherwise the caller trains it. place: see `Run`."""
        run = f"{spec.experiment.replace('_', '-')}-{secrets.token_hex(4)}"
        name = checked_name(name) if name.strip() else run
        if owner_of(self.home):
            check_runs(self.home, len(self._ask("SELECT * FROM runs")))
        self._make_folder(run)
        with self._connect(write=True) as db:
            db.execute(
                f"INSERT INTO runs (id, name, experiment, state, spec, created, message, parent, tags, place, turn) "
                f"VALUES (?, ?, ?, 'queued', ?, ?, 'waiting', ?, ?, ?, {_turn(waiting)})",
                (run, name, spec.experiment, json.dumps(spec.to_json()), time.time(), parent, ",".join(tags), place),
            )
        return self.get(run)

    def take_in(self, run: Run) -> None:
        """A run of another home, under its own id, to be trained here as far as it has come there."""
        self._make_folder(run.id)
        known = {
            "id": run.id, "name": run.name, "experiment": run.experiment, "spec": json.dumps(run.spec.to_json()),
            "device": run.device, "threads": run.threads, "seconds": run.seconds, "epoch": run.epoch,
            "epochs": run.epochs, "created": run.created, "message": "waiting",
        }  # fmt: skip
        marks = ", ".join("?" for _ in known)
        with self._connect(write=True) as db:
            db.execute(
                f"INSERT INTO runs ({', '.join(known)}, state, turn) VALUES ({marks}, 'queued', {_turn(True)})",
                tuple(known.values()),
            )

    def get(self, run: str) -> Run:
        """The run of this id. Raises RunError when there is none; nothing is created then."""
        found = self._ask("SELECT * FROM runs WHERE id = ?", run)
        if not found:
            raise RunError(f"there is no run {run!r} in {self.home}: 'dnaconv runs' lists those there are")
        return self._settled(found[0])

    def waiting(self) -> list[Run]:
        """The runs that a worker is to take, the next one first."""
        found = self._ask("SELECT * FROM runs WHERE state = 'queued' AND turn > 0 ORDER BY turn")
        return [run for run in found if run.turn]  # one that is damaged has no turn

    def claim(self, serves: Callable[[Run], bool], slot: str) -> Claim | None:
        """Take the first waiting run that `serves` accepts: it is running from here on, and no other can take it."""
        with self._connect(write=True) as db:
            for row in db.execute("SELECT * FROM runs WHERE state = 'queued' AND turn > 0 ORDER BY turn").fetchall():
                run = read_run(row)
                if not run.turn or not serves(run):
                    continue
                self._make_folder(run.id)
                held = lock.take(self.folder(run.id))
                if held is None:
                    continue
                try:
                    self._begin(db, run.id, slot=slot, message="starting")
                    db.execute("COMMIT")
                except BaseException:
                    os.close(held)
                    raise
                return Claim(self.get(run.id), held)
        return None

    def start(self, run: str, epochs: int) -> None:
        """A queued run starts in the process that holds its lock."""
        with self._connect(write=True) as db:
            if not self._begin(db, run, epochs=epochs, message="starting"):
                raise RunError(f"run {run} is {_called(db, run)}, so it cannot start training")

    def requeue(self, run: str, before: tuple[str, ...], *, waiting: bool = True, spec: RunSpec | None = None) -> None:
        """Put a run in one of the states `before` back at the end of the queue, to go on from its last checkpoint."""
        self.get(run)  # settles one whose process died
        changes = {"error": "", "cancel": 0, "finished": None, "remaining": None, "message": "waiting"}
        if spec is not None:
            changes["spec"] = json.dumps(spec.to_json())
        names = ", ".join(f"{name} = ?" for name in changes)
        marks = ", ".join("?" for _ in before)
        with self._connect(write=True) as db:
            changed = db.execute(
                f"UPDATE runs SET state = 'queued', turn = {_turn(waiting)}, {names} "
                f"WHERE id = ? AND (state IN ({marks}) OR state = 'queued' AND turn = 0)",
                (*changes.values(), run, *before),
            ).rowcount
            if not changed:
                raise RunError(f"run {run} is {_called(db, run)}: only one that is {_or(before)} can go on")

    def note(self, run: str, **columns: str | int | float | None) -> bool:
        """Note how a run is doing (epoch, message, device …); True when a user has asked it to stop."""
        names = ", ".join(f"{name} = ?" for name in columns)
        with self._connect() as db:
            if columns:
                db.execute(f"UPDATE runs SET {names} WHERE id = ?", (*columns.values(), run))
            row = db.execute("SELECT cancel FROM runs WHERE id = ?", (run,)).fetchone()
        return row is None or bool(row["cancel"])

    def finish(
        self, run: str, state: str, metrics: dict[str, dict[str, Any]], *, epoch: int, message: str, **columns: Any
    ) -> None:
        """The run ended by itself or because it was asked to: 'finished' or 'cancelled'."""
        self._move(run, ("running",), state, metrics=json.dumps(metrics), epoch=epoch, message=message, **columns)

    def fail(self, run: str, error: str, **columns: Any) -> None:
        self._move(run, LIVE, "failed", error=error, message="failed", **columns)

    def interrupt(self, run: str, words: str) -> None:
        """It cannot go on where it is, through no fault of its own: 'interrupted', for `words`."""
        self._move(run, LIVE, "interrupted", message=words)

    def gone(self, run: str) -> str:
        """What is said of a run whose folder was removed while it trained."""
        return f"the folder {self.folder(run)} was removed while the run trained, so it stopped: delete the run"

    def lose(self, run: str, **columns: Any) -> str:
        """Note that a run's folder was removed under it, unless another process has the run now; the sentence."""
        columns = {"finished": time.time(), "remaining": None, "turn": 0, "error": self.gone(run)} | columns
        names = ", ".join(f"{name} = ?" for name in columns)
        with self._connect(write=True) as db:
            if not lock.is_held(self.folder(run)):
                db.execute(
                    f"UPDATE runs SET state = CASE cancel WHEN 1 THEN 'cancelled' ELSE 'failed' END, "
                    f"message = 'its folder was removed', {names} WHERE id = ? AND state IN ('running', 'interrupted')",
                    (*columns.values(), run),
                )
        return self.gone(run)

    def ask_to_stop(self, run: str) -> None:
        """Ask a live run to stop; a queued one is cancelled at once. Raises RunError when it has ended.

        One whose folder was removed may have a process still, which hears it, too.
        """
        self.get(run)
        with self._connect(write=True) as db:
            state = _state(db, run)
            if state == "queued":
                db.execute(
                    "UPDATE runs SET state = 'cancelled', turn = 0, message = ?, finished = ? WHERE id = ?",
                    ("stopped before it started", time.time(), run),
                )
            elif state == "running":
                db.execute("UPDATE runs SET cancel = 1 WHERE id = ?", (run,))
            elif state == "interrupted" and not self.folder(run).exists():
                db.execute("UPDATE runs SET state = 'cancelled', cancel = 1 WHERE id = ?", (run,))
            else:
                raise RunError(f"run {run} is {state_word(state)}: only one that is waiting or training can be stopped")

    def edit(
        self, run: str, *, name: str | None = None, tags: tuple[str, ...] | None = None, notes: str | None = None
    ) -> Run:
        """Rename, tag or annotate a run. Raises InputError for what does not do."""
        self.get(run)
        if notes is not None and len(notes) > MOST_NOTES:
            raise InputError(f"the notes have {len(notes):,} characters: keep them under {MOST_NOTES:,}")
        changes = {
            "name": None if name is None else checked_name(name),
            "tags": None if tags is None else ",".join(checked_tags(tags)),
            "notes": None if notes is None else notes.strip(),
        }
        self.note(run, **{column: value for column, value in changes.items() if value is not None})
        bundle = self.folder(run) / CONFIG
        if name is not None and bundle.is_file():  # a model is called as its run is
            write_atomic(bundle, json.dumps(json.loads(bundle.read_bytes()) | {"name": changes["name"]}).encode())
        return self.get(run)

    def delete(self, run: str) -> None:
        """Remove a run and its folder for good. Raises RunError for one that is running."""
        self.get(run)
        with self._connect(write=True) as db:
            if _state(db, run) == "running":
                raise RunError(f"run {run} is training: stop it first, then delete it")
            db.execute("DELETE FROM runs WHERE id = ?", (run,))
        shutil.rmtree(self.folder(run), ignore_errors=True)

    def _settled(self, run: Run) -> Run:
        """The run as it truly is: 'running' without a live process becomes 'interrupted'."""
        if run.state != "running" or read_only() or lock.is_held(self.folder(run.id)):
            return run
        there = self.folder(run.id).is_dir()
        with self._connect(write=True) as db:  # no claim can come between the second look and the change
            if _state(db, run.id) == "running" and not lock.is_held(self.folder(run.id)):
                db.execute(
                    "UPDATE runs SET state = 'interrupted', finished = ?, remaining = NULL, message = ? WHERE id = ?",
                    (time.time(), "its process ended without a message" if there else "its folder was removed", run.id),
                )
        with self._connect() as db:
            row = db.execute("SELECT * FROM runs WHERE id = ?", (run.id,)).fetchone()
        return run if row is None else read_run(row)

    def _ask(self, question: str, *values: str) -> tuple[Run, ...]:
        """The runs that this question finds; none where there is no database, which is not made then."""
        return once(self.database, (question, values), lambda: self._read(question, values))

    def _read(self, question: str, values: tuple[str, ...]) -> tuple[Run, ...]:
        if not self.database.exists():
            return ()
        with self._connect() as db:
            return tuple(map(read_run, db.execute(question, values).fetchall()))

    def _begin(self, db: sqlite3.Connection, run: str, **columns: Any) -> int:
        names = "".join(f", {name} = ?" for name in columns)
        return db.execute(
            f"UPDATE runs SET state = 'running', turn = 0, cancel = 0, started = COALESCE(started, ?){names} "
            f"WHERE id = ? AND state = 'queued'",
            (time.time(), *columns.values(), run),
        ).rowcount

    def _move(self, run: str, before: tuple[str, ...], state: str, **columns: Any) -> None:
        columns = {"finished": time.time(), "remaining": None, "turn": 0} | columns
        names = ", ".join(f"{name} = ?" for name in columns)
        marks = ", ".join("?" for _ in before)
        with self._connect(write=True) as db:
            changed = db.execute(
                f"UPDATE runs SET state = ?, {names} WHERE id = ? AND state IN ({marks})",
                (state, *columns.values(), run, *before),
            ).rowcount
            if not changed:
                raise RunError(f"run {run} is {_called(db, run)}, so it cannot become {state_word(state)}")

    def _make_folder(self, run: str) -> None:
        check_storing()
        try:
            self.folder(run).mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise unwritable(self.home, error) from None

    def list(self, experiment: str = "") -> list[Run]:  # the last: below it, the type list would mean this
        """All runs, newest first; of one experiment if named. Nothing is created where there are none."""
        found = self._ask("SELECT * FROM runs ORDER BY rowid DESC")
        return [self._settled(run) for run in found if experiment in ("", run.experiment)]


def _turn(waiting: bool) -> str:
    return "(SELECT COALESCE(MAX(turn), 0) + 1 FROM runs)" if waiting else "0"


def _state(db: sqlite3.Connection, run: str) -> str:
    row = db.execute("SELECT state FROM runs WHERE id = ?", (run,)).fetchone()
    return "gone" if row is None else row["state"]


def _called(db: sqlite3.Connection, run: str) -> str:
    """The word for a run's state, for a message."""
    return state_word(_state(db, run))


def _or(states: tuple[str, ...]) -> str:
    words = [state_word(state) for state in states]
    return " or ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else words[0]
