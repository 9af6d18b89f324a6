"""How time and memory grow with the data: 1, 4, 16 and 64 times as many examples.

    python benchmarks/scale.py [--base 2000] [--factors 1 4 16 64] [--threads 2]

Each size runs in a process of its own, so that its peak memory is its own. 'training' is one epoch of the book's
network on a dataset in memory; 'streamed' is the same with X on the disk, as data are that are larger than memory;
'prediction' reads it from there. Memory is what the task adds to the process after a first step on a few examples. Time
should grow with the examples, and memory should not when streaming. At the end the two ways of training are measured in
turn on the largest size but one: the streamed epoch should be at least 0.9 times as fast.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from common import Ratio, alternate, arguments, finish, prepare, print_table, ratio
from networks import data

from dnaconv_core.data.dataset import Dataset
from dnaconv_core.data.on_disk import StreamedX
from dnaconv_core.model.config import ModelConfig
from dnaconv_core.sequence.encoding import to_codes

TASKS = ("training", "streamed", "prediction")


def resident() -> int:
    """Bytes of memory that the system counts as this process's."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) * 1024
    return 0


def on_disk(X: np.ndarray) -> StreamedX:
    """One-hot `(N, 4, L)` as it is kept of data that are larger than memory."""
    made = StreamedX(len(X), X.shape[2])
    for start in range(0, len(X), 2000):
        made.stored.append(to_codes(X[start : start + 2000]).astype(np.uint8))
    return made


def measure(job: str, n: int, folder: str) -> dict:
    """In a process of its own: seconds, and the most bytes added while a sampling thread looked."""
    import threading

    from train import ours

    from dnaconv_core.model.convnet import build
    from dnaconv_core.predict import predict

    config = ModelConfig()
    few = data(config, 1000)
    X: Any = None if job == "training" else on_disk(np.load(Path(folder) / f"{n}.npy", mmap_mode="r"))
    y = np.ones((n, 1), np.float32)
    if job == "prediction":
        model = build(config)
        predict(model, few)
        run = lambda: predict(model, X)  # noqa: E731
    else:
        ours(config, few, 1000)()
    before = resident()
    if job != "prediction":
        examples = Dataset(np.load(Path(folder) / f"{n}.npy") if job == "training" else X, y, y, np.arange(n))
        run = ours(config, examples, 1000)
    peak, done = [0], threading.Event()

    def watch() -> None:
        while not done.wait(0.02):
            peak[0] = max(peak[0], resident())

    watcher = threading.Thread(target=watch)
    watcher.start()
    start, cpu = time.perf_counter(), time.process_time()
    run()
    seconds, cpu = time.perf_counter() - start, time.process_time() - cpu
    done.set()
    watcher.join()
    return {"seconds": seconds, "cpu": cpu, "bytes": max(peak[0] - before, 0)}


def side_by_side(n: int, rounds: int) -> Ratio:
    """How many times as fast an epoch that is read from the disk is as one in memory, by CPU time, in turn."""
    from train import ours

    config = ModelConfig()
    memory = data(config, n)
    streamed = Dataset(on_disk(memory.X), memory.y, memory.w, memory.ids)
    times = alternate({"memory": ours(config, memory, 1000), "streamed": ours(config, streamed, 1000)}, rounds)
    return ratio(times["memory"].cpu, times["streamed"].cpu)


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("--base", type=int, default=2000, help="examples of the smallest size")
    parser.add_argument("--factors", nargs="+", type=int, default=[1, 4, 16, 64])
    parser.add_argument("--one", nargs=3, default=None, help="TASK N FOLDER: what each process is started with")
    options = parser.parse_args()
    prepare(options)
    if options.one:
        task, n, folder = options.one
        print(json.dumps(measure(task, int(n), folder)))
        return
    figures = {}
    with tempfile.TemporaryDirectory() as folder:
        for factor in options.factors:
            np.save(Path(folder) / f"{factor * options.base}.npy", data(ModelConfig(), factor * options.base).X)
        for task in TASKS:
            rows = []
            for factor in options.factors:
                n = factor * options.base
                command = [sys.executable, __file__, "--threads", str(options.threads), "--one", task, str(n), folder]
                found = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
                rate = found["cpu"] / n * 1e6
                rows.append((f"{factor} ×", f"{n:,}", f"{found['seconds']:.2f} s", f"{rate:.1f} µs", _mib(found)))
                figures[f"{task} {factor}"] = {"n": n, **found}
            print(task)
            print_table(("", "examples", "time", "CPU time each", "memory added"), rows)
    found = side_by_side(options.base * sorted(options.factors)[-2:][0], options.rounds)
    figures["streamed against training"] = found._asdict()
    print(f"streamed, as fast as in memory: {found}")
    finish(options, "scale", figures)


def _mib(found: dict) -> str:
    return f"{found['bytes'] / 2**20:.0f} MiB"


if __name__ == "__main__":
    main()
