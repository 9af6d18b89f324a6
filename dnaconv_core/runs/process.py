"""Processes of their own, which outlive the server, and hold the lock of what they work on."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from pathlib import Path

from dnaconv_core.home import environment
from dnaconv_core.runs.queue import niceness

_started: list[subprocess.Popen[bytes]] = []  # kept to be reaped


def start(module: str, *arguments: str, held: int, log: Path, home: Path) -> None:
    """`python -m MODULE ARGUMENTS LOCK` in a process of its own, for this home; LOCK is `held`, an open descriptor.

    Its output is added to `log`. It holds the lock from the first moment; the caller closes its own descriptor.
    """
    _started[:] = [process for process in _started if process.poll() is None]
    with open(log, "ab") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", module, *arguments, str(held)],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            start_new_session=True,  # a Ctrl-C in the server's terminal must not reach it
            pass_fds=(held,),
            env={**os.environ, "PYTHONSAFEPATH": "1", **environment(home)},
        )
    _started.append(process)


def be_modest() -> None:
    """Give way to the dashboard: a lower priority, also where the scheduler groups processes by session."""
    os.nice(niceness())
    with contextlib.suppress(OSError):  # a kernel without autogroups, or another system
        Path("/proc/self/autogroup").write_text(str(niceness()))
