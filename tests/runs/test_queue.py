"""The queue without processes: who may take what, in which order, and what an older record becomes."""

from __future__ import annotations

import os
import sqlite3
import time
from types import SimpleNamespace

import numpy as np
import pytest

from dnaconv_core.errors import ConfigError, InputError, RunError
from dnaconv_core.runs import lock, process, queue
from dnaconv_core.runs.queue import Slot, all_slots, ensure_workers, serves, submit, take_slot, threads_per_worker
from dnaconv_core.runs.series import MOST_FILTERS
from dnaconv_core.runs.spec import RunSpec
from dnaconv_core.runs.store import RESUMABLE, SCHEMA, Store

OLD = """
CREATE TABLE runs (
    id TEXT PRIMARY KEY, name TEXT NOT NULL, experiment TEXT NOT NULL, state TEXT NOT NULL, spec TEXT NOT NULL,
    device TEXT NOT NULL DEFAULT '', created REAL NOT NULL, started REAL, finished REAL,
    epoch INTEGER NOT NULL DEFAULT 0, epochs INTEGER NOT NULL DEFAULT 0, message TEXT NOT NULL DEFAULT '',
    error TEXT NOT NULL DEFAULT '', metrics TEXT NOT NULL DEFAULT '{}', cancel INTEGER NOT NULL DEFAULT 0);
CREATE TABLE metrics (
    run TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE, epoch INTEGER NOT NULL, split TEXT NOT NULL,
    name TEXT NOT NULL, value REAL, PRIMARY KEY (run, epoch, split, name)) WITHOUT ROWID;
INSERT INTO runs (id, name, experiment, state, spec, created, started, finished, epoch, epochs)
    VALUES ('rnai-1', 'old one', 'rnai', 'finished', '{"experiment": "rnai"}', 10.0, 20.0, 50.5, 3, 3);
INSERT INTO metrics VALUES ('rnai-1', 3, 'valid', 'loss', 0.25);
PRAGMA user_version = 1;
"""


@pytest.fixture
def store() -> Store:
    return Store()


@pytest.fixture
def machine(monkeypatch):
    """Pretend that the machine has these devices."""

    def has(*keys: str) -> None:
        monkeypatch.setattr(queue, "device_keys", lambda: keys)

    has("cpu")
    return has


def waiting(store: Store, device: str = "auto", **settings) -> str:
    return store.create(RunSpec("rnai", settings={"device": device, **settings}), waiting=True).id


def test_an_older_record_is_upgraded_in_place(store):
    store.home.mkdir()
    with sqlite3.connect(store.database) as db:
        db.executescript(OLD)
    (run,) = store.list()
    assert (run.id, run.name, run.state, run.seconds, run.tags, run.turn) == (
        "rnai-1",
        "old one",
        "finished",
        30.5,
        (),
        0,
    )
    assert [tuple(row) for row in store.metrics("rnai-1")] == [(3, "valid", "loss", 0.25)]
    assert store.filters("rnai-1") is None
    with sqlite3.connect(store.database) as db:
        assert db.execute("PRAGMA user_version").fetchone() == (SCHEMA,)


def test_claims_go_in_order_and_hold_the_lock(store, machine):
    first, second = waiting(store), waiting(store)
    mine = store.create(RunSpec("rnai")).id  # to be trained by whoever made it
    assert [run.id for run in store.waiting()] == [first, second]
    claim = store.claim(serves("cpu"), "cpu/0")
    assert (claim.run.id, claim.run.state, claim.run.slot) == (first, "running", "cpu/0")
    assert lock.is_held(store.folder(first))
    other = store.claim(serves("cpu"), "cpu/1")
    assert other.run.id == second
    assert store.claim(serves("cpu"), "cpu/2") is None
    os.close(claim.lock)
    os.close(other.lock)
    assert [store.get(run).state for run in (first, second, mine)] == ["interrupted", "interrupted", "queued"]
    store.requeue(second, RESUMABLE)
    store.requeue(first, RESUMABLE)
    assert [run.id for run in store.waiting()] == [second, first]  # in the order they asked


