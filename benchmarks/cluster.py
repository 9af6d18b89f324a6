"""What a Dask cluster on this machine gains, and what it costs: a sweep on one and on two workers, and small pieces.

    python benchmarks/cluster.py [--runs 12] [--epochs 300] [--pieces 500] [--bases 2000000]
    python benchmarks/cluster.py --same 50000000

Workers are processes with one thread each; nothing else should run. The runs learn from 150 guides: what is measured is
training and the process around it. The last row is this process alone. CPU seconds are told beside the clock's: other
programs hardly change them. The second form measures nothing else: it scans that many bases, by a small network,
here and in regions on two workers, and compares the files byte by byte.
"""

from __future__ import annotations

import hashlib
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import numpy as np
import psutil
from common import arguments, finish, prepare, print_table

from dnaconv_core.cluster.connect import connected, workers_of
from dnaconv_core.cluster.pieces import over
from dnaconv_core.data.genome import RecordContig
from dnaconv_core.experiments import get_experiment
from dnaconv_core.model.bundle import load_bundle
from dnaconv_core.model.config import ModelConfig
from dnaconv_core.model.convnet import build
from dnaconv_core.results import Record
from dnaconv_core.runs import queue
from dnaconv_core.runs.models import find_model
from dnaconv_core.runs.spec import RunSpec
from dnaconv_core.runs.store import ENDED, Store
from dnaconv_core.runs.sweep import sweep
from dnaconv_core.scan.files import scan_to_files

SETTINGS = {"eval_every": 50, "filters": 8, "depth": 1, "checkpoint_every": 50, "batch_size": 50}


class Cluster(NamedTuple):
    address: str
    processes: list[psutil.Process]  # the scheduler, then the workers

    def cpu(self) -> tuple[float, float]:
        """CPU seconds so far: of the scheduler and the workers themselves, and of the runs that workers started."""
        times = [process.cpu_times() for process in self.processes]
        return sum(t.user + t.system for t in times), sum(t.children_user + t.children_system for t in times)


@contextmanager
def cluster(workers: int, folder: Path) -> Iterator[Cluster]:
    """A scheduler and so many workers."""
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
        yield Cluster(address, [psutil.Process(process.pid) for process in started])
    finally:
        for process in reversed(started):
            process.kill()
            process.wait()


def guides(folder: Path) -> Path:
    data = get_experiment("rnai").synthetic(150, seed=1)
    rows = [f"{sequence},{value:.5f}" for sequence, value in zip(data.sequences(), data.y[:, 0].tolist(), strict=True)]
    (folder / "guides.csv").write_text("\n".join(["sequence,label", *rows]))
    return folder / "guides.csv"


def swept(folder: Path, runs: int, epochs: int, on: Cluster) -> dict[str, float]:
    """A sweep's seconds by the clock; CPU seconds of a run's own process, and of all else that it takes there and here.

    The first run of each worker pays for what the worker imports.
    """
    store = Store()
    spec = RunSpec("rnai", data=str(guides(folder)), settings={**SETTINGS, "epochs": epochs})
    before, own, began = on.cpu(), _reaped(), time.perf_counter()
    made = [run.id for run in sweep(store, spec, {"seed": list(range(runs))}, on=on.address).runs]
    while not all(run.state in ENDED for run in map(store.get, made)):
        time.sleep(0.2)
    took = time.perf_counter() - began
    assert all(store.get(run).state == "finished" for run in made)
    (lead,) = queue._started
    lead.wait()
    queue._started.clear()
    around, inside = (after - start for after, start in zip(on.cpu(), before, strict=True))
    return {
        "sweep, s": took, "a run, CPU s": inside / runs, "cluster around it, CPU s": around / runs,
        "lead in all, CPU s": _reaped() - own,
    }  # fmt: skip


