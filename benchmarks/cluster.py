"""What a Dask cluster on this machine gains, and what it costs: a sweep on one and on two workers, and small pieces.

    python benchmarks/cluster.py [--runs 12] [--epochs 300] [--pieces 500] [--bases 2000000]

Workers are processes with one thread each; nothing else should run. The runs learn from 150 guides: what is measured is
training and the process around it. The scan's last row is this process alone.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from common import arguments, finish, prepare, print_table

from dnaconv_core.cluster.connect import connected, workers_of
from dnaconv_core.cluster.pieces import over
from dnaconv_core.data.genome import RecordContig
from dnaconv_core.experiments import get_experiment
from dnaconv_core.model.bundle import load_bundle
from dnaconv_core.results import Record
from dnaconv_core.runs.models import find_model
from dnaconv_core.runs.spec import RunSpec
from dnaconv_core.runs.store import ENDED, Store
from dnaconv_core.runs.sweep import sweep
from dnaconv_core.scan.files import scan_to_files

SETTINGS = {"eval_every": 50, "filters": 8, "depth": 1, "checkpoint_every": 50, "batch_size": 50}


@contextmanager
def cluster(workers: int, folder: Path) -> Iterator[str]:
    """A scheduler and so many workers; its address."""
    file = folder / "scheduler.json"
    file.unlink(missing_ok=True)
    quiet = {**os.environ, "OMP_NUM_THREADS": "1"}

    def start(*command: str) -> subprocess.Popen:
        with open(folder / "log.txt", "ab") as log:
            asked = [sys.executable, "-m", "dask", *command, "--no-dashboard"]
            return subprocess.Popen(asked, stdout=log, stderr=log, env=quiet, cwd=folder)

    started = [start("scheduler", "--host", "127.0.0.1", "--port", "0", "--scheduler-file", str(file))]
    try:
        asked = ("worker", "--scheduler-file", str(file), "--nthreads", "1", "--no-nanny")
        while not file.exists():
            time.sleep(0.05)
        started += [start(*asked) for _ in range(workers)]
        address = json.loads(file.read_text())["address"]
        with connected(address) as client:
            while len(workers_of(client)) < workers:
                time.sleep(0.05)
        yield address
    finally:
        for process in reversed(started):
            process.kill()
            process.wait()


def guides(folder: Path) -> Path:
    data = get_experiment("rnai").synthetic(150, seed=1)
    rows = [f"{sequence},{value:.5f}" for sequence, value in zip(data.sequences(), data.y[:, 0].tolist(), strict=True)]
    (folder / "guides.csv").write_text("\n".join(["sequence,label", *rows]))
    return folder / "guides.csv"


def swept(folder: Path, runs: int, epochs: int, on: str) -> tuple[float, float]:
    """Seconds of a sweep in all, and the mean that a run says it took itself."""
    store = Store()
    spec = RunSpec("rnai", data=str(guides(folder)), settings={**SETTINGS, "epochs": epochs})
    began = time.perf_counter()
    made = [run.id for run in sweep(store, spec, {"seed": list(range(runs))}, on=on).runs]
    while not all(run.state in ENDED for run in map(store.get, made)):
        time.sleep(0.05)
    took = time.perf_counter() - began
    ended = [store.get(run) for run in made]
    assert all(run.state == "finished" for run in ended), [run.error or run.message for run in ended]
    return took, float(np.mean([run.seconds for run in ended]))


def pieces(n: int, on: str) -> tuple[float, float]:
    """Seconds until a cluster is open and checked, and seconds for each of n pieces that do nothing."""
    began = time.perf_counter()
    assert list(over(divmod, 7, [], on=on)) == []
    opened = time.perf_counter()
    assert len(list(over(divmod, 7, range(1, n + 1), on=on))) == n
    return opened - began, (time.perf_counter() - opened - (opened - began)) / n


def scanned(bases: int, on: str) -> float:
    """Seconds of a scan on both strands with exact edges."""
    model = load_bundle(find_model("tf_binding_jund_book")).model
    letters = "".join(np.random.default_rng(0).choice(list("ACGT"), bases))
    began = time.perf_counter()
    scan_to_files(model, [(RecordContig(Record("c", letters, 0)), 0, bases)], on=on)
    return time.perf_counter() - began


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("--runs", type=int, default=12, help="of the sweep")
    parser.add_argument("--epochs", type=int, default=300, help="of each run")
    parser.add_argument("--pieces", type=int, default=500, help="that do nothing")
    parser.add_argument("--bases", type=int, default=2_000_000, help="of the scan")
    options = parser.parse_args()
    prepare(options)
    rows = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.environ["DNACONV_HOME"] = str(folder / "home")
        for workers in (1, 2):
            with cluster(workers, folder) as address:
                sweep_s, run_s = swept(folder, options.runs, options.epochs, address)
                opened, each = pieces(options.pieces, address)
                rows.append([workers, sweep_s, run_s, opened, 1000 * each, scanned(options.bases, address)])
        rows.append([0, *[float("nan")] * 4, scanned(options.bases, "")])
    names = ["workers", "sweep, s", "a run itself, s", "opened, s", "a piece, ms", "scan, s"]
    print_table(names, [[row[0], *(f"{value:.2f}" for value in row[1:])] for row in rows])
    print(f"from one worker to two: sweep {rows[0][1] / rows[1][1]:.2f} ×, scan {rows[0][5] / rows[1][5]:.2f} ×")
    finish(options, "cluster", [dict(zip(names, row, strict=True)) for row in rows])


if __name__ == "__main__":
    main()
