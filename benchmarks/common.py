"""What the benchmarks share: candidates measured in turn, ratios with their spread, peers in environments of their own.

Machines are noisy, so a time alone says little. Every comparison here runs its candidates one after the other in each
round, round after round, and reports the median over rounds of *ratios within a round*, with the quartiles. Wall-clock
time is what a user waits for; CPU time, beside it, hardly changes when other programs run.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, NamedTuple


class Spent(NamedTuple):
    """What one call took, in seconds."""

    wall: float
    cpu: float


class Times(NamedTuple):
    """Every round of one candidate, in seconds."""

    wall: list[float]
    cpu: list[float]

    def median(self) -> Spent:
        return Spent(statistics.median(self.wall), statistics.median(self.cpu))


class Ratio(NamedTuple):
    """How many times longer the other one takes: median over rounds, and quartiles."""

    median: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.median:.2f} × ({self.low:.2f} to {self.high:.2f})"


def timed(function: Callable[[], Any]) -> Spent:
    wall, cpu = time.perf_counter(), time.process_time()
    function()
    return Spent(time.perf_counter() - wall, time.process_time() - cpu)


def alternate(candidates: dict[str, Callable[[], Any]], rounds: int = 7, warm_up: int = 2) -> dict[str, Times]:
    """Run all candidates in each round; a candidate that returns `Spent` has measured itself."""
    times = {name: Times([], []) for name in candidates}
    for number in range(-warm_up, rounds):
        for name, function in candidates.items():
            found: list[Any] = []
            spent = timed(lambda f=function, found=found: found.append(f()))
            spent = found[0] if isinstance(found[0], Spent) else spent
            if number >= 0:
                times[name].wall.append(spent.wall)
                times[name].cpu.append(spent.cpu)
    return times


def ratio(slow: list[float], fast: list[float]) -> Ratio:
    """`slow` over `fast`, round by round."""
    each = sorted(a / b for a, b in zip(slow, fast, strict=True))
    if len(each) < 2:
        return Ratio(each[0], each[0], each[0])
    low, median, high = statistics.quantiles(each, n=4, method="inclusive")
    return Ratio(median, low, high)


def print_table(header: Iterable[str], rows: Iterable[Iterable[Any]]) -> None:
    cells = [[str(cell) for cell in row] for row in (header, *rows)]
    widths = [max(len(row[i]) for row in cells) for i in range(len(cells[0]))]
    for number, row in enumerate(cells):
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
        if number == 0:
            print("  ".join("-" * width for width in widths))
    print(flush=True)


def machine() -> dict[str, Any]:
    """What a figure depends on: processor, threads, load, versions."""
    import torch

    model = platform.processor()
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        model = next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), model)
    except OSError:
        pass
    return {
        "processor": model,
        "cpus": os.cpu_count(),
        "threads": torch.get_num_threads(),
        "vector": torch.backends.cpu.get_cpu_capability(),
        "load": [round(value, 1) for value in os.getloadavg()],
        "python": platform.python_version(),
        "torch": torch.__version__,
        "time": time.strftime("%Y-%m-%d %H:%M"),
    }


def arguments(description: str, **defaults: Any) -> argparse.ArgumentParser:
    """The options that every benchmark has."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--rounds", type=int, default=defaults.get("rounds", 7), help="measured rounds (7 or more)")
    parser.add_argument("--threads", type=int, default=0, help="CPU threads (0: as many as torch takes)")
    parser.add_argument("--json", default="", help="also write every figure here")
    return parser


def prepare(options: argparse.Namespace) -> None:
    import torch

    if options.threads:
        torch.set_num_threads(options.threads)


def finish(options: argparse.Namespace, name: str, figures: Any) -> None:
    """Print where this was measured, and write everything as JSON where asked to."""
    where = machine()
    print(", ".join(f"{key} {value}" for key, value in where.items()))
    if options.json:
        Path(options.json).write_text(json.dumps({"benchmark": name, "machine": where, "figures": figures}, indent=1))


class Peer:
    """Another program in its own environment, spoken to in lines of JSON: it measures itself when told to.

    python: that environment's interpreter. script: a file beside this one, which answers each line with one line.
    """

    def __init__(self, python: str, script: str, threads: int) -> None:
        count = {"OMP_NUM_THREADS": str(threads), "TF_NUM_INTRAOP_THREADS": str(threads)} if threads else {}
        self.process = subprocess.Popen(
            [python, str(Path(__file__).with_name(script))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env={**os.environ, **count},
        )

    def ask(self, **question: Any) -> dict[str, Any]:
        assert self.process.stdin and self.process.stdout
        self.process.stdin.write(json.dumps(question) + "\n")
        self.process.stdin.flush()
        for line in self.process.stdout:
            if line.startswith('{"wall"'):  # libraries print other things
                return json.loads(line)
        sys.exit(f"{' '.join(self.process.args)} ended: run it by itself to see why")

    def spent(self, **question: Any) -> Spent:
        answer = self.ask(**question)
        return Spent(answer["wall"], answer["cpu"])

    def close(self) -> None:
        self.process.stdin.close()
        self.process.wait(timeout=30)


def serve(answer: Callable[[dict[str, Any]], Any]) -> None:
    """A peer's side: call `answer` for every line; what that takes is the answer."""
    for line in sys.stdin:
        spent = timed(lambda line=line: answer(json.loads(line)))
        print(json.dumps(spent._asdict()), flush=True)


def peak_mb() -> float:
    """The most MB that this process has held; not that of the one which started it, as `ru_maxrss` may be."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024
