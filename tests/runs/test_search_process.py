"""`dnaconv search` as a user meets it: real processes, killed and stopped, and gone on with by the same command."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time

import pytest

from dnaconv_core.cli import main
from dnaconv_core.runs.search import open_search, search_in_background
from dnaconv_core.runs.search_record import Search, ask_search_to_stop, list_searches
from dnaconv_core.runs.spec import RunSpec
from dnaconv_core.runs.store import LIVE, Store

SMALL = ["epochs=3", "eval_every=1", "members=1", "filters=6", "device=cpu"]
PATIENCE = 150.0  # seconds; the machine may be busy


def command(made: dict[str, str], trials: int) -> list[str]:
    words = ["search", "rnai", "--data", made["data"], "--valid", made["valid"], "--trials", str(trials), "--json"]
    return words + [word for setting in SMALL for word in ("--set", setting)]


def started(words: list[str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "dnaconv_core.cli", *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )


def until(store: Store, reached) -> Search:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        found = list_searches(store)
        if found and reached(found[0]):
            return found[0]
        time.sleep(0.1)
    raise AssertionError(f"it did not come so far: {list_searches(store)}")


def ended(store: Store) -> None:
    """Wait for whatever still trains, so that no process outlives its home."""
    deadline = time.monotonic() + PATIENCE
    while any(run.state in LIVE for run in store.list()) and time.monotonic() < deadline:
        time.sleep(0.1)


@pytest.mark.slow
def test_a_killed_search_is_continued_by_the_same_command(files, tmp_path, capfd):
    words, store = command(files(tmp_path), 2), Store()
    process = started(words)
    before = until(store, lambda search: search.tried and search.tried[0].scores)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate(timeout=10)
    (left,) = list_searches(store)
    assert left.state == "interrupted" and left.tried[0].scores[0] == before.tried[0].scores[0]

    assert main(words) == 0
    told = json.loads(capfd.readouterr().out)
    (found,) = list_searches(store)
    assert told["state"] == found.state == "finished" and found.n_tried == 2
    assert found.tried[0].scores[0] == before.tried[0].scores[0]
    assert all(found.runs[key] == run for key, run in before.runs.items() if key.startswith("trial 0"))
    tagged = [run for run in store.list() if found.tag in run.tags]
    assert len(tagged) == len({run.name for run in tagged}) == len(found.runs)  # nothing was trained twice
    assert told["verdict"]["sentence"] == found.verdict["sentence"] != ""


@pytest.mark.slow
def test_ctrl_c_keeps_what_is_there_and_says_how_to_go_on(files, tmp_path):
    words, store = [word for word in command(files(tmp_path), 3) if word != "--json"], Store()
    process = started(words)
    until(store, lambda search: search.tried and search.tried[0].scores)
    os.kill(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130, err
    assert b"What was found is kept: the same command goes on from there" in out
    assert b"looking at the data" in err and b"Traceback" not in err  # a line in ten seconds: it may be the only one
    (left,) = list_searches(store)
    assert left.state == "stopped" and left.tried[0].scores
    ended(store)
    assert not any(run.state == "queued" for run in store.list())


@pytest.mark.slow
def test_a_search_in_the_background_hears_a_stop(files, tmp_path):
    made, store = files(tmp_path), Store()
    settings = {"epochs": 400, "eval_every": 1, "device": "cpu"}
    search = open_search(store, RunSpec("rnai", **made, preset="quick", settings=settings), minutes=30)
    search_in_background(store, search.name)
    until(store, lambda search: search.stage.startswith("trial 1"))
    ask_search_to_stop(store, search.name)
    found = until(store, lambda search: search.state == "stopped")
    assert found.stage == "stopped by the user" and found.runs
    ended(store)
    assert {run.state for run in store.list()} == {"cancelled"}


def test_what_cannot_be_is_one_sentence(files, tmp_path, capsys):
    made = files(tmp_path)
    base = ["search", "rnai", "--data", made["data"]]
    for words, sentence in (
        (base, "a search needs a budget: give minutes (up to 10,080) or trials (up to 1,000)"),
        (
            [*base, "--trials", "2", "--set", "depth=1,2"],
            "--set depth has 2 values: a search chooses by itself",
        ),
        (["search", "rnai", "--trials", "2", "--data", str(tmp_path / "no.csv")], "does not exist: check the name"),
        (["search", "rnai", "--trials", "2", "--data", ""], "--data is empty"),
    ):
        assert main(words) == 2
        assert sentence in capsys.readouterr().err
