"""Fixtures for every test: the shared real data, and a home folder of one's own."""

from __future__ import annotations

import hashlib
import os
import signal
from pathlib import Path

import numpy as np
import pytest

if beside := os.environ.get("PYTEST_XDIST_WORKER_COUNT"):  # each process its share of the cores; before torch is loaded
    os.environ.setdefault("OMP_NUM_THREADS", str(max(1, (os.cpu_count() or 1) // int(beside))))

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # as a background shell leaves it: processes would inherit that
    signal.signal(signal.SIGINT, signal.default_int_handler)

os.environ.setdefault("DNACONV_BASELINES", "quick")  # of every short training, also in processes of its own


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


@pytest.fixture(scope="session", autouse=True)
def baselines_fitted_once():
    """Simple predictors of larger data, most of the time of a short training, are fitted once in a process of tests:
    they depend on the data and on nothing of the network. Tests of the predictors themselves fit each anew."""
    from dnaconv_core.evaluate import baselines

    usual, known = baselines.each_baseline, {}

    def each(task, train, valid, **how):
        if len(train) < 500 or "tests/evaluate/" in os.environ.get("PYTEST_CURRENT_TEST", ""):
            yield from usual(task, train, valid, **how)
            return
        progress = how.get("progress")
        key = task, _digest(train), _digest(valid), *(str(how[name]) for name in sorted(how) if name != "progress")
        if key in known:
            for number, found in enumerate(known[key]):
                if progress is not None and progress.should_stop():
                    return
                yield found
                if progress is not None:
                    progress.report((number + 1) / len(known[key]), "baselines fitted")
            return
        found = []
        for one in usual(task, train, valid, **how):
            found.append(one)
            yield one
        if progress is None or not progress.should_stop():
            known[key] = found

    baselines.each_baseline = each
    yield
    baselines.each_baseline = usual


def _digest(data) -> str:
    arrays = (data.X, data.y, data.w, data.ids, data.covariates)
    told = (data.covariate_names, data.alphabet, data.name)
    parts = [
        repr(told).encode(),
        *(
            b"" if array is None else np.asarray(array[:]).astype("U" if array is data.ids else array.dtype).tobytes()
            for array in arrays
        ),
    ]
    return hashlib.sha256(b"|".join(parts)).hexdigest()


def pytest_make_parametrize_id(val: object) -> str | None:
    """Bytes by their number: packed ones hold the time, and every process of tests must give a test the same name."""
    return f"{len(val)} bytes" if isinstance(val, bytes) else None
