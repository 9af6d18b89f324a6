"""How fast intervals become examples, and in how much memory: a BED file on a genome, both made here.

    python benchmarks/intake.py [--n 1000000] [--megabases 100] [--then gc shuffle groups] [--json intake.json]

Each step is timed once, from the files to codes and parts; peak memory is that of the whole process. Negatives need
free places: give them a genome much larger than the intervals.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
from common import finish, peak_mb

from dnaconv_core.data.genome import Genome
from dnaconv_core.data.intervals import interval_examples, read_intervals
from dnaconv_core.data.negatives import gc_matched, shuffled
from dnaconv_core.data.parts import assign_parts

WIDTH = 200
CONTIGS = 8
ROWS = 100_000  # of 60 bases, written at a time
THEN = {  # what can follow, by name
    "gc": ("draw negatives of like GC", lambda examples, genome: gc_matched(examples, genome, 1.0, 0, None)),
    "shuffle": ("shuffle them as negatives", lambda examples, genome: shuffled(examples, 1.0, 0)),
    "groups": ("deal by groups", lambda examples, genome: assign_parts(examples, {"kind": "groups"})),
}


def write_genome(path: Path, bases: int) -> None:
    rng = np.random.default_rng(0)
    with path.open("wb") as file:
        for number in range(1, CONTIGS + 1):
            file.write(f">chr{number}\n".encode())
            for low in range(0, bases // CONTIGS // 60, ROWS):
                rows = min(ROWS, bases // CONTIGS // 60 - low)
                lines = np.frombuffer(b"ACGT", np.uint8)[rng.integers(0, 4, (rows, 60), np.uint8)]
                file.write(np.pad(lines, ((0, 0), (0, 1)), constant_values=10).tobytes())


def write_bed(path: Path, n: int, contig: int) -> None:
    rng = np.random.default_rng(1)
    columns = rng.integers(1, CONTIGS + 1, n), rng.integers(0, contig - WIDTH, n), rng.integers(0, 2, n)
    with path.open("w") as file:
        for number, start, minus in zip(*(column.tolist() for column in columns), strict=True):
            file.write(f"chr{number}\t{start}\t{start + WIDTH}\tpeak\t{start % 1000}\t{'+-'[minus]}\n")


def measure(n: int, megabases: int, then: list[str]) -> list[dict]:
    rows = []

    def timed(step: str, work: Callable):
        begin, cpu = time.perf_counter(), time.process_time()
        result = work()
        seconds, cpu = time.perf_counter() - begin, time.process_time() - cpu
        row = {"step": step, "seconds": seconds, "cpu": cpu, "per_second": n / seconds, "peak_mb": peak_mb()}
        rows.append(row)
        print(f"{step:<34}{seconds:8.2f} s{cpu:9.2f} s CPU{n / seconds:14,.0f} /s{peak_mb():10,.0f} MB", flush=True)
        return result

    with tempfile.TemporaryDirectory() as folder:
        genome_path, bed = Path(folder) / "genome.fa", Path(folder) / "peaks.bed"
        write_genome(genome_path, megabases * 1_000_000)
        write_bed(bed, n, megabases * 1_000_000 // CONTIGS // 60 * 60)
        print(f"{n:,} intervals of {WIDTH} bases on {megabases} Mb; before: {peak_mb():,.0f} MB")
        genome = timed("index the genome", lambda: Genome(genome_path))
        begin = time.perf_counter()
        intervals = timed("read the BED file", lambda: read_intervals(bed))
        examples = timed("read the windows", partial(interval_examples, intervals, genome, width=WIDTH))
        seconds = time.perf_counter() - begin
        assert examples.n == n
        rows.append({"step": "both", "seconds": seconds, "per_second": n / seconds, "peak_mb": peak_mb()})
        print(f"{'both, once indexed':<34}{seconds:8.2f} s{n / seconds:14,.0f} /s{peak_mb():10,.0f} MB")
        del intervals
        for name in then:
            step, work = THEN[name]
            made = timed(step, partial(work, examples, genome))
            print(f"  {made.sentence}")
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--n", type=int, default=1_000_000, help="intervals")
    parser.add_argument("--megabases", type=int, default=100, help="of the genome")
    parser.add_argument("--then", nargs="*", choices=tuple(THEN), default=[], help="what else is timed, in this order")
    parser.add_argument("--json", default="", help="also write every figure here")
    options = parser.parse_args()
    finish(options, "intake", measure(options.n, options.megabases, options.then))


if __name__ == "__main__":
    main()
