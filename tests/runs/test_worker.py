from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from dnaconv_core.errors import DataError
from dnaconv_core.evaluate.held_out import PREDICTIONS
from dnaconv_core.model.bundle import load_bundle
from dnaconv_core.runs import execute
from dnaconv_core.runs.models import find_model, list_models
from dnaconv_core.runs.queue import submit
from dnaconv_core.runs.spec import RunSpec
from dnaconv_core.runs.store import ENDED, Store
from dnaconv_core.runs.watch import Watch
from dnaconv_core.runs.worker import train_here

QUICK = {"epochs": 2, "eval_every": 1, "filters": 3, "depth": 1}


def wait(store: Store, run: str, seconds: float = 60):
    deadline = time.monotonic() + seconds
    while (now := store.get(run)).state not in ENDED and time.monotonic() < deadline:
        time.sleep(0.05)
    return now


@pytest.mark.slow
def test_a_run_here_leaves_a_model_its_metrics_and_predictions():
    store = Store()
    run = train_here(store, store.create(RunSpec("rnai", settings=QUICK), "first").id)
    assert (run.state, run.epoch, run.device) == ("finished", 2, "cpu")
    assert {row.name for row in store.metrics(run.id)} >= {"loss", "pearson_r", "samples_per_second"}
    low, value, high = (run.metrics["valid"]["pearson_r"][key] for key in ("low", "value", "high"))
    assert low < value < high
    bundle = load_bundle(find_model(run.id))
    assert bundle.record["name"] == "first" and "Pearson r" in bundle.card
    with np.load(store.folder(run.id) / PREDICTIONS, allow_pickle=False) as kept:
        assert kept["codes"].shape == (len(kept["ids"]), 21)
        assert np.corrcoef(kept["y"][:, 0], kept["prediction"][:, 0])[0, 1] == pytest.approx(value, abs=1e-6)
    assert list_models(store)[0].key == run.id


@pytest.mark.slow
def test_a_launched_run_outlives_the_call_and_can_be_cancelled(tmp_path, monkeypatch):
    (tmp_path / "sqlite3.py").write_text("raise RuntimeError('not mine')")  # where the user happens to be
    monkeypatch.chdir(tmp_path)
    store = Store()
    spec = RunSpec("rnai", settings={**QUICK, "epochs": 100_000, "batch_size": 100})
    run = submit(store, spec).id
    deadline = time.monotonic() + 60
    while not store.metrics(run) and time.monotonic() < deadline:
        time.sleep(0.05)
    store.ask_to_stop(run)
    ended = wait(store, run)
    assert (ended.state, ended.message) == ("cancelled", "stopped by the user")
    assert 1 <= ended.epoch < 100_000
    assert load_bundle(find_model(run)).record["stopped"] == "cancelled"


def test_an_epoch_is_told_although_a_step_has_just_asked_whether_to_stop():
    store = Store()
    run = store.create(RunSpec("rnai", settings=QUICK))
    watch = Watch(store, run, 20)
    try:
        watch.train_from(0)
        assert not watch.should_stop()
        watch.report(5 / 20, "epoch 5 of 20")
        now = store.get(run.id)
        assert (now.epoch, now.message) == (5, "epoch 5 of 20") and now.remaining is not None
    finally:
        watch.close()


def test_a_run_that_cannot_read_its_data_fails_with_the_reason(tmp_path):
    store = Store()
    run = store.create(RunSpec("rnai", data=str(tmp_path / "gone"))).id
    with pytest.raises(DataError, match="does not exist"):
        train_here(store, run)
    failed = store.get(run)
    assert failed.state == "failed" and "does not exist" in failed.error


def interrupted(*_):
    """A Ctrl-C at this place."""
    signal.raise_signal(signal.SIGINT)
    time.sleep(60)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("place", "state", "message"),
    [
        ("load_parts", "cancelled", "stopped by the user"),
        ("_final_metrics", "finished", "all epochs done; stopped before the intervals were known"),
    ],
)
def test_ctrl_c_is_heard_at_once_in_the_foreground(monkeypatch, place, state, message):
    monkeypatch.setattr(execute, place, interrupted)
    store, began = Store(), time.monotonic()
    key = store.create(RunSpec("rnai", settings=QUICK)).id
    with pytest.raises(KeyboardInterrupt):
        train_here(store, key)
    run = store.get(key)
    assert (run.state, run.message) == (state, message) and time.monotonic() - began < 30
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_run_that_is_ended_from_outside_says_so(monkeypatch):
    def ended(*_):
        signal.raise_signal(signal.SIGTERM)
        time.sleep(60)

    monkeypatch.setattr(execute, "load_parts", ended)
    store = Store()
    key = store.create(RunSpec("rnai", settings=QUICK)).id
    with pytest.raises(KeyboardInterrupt):
        train_here(store, key)
    assert (store.get(key).state, store.get(key).message) == ("cancelled", "ended from outside (SIGTERM)")


def test_a_second_ctrl_c_does_not_wait_for_the_epoch():
    class Impatient:
        def report(self, fraction, message):
            pass

        def should_stop(self):
            signal.raise_signal(signal.SIGINT)
            signal.raise_signal(signal.SIGINT)
            pytest.fail("it went on")

    store = Store()
    key = store.create(RunSpec("rnai", settings=QUICK)).id
    with pytest.raises(KeyboardInterrupt):
        train_here(store, key, Impatient())
    run = store.get(key)
    assert (run.state, run.message) == ("cancelled", "stopped by the user")


def test_before_its_first_step_a_training_is_not_waited_for():
    store = Store()
    run = store.create(RunSpec("rnai"))
    watch = Watch(store, run, 3)
    try:
        watch.train_from(0)
        assert not watch.training  # a busy machine takes seconds from here to the first step
        watch.should_stop()
        assert watch.training
        with watch.ending(lambda: None):
            watch.should_stop()
            assert not watch.training
    finally:
        watch.close()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="priorities of threads are Linux's")
def test_a_process_that_somebody_waits_for_hurries_and_then_gives_way_again():
    code = (
        "import os; from dnaconv_core.runs.process import be_modest, be_modest_again, hurry\n"
        "told = [os.getpriority(os.PRIO_PROCESS, 0)]\n"
        "for step in (be_modest, hurry, be_modest_again): step(); told.append(os.getpriority(os.PRIO_PROCESS, 0))\n"
        "print(*told)"
    )
    env = {**os.environ, "DNACONV_NICE": "7"}
    alone = {"start_new_session": True}  # or all tests of this session would stand back from now on
    told = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True, **alone)
    usual, modest, hurried, again = map(int, told.stdout.split())
    assert modest == again == min(usual + 7, 19)
    assert hurried == (usual if os.geteuid() == 0 else modest)  # without root nobody rises again
