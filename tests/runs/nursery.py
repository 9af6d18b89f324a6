"""A process that has imported everything once and forks workers on request: real processes without the wait for torch.

Each line on standard input is a home folder and a trouble ('' for none); the answer is the worker's process id. Dead
workers are not reaped, so that they stay zombies.
"""

from __future__ import annotations

import errno
import os
import sys
import time

from dnaconv_core.model import bundle, convnet  # noqa: F401
from dnaconv_core.runs import execute, worker
from dnaconv_core.runs.queue import Slot, take_slot
from dnaconv_core.runs.store import Store
from dnaconv_core.train import checkpoint, loop  # noqa: F401

# What comes after training is no part of these tests.
execute.store_baselines = lambda *_, **__: None


def disk_fills(after: int) -> None:
    """The write of a checkpoint fails half-way, as on a full disk, from the `after`-th on."""
    usual, count = checkpoint.write_atomic, iter(range(10**6))

    def write(path, content):
        if next(count) < after:
            return usual(path, content)
        (path.parent / ".half").write_bytes(content[: len(content) // 2])
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))

    checkpoint.write_atomic = write


def clock_goes_back(hours: int) -> None:
    """The wall clock is set back so many hours while a run, which has begun, loads its data."""
    usual, load = time.time, execute.load_parts

    def turn_back(*arguments):
        time.time = lambda: usual() - 3600 * hours
        return load(*arguments)

    execute.load_parts = turn_back


def loading_takes_long(seconds: int) -> None:
    usual = execute.load_parts

    def load(*arguments):
        time.sleep(seconds)
        return usual(*arguments)

    execute.load_parts = load


def intervals_take_long(seconds: int) -> None:
    execute._final_metrics = lambda *_: time.sleep(seconds)


TROUBLES = {
    "full": disk_fills,
    "clock": clock_goes_back,
    "slow": loading_takes_long,
    "intervals": intervals_take_long,
}


def work(home: str, trouble: str) -> int:
    os.environ["DNACONV_HOME"] = home
    os.setsid()
    name, _, number = trouble.partition(":")
    if name:
        TROUBLES[name](int(number))
    held = take_slot(Store(), Slot("cpu", 0))
    assert held is not None, "the slot is taken"
    return worker.main(["cpu", "0", str(held)])


print("ready", flush=True)
for line in sys.stdin:
    folder, _, wanted = line.strip().partition("|")
    child = os.fork()
    if child == 0:
        sys.stdin.close()
        code = 1
        try:
            code = work(folder, wanted)
        finally:
            os._exit(code)
    print(child, flush=True)
