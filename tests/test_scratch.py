"""Nothing half made is seen or stays: folders made aside, files written together, what killed processes leave."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from dnaconv_core import files
from dnaconv_core.files import write_together
from dnaconv_core.runs.tidy import tidy
from dnaconv_core.scratch import scratch, sweep

HOLD = """
import sys, time
from pathlib import Path
from dnaconv_core.scratch import scratch
with scratch(Path(sys.argv[1]), ".making-") as folder:
    (folder / "half").write_text("x")
    print(folder, flush=True)
    time.sleep(60)
"""


def test_a_killed_process_leaves_nothing_for_long_and_a_living_one_keeps_its_own(tmp_path):
    process = subprocess.Popen([sys.executable, "-c", HOLD, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    folder = Path(process.stdout.readline().strip())
    assert sweep(tmp_path, ".making-") == [] and (folder / "half").exists()
    process.send_signal(signal.SIGKILL)
    process.wait(20)
    assert folder.exists()
    with scratch(tmp_path, ".making-") as mine:
        assert not folder.exists() and mine.exists() and sweep(tmp_path, ".making-") == []
    assert list(tmp_path.iterdir()) == []


def test_what_was_moved_to_its_place_stays(tmp_path):
    with scratch(tmp_path, ".making-") as folder:
        (folder / "a").write_text("x")
        folder.rename(tmp_path / "done")
    assert [path.name for path in tmp_path.iterdir()] == ["done"]
    assert sweep(tmp_path / "nowhere", ".making-") == []


def test_a_folder_appears_with_all_of_its_files(tmp_path, monkeypatch):
    target, seen = tmp_path / "deep" / "model", []
    rename = os.rename
    monkeypatch.setattr(files.os, "rename", lambda a, b: seen.append(sorted(os.listdir(a))) or rename(a, b))
    write_together(target, {"w": b"1", "c": b"2"}, "c")
    assert seen == [["c", "w"]] and (target / "w").read_bytes() == b"1" and os.listdir(tmp_path / "deep") == ["model"]


@pytest.mark.parametrize("fails_at", range(5))
def test_at_no_moment_does_a_folder_hold_parts_of_two_sets(tmp_path, fails_at, monkeypatch):
    """Each step in turn is the last one: the old set, none that counts, or the new one."""
    (tmp_path / "log").write_text("stays")
    write_together(tmp_path, {"w": b"old", "m": b"old", "c": b"old"}, "c")
    steps = iter(range(100))

    def step(real):
        def act(*arguments, **options):
            if next(steps) == fails_at:
                raise OSError("killed")
            return real(*arguments, **options)

        return act

    monkeypatch.setattr(files.os, "replace", step(os.replace))
    monkeypatch.setattr(files.Path, "unlink", step(Path.unlink))
    if fails_at == 4:
        write_together(tmp_path, {"w": b"new", "m": b"new", "c": b"new"}, "c")
    else:
        with pytest.raises(OSError, match="killed"):
            write_together(tmp_path, {"w": b"new", "m": b"new", "c": b"new"}, "c")
    monkeypatch.undo()
    if (tmp_path / "c").exists():
        assert len({(tmp_path / name).read_bytes() for name in "wmc"}) == 1
    assert (tmp_path / "log").read_text() == "stays" and not list(tmp_path.glob(".*.part"))


def test_a_file_that_cannot_be_written_leaves_the_old_ones(tmp_path, monkeypatch):
    write_together(tmp_path, {"w": b"old", "c": b"old"}, "c")
    monkeypatch.setattr(files.os, "fsync", lambda _: (_ for _ in ()).throw(OSError("the disk is full")))
    for target in (tmp_path, tmp_path / "new"):
        with pytest.raises(OSError, match="the disk is full"):
            write_together(target, {"w": b"new", "c": b"new"}, "c")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["c", "w"] and (tmp_path / "w").read_bytes() == b"old"


def test_a_start_removes_what_was_left_and_nothing_else(home):
    left = [
        "experiments/.making-1-ab/x", "experiments/.deleted-ab/x", "models/.import-ab/x", "cache/.rebuild-ab/runs.db",
        "runs/a-1/.0123456789abcdef.part", "models/.0123456789abcdef.part/weights", ".0123456789abcdef.part",
    ]  # fmt: skip
    kept = ["runs/a-1/lock", "runs/a-1/.notes.part", "experiments/mine/experiment.json", "runs.db", "cache/x.fai"]
    for name in (*left, *kept):
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_text("x")
    assert len(tidy(home)) == 4 and all((home / name).exists() for name in (*left[4:], *kept))  # they are fresh
    assert len(tidy(home, time.time() + 2 * 24 * 3600)) == 3
    assert not any((home / name).exists() for name in left) and all((home / name).exists() for name in kept)
    assert tidy(home / "nowhere") == []
