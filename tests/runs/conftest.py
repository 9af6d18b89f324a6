"""Workers of the tests run at the usual priority, or a busy machine would starve them, and each ends with its test."""

from __future__ import annotations

import os
import signal
import subprocess

import numpy as np
import pytest

from dnaconv_core.runs import queue


@pytest.fixture(autouse=True)
def workers(home, monkeypatch):
    monkeypatch.setenv("DNACONV_NICE", "0")
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    monkeypatch.delenv(queue.SLOTS, raising=False)
    yield
    for process in queue._started:
        if process.poll() is None:
            os.kill(process.pid, signal.SIGKILL)
            process.wait(timeout=10)
    queue._started.clear()
    subprocess._cleanup()


@pytest.fixture
def files():
    """A function that writes guides with their activity into a folder and returns the paths as a RunSpec takes them: to
    learn from and to report on, the latter's labels shuffled if asked."""
    from dnaconv_core.experiments import get_experiment

    def write(folder, *, shuffled: bool = False) -> dict[str, str]:
        found = {}
        for name, n, seed in (("train", 150, 1), ("valid", 80, 2)):
            data = get_experiment("rnai").synthetic(n, seed=seed)
            y = data.y[:, 0]
            if shuffled and name == "valid":
                y = np.random.default_rng(0).permutation(y)
            rows = [f"{sequence},{value:.5f}" for sequence, value in zip(data.sequences(), y.tolist(), strict=True)]
            path = folder / f"{name}.csv"
            path.write_text("\n".join(["sequence,label", *rows]))
            found["data" if name == "train" else name] = str(path)
        return found

    return write


@pytest.fixture(scope="session")
def trained(made_once):
    """A store with two trained runs that differ in seed and filters."""
    from dnaconv_core.runs.spec import RunSpec
    from dnaconv_core.runs.store import Store
    from dnaconv_core.runs.worker import train_here

    small = {"epochs": 2, "eval_every": 1, "filters": 3, "depth": 1, "batch_size": 500, "device": "cpu"}

    def fill(home):
        store = Store(home)
        for number, other in enumerate(({}, {"seed": 1, "filters": 5})):
            train_here(store, store.create(RunSpec("rnai", settings={**small, **other}), f"run {number}").id)

    store = Store(made_once("two-runs", fill))
    return store, [run.id for run in sorted(store.list(), key=lambda run: run.name)]
