"""Nothing is lost when something dies: real processes, real signals."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from dnaconv_core.errors import RunError, TrainingError
from dnaconv_core.evaluate.held_out import PREDICTIONS
from dnaconv_core.model.bundle import load_bundle
from dnaconv_core.runs import execute
from dnaconv_core.runs.execute import LOG
from dnaconv_core.runs.models import find_model
from dnaconv_core.runs.spec import RunSpec
from dnaconv_core.runs.store import ENDED, RESUMABLE, Run, Store
from dnaconv_core.runs.worker import train_here

TINY = {"depth": 1, "filters": 2, "kernel_size": 5, "batch_size": 160, "eval_every": 2, "checkpoint_every": 1}


@pytest.fixture(scope="module")
def small_data(tmp_path_factory) -> str:
    """160 guides with an activity, in a table."""
    rng = np.random.default_rng(3)
    path = tmp_path_factory.mktemp("data") / "guides.csv"
    rows = ["id,sequence,y"]
    for number in range(160):
        letters = rng.choice(list("ACGU"), 21)
        rows.append(f"g{number},{''.join(letters)},{0.1 * (letters == 'U').sum() + 0.1 * rng.random():.4f}")
    path.write_text("\n".join(rows) + "\n")
    return str(path)


class Nursery:
    def __init__(self) -> None:
        self.pids: list[int] = []
        self.process = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("nursery.py"))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "OMP_NUM_THREADS": "1", "DNACONV_NICE": "0"},
        )
        assert self.process.stdout.readline() == "ready\n"

    def worker(self, store: Store, trouble: str = "") -> int:
        self.process.stdin.write(f"{store.home}|{trouble}\n")
        self.process.stdin.flush()
        self.pids.append(int(self.process.stdout.readline()))
        return self.pids[-1]

    def close(self) -> None:
        for pid in self.pids:
            if Path(f"/proc/{pid}/stat").exists() and _status(pid) != "Z":
                os.kill(pid, signal.SIGKILL)
        self.process.stdin.close()
        self.process.wait(timeout=20)


@pytest.fixture(scope="module")
def nursery():
    made = Nursery()
    yield made
    made.close()


def _status(pid: int) -> str:
    """R running, S sleeping, Z zombie …"""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


def until(store: Store, run: str, *states: str, seconds: float = 300) -> Run:
    deadline = time.monotonic() + seconds
    while (now := store.get(run)).state not in states and time.monotonic() < deadline:
        time.sleep(0.05)
    assert now.state in states, (now.state, now.message, now.error)
    return now


def queued(store: Store, data: str, **settings) -> str:
    return store.create(RunSpec("rnai", data=data, settings={**TINY, **settings}), waiting=True).id


def what_it_learned(store: Store, run: str):
    rows = [row for row in store.metrics(run) if row.name != "samples_per_second"]
    folder = store.folder(run)
    with np.load(folder / PREDICTIONS) as kept:
        predictions = kept["prediction"].tobytes()
    return rows, store.get(run).metrics, (folder / "weights.safetensors").read_bytes(), predictions


@pytest.mark.slow
def test_twenty_kills_change_nothing(nursery, small_data):
    store = Store()
    undisturbed, killed = (queued(store, small_data, epochs=300) for _ in range(2))
    store.ask_to_stop(killed)
    nursery.worker(store)
    until(store, undisturbed, "finished")

    rng, reached = np.random.default_rng(0), []
    for _ in range(20):
        store.requeue(killed, RESUMABLE)
        before, further = store.get(killed).epoch, rng.integers(0, 5)  # in a third of the cases while it loads
        pid = nursery.worker(store)
        while until(store, killed, "running").epoch < before + further - 1:
            time.sleep(0.02)
        time.sleep(rng.uniform(0, 0.05))
        os.kill(pid, signal.SIGKILL)
        run = until(store, killed, "interrupted", seconds=30)
        assert run.message == "its process ended without a message"
        reached.append(run.epoch)
        assert _status(pid) == "Z"  # never reaped: its process id still looks alive
    assert len(set(reached)) > 3 and max(reached) < 300
    store.requeue(killed, RESUMABLE)
    nursery.worker(store)
    until(store, killed, "finished")
    assert what_it_learned(store, killed) == what_it_learned(store, undisturbed)


SERVER = """
import sys, time
from dnaconv_core.runs.queue import submit
from dnaconv_core.runs.spec import RunSpec
from dnaconv_core.runs.store import Store
for seed in range(3):
    print(submit(Store(), RunSpec("rnai", data=sys.argv[1], settings={%s, "epochs": 6, "seed": seed})).id, flush=True)
