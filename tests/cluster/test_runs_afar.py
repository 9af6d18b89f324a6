from __future__ import annotations

import dataclasses
import json
import os
import signal

import pytest

from dnaconv_core.afar import lead
from dnaconv_core.errors import ClusterError
from dnaconv_core.experiments import get_experiment
from dnaconv_core.model.bundle import load_bundle
from dnaconv_core.runs import queue
from dnaconv_core.runs.models import find_model
from dnaconv_core.runs.place import take_lead
from dnaconv_core.runs.queue import resume, serves, submit
from dnaconv_core.runs.search_trials import fold_spec
from dnaconv_core.runs.spec import RunSpec
from dnaconv_core.runs.store import ENDED, Store
from dnaconv_core.runs.sweep import sweep
from dnaconv_core.runs.worker import train_here

from .conftest import wait_for

SETTINGS = {"epochs": 300, "eval_every": 20, "filters": 3, "depth": 1, "checkpoint_every": 10, "batch_size": 50}


@pytest.fixture(autouse=True)
def leads(monkeypatch):
    """Those who lead end with their test."""
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    monkeypatch.setenv("DNACONV_CLUSTER_SYNC", "0.5")
    yield
    for process in queue._started:
        if process.poll() is None:
            os.kill(process.pid, signal.SIGKILL)
            process.wait(timeout=10)
    queue._started.clear()


def ended(store, runs):
    return wait_for(lambda: all(run.state in ENDED for run in map(store.get, runs)) and list(map(store.get, runs)), 300)


@pytest.fixture
def guides(tmp_path):
    """What the fold of a cross-validation asks for, of a small table."""
    data = get_experiment("rnai").synthetic(150, seed=1)
    rows = [f"{sequence},{value:.5f}" for sequence, value in zip(data.sequences(), data.y[:, 0].tolist(), strict=True)]
    (tmp_path / "guides.csv").write_text("\n".join(["sequence,label", *rows]))
    return fold_spec(RunSpec("rnai", data=str(tmp_path / "guides.csv")), SETTINGS, fold=0, n_folds=3, seed=0)


def same(store, afar, here):
    """Metrics by epoch, filters and the bundle, byte by byte."""
    found = []
    for run in (afar, here):
        folder = store.folder(run)
        config = json.loads((folder / "config.json").read_text()) | {"name": "", "run": ""}
        files = [(folder / name).read_bytes() for name in ("weights.safetensors", "metrics.json", "predictions.npz")]
        rows = [row for row in store.metrics(run) if row.name != "samples_per_second"]
        found.append((config, rows, store.filters(run).kernels.tolist(), files))
    assert found[0] == found[1]
    assert len(found[0][1]) > 20


@pytest.mark.slow
def test_a_sweep_whose_worker_is_killed_ends_as_it_would_have_here(cluster, guides):
    """The worker that takes the killed one's place does not see the data: they are sent there."""
    store = Store()
    runs = [run.id for run in sweep(store, guides, {"seed": [1, 2]}, on=cluster.address).runs]
    first = wait_for(lambda: next((run for run in map(store.get, runs) if list(_checkpoints(store, run.id))), None))
    cluster.kill(first.slot.removeprefix("cluster/"))
    cluster.worker(DNACONV_CLUSTER_COPY="1")
    for run in ended(store, runs):
        assert (run.state, run.error, run.epoch, run.place) == ("finished", "", 300, cluster.address), run.error
    assert "resumed after epoch" in (store.folder(first.id) / "log.txt").read_text()
    spec = store.get(first.id).spec
    same(store, first.id, train_here(store, store.create(spec, "here").id).id)


def _checkpoints(store, run):
    return (store.folder(run) / "checkpoints").glob("epoch-*.ckpt")


@pytest.mark.slow
def test_a_run_is_stopped_and_resumed_and_outlives_its_scheduler(cluster, guides):
    store = Store()
    spec = dataclasses.replace(guides, settings={**SETTINGS, "epochs": 100_000})
    run = submit(store, spec, on=cluster.address).id
    wait_for(lambda: store.metrics(run) and list(_checkpoints(store, run)))
    store.ask_to_stop(run)
    (stopped,) = ended(store, [run])
    assert (stopped.state, stopped.message) == ("cancelled", "stopped by the user")
    assert load_bundle(find_model(run)).record["last_epoch"] == stopped.epoch

    resume(store, run)
    wait_for(lambda: store.get(run).epoch > stopped.epoch)
    cluster.kill("scheduler")
    (lost,) = ended(store, [run])
    assert lost.state == "interrupted"
    words = "was lost: start it again, then resume, which goes on from the last checkpoint"
    assert lost.message == f"the cluster at {cluster.address} {words}"
    cluster.whole()
    resume(store, run)
    wait_for(lambda: store.get(run).epoch > lost.epoch)
    store.ask_to_stop(run)
    assert ended(store, [run])[0].state == "cancelled"


@pytest.mark.slow
def test_runs_that_take_a_gpu_go_to_the_worker_that_says_it_has_one(cluster, guides):
    """One that asks for no other waits while there is none; what takes the best there is goes to the label."""
    store, quick = Store(), {**SETTINGS, "epochs": 4}
    asks = submit(store, dataclasses.replace(guides, settings={**quick, "device": "cuda"}), on=cluster.address).id
    plain = submit(store, dataclasses.replace(guides, settings={**quick, "device": "cpu"}), on=cluster.address).id
    assert ended(store, [plain])[0].state == "finished"
    assert store.get(asks).state == "queued"  # though both workers are idle
    store.ask_to_stop(asks)
    try:
        gpu = cluster.worker("--resources", "GPU=1")
        cluster.workers(3)
        spec = dataclasses.replace(guides, settings={**quick, "device": "auto"})
        (run,) = ended(store, [submit(store, spec, on=cluster.address).id])
        assert (run.state, run.slot) == ("finished", f"cluster/{gpu}")
    finally:
        cluster.kill(gpu)


def test_a_run_for_a_cluster_that_is_not_there_is_refused_and_one_that_waits_is_told(guides, monkeypatch):
    store, place = Store(), "tcp://127.0.0.1:9"
    monkeypatch.setattr("dnaconv_core.cluster.connect.connected.__wrapped__.__defaults__", (0.2,))
    with pytest.raises(ClusterError, match="the cluster at tcp://127.0.0.1:9 does not answer"):
        submit(store, guides, on=place)
    assert store.list() == []
    run = store.create(guides, waiting=True, place=place).id
    assert store.claim(serves("cpu"), "cpu/0") is None  # nothing for a worker of this machine
    held = take_lead(store, place)
    assert lead.main([place, str(held)]) == 0
    told = store.get(run)
    assert told.state == "interrupted" and told.message.startswith("the cluster at tcp://127.0.0.1:9 does not answer")