def _reaped() -> float:
    """CPU seconds of the processes that this one started and that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def pieces(n: int, on: Cluster) -> dict[str, float]:
    """Until a cluster is open and checked, and for each of n pieces that do nothing, by the clock and in CPU time."""
    began = time.perf_counter()
    assert list(over(divmod, 7, [], on=on.address)) == []
    opened, before, own = time.perf_counter(), on.cpu()[0], time.process_time()
    assert len(list(over(divmod, 7, range(1, n + 1), on=on.address))) == n
    each, cpu = time.perf_counter() - opened, on.cpu()[0] - before
    return {
        "opened, s": opened - began, "a piece, ms": 1000 * each / n, "a piece there, CPU ms": 1000 * cpu / n,
        "a piece here, CPU ms": 1000 * (time.process_time() - own) / n,
    }  # fmt: skip


def scanned(bases: int, on: Cluster | None) -> dict[str, float]:
    """A scan on both strands with exact edges, by the clock, and in CPU time here and there."""
    model = load_bundle(find_model("tf_binding_jund_book")).model
    letters = "".join(np.random.default_rng(0).choice(list("ACGT"), bases))
    before, began, own = on.cpu()[0] if on else 0.0, time.perf_counter(), time.process_time()
    scan_to_files(model, [(RecordContig(Record("c", letters, 0)), 0, bases)], on=on.address if on else "")
    took, cpu = time.perf_counter() - began, time.process_time() - own
    return {"scan, s": took, "scan here, CPU s": cpu, "scan there, CPU s": on.cpu()[0] - before if on else 0.0}


def same(bases: int, folder: Path) -> list[dict[str, object]]:
    """A scan here and one in regions on two workers: CPU and clock seconds, and digests of what both wrote."""
    model = build(ModelConfig(length=20, filters=3, depth=1, kernel_size=5), 1)
    letters = np.frombuffer(b"ACGT", np.uint8)[np.random.default_rng(0).integers(0, 4, bases, np.uint8)]
    contig = RecordContig(Record("c", letters.tobytes().decode(), 0))
    rows: list[dict[str, object]] = []
    with cluster(2, folder) as there:
        for on in ("", there.address):
            files = {name: folder / f"scan.{name}" for name in ("bed", "bigwig")}
            began, own, before = time.perf_counter(), time.process_time(), there.cpu()[0]
            (found,) = scan_to_files(model, [(contig, 0, bases)], threshold=0.5, on=on, **files)  # type: ignore[arg-type]
            rows.append({
                "where": "two workers" if on else "here", "seconds": round(time.perf_counter() - began, 1),
                "CPU s here": round(time.process_time() - own, 1), "CPU s there": round(there.cpu()[0] - before, 1),
                "windows": found.n_scored, "peaks": len(found.peaks),
            })  # fmt: skip
            for name, path in files.items():
                rows[-1] |= {f"{name}, bytes": path.stat().st_size, f"{name}, SHA-256": _digest(path)}
                path.unlink()
    return rows


def _digest(path: Path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:16]


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("--runs", type=int, default=12, help="of the sweep")
    parser.add_argument("--epochs", type=int, default=300, help="of each run")
    parser.add_argument("--pieces", type=int, default=500, help="that do nothing")
    parser.add_argument("--bases", type=int, default=2_000_000, help="of the scan")
    parser.add_argument("--same", type=int, default=0, metavar="BASES", help="compare scans of so many bases alone")
    options = parser.parse_args()
    prepare(options)
    if options.same:
        with tempfile.TemporaryDirectory() as name:
            compared = same(options.same, Path(name))
        print_table(compared[0], [row.values() for row in compared])
        alike = [key for key in compared[0] if "bytes" in key or "SHA" in key or key in ("windows", "peaks")]
        wrong = [key for key in alike if compared[0][key] != compared[1][key]]
        print("the same to the last byte" if not wrong else f"NOT the same: {', '.join(wrong)}")
        finish(options, "cluster_same", compared)
        return
    rows = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.environ["DNACONV_HOME"] = str(folder / "home")
        for workers in (1, 2):
            with cluster(workers, folder) as there:
                found = swept(folder, options.runs, options.epochs, there)
                rows.append({"workers": workers, **found, **pieces(options.pieces, there)})
                rows[-1] |= scanned(options.bases, there)
        rows.append({"workers": 0, **scanned(options.bases, None)})
    print_table(rows[0], [[f"{row[name]:.4g}" if name in row else "" for name in rows[0]] for row in rows])
    one, two = rows[0], rows[1]
    ratios = [f"{name} {one[f'{name}, s'] / two[f'{name}, s']:.2f} ×" for name in ("sweep", "scan")]
    print(f"from one worker to two: {', '.join(ratios)}")
    finish(options, "cluster", rows)


if __name__ == "__main__":
    main()