time.sleep(600)
""".replace("%s", repr(TINY)[1:-1])


@pytest.mark.slow
def test_runs_outlive_the_server_that_started_them(small_data):
    server = subprocess.Popen(
        [sys.executable, "-c", SERVER, small_data], stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    runs = [server.stdout.readline().strip() for _ in range(3)]
    os.killpg(server.pid, signal.SIGKILL)  # and whatever belongs to its terminal
    server.wait()
    store = Store()
    ended = [until(store, run, *ENDED) for run in runs]
    assert [run.state for run in ended] == ["finished"] * 3
    assert [run.slot for run in ended] == ["cpu/0"] * 3  # one worker, one after the other
    assert sorted(runs) == sorted(run.id for run in store.list())


@pytest.mark.slow
def test_a_full_disk_is_a_sentence_and_the_run_goes_on_when_there_is_space(nursery, small_data):
    store = Store()
    run, whole = queued(store, small_data, epochs=12), queued(store, small_data, epochs=12)
    store.ask_to_stop(whole)
    pid = nursery.worker(store, "full:7")
    failed = until(store, run, "failed", "finished")
    while _status(pid) != "Z":  # or it would take the run again
        time.sleep(0.05)
    assert failed.error.startswith("the disk is full: free some space in") and "resume the run" in failed.error
    assert [row.epoch for row in store.metrics(run) if row.name == "loss" and row.split == "valid"] == [2, 4, 6, 8]
    for one in (run, whole):
        store.requeue(one, RESUMABLE)
    nursery.worker(store)
    assert until(store, run, "finished").message == "all epochs done"
    until(store, whole, "finished")
    assert what_it_learned(store, run) == what_it_learned(store, whole)


@pytest.mark.slow
def test_eight_starts_at_once_run_once_each_on_two_slots(small_data, monkeypatch):
    monkeypatch.setenv("DNACONV_SLOTS", "cpu=2")
    options = [f"--{name.replace('_', '-')}={value}" for name, value in {**TINY, "epochs": 4}.items()]
    command = [sys.executable, "-m", "dnaconv_core.cli", "train", "rnai", "--data", small_data, *options, "--detach"]
    starts = [
        subprocess.Popen([*command, "--json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(8)
    ]
    told = [start.communicate(timeout=120) for start in starts]
    assert [err for _, err in told] == [""] * 8
    runs = [json.loads(out)["run"] for out, _ in told]
    store = Store()
    ended = [until(store, run, *ENDED) for run in runs]
    assert [run.state for run in ended] == ["finished"] * 8 and len(set(runs)) == 8
    assert {run.slot for run in ended} == {"cpu/0", "cpu/1"}
    assert [(store.folder(run) / LOG).read_text().count("loading data") for run in runs] == [1] * 8


@pytest.mark.slow
def test_a_torn_checkpoint_falls_back_to_the_one_before(small_data, monkeypatch):
    monkeypatch.setattr(execute, "store_baselines", lambda *_, **__: None)
    store = Store()
    torn, whole = queued(store, small_data, epochs=4), queued(store, small_data, epochs=8)
    train_here(store, torn)
    train_here(store, whole)
    newest = max(store.folder(torn).glob("checkpoints/epoch-*.ckpt"))
    newest.write_bytes(newest.read_bytes()[:700])
    store.requeue(torn, ("finished",), spec=RunSpec("rnai", data=small_data, settings={**TINY, "epochs": 8}))
    run = train_here(store, torn)
    assert run.message == "all epochs done; epoch-000004.ckpt was damaged, so it went on from epoch 3"
    assert what_it_learned(store, torn) == what_it_learned(store, whole)

    newest = max(store.folder(torn).glob("checkpoints/epoch-*.ckpt"))
    content = bytearray(newest.read_bytes())
    content[len(content) // 2] ^= 4  # one bit
    newest.write_bytes(content)
    store.requeue(torn, ("finished",))
    assert "epoch-000008.ckpt was damaged, so it went on from epoch 7" in train_here(store, torn).message
    assert what_it_learned(store, torn) == what_it_learned(store, whole)

    for path in store.folder(torn).glob("checkpoints/*.ckpt"):
        path.write_bytes(b"nothing")
    store.requeue(torn, ("finished",))
    assert "every checkpoint was damaged" in train_here(store, torn).message
    assert what_it_learned(store, torn) == what_it_learned(store, whole)


def test_a_home_that_cannot_be_written_is_one_sentence(monkeypatch):
    monkeypatch.setenv("DNACONV_HOME", "/proc/no/home")
    told = subprocess.run(
        [sys.executable, "-m", "dnaconv_core.cli", "train", "rnai", "--detach"], capture_output=True, text=True
    )
    (line,) = told.stderr.splitlines()
    assert told.returncode == 2 and "the home folder /proc/no/home cannot be written" in line
    assert "set DNACONV_HOME" in line
    assert Store().list() == []


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_home_is_one_sentence(small_data):
    store = Store()
    queued(store, small_data)
    store.home.chmod(0o500)
    try:
        with pytest.raises(RunError, match="the home folder .* cannot be written"):
            queued(store, small_data)
    finally:
        store.home.chmod(0o700)


def test_a_clock_set_back_makes_no_negative_times(nursery, small_data):
    store = Store()
    run = queued(store, small_data, epochs=30)
    nursery.worker(store, "clock:1")
    done = until(store, run, "finished")
    assert done.finished < done.started - 3000  # the clock was set back an hour
    assert 0 < done.seconds < 60
    assert [found.id for found in store.list()] == [run]


@pytest.mark.slow
def test_a_stop_is_heard_while_data_are_loaded_and_the_queue_goes_on(nursery, small_data):
    store = Store()
    slow, after = queued(store, small_data, epochs=2), queued(store, small_data, epochs=2)
    nursery.worker(store, "slow:300")
    until(store, slow, "running")
    store.ask_to_stop(slow)
    assert until(store, slow, "cancelled", seconds=10).message == "stopped by the user"
    assert until(store, after, *ENDED).state == "finished"  # by a worker that the first one started


@pytest.mark.slow
def test_a_stop_is_heard_while_intervals_are_computed_and_the_network_is_kept(nursery, small_data):
    store = Store()
    run = queued(store, small_data, epochs=4)
    nursery.worker(store, "intervals:300")
    deadline = time.monotonic() + 120
    while store.get(run).message != "evaluating" and time.monotonic() < deadline:
        time.sleep(0.05)
    store.ask_to_stop(run)
    done = until(store, run, "finished", seconds=20)
    assert done.message == "all epochs done; stopped before the intervals were known"
    assert done.metrics["valid"]["pearson_r"] == load_bundle(find_model(run)).metrics["valid"]["pearson_r"].value


@pytest.mark.slow
def test_a_stopped_run_keeps_its_best_network_and_goes_on_to_the_same_end(nursery, small_data):
    store = Store()
    run, whole = queued(store, small_data, epochs=400), queued(store, small_data, epochs=400)
    store.ask_to_stop(whole)
    nursery.worker(store)
    while len(store.metrics(run)) < 30:
        time.sleep(0.05)
    store.ask_to_stop(run)
    stopped = until(store, run, "cancelled")
    assert 4 < stopped.epoch < 400 and stopped.metrics["valid"]["pearson_r"]["value"] is not None
    assert load_bundle(find_model(run)).record["stopped"] == "cancelled"
    for one in (run, whole):
        store.requeue(one, RESUMABLE)
    nursery.worker(store)
    for one in (run, whole):
        until(store, one, "finished")
    assert what_it_learned(store, run) == what_it_learned(store, whole)


@pytest.mark.slow
def test_out_of_memory_names_a_smaller_batch(small_data, monkeypatch):
    import torch

    from dnaconv_core.train import loop

    def fit(*arguments, **options):
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 MiB")

    monkeypatch.setattr(loop, "fit", fit)
    store = Store()
    run = queued(store, small_data, batch_size=1024)
    with pytest.raises(TrainingError, match="ran out of memory with batches of 1,024: try a batch size of 512"):
        train_here(store, run)
    assert (
        store.get(run).error
        == "cpu ran out of memory with batches of 1,024: try a batch size of 512, or another device"
    )
