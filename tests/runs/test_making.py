"""An experiment made in a process of its own: seen while it goes on, stopped, killed, and made again."""

from __future__ import annotations

import os
import signal
import threading
import time

import pytest

from dnaconv_core.cli import main
from dnaconv_core.errors import DataError, InputError, RunError
from dnaconv_core.experiments import all_experiments
from dnaconv_core.experiments.recipe import Input, Recipe
from dnaconv_core.experiments.templates import TEMPLATES
from dnaconv_core.experiments.uploads import Lot, sweep
from dnaconv_core.runs import lock
from dnaconv_core.runs.making import (
    LOG,
    Making,
    _Told,
    ask_making_to_stop,
    find_making,
    forget_making,
    list_makings,
    make_again_here,
    make_here,
    make_in_background,
    recipe_of,
)
from dnaconv_core.runs.tidy import tidy

NAME = "0123456789abcdef"


@pytest.fixture
def table(tmp_path):
    lines = TEMPLATES["table"].make()["bound.csv"].splitlines(keepends=True)
    (tmp_path / "bound.csv").write_bytes(b"".join(lines[:1] + lines[1::7]))  # 58 examples
    return tmp_path / "bound.csv"


@pytest.fixture
def recipe(table) -> Recipe:
    return Recipe("mine", (Input("table", str(table)),), title="Mine")


@pytest.fixture
def held_up(tmp_path) -> Recipe:
    """A recipe whose file is a pipe that nobody writes to: making it goes on until it is ended."""
    os.mkfifo(tmp_path / "pipe.csv")
    return Recipe("mine", (Input("table", str(tmp_path / "pipe.csv")),), title="Mine")


def until(name: str, *states: str) -> Making:
    for _ in range(600):
        making = find_making(name)
        if making.state in states:
            return making
        time.sleep(0.05)
    raise AssertionError(f"it is {making}")


def leader(name: str) -> int:
    """The process that makes it."""
    words = [(path, path.read_bytes()) for path in _processes()]
    return next(int(path.parent.name) for path, line in words if b"runs.making" in line and name.encode() in line)


def _processes():
    from pathlib import Path

    return [path for path in Path("/proc").glob("[0-9]*/cmdline") if path.parent.stat().st_uid == os.getuid()]


@pytest.mark.slow
def test_a_process_of_its_own_makes_it(recipe, home):
    made = make_in_background(NAME, recipe)
    assert made.state == "waiting" and list_makings()[0].key == "mine" and recipe_of(made) == recipe
    ended = until(NAME, "finished", "failed")
    assert ended.state == "finished" and ended.fraction == 1.0 and ended.seconds > 0
    assert dict(all_experiments()["mine"].parts) == {"train": 46, "valid": 6, "test": 6}
    assert "checking bound.csv" in (made.folder / LOG).read_text()
    forget_making(NAME)
    assert find_making(NAME) is None and not made.folder.exists()


def test_what_is_wrong_stays_with_the_record(recipe, table):
    table.write_text("")
    make_in_background(NAME, recipe)
    ended = until(NAME, "finished", "failed")
    assert (ended.state, ended.error) == (
        "failed",
        f"{table} is empty: it should hold one example a line, below a header",
    )
    assert "mine" not in all_experiments() and ended.error in (ended.folder / LOG).read_text()


def test_a_cluster_that_is_not_fit_is_told_before_a_file_is_read(held_up, table):
    make_in_background(NAME, held_up, on=str(table))
    ended = until(NAME, "finished", "failed")
    assert ended.state == "failed" and ended.error.startswith(f"{table} is no scheduler file: give the one that")


def test_it_is_stopped_where_it_does_not_look_itself(held_up, home):
    make_in_background(NAME, held_up)
    until(NAME, "running")
    with pytest.raises(InputError, match="an experiment mine is being made now"):
        make_here(held_up)
    with pytest.raises(RunError, match="this experiment is being made already"):
        make_in_background(NAME, Recipe("other", held_up.inputs))
    forget_making(NAME)  # only of what has ended
    ask_making_to_stop(NAME)
    ended = until(NAME, "stopped", "failed", "interrupted")
    assert (ended.state, ended.message, ended.error) == ("stopped", "stopped: nothing was kept", "")
    assert not (home / "experiments").exists() or not list((home / "experiments").iterdir())