def test_each_device_takes_what_is_meant_for_it(store, machine):
    machine("cuda:1", "cuda:0", "cpu")
    runs = {wish: store.get(waiting(store, wish)) for wish in ("auto", "cpu", "cuda", "cuda:0")}
    taken = {device: [wish for wish, run in runs.items() if serves(device)(run)] for device in queue.device_keys()}
    assert taken == {"cuda:1": ["auto", "cuda"], "cuda:0": ["auto", "cuda", "cuda:0"], "cpu": ["cpu"]}
    kept = store.get(waiting(store, "auto"))._replace(device="cuda:1")  # resumed: it stays where it was
    assert [device for device in queue.device_keys() if serves(device)(kept)] == ["cuda:1"]
    machine("cpu")
    assert [serves("cpu")(run) for run in (*runs.values(), kept)] == [True, True, False, False, True]


def test_slots_are_one_for_each_device_or_as_asked(machine, monkeypatch):
    machine("cuda:1", "cuda:0", "cpu")
    assert [slot.key for slot in all_slots()] == ["cuda:1/0", "cuda:0/0", "cpu/0"]
    monkeypatch.setenv(queue.SLOTS, "cpu=0, cuda=2, cuda:0=1")
    assert [slot.key for slot in all_slots()] == ["cuda:1/0", "cuda:1/1", "cuda:0/0"]
    monkeypatch.setenv(queue.SLOTS, "3")
    monkeypatch.setattr(queue, "cores", lambda: 20)
    assert len(all_slots()) == 9 and threads_per_worker() == 2
    for wrong in ("many", "gpu=2", "65"):
        monkeypatch.setenv(queue.SLOTS, wrong)
        with pytest.raises(ConfigError, match=f"DNACONV_SLOTS is '{wrong}': write a number"):
            all_slots()


def test_workers_start_only_where_a_slot_is_free_and_work_waits(store, machine, monkeypatch):
    started = []
    monkeypatch.setattr(queue, "_spawn", lambda store, slot, held: started.append(slot.key))
    monkeypatch.setenv(queue.SLOTS, "2")
    assert ensure_workers(store) == 0 and not store.home.exists()
    waiting(store)
    assert (ensure_workers(store), started) == (1, ["cpu/0"])  # one run needs one worker
    held = take_slot(store, Slot("cpu", 0))
    assert (ensure_workers(store), started) == (1, ["cpu/0", "cpu/1"])
    both = take_slot(store, Slot("cpu", 1))
    monkeypatch.setattr(lock, "time", SimpleNamespace(monotonic=time.monotonic, sleep=pytest.fail))
    assert ensure_workers(store) == 0  # at once: a page looks every second
    monkeypatch.undo()
    os.close(held)
    os.close(both)


def test_a_device_that_is_not_there_is_told_at_once_or_ends_the_run(store, machine):
    with pytest.raises(ConfigError, match="device is 'cuda:3' but this machine has cpu: choose one or 'auto'"):
        submit(store, RunSpec("rnai", settings={"device": "cuda:3"}))
    assert store.list() == []
    run = waiting(store, "mps")  # of a home that came from another machine
    assert ensure_workers(store) == 0
    assert store.get(run).state == "failed" and "device is 'mps' but this machine has cpu" in store.get(run).error


def test_settings_of_another_version_are_told_at_once_or_end_the_run(store, machine):
    run, other = waiting(store), waiting(store)
    store.ask_to_stop(other)
    with sqlite3.connect(store.database) as db:
        db.execute("UPDATE runs SET device = 'cpu', spec = ?", ('{"experiment": "rnai", "preset": "of tomorrow"}',))
    assert ensure_workers(store) == 0
    assert store.get(run).state == "failed" and "preset is 'of tomorrow'" in store.get(run).error
    assert not queue._possible(store, store.get(run))  # nor is it an error when another process was quicker
    with pytest.raises(ConfigError, match="preset is 'of tomorrow'"):
        queue.resume(store, other)
    assert store.get(other).state == "cancelled"


def test_a_worker_that_fell_over_is_told_with_the_run_that_waits(store, machine, monkeypatch):
    monkeypatch.setattr(queue, "_spawn", lambda store, slot, held: None)
    run = waiting(store)
    ensure_workers(store)
    assert store.get(run).message == "waiting"
    log = store.home / "slots" / "cpu-0" / "log.txt"
    log.write_text("Traceback (most recent call last):\nImportError: no torch\n")
    ensure_workers(store)
    assert store.get(run).message == f"waiting; the last worker ended with an error: {log} has the details"


