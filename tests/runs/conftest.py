"""Workers of the tests run at the usual priority, or a busy machine would starve them, and each ends with its test."""

from __future__ import annotations

import os
import signal
import subprocess

import pytest

from dnaconv_core.runs import queue


@pytest.fixture(autouse=True)
def workers(home, monkeypatch):
    monkeypatch.setenv("DNACONV_NICE", "0")
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    monkeypatch.delenv(queue.SLOTS, raising=False)
    yield
    for process in queue._started:
        if process.poll() is None:
            os.kill(process.pid, signal.SIGKILL)
            process.wait(timeout=10)
    queue._started.clear()
    subprocess._cleanup()
