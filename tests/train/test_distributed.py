"""One run on two processes, as torchrun starts them: the same network as on one, one record, one end."""

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
import torch

from dnaconv_core.model.bundle import load_bundle
from dnaconv_core.runs.models import find_model
from dnaconv_core.runs.store import ENDED, Store
from dnaconv_core.train.distributed import Group

SETTINGS = ["--dropout", "0", "--filters", "4", "--batch-size", "64", "--checkpoint-every", "1", "--eval-every", "1"]


@pytest.fixture(scope="module")
def guides(tmp_path_factory) -> str:
    """129 guides, of which 104 train: batches of 64 and 40."""
    rng = np.random.default_rng(5)
    lines = ["".join(rng.choice(list("ACGU"), 21)) for _ in range(129)]
    path = tmp_path_factory.mktemp("guides") / "guides.csv"
    path.write_text("sequence,y\n" + "".join(f"{text},{(text[0] == 'A') + text.count('G') / 21}\n" for text in lines))
    return str(path)


def start(processes: int, data: str, *arguments: str) -> subprocess.Popen:
    command = [sys.executable, "-m"]
    if processes > 1:
        command += ["torch.distributed.run", "--standalone", f"--nproc-per-node={processes}", "-m"]
    command += ["dnaconv_core.cli", "train", "rnai", "--data", data, *SETTINGS, *arguments]
    return subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""},
        start_new_session=True,
    )


def training(epochs: int) -> str:
    """The only run there is, once it has come so far."""
    store, deadline = Store(), time.monotonic() + 120
    while not ((runs := store.list()) and runs[0].epoch >= epochs):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return runs[0].id


@pytest.mark.slow
def test_two_processes_learn_what_one_learns(home, guides):
    models = {}
    for processes in (1, 2):
        done = start(processes, guides, "--epochs", "6", "--json")
        out, err = done.communicate(timeout=300)
        assert done.returncode == 0, err
        run = Store().get(json.loads(out)["run"])  # one of them answers
        models[processes] = load_bundle(find_model(run.id)), run
    (alone, one), (shared, both) = models.values()
    assert one.id != both.id and both.state == "finished" and len(Store().list()) == 2
    for name, weight in alone.model.state_dict().items():
        torch.testing.assert_close(shared.model.state_dict()[name], weight, rtol=1e-4, atol=1e-5)
    losses = [[m.value for m in Store().metrics(run.id) if m.name == "loss"] for run in (one, both)]
    assert losses[0] == pytest.approx(losses[1], rel=1e-4) and len(losses[0]) == 12


@pytest.mark.slow
def test_a_stop_ends_all_of_them_and_keeps_the_model(home, guides):
    processes = start(2, guides, "--epochs", "20000")
    run = training(3)
    Store().ask_to_stop(run)
    _, err = processes.communicate(timeout=60)
    assert processes.returncode == 0, err
    assert Store().get(run).state == "cancelled" and load_bundle(find_model(run)).metrics


@pytest.mark.slow
def test_the_death_of_one_ends_the_run(home, guides):
    processes = start(2, guides, "--epochs", "20000")
    run = training(3)
    second = next(
        int(entry.parent.name)
        for entry in Path("/proc").glob("[0-9]*/environ")
        if _environment(entry).get("RANK") == "1" and _environment(entry).get("DNACONV_HOME") == str(home)
    )
    os.kill(second, signal.SIGKILL)
    processes.communicate(timeout=60)
    assert processes.returncode != 0
    assert Store().get(run).state in ENDED


def _environment(path: Path) -> dict[str, str]:
    try:
        return dict(line.partition("=")[::2] for line in path.read_text().split("\0"))
    except OSError:
        return {}


@pytest.mark.parametrize("asked", [["--detach"], ["--set", "depth=1,2"]])
def test_what_trains_in_the_queue_is_refused_under_torchrun(home, guides, asked, monkeypatch, capsys):
    from dnaconv_core.cli import main

    monkeypatch.setenv("WORLD_SIZE", "2")
    assert main(["train", "rnai", "--data", guides, *asked]) == 2
    assert "start them without torchrun" in capsys.readouterr().err
    assert not Store().list()


@pytest.mark.parametrize("n", [0, 1, 5, 64])
def test_every_example_of_a_batch_is_in_one_share(n, monkeypatch):
    monkeypatch.setenv("WORLD_SIZE", "3")
    index, shares = torch.arange(n), []
    for rank in range(3):
        monkeypatch.setenv("RANK", str(rank))
        shares.append(Group(torch.device("cpu")).share(index))
    assert sorted(torch.cat(shares).tolist()) == list(range(n))
    assert max(map(len, shares)) - min(map(len, shares)) <= 1