def test_a_worker_s_surroundings(store, machine, monkeypatch):
    asked = []

    def start(command, env, **_):
        asked.append(env)
        return SimpleNamespace(poll=lambda: 0)

    monkeypatch.setattr(process.subprocess, "Popen", start)
    monkeypatch.setattr(queue, "cores", lambda: 6)
    for threads in ("3", "4,2", "many", ""):
        monkeypatch.setenv("OMP_NUM_THREADS", threads)
        queue._spawn(store, Slot("cpu", 0), 0)
    assert [env["OMP_NUM_THREADS"] for env in asked] == ["3", "4", "6", "6"]
    assert {env["PYTHONSAFEPATH"] for env in asked} == {"1"}


def test_a_longer_run_is_longer(store, machine, monkeypatch):
    monkeypatch.setattr(queue, "_spawn", lambda *_: None)
    run = waiting(store, epochs=5, patience=2)
    store.ask_to_stop(run)
    with pytest.raises(ConfigError, match="epochs is 5 but run .* is planned for 5 already"):
        queue.extend(store, run, 5)
    longer = queue.extend(store, run, 9)
    assert longer.state == "queued" and longer.spec.settings == {"device": "auto", "epochs": 9, "patience": 0}
    copy = queue.clone(store, run, "copy", filters=3, patience=None)
    assert copy.spec.settings == {"device": "auto", "epochs": 9, "filters": 3} and copy.parent == run


def test_names_tags_and_notes(store):
    run = store.create(RunSpec("rnai"), "first").id
    changed = store.edit(run, name=" second ", tags=("b", "a ", "b", ""), notes=" why ")
    assert (changed.name, changed.tags, changed.notes) == ("second", ("b", "a"), "why")
    assert store.edit(run, tags=()).tags == () and store.get(run).name == "second"
    with pytest.raises(InputError, match="the name '' is not allowed: give 1 to 60 characters"):
        store.edit(run, name="  ")
    with pytest.raises(InputError, match="the tag 'a,b' is not allowed"):
        store.edit(run, tags=("a,b",))


def test_deleting_asks_nothing_of_the_running(store, machine):
    run = waiting(store)
    store.add_metrics(run, 1, {"valid": {"loss": 0.5}})
    claim = store.claim(serves("cpu"), "cpu/0")
    with pytest.raises(RunError, match="is training: stop it first, then delete it"):
        store.delete(run)
    os.close(claim.lock)
    store.delete(run)
    assert store.list() == [] and not store.folder(run).exists()
    with sqlite3.connect(store.database) as db:
        assert db.execute("SELECT COUNT(*) FROM metrics").fetchone() == (0,)
    with pytest.raises(RunError, match="there is no run"):
        store.delete(run)


def test_filters_are_kept_for_each_evaluation_and_thinned(store):
    run = store.create(RunSpec("rnai")).id
    kernels = np.arange(2 * 4 * 3).reshape(2, 4, 3) / 8
    for epoch in range(1, MOST_FILTERS + 12):
        store.add_filters(run, epoch, kernels + epoch)
    kept = store.filter_epochs(run)
    assert kept[0] == 1 and kept[-1] == MOST_FILTERS + 11 and len(kept) <= MOST_FILTERS
    assert kept[-20:] == list(range(MOST_FILTERS - 8, MOST_FILTERS + 12))  # the newest are all there
    newest, early = store.filters(run), store.filters(run, 1)
    assert newest.epoch == MOST_FILTERS + 11 and early.epoch == 1 and store.filters(run, 0) is None
    np.testing.assert_array_equal(early.kernels, (kernels + 1).astype(np.float32))
    store.forget_after(run, 10)
    assert store.filters(run).epoch <= 10


def test_curves_of_many_runs_in_one_question(store):
    a, b = (store.create(RunSpec("rnai")).id for _ in range(2))
    store.add_metrics(a, 2, {"valid": {"pearson_r": 0.4, "loss": 1.0}, "train": {"pearson_r": 0.9}})
    store.add_metrics(a, 1, {"valid": {"pearson_r": None}})
    assert store.curves("valid", {a: "pearson_r", b: "pearson_r"}) == {a: [None, 0.4], b: []}
