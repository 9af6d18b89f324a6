"""`runs.db`: its tables, how an older file is brought up to date, and connections whose errors a user can read."""

from __future__ import annotations

import shutil
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dnaconv_core.errors import DnaConvError, InputError, RunError
from dnaconv_core.home import in_the_way
from dnaconv_core.storing import READ_ONLY, ReadOnlyError, check_storing, read_only

_PATIENCE = 30.0  # seconds to wait for another process that writes
_LITTLE = 1 << 16  # bytes: with less free, SQLite cannot make the files beside the database, and calls it an I/O error

# What turns each version into the next; a new file goes through all of them. A step that was released never changes.
_STEPS = (
    """
    CREATE TABLE runs (
        id TEXT PRIMARY KEY, name TEXT NOT NULL, experiment TEXT NOT NULL, state TEXT NOT NULL, spec TEXT NOT NULL,
        device TEXT NOT NULL DEFAULT '', created REAL NOT NULL, started REAL, finished REAL,
        epoch INTEGER NOT NULL DEFAULT 0, epochs INTEGER NOT NULL DEFAULT 0, message TEXT NOT NULL DEFAULT '',
        error TEXT NOT NULL DEFAULT '', metrics TEXT NOT NULL DEFAULT '{}', cancel INTEGER NOT NULL DEFAULT 0);
    CREATE TABLE metrics (
        run TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE, epoch INTEGER NOT NULL, split TEXT NOT NULL,
        name TEXT NOT NULL, value REAL, PRIMARY KEY (run, epoch, split, name)) WITHOUT ROWID
    """,
    """
    ALTER TABLE runs ADD COLUMN turn INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE runs ADD COLUMN slot TEXT NOT NULL DEFAULT '';
    ALTER TABLE runs ADD COLUMN threads INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE runs ADD COLUMN seconds REAL NOT NULL DEFAULT 0;
    ALTER TABLE runs ADD COLUMN remaining REAL;
    ALTER TABLE runs ADD COLUMN parent TEXT NOT NULL DEFAULT '';
    ALTER TABLE runs ADD COLUMN tags TEXT NOT NULL DEFAULT '';
    ALTER TABLE runs ADD COLUMN notes TEXT NOT NULL DEFAULT '';
    UPDATE runs SET seconds = max(0, finished - started) WHERE started IS NOT NULL AND finished IS NOT NULL;
    CREATE TABLE filters (
        run TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE, epoch INTEGER NOT NULL, shape TEXT NOT NULL,
        kernels BLOB NOT NULL, PRIMARY KEY (run, epoch)) WITHOUT ROWID
    """,
    "ALTER TABLE runs ADD COLUMN place TEXT NOT NULL DEFAULT ''",
)
SCHEMA = len(_STEPS)


@contextmanager
def connect(database: Path, *, write: bool = False) -> Iterator[sqlite3.Connection]:
    """A connection for one piece of work: with `write` a transaction that no other writer shares, undone by an error.

    Makes the file where there is none and upgrades an older one. Raises RunError, in a sentence, for a folder that
    cannot be written, a full disk, a file that is no database and one of a newer version.
    """
    if write:
        check_storing()
    try:
        if database.is_dir():
            raise RunError(f"{database} is a folder and should be the file of all runs: move it away")
        if read_only():
            db = _to_look_at(database)
        else:
            database.parent.mkdir(parents=True, exist_ok=True)
            db = sqlite3.connect(database, timeout=_PATIENCE, isolation_level=None)
    except (OSError, sqlite3.OperationalError) as error:
        raise unwritable(database.parent, error) from None
    db.row_factory = sqlite3.Row
    db.text_factory = _text
    try:
        db.execute("PRAGMA foreign_keys = ON")
        db.execute("PRAGMA synchronous = NORMAL")  # with a write-ahead log only a power cut can lose the last commits
        _prepare(db, database)
        if write:
            db.execute("BEGIN IMMEDIATE")
        yield db
        if db.in_transaction:
            db.execute("COMMIT")
    except sqlite3.DatabaseError as error:
        raise _sentence(database, error) from None
    except UnicodeEncodeError as error:
        raise InputError(f"{error.object!r} holds bytes that are no text: leave them out") from None
    finally:
        if db.in_transaction:
            _undo(db)
        db.close()


def _to_look_at(database: Path) -> sqlite3.Connection:
    """A connection that changes nothing; to an empty database in memory where there is no file."""
    if not database.is_file():
        return sqlite3.connect(":memory:", isolation_level=None)
    address = f"{database.absolute().as_uri()}?mode=ro"
    db = sqlite3.connect(address, uri=True, timeout=_PATIENCE, isolation_level=None)
    try:
        db.execute("PRAGMA user_version")
    except sqlite3.OperationalError:  # a folder in which SQLite cannot even keep its notes: then nobody writes there
        db.close()
        return sqlite3.connect(f"{address}&immutable=1", uri=True, isolation_level=None)
    return db


def _prepare(db: sqlite3.Connection, path: Path) -> None:
    """Make or upgrade the tables. Raises RunError for a database of a newer version."""
    if _version(db, path) == SCHEMA:
        return
    if read_only() and path.is_file():
        raise RunError(f"{path} is of an older dnaconv: start once without DNACONV_READONLY to bring it up to date")
    _write_ahead(db)
    db.execute("BEGIN IMMEDIATE")
    version = _version(db, path)  # again: another process may have been quicker
    for step in _STEPS[version:]:
        for statement in step.split(";"):
            db.execute(statement)
    db.execute(f"PRAGMA user_version = {SCHEMA}")
    db.execute("COMMIT")


def _version(db: sqlite3.Connection, path: Path) -> int:
    version = db.execute("PRAGMA user_version").fetchone()[0]
    if version > SCHEMA:
        raise RunError(f"{path} is of a newer dnaconv (schema {version}; this one knows {SCHEMA}): update dnaconv")
    return version


def _write_ahead(db: sqlite3.Connection) -> None:
    """Switch to a write-ahead log; SQLite does not wait by itself here when several processes do it at once."""
    deadline = time.monotonic() + _PATIENCE
    while True:
        try:
            db.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > deadline:
                raise
            time.sleep(0.02)


def _undo(db: sqlite3.Connection) -> None:
    try:
        db.execute("ROLLBACK")
    except sqlite3.OperationalError as error:  # a full disk has undone it already
        if "no transaction" not in str(error):
            raise


def _sentence(path: Path, error: sqlite3.DatabaseError) -> DnaConvError:
    text = str(error)
    if "readonly" in text or "unable to open" in text:
        return unwritable(path.parent, error)
    if "is full" in text or ("disk I/O" in text and shutil.disk_usage(path.parent).free < _LITTLE):
        return RunError(f"the disk is full: {path} cannot take more, free some space in {path.parent} and try again")
    if "locked" in text:
        return RunError(f"{path} was kept locked for {_PATIENCE:.0f} s by another program: close that program")
    return RunError(f"{path} cannot be used ({text}): check the disk, or move the file away")


def _text(stored: bytes) -> str:
    """A damaged text must not keep the other rows from being read."""
    return stored.decode("utf-8", "replace")


def unwritable(home: Path, error: Exception) -> DnaConvError:
    """What is said of a home folder in which nothing can be made."""
    if read_only():
        return ReadOnlyError(READ_ONLY)
    if file := in_the_way(home):
        reason, way = f"{file} is a file, no folder", "move it away"
    else:
        reason, way = getattr(error, "strerror", None) or str(error), "make it writable"
    return RunError(f"the home folder {home} cannot be written ({reason}): {way}, or set DNACONV_HOME to another")
