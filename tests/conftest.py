"""Fixtures for every test: the shared real data, and a home folder of one's own."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

if beside := os.environ.get("PYTEST_XDIST_WORKER_COUNT"):  # each process its share of the cores; before torch is loaded
    os.environ.setdefault("OMP_NUM_THREADS", str(max(1, (os.cpu_count() or 1) // int(beside))))


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real data, or a skip that says how to have it."""
    folder = Path(os.environ.get("DNACONV_TEST_DATA") or Path(__file__).parents[2] / "shared" / "data")
    if not (folder / "README.md").is_file():
        pytest.skip(f"real data not found at {folder}: set DNACONV_TEST_DATA to its folder")
    return folder


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch) -> Path:
    """Every test has a DNACONV_HOME of its own, so that none reads or writes the user's."""
    folder = tmp_path / "home"
    monkeypatch.setenv("DNACONV_HOME", str(folder))
    return folder


def pytest_make_parametrize_id(val: object) -> str | None:
    """Bytes by their number: packed ones hold the time, and every process of tests must give a test the same name."""
    return f"{len(val)} bytes" if isinstance(val, bytes) else None
