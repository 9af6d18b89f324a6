"""A real Dask scheduler with two worker processes on this machine, one for each process of tests."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytest.importorskip("distributed")

HERE = Path(__file__).parent


class Cluster:
    """Processes as a user starts them: `dask scheduler`, `dask worker`."""

    def __init__(self, folder: Path, protocol: str = "tcp", **environment: str) -> None:
        self.folder, self.protocol, self.environment, self.port, self.number = folder, protocol, environment, 0, 0
        self.processes: dict[str, subprocess.Popen] = {}
        self.file = folder / "scheduler.json"

    def whole(self) -> None:
        """A scheduler and two workers, whatever has become of the last ones."""
        if not self.lives("scheduler"):
            self.close()  # workers without a scheduler end, but not at once
            self.scheduler()
        while sum(self.lives(name) for name in self.processes) < 3:
            self.worker()
        self.workers(2)

    def lives(self, name: str) -> bool:
        return name in self.processes and self.processes[name].poll() is None

    def scheduler(self) -> None:
        """At the port of the last one."""
        self.file.unlink(missing_ok=True)
        asked = ("--host", "127.0.0.1", "--port", str(self.port), "--scheduler-file", str(self.file))
        asked += ("--protocol", self.protocol)
        self._start("scheduler", "scheduler", *asked)
        wait_for(lambda: self.file.is_file() and self.file.read_text().rstrip().endswith("}"))
        self.port = int(self.address.rpartition(":")[2])

    def worker(self, *options: str, **environment: str) -> str:
        """One more; its name."""
        self.number += 1
        name = f"w{self.number}"
        asked = ("--name", name, "--nthreads", "1", "--no-nanny", "--local-directory", str(self.folder / name))
        self._start(name, "worker", "--scheduler-file", str(self.file), *asked, *options, **environment)
        return name

    def workers(self, n: int) -> None:
        """Wait until there are so many."""
        from dnaconv_core.cluster.connect import connected, workers_of

        with connected(str(self.file)) as client:
            wait_for(lambda: len(workers_of(client)) == n)

    def kill(self, name: str) -> None:
        self.processes[name].kill()
        self.processes[name].wait(timeout=10)

    def _start(self, name: str, *command: str, **environment: str) -> None:
        path = os.pathsep.join(filter(None, [str(HERE), *sys.path]))
        quiet = {"OMP_NUM_THREADS": "1", "PYTHONPATH": path, **self.environment, **environment}
        with open(self.folder / "log.txt", "ab") as log:
            self.processes[name] = subprocess.Popen(
                [sys.executable, "-m", "dask", *command, "--no-dashboard"],
                stdout=log,
                stderr=log,
                cwd=self.folder,
                env={**os.environ, **quiet},
            )

    @property
    def address(self) -> str:
        return json.loads(self.file.read_text())["address"]

    def close(self) -> None:
        for name in self.processes:
            if self.lives(name):
                self.kill(name)


def wait_for(ready, seconds: float = 90):
    """What `ready` returns once it is true."""
    deadline = time.monotonic() + seconds
    while not (found := ready()):
        assert time.monotonic() < deadline, f"not within {seconds:.0f} s"
        time.sleep(0.05)
    return found


@pytest.fixture(scope="session")
def machines(tmp_path_factory):
    made = Cluster(tmp_path_factory.mktemp("dask"))
    yield made
    made.close()


@pytest.fixture
def cluster(machines):
    """What is computed here to compare with has one thread, as a worker has: the last bit depends on their number."""
    import torch

    usual = torch.get_num_threads()
    torch.set_num_threads(1)
    machines.whole()
    yield machines
    torch.set_num_threads(usual)
