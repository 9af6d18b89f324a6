"""Fixtures for every test: the shared real data, and a home folder of one's own."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
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


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real data, or a skip that says how to have it."""
    folder = Path(os.environ.get("DNACONV_TEST_DATA") or Path(__file__).parents[2] / "shared" / "data")
    if not (folder / "README.md").is_file():
        pytest.skip(f"real data not found at {folder}: set DNACONV_TEST_DATA to its folder")
    return folder


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


def pytest_unconfigure() -> None:
    if OF_THESE_TESTS:
        shutil.rmtree(OF_THESE_TESTS, ignore_errors=True)


def pytest_make_parametrize_id(val: object) -> str | None:
    """Bytes by their number: packed ones hold the time, and every process of tests must give a test the same name."""
    return f"{len(val)} bytes" if isinstance(val, bytes) else None
