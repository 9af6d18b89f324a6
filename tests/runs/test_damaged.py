"""What others have done to the home folder costs nobody the rest: damaged rows, removed folders, things in the way."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import time

import numpy as np
import pytest

from dnaconv_core.cli import main
from dnaconv_core.errors import ConfigError, RunError
from dnaconv_core.results import Metric
from dnaconv_core.runs import lock, queue
from dnaconv_core.runs.spec import RunSpec
from dnaconv_core.runs.store import Store
from dnaconv_core.runs.sweep import sweep
from dnaconv_core.runs.watch import Watch

SPEC = RunSpec("rnai", settings={"epochs": 3})


def spoil(store: Store, run: str, column: str, value: object) -> None:
    with sqlite3.connect(store.database) as db:
        db.execute(f"UPDATE runs SET {column} = ? WHERE id = ?", (value, run))
    db.close()


@pytest.mark.parametrize(
    "column, value, named",
    [
        ("spec", "{", "spec"),
        ("spec", "[1]", "spec"),
        ("spec", '{"settings": 3}', "spec"),
        ("spec", '{"data": ["a"]}', "spec"),
        ("spec", "[" * 100_000, "spec"),
        ("metrics", "null", "metrics"),
        ("metrics", '{"valid": 4}', "metrics"),
        ("created", "yesterday", "created"),
        ("created", float("inf"), "created"),
        ("state", "asleep", "state"),
        ("epoch", "many", "epoch"),
        ("name", b"\xff\xfe", "name"),
        ("tags", 5.5, ""),  # SQLite makes a text of it
    ],
)
def test_a_damaged_row_is_a_sentence_and_the_others_are_shown(column, value, named, capsys):
    store = Store()
    whole, broken = (store.create(SPEC, name) for name in ("whole", "broken"))
    spoil(store, broken.id, column, value)
    second, first = store.list()
    assert (first.id, first.state, second.id) == (whole.id, "queued", broken.id)
    if named:
        assert second.state == "failed"
        assert second.error == f"the record of run {broken.id} is damaged ({named} cannot be read): delete the run"
    assert main(["runs"]) == 0 and main(["runs", "--json"]) == 0
    assert whole.id in capsys.readouterr().out
    store.delete(broken.id)
    assert [run.id for run in store.list()] == [whole.id]


def test_bytes_that_are_no_text_half_letters_and_numbers_without_end_are_read_around():
    store = Store()
    run = store.create(SPEC)
    with sqlite3.connect(store.database) as db:
        db.execute("UPDATE runs SET notes = CAST(x'61ff62' AS TEXT)")
    db.close()
    digits = "9" * 400
    spoil(store, run.id, "metrics", f'{{"valid": {{"a\\ud800": 1, "b": {digits}, "c": NaN, "d": 1e999, "e": 0.5}}}}')
    (found,) = store.list()
    assert found.notes == "a�b" and found.state == "queued"
    assert found.metrics == {"valid": {"a?": 1, "b": None, "c": None, "d": None, "e": 0.5}}


def test_a_damaged_row_is_trained_by_nobody():
    store = Store()
    broken, whole = (store.create(SPEC, waiting=True) for _ in range(2))
    spoil(store, broken.id, "spec", "{")
    assert [run.id for run in store.waiting()] == [whole.id]
    claim = store.claim(lambda run: True, "cpu/0")
    os.close(claim.lock)
    assert claim.run.id == whole.id
    assert store.claim(lambda run: True, "cpu/0") is None


@pytest.mark.parametrize("stored", ["text", True, [1], 10**400, float("nan"), float("inf"), {"value": "x"}])
def test_a_stored_metric_that_is_no_number_is_undefined(stored):
    assert Metric.from_json(stored) == Metric(None, undefined="what was stored is no number")


def test_a_stored_metric_keeps_what_is_right():
    assert Metric.from_json({"value": 0.5, "low": 0.4, "high": 0.7}) == Metric(0.5, 0.4, 0.7)
    assert Metric.from_json({"value": 0.5, "low": "x", "high": 0.7}) == Metric(0.5)
    assert Metric.from_json({"value": None, "undefined": "one class"}) == Metric(None, undefined="one class")
    assert Metric.from_json(None) == Metric(None) and Metric.from_json(2) == Metric(2)


def test_damaged_filters_are_none_at_all():
    store = Store()
    run = store.create(SPEC).id
    store.add_filters(run, 1, np.ones((2, 4, 3), np.float32))
    for shape in ("2x4", "2x4xthree", "", "2x4x" + "9" * 400, "24"):
        with sqlite3.connect(store.database) as db:
            db.execute("UPDATE filters SET shape = ?", (shape,))
        db.close()
        assert store.filters(run) is None


def test_a_folder_in_the_place_of_the_database_is_said(home, capsys):
    (home / "runs.db").mkdir(parents=True)
    assert main(["runs"]) == 2
    sentence = f"dnaconv: {home / 'runs.db'} is a folder and should be the file of all runs: move it away\n"
    assert capsys.readouterr().err == sentence
    assert main(["train", "rnai", "--detach"]) == 2
    assert capsys.readouterr().err == sentence


@pytest.mark.parametrize("beneath", ["", "deep/er"])
def test_a_file_in_the_place_of_the_home_is_said(home, beneath, capsys, monkeypatch):
    home.write_text("")
    monkeypatch.setenv("DNACONV_HOME", str(home / beneath))
    assert main(["train", "rnai", "--detach"]) == 2
    told = capsys.readouterr().err
    assert f"cannot be written ({home} is a file, no folder): move it away, or set DNACONV_HOME to another" in told


@pytest.mark.parametrize("name, value", [("DNACONV_NICE", "²"), ("DNACONV_NICE", "9" * 5000), ("DNACONV_SLOTS", "²")])
def test_nothing_is_queued_where_no_worker_could_start(name, value, monkeypatch):
    store = Store()
    monkeypatch.setenv(name, value)
    with pytest.raises(ConfigError, match=f"{name} is '"):
        queue.submit(store, SPEC)
    with pytest.raises(ConfigError, match=f"{name} is '"):
        sweep(store, SPEC, {"seed": [1, 2]})
    assert store.list() == [] and not store.database.exists()
    monkeypatch.delenv(name)
    ended = store.create(SPEC).id
    store.ask_to_stop(ended)
    monkeypatch.setenv(name, value)
    for again in (lambda: queue.resume(store, ended), lambda: queue.extend(store, ended, 9)):
        with pytest.raises(ConfigError, match=f"{name} is '"):
            again()
    assert store.get(ended).state == "cancelled"


def running(store: Store) -> tuple[str, int, Watch]:
    """A run that this process holds."""
    run = store.create(SPEC, waiting=True)
    claim = store.claim(lambda _: True, "cpu/0")
    return run.id, claim.lock, Watch(store, claim.run, 3, held=claim.lock)


@pytest.mark.parametrize("how", [shutil.rmtree, lambda folder: folder.rename(folder.with_name("elsewhere"))])
def test_a_run_whose_folder_is_gone_says_so_at_its_next_word(how):
    store = Store()
    run, held, watch = running(store)
    watch.say("all is well")
    how(store.folder(run))
    sentence = f"the folder {store.folder(run)} was removed while the run trained, so it stopped: delete the run"
    for word in (lambda: watch.say("x"), watch.should_stop, lambda: watch.report(1.0, "x"), watch.check):
        with pytest.raises(RunError, match=sentence):
            word()
    assert store.get(run).message == "its folder was removed"  # seen by others first
    assert store.lose(run) == sentence
    found = store.get(run)
    assert (found.state, found.error) == ("failed", sentence) and not store.folder(run).exists()
    watch.close()
    os.close(held)


def test_a_run_that_another_process_has_now_is_left_to_it():
    store = Store()
    run, held, watch = running(store)
    shutil.rmtree(store.folder(run))
    assert store.get(run).state == "interrupted"
    store.requeue(run, ("interrupted",))
    claim = store.claim(lambda _: True, "cpu/0")
    store.lose(run)
    assert watch.lost and store.get(run).state == "running"
    for descriptor in (held, claim.lock):
        os.close(descriptor)
    watch.close()


def test_cancelling_a_run_whose_folder_is_gone_is_heard_by_its_process():
    store = Store()
    run, held, watch = running(store)
    shutil.rmtree(store.folder(run))
    assert store.get(run).state == "interrupted"
    store.ask_to_stop(run)
    assert store.get(run).state == "cancelled" and store.note(run)
    store.lose(run)
    assert store.get(run).state == "cancelled"
    watch.close()
    os.close(held)


@pytest.mark.slow
@pytest.mark.parametrize("cancelled", [False, True])
def test_the_process_of_a_run_whose_folder_was_removed_ends(cancelled, monkeypatch):
    store = Store()
    run = queue.submit(store, RunSpec("rnai", settings={"epochs": 5000, "depth": 1, "filters": 4})).id
    (process,) = queue._started
    deadline = time.monotonic() + 120
    while store.get(run).epoch < 2 and time.monotonic() < deadline:
        time.sleep(0.05)
    os.kill(process.pid, signal.SIGSTOP)  # so that it cannot end before it is cancelled
    shutil.rmtree(store.folder(run))
    if cancelled:
        assert main(["runs", "cancel", run]) == 0
    os.kill(process.pid, signal.SIGCONT)
    assert process.wait(timeout=30) == 0
    found = store.get(run)
    assert found.state == ("cancelled" if cancelled else "failed") and not store.folder(run).exists()
    assert cancelled or found.error.startswith(f"the folder {store.folder(run)} was removed while the run trained")


def test_a_lock_is_the_same_only_in_its_own_folder(tmp_path):
    held = lock.take(tmp_path)
    assert lock.is_still(tmp_path, held) and not lock.is_still(tmp_path / "other", held)
    (tmp_path / "lock").unlink()
    assert not lock.is_still(tmp_path, held)
    os.close(held)


@pytest.mark.slow
def test_a_run_whose_experiment_was_removed_says_so_and_still_predicts(tmp_path, home, capsys):
    rng = np.random.default_rng(0)
    letters = ["".join(rng.choice(list("ACGT"), 24)) for _ in range(80)]
    rows = [f"s{i},{text[:8] + 'TGACTCA' + text[15:] if i % 2 else text},{i % 2}" for i, text in enumerate(letters)]
    (tmp_path / "t.csv").write_text("\n".join(["id,sequence,label", *rows]))
    assert main(["data", "import", "mine", "--table", str(tmp_path / "t.csv"), "--split", "random"]) == 0
    assert main(["train", "mine", "--filters", "2", "--depth", "1", "--epochs", "1"]) == 0
    store = Store()
    (run,) = store.list()
    waiting = store.create(run.spec, waiting=True)
    shutil.rmtree(home / "experiments" / "mine")
    capsys.readouterr()
    assert main(["predict", run.id, "ACGTACGTACGTACGTTGACTCAA"]) == 0 and main(["runs"]) == 0
    sentence = (
        "dnaconv: the experiment 'mine' was removed, and its examples with it: models made on it still predict; to "
        "train again or measure on its parts, import it again under this key\n"
    )
    capsys.readouterr()
    for words in (["evaluate", run.id, "--part", "valid"], ["runs", "clone", run.id], ["runs", "extend", run.id]):
        assert main([*words, "--epochs", "9"] if "extend" in words else words) == 2
        assert capsys.readouterr().err == sentence
    assert queue.ensure_workers(store) == 0
    assert store.get(waiting.id).error == sentence.removeprefix("dnaconv: ").strip()


def test_a_home_that_is_a_file_is_said_by_every_command(tmp_path, monkeypatch, capsys):
    (tmp_path / "taken").write_text("notes")
    monkeypatch.setenv("DNACONV_HOME", str(tmp_path / "taken"))
    for words in (["runs", "list"], ["data", "list"], ["train", "rnai"], ["evaluate", "mine"]):
        assert main(words) == 2
        assert f"taken cannot be written ({tmp_path}/taken is a file, no folder): move it" in capsys.readouterr().err
