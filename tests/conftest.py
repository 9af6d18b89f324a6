"""Fixtures for every test: the shared real data, and a home folder of one's own."""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

if beside := os.environ.get("PYTEST_XDIST_WORKER_COUNT"):  # each process its share of the cores; before torch is loaded
    os.environ.setdefault("OMP_NUM_THREADS", str(max(1, (os.cpu_count() or 1) // int(beside))))

# What is compiled is kept, also where the shell says otherwise: some hundred processes would compile it all anew
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # as a background shell leaves it: processes would inherit that
    signal.signal(signal.SIGINT, signal.default_int_handler)

# Simple predictors take most of a short training: the quick ones only, and each once for all processes of tests
os.environ.setdefault("DNACONV_BASELINES", "quick")
OF_THESE_TESTS = None
if "DNACONV_BASELINES_CACHE" not in os.environ:  # by the process that starts the others
    OF_THESE_TESTS = os.environ["DNACONV_BASELINES_CACHE"] = tempfile.mkdtemp(prefix="baselines-")

# Seconds of the files that take longest; others: by their number of slow functions. Wrong ones cost a little time only.
SECONDS = {
    "tests/benchmarks/test_stream.py": 120, "tests/browser/test_your_data.py": 120, "tests/test_cli_outputs.py": 110,
    "tests/browser/test_text_is_text.py": 95, "tests/experiments/test_own_questions.py": 80,
    "tests/cluster/test_runs_afar.py": 80, "tests/benchmarks/test_accuracy.py": 80, "tests/browser/test_walk.py": 80,
    "tests/browser/test_why.py": 75, "tests/docs/test_docs.py": 75, "tests/why/test_why_links.py": 60,
    "tests/runs/test_search.py": 55, "tests/browser/test_first_minutes.py": 50, "tests/browser/test_guard.py": 45,
    "tests/browser/test_server_death.py": 40, "tests/interpret/test_discovery.py": 40, "tests/test_cli.py": 40,
    "tests/browser/test_users.py": 35, "tests/interpret/test_real_data.py": 35, "tests/browser/test_oidc.py": 25,
    "tests/browser/test_sweep.py": 25, "tests/browser/test_stop.py": 25, "tests/runs/test_search_process.py": 25,
}  # fmt: skip


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real data, or a skip that says how to have it."""
    folder = Path(os.environ.get("DNACONV_TEST_DATA") or Path(__file__).parents[2] / "shared" / "data")
    if not (folder / "README.md").is_file():
        pytest.skip(f"real data not found at {folder}: set DNACONV_TEST_DATA to its folder")
    return folder


@pytest.fixture(scope="session")
def made_once(tmp_path_factory):
    """A function that has a folder filled once for all processes of tests, and returns a copy that is this one's."""
    root = tmp_path_factory.getbasetemp()
    root = root.parent if "PYTEST_XDIST_WORKER" in os.environ else root

    def make(name: str, fill: Callable[[Path], object]) -> Path:
        name = re.sub(r"\W+", "-", name)
        kept = root / f"once-{name}"
        with (root / f"once-{name}.lock").open("ab") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not (root / f"once-{name}.done").exists():  # nor where the one before failed or was killed
                shutil.rmtree(kept, ignore_errors=True)
                kept.mkdir()
                fill(kept)
                (root / f"once-{name}.done").touch()
        return Path(shutil.copytree(kept, tmp_path_factory.mktemp(name) / "home"))

    return make


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch) -> Iterator[Path]:
    """Every test has a DNACONV_HOME of its own, so that none reads or writes the user's; what it left at work ends."""
    folder, before = tmp_path / "home", set(_at_work())
    monkeypatch.setenv("DNACONV_HOME", str(folder))
    yield folder
    for process in set(_at_work()) - before:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(30)


def _at_work() -> list[subprocess.Popen]:
    """Background processes that tests of this process started, and that have not ended."""
    module = sys.modules.get("dnaconv_core.runs.process")
    return [process for process in (module._started if module else ()) if process.poll() is None]


def pytest_xdist_auto_num_workers() -> int | None:
    """Three for two cores: tests wait a third of their time, for a browser or a process of their own."""
    if os.environ.get("PYTEST_XDIST_AUTO_NUM_WORKERS"):
        return None
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return cores * 3 // 2


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Each process of tests begins with its longest: one that begins last leaves the others without work."""
    processes = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    if processes > 1:
        items[:] = _dealt(items, processes)


def _dealt(items: list[pytest.Item], processes: int) -> list[pytest.Item]:
    """Files with slow tests first in each of the pieces of equal count that xdist cuts the list into, longest first."""
    files: dict[str, list[pytest.Item]] = {}
    for item in items:
        files.setdefault(item.nodeid.split("::")[0], []).append(item)
    seconds = {name: SECONDS.get(name) or 4 * len(_slow_functions(tests)) for name, tests in files.items()}
    pieces: list[list[pytest.Item]] = [[] for _ in range(processes)]
    taken, quick = [0] * processes, []
    for name in sorted(files, key=lambda name: -seconds[name]):
        if seconds[name]:
            least = taken.index(min(taken))
            taken[least] += seconds[name]
            pieces[least] += files[name]
        else:
            quick += files[name]
    for number, piece in enumerate(pieces):
        others = sum(map(len, pieces[number + 1 :])) + len(quick)
        count = (len(piece) + others) // (processes - number) - len(piece)
        piece += quick[: max(0, count)]
        del quick[: max(0, count)]
    return [item for piece in pieces for item in piece]


def _slow_functions(tests: list[pytest.Item]) -> set[str]:
    slow = [item for item in tests if any(item.get_closest_marker(name) for name in ("slow", "browser"))]
    return {item.nodeid.split("[")[0] for item in slow}


def pytest_unconfigure() -> None:
    if OF_THESE_TESTS:
        shutil.rmtree(OF_THESE_TESTS, ignore_errors=True)


def pytest_make_parametrize_id(val: object) -> str | None:
    """Bytes by their number: packed ones hold the time, and every process of tests must give a test the same name."""
    return f"{len(val)} bytes" if isinstance(val, bytes) else None
