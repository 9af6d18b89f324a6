"""Processes of their own, which outlive the server, and hold the lock of what they work on."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from dnaconv_core.errors import ConfigError
from dnaconv_core.home import environment

NICENESS = "DNACONV_NICE"
_usual: list[int] = []  # the priority that this process was started with
_started: list[subprocess.Popen[bytes]] = []  # kept to be reaped


def start(module: str, *arguments: str, held: int, log: Path, home: Path, more: Mapping[str, str] = {}) -> None:
    """`python -m MODULE ARGUMENTS LOCK` in a process of its own, for this home; LOCK is `held`, an open descriptor.

    Its output is added to `log`; `more` is put into its environment. It holds the lock from the first moment; the
    caller closes its own descriptor.
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
            # Nor must a 'queue.py' in the folder that the user happens to be in be taken for Python's own (3.11 on).
            env={**os.environ, **more, "PYTHONSAFEPATH": "1", **environment(home)},
        )
    _started.append(process)


def niceness() -> int:
    """The workers' priority, $DNACONV_NICE: by default 10, which leaves others nine tenths of a core they share."""
    text = os.environ.get(NICENESS, "10")
    if not text.isdecimal() or len(text) > 2 or int(text) > 19:
        raise ConfigError(f"{NICENESS} is {text[:20]!r}: write a whole number from 0 (as usual) to 19 (only when idle)")
    return int(text)


def be_modest() -> None:
    """Give way to the dashboard: a lower priority, also where the scheduler groups processes by session."""
    _usual.append(os.getpriority(os.PRIO_PROCESS, 0))
    _take(_usual[0] + niceness(), niceness())


def hurry() -> None:
    """Somebody waits for this process: back to the usual priority, as far as the system allows it."""
    if _usual:
        _take(_usual[0], 0)


def be_modest_again() -> None:
    """After `hurry`, give way as before."""
    if _usual:
        _take(_usual[0] + niceness(), niceness())


def _take(priority: int, of_session: int) -> None:
    """This priority for all threads there are, and that of the session where the kernel goes by sessions."""
    tasks = Path("/proc/self/task")
    for thread in [int(path.name) for path in tasks.iterdir()] if tasks.is_dir() else [0]:
        with contextlib.suppress(OSError):  # it has ended, or only root may
            os.setpriority(os.PRIO_PROCESS, thread, min(priority, 19))
    with contextlib.suppress(OSError):  # a kernel without autogroups, or another system
        Path("/proc/self/autogroup").write_text(str(of_session))
