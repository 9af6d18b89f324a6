"""Answers kept until the database changes: never an old one, however fast changes follow each other."""

from __future__ import annotations

import os
import sqlite3
import threading

import pytest

from dnaconv_core.runs import kept
from dnaconv_core.runs.kept import once
from dnaconv_core.runs.spec import RunSpec
from dnaconv_core.runs.store import Store

SPEC = RunSpec("rnai", settings={"epochs": 3})


@pytest.fixture
def settled_file(tmp_path):
    path = tmp_path / "a.db"
    path.write_bytes(b"one")
    os.utime(path, ns=(10**18, 10**18))
    return path


def test_a_question_is_asked_once_until_the_file_changes(settled_file):
    asked = []

    def ask():
        asked.append(settled_file.read_bytes())
        return asked[-1]

    assert once(settled_file, "what", ask) is once(settled_file, "what", ask) and asked == [b"one"]
    assert once(settled_file, "other", ask) == b"one" and len(asked) == 2
    settled_file.write_bytes(b"two")
    assert once(settled_file, "what", ask) == b"two"
    os.utime(settled_file, ns=(10**18, 10**18 + 7))  # the same size, another time
    assert once(settled_file, "what", ask) == b"two" and len(asked) == 4
    settled_file.with_name("a.db-wal").write_bytes(b"")  # comes and goes with every reader
    assert once(settled_file, "what", ask) == b"two" and len(asked) == 4
    settled_file.with_name("a.db-wal").write_bytes(b"x")
    once(settled_file, "what", ask)
    assert len(asked) == 5


def test_what_was_read_right_after_a_change_is_not_kept(tmp_path):
    path = tmp_path / "a.db"
    path.write_bytes(b"one")
    assert once(path, "what", lambda: 1) == 1 and once(path, "what", lambda: 2) == 2
    assert once(tmp_path / "none.db", "what", lambda: 1) == 1 and once(tmp_path / "none.db", "what", lambda: 2) == 2


def test_the_oldest_answers_are_let_go(settled_file):
    for number in range(kept._MOST + 5):
        once(settled_file, number, lambda: number)  # noqa: B023
    assert len(kept._kept) == kept._MOST and (settled_file, 4) not in kept._kept and (settled_file, 5) in kept._kept


def test_a_change_by_another_connection_is_seen_at_once():
    store = Store()
    run = store.create(SPEC).id
    held = store.hold_open()  # the log stays
    for number in range(200):
        with sqlite3.connect(store.database) as db:
            db.execute("UPDATE runs SET epoch = ?", (number,))
        db.close()
        assert store.list()[0].epoch == number == store.get(run).epoch
    held.close()


@pytest.mark.slow
def test_no_reader_sees_less_than_was_written_before_it_asked():
    store = Store()
    run = store.create(SPEC).id
    held, written, wrong = store.hold_open(), [0], []
    over = threading.Event()

    def read():
        while not over.is_set():
            least = written[0]
            if (found := store.list()[0].epoch) < least:
                wrong.append((found, least))

    readers = [threading.Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    for number in range(1, 400):
        store.note(run, epoch=number)
        written[0] = number
        if number % 100 == 0:
            over.wait(0.2)  # long enough that answers are kept
    over.set()
    for reader in readers:
        reader.join()
    held.close()
    assert wrong == [] and store.get(run).epoch == 399


def test_curves_are_those_of_each_runs_own_metric():
    store = Store()
    one, other = store.create(SPEC).id, store.create(SPEC).id
    for epoch in (1, 2, 3):
        values = {"auroc": epoch / 10, "pearson_r": -epoch / 10}
        store.add_metrics(one, epoch, {"valid": values, "train": {"auroc": 9.0}})
        store.add_metrics(other, epoch, {"valid": values})
    found = store.curves("valid", {one: "auroc", other: "pearson_r", "gone": "auroc"})
    assert found == {one: [0.1, 0.2, 0.3], other: [-0.1, -0.2, -0.3], "gone": []}
    assert store.curves("valid", {}) == {}
