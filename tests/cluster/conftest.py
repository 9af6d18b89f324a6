"""A real Dask scheduler with two worker processes on this machine, one for each process of tests."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytest.importorskip("distributed")

HERE = Path(__file__).parent


class Cluster:
    """Processes as a user starts them: `dask scheduler`, `dask worker`."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.processes = folder, []
        self.file = folder / "scheduler.json"

    def scheduler(self, port: int = 0) -> None:
        self.file.unlink(missing_ok=True)
        self._start("scheduler", "--host", "127.0.0.1", "--port", str(port), "--scheduler-file", str(self.file))
        wait_for(self.file.is_file)

    def worker(self, name: str, **environment: str) -> subprocess.Popen:
        asked = ("--name", name, "--nthreads", "1", "--no-nanny", "--local-directory", str(self.folder / name))
        return self._start("worker", "--scheduler-file", str(self.file), *asked, **environment)

    def _start(self, *command: str, **environment: str) -> subprocess.Popen:
        quiet = {
            "OMP_NUM_THREADS": "1",
            "PYTHONPATH": os.pathsep.join(filter(None, [str(HERE), *sys.path])),
            **environment,
        }
        with open(self.folder / "log.txt", "ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "dask", *command, "--no-dashboard"],
                stdout=log,
                stderr=log,
                cwd=self.folder,
                env={**os.environ, **quiet},
            )
        self.processes.append(process)
        return process

    @property
    def address(self) -> str:
        import json

        return json.loads(self.file.read_text())["address"]

    def workers(self, n: int) -> None:
        """Wait until there are so many."""
        from dnaconv_core.cluster.connect import connected, workers_of

        with connected(str(self.file)) as client:
            wait_for(lambda: len(workers_of(client)) == n)

    def close(self) -> None:
        for process in reversed(self.processes):
            if process.poll() is None:
                process.send_signal(signal.SIGKILL)
                process.wait(timeout=10)


def wait_for(ready, seconds: float = 60):
    """What `ready` returns once it is true."""
    deadline = time.monotonic() + seconds
    while not (found := ready()):
        assert time.monotonic() < deadline, f"not within {seconds:.0f} s"
        time.sleep(0.05)
    return found


@pytest.fixture(scope="session")
def cluster(tmp_path_factory):
    made = Cluster(tmp_path_factory.mktemp("dask"))
    try:
        made.scheduler()
        made.worker("one")
        made.worker("two")
        made.workers(2)
        yield made
    finally:
        made.close()
