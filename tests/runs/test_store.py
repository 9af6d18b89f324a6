from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from types import SimpleNamespace

import pytest

from dnaconv_core.errors import BundleError, ConfigError, InputError, RunError
from dnaconv_core.runs import lock, schema
from dnaconv_core.runs.models import find_model
from dnaconv_core.runs.spec import RunSpec
from dnaconv_core.runs.store import Store


@pytest.fixture
def store() -> Store:
    return Store()


def test_a_run_goes_through_its_states(store):
    run = store.create(RunSpec("rnai", settings={"epochs": 3}), "mine")
    assert (run.state, run.name, run.experiment, run.spec.settings) == ("queued", "mine", "rnai", {"epochs": 3})
    held = lock.take(store.folder(run.id))
    store.start(run.id, 3)
    assert store.note(run.id, epoch=1, message="epoch 1 of 3", device="cpu") is False
    store.add_metrics(run.id, 1, {"train": {"loss": 0.5}, "valid": {"loss": 0.6, "pearson_r": None}})
    now = store.get(run.id)
    assert (now.state, now.epoch, now.device) == ("running", 1, "cpu")
    assert [tuple(row) for row in store.metrics(run.id)] == [
        (1, "train", "loss", 0.5),
        (1, "valid", "loss", 0.6),
        (1, "valid", "pearson_r", None),
    ]
    assert store.metrics(run.id, after=1) == []
    store.finish(run.id, "finished", {"valid": {"pearson_r": 0.4}}, epoch=3, message="all epochs done")
    os.close(held)
    done = store.get(run.id)
    assert (done.state, done.metrics) == ("finished", {"valid": {"pearson_r": 0.4}})
    assert done.finished >= done.started >= done.created
    with pytest.raises(RunError, match="is finished, so it cannot start training"):
        store.start(run.id, 3)
    with pytest.raises(RunError, match="only one that is waiting or training can be stopped"):
        store.ask_to_stop(run.id)


def test_an_unknown_run_is_named(store):
    with pytest.raises(RunError, match="there is no run 'nope'"):
        store.get("nope")


def test_looking_makes_nothing(store):
    assert store.list() == []
    with pytest.raises(RunError, match="there is no run 'x'"):
        store.get("x")
    assert not store.home.exists()


def test_a_run_that_this_version_could_not_train_can_be_looked_at_and_deleted(store):
    run = store.create(RunSpec("rnai", settings={"epochs": 3})).id
    with sqlite3.connect(store.database) as db:
        db.execute("UPDATE runs SET spec = ?", ('{"experiment": "rnai", "preset": "of tomorrow", "colour": 3}',))
    (found,) = store.list()
    assert (found.id, found.spec.preset, found.spec.data) == (run, "of tomorrow", "synthetic")
    store.delete(run)
    assert store.list() == []


def test_a_running_run_without_its_lock_is_interrupted(store):
    run = store.create(RunSpec("rnai"))
    held = lock.take(store.folder(run.id))
    store.start(run.id, 3)
    assert store.get(run.id).state == "running"
    os.close(held)
    assert [r.state for r in store.list()] == ["interrupted"]


def test_the_lock_is_held_for_a_zombie_of_nobody(tmp_path):
    """A killed, unreaped child is a zombie: its process id looks alive, its lock is free."""
    code = f"from dnaconv_core.runs import lock; from pathlib import Path; lock.take(Path({str(tmp_path)!r}));"
    child = subprocess.Popen([sys.executable, "-c", code + "print('held', flush=True); input()"],
                             stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)  # fmt: skip
    assert child.stdout.readline() == "held\n"
    assert lock.is_held(tmp_path)
    child.send_signal(signal.SIGKILL)
    deadline = time.monotonic() + 10
    while lock.is_held(tmp_path) and time.monotonic() < deadline:
        time.sleep(0.01)
    os.kill(child.pid, 0)  # still in the process table
    assert not lock.is_held(tmp_path)
    child.wait()


WRITER = """
import sys
from pathlib import Path
from dnaconv_core.runs.store import Store
store, run, start = Store(Path(sys.argv[1])), sys.argv[2], int(sys.argv[3])
for epoch in range(start, start + 30):
    store.add_metrics(run, epoch, {"valid": {"loss": float(epoch)}})
    store.note(run, epoch=epoch)
"""


def test_a_run_without_a_model_says_what_to_do(store):
    run = store.create(RunSpec("rnai")).id
    with pytest.raises(BundleError, match="has no model yet: it is waiting, wait until it has finished"):
        find_model(run, store)
    store.ask_to_stop(run)
    with pytest.raises(BundleError, match="has no model yet: it is stopped, let it go on with 'dnaconv runs resume'"):
        find_model(run, store)


@pytest.mark.slow
def test_processes_write_at_once_and_lose_nothing(store):
    run = store.create(RunSpec("rnai")).id
    writers = [subprocess.Popen([sys.executable, "-c", WRITER, str(store.home), run, str(1000 * i)]) for i in range(3)]
    assert [writer.wait() for writer in writers] == [0, 0, 0]
    assert len(store.metrics(run)) == 90


def test_a_newer_database_is_refused(store):
    store.create(RunSpec("rnai"))
    with sqlite3.connect(store.database) as db:
        db.execute("PRAGMA user_version = 99")
    with pytest.raises(RunError, match="newer dnaconv .schema 99; this one knows 3.: update"):
        store.list()


def test_bytes_that_are_no_text_are_told(store):
    run = store.create(RunSpec("rnai")).id
    with pytest.raises(InputError, match="holds bytes that are no text: leave them out"):
        store.edit(run, notes="caf\udce9")  # how Python hands over an argument in Latin-1


@pytest.mark.parametrize(("free", "sentence"), [(4096, "the disk is full: .* free some"), (10**9, "check the disk")])
def test_an_i_o_error_on_a_full_disk_is_a_full_disk(store, monkeypatch, free, sentence):
    store.create(RunSpec("rnai"))
    monkeypatch.setattr(schema.shutil, "disk_usage", lambda folder: SimpleNamespace(free=free))
    with pytest.raises(RunError, match=sentence), store._connect():
        raise sqlite3.OperationalError("disk I/O error")


def test_a_home_that_is_a_file_is_one_sentence(tmp_path):
    (tmp_path / "home").write_text("")
    with pytest.raises(ConfigError, match="the home folder .* cannot be written"):
        Store().create(RunSpec("rnai"))


def test_a_spec_refuses_what_cannot_be_before_anything_starts():
    with pytest.raises(ConfigError, match="depth is 9"):
        RunSpec("rnai", settings={"depth": 9})
    with pytest.raises(ConfigError, match="loss 'cross_entropy' does not fit a regression"):
        RunSpec("rnai", settings={"loss": "cross_entropy"})
    with pytest.raises(ConfigError, match="unknown key 'x' in a run"):
        RunSpec.from_json({"experiment": "rnai", "x": 1})
    assert RunSpec.from_json(RunSpec("tf").to_json()).experiment == "tf_binding"
