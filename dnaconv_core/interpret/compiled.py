"""memelite's Tomtom, which numba compiles for a minute or more the first time on a machine.

`warm_up` does that in a process of its own, `compiling` says whether it is at it and `is_warm` whether it is done.
Compiled code is kept beside memelite for the whole machine, or in the home folder where that cannot be written, and
with it the note that it is there; one process at a time compiles there, and those that need it wait.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Iterator, Sequence
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import IO

import numpy as np

from dnaconv_core.files import write_atomic
from dnaconv_core.home import home, machine_home
from dnaconv_core.storing import read_only
from dnaconv_core.threads import threads_kept


def tomtom(
    queries: Sequence[np.ndarray], targets: Sequence[np.ndarray], *, both_strands: bool = True
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """p-values, offsets and strands, each `(queries, targets)`, of PPMs `(4, w)`: see `match.match_motifs`."""
    with _in_turn():
        return _tomtom(queries, targets, both_strands)


def _tomtom(
    queries: Sequence[np.ndarray], targets: Sequence[np.ndarray], both_strands: bool
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    with threads_kept(), warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # few targets: said by the q-values' words where they are shown
        found = _memelite().tomtom(
            [np.ascontiguousarray(ppm) for ppm in queries],
            [np.ascontiguousarray(ppm) for ppm in targets],
            n_jobs=1,
            reverse_complement=both_strands,
        )
    p_values, _, offsets, _, strands = (np.asarray(part) for part in found)
    return np.clip(p_values, 0.0, 1.0), offsets, strands


def is_warm() -> bool:
    """Whether Tomtom has been compiled on this machine, so that a call takes seconds."""
    return _marker().is_file()


def warm_up() -> subprocess.Popen[bytes] | None:
    """Start compiling in a process of its own, which ends by itself; `compiling` says whether it still runs.

    None when it is compiled already, or when another process is at it: of callers at the same time one starts it.
    One that was killed, or failed, can be started again; a page may call this whenever it looks.
    """
    if is_warm():
        return None
    with _lock() as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return None
        return subprocess.Popen(  # the lock goes with the open file to the process, and falls when it ends
            [sys.executable, "-m", "dnaconv_core.interpret.compiled"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            pass_fds=(file.fileno(),),
            env={**os.environ, "OMP_NUM_THREADS": "1"},
        )


def compiling() -> bool:
    """Whether a process that `warm_up` started is at work now."""
    with _lock() as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        return False


def compile_now() -> None:
    """Call Tomtom once on a small example, so that numba keeps the compiled code on disk, and note it.

    Waits for another process of this machine that is at it; what that compiled is read then, in seconds.
    """
    rng = np.random.default_rng(0)
    ppms = [rng.dirichlet(np.full(4, 0.3), 8 + i % 5).T for i in range(30)]
    with _alone():
        _tomtom(ppms[:2], ppms, True)
    marker = _marker()
    marker.parent.mkdir(parents=True, exist_ok=True)
    write_atomic(marker, b"")


def _marker() -> Path:
    return code_folder() / f"memelite-{version('memelite')}-{version('numba')}"


def _notes() -> Path:
    """The cache of the home folder, or one outside it where nothing is kept in that."""
    return Path(tempfile.gettempdir()) / f"dnaconv-{os.getuid()}" if read_only() else machine_home(home()) / "cache"


def code_folder() -> Path:
    """Where numba keeps the compiled code: as $NUMBA_CACHE_DIR says, else beside memelite, else in the home folder."""
    if given := os.environ.get("NUMBA_CACHE_DIR"):
        return Path(given)
    spec = find_spec("memelite")
    beside = Path(str(spec.origin)).parent if spec else Path()
    kept = beside / "__pycache__"
    return kept if os.access(kept if kept.exists() else beside, os.W_OK | os.X_OK) else _notes() / "numba"


def _memelite() -> ModuleType:
    if "memelite" not in sys.modules and (folder := code_folder()).parent == _notes():
        os.environ["NUMBA_CACHE_DIR"] = str(folder)  # read where numba is imported, which may have been before
        if "numba" in sys.modules:
            sys.modules["numba"].config.CACHE_DIR = str(folder)
    import memelite

    return memelite


@contextlib.contextmanager
def _in_turn() -> Iterator[None]:
    """The first calls on a machine compile: one process at a time."""
    with contextlib.nullcontext() if is_warm() else _alone():
        yield


@contextlib.contextmanager
def _alone() -> Iterator[None]:
    """Of all processes that share compiled code, only this one; where no lock can be made it goes on without."""
    try:
        folder = code_folder()
        folder.mkdir(parents=True, exist_ok=True)
        file = (folder / "memelite.lock").open("ab")
    except OSError:
        yield
        return
    with file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _lock() -> IO[bytes]:
    marker = _marker()
    marker.parent.mkdir(parents=True, exist_ok=True)
    return marker.with_name(marker.name + ".lock").open("ab")


if __name__ == "__main__":
    compile_now()