def test_a_killed_one_is_interrupted_and_a_day_later_swept(held_up, home):
    making = make_in_background(NAME, held_up)
    until(NAME, "running")
    os.kill(leader(NAME), signal.SIGKILL)
    assert until(NAME, "interrupted", "failed").message == "its process ended before it was done"
    tidy()
    assert making.folder.exists()
    tidy(now=time.time() + 25 * 3600)
    assert not making.folder.exists() and list_makings() == []


def test_files_of_what_is_being_made_are_kept(home):
    lot = Lot(NAME)
    os.mkfifo(lot.keep("a.csv", b"").parent / "pipe.csv")
    make_in_background(NAME, Recipe("mine", (Input("table", str(lot.folder / "pipe.csv")),)))
    assert sweep(now=time.time() + 30 * 24 * 3600) == []
    ask_making_to_stop(NAME)
    until(NAME, "stopped")


def test_while_a_command_makes_it_others_see_it_and_can_stop_it(recipe, home):
    seen = []

    class Watching:
        def report(self, fraction, message):
            seen.extend(list_makings())
            ask_making_to_stop(seen[0].name)

        def should_stop(self):
            return False

    with pytest.raises(DataError, match="stopped: nothing was kept"):
        make_here(recipe, Watching())
    assert (seen[0].key, seen[0].state) == ("mine", "running")
    assert list_makings() == [] and not list((home / "makings").iterdir()) and "mine" not in all_experiments()


@pytest.mark.slow
def test_commands_make_it_and_again_and_the_old_one_stays_where_that_fails(table, monkeypatch, capsys, home):
    assert main(["data", "import", "mine", "--table", str(table)]) == 0, capsys.readouterr().err
    before, usual = all_experiments()["mine"].data_hash, os.replace

    def broken(source, target):
        if ".making-" in str(source) and str(target).endswith("/mine"):
            raise KeyboardInterrupt
        usual(source, target)

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", broken)
        with pytest.raises(KeyboardInterrupt):
            make_again_here("mine")
    assert all_experiments()["mine"].data_hash == before
    assert make_again_here("mine").experiment.data_hash == before
    assert not list((home / "makings").iterdir()) and [p.name for p in (home / "experiments").iterdir()] == ["mine"]


@pytest.mark.parametrize("name", ["", "../x", "0123456789ABCDEF", NAME + "0"])
def test_only_a_token_is_a_name(name, recipe):
    assert find_making(name) is None
    with pytest.raises(InputError, match="is no name of files that were brought"):
        make_in_background(name, recipe)


def test_a_record_that_cannot_be_read_is_none(recipe, home):
    folder = home / "makings" / NAME
    folder.mkdir(parents=True)
    for content in ("", "[]", '{"name": 1}', '{"name": "x", "key": "y", "title": "z", "state": "running"'):
        (folder / "making.json").write_text(content)
        assert find_making(NAME) is None and list_makings() == []


def test_the_time_left_is_told_once_it_can_be(home):
    told, now, making = [], [0.0], Making(NAME, "mine", "")

    class Told:
        def report(self, fraction, message):
            told.append(message)

        def should_stop(self):
            return True

    making.folder.mkdir(parents=True)
    timed = _Told(making, Told(), clock=lambda: now[0])
    for seconds, fraction in ((1, 0.2), (10, 0.04), (10, 0.2), (100, 0.25)):
        now[0] = seconds
        timed.report(fraction, "reading")
    assert told == ["reading", "reading", "reading · about 40 s left", "reading · about 5 min left"]
    assert timed.should_stop() and not timed.asked()
    assert (find_making(NAME).state, find_making(NAME).fraction) == ("interrupted", 0.25)


def test_of_two_that_begin_the_same_one_only_one_does(held_up, home):
    said: list[str] = []

    def begin():
        try:
            make_in_background(NAME, held_up)
        except (InputError, RunError) as error:
            said.append(str(error))

    both = [threading.Thread(target=begin) for _ in range(2)]
    [one.start() for one in both]
    [one.join() for one in both]
    assert len(said) == 1 and "being made" in said[0] and lock.is_held(home / "makings" / NAME)
    ask_making_to_stop(NAME)
    until(NAME, "stopped")
