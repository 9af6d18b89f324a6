"""An audit hook that sees what a parser does beside parsing. Python has no way to take one out: it is switched."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

# What no reader of a file may ever do
FORBIDDEN = (
    "exec", "pickle.find_class", "os.system", "os.exec", "os.fork", "os.posix_spawn", "subprocess.Popen",
    "ctypes.dlopen", "marshal.loads", "socket.connect", "socket.bind", "socket.getaddrinfo", "urllib.Request",
)  # fmt: skip
WRITES = ("w", "a", "x", "+")
_state: dict[str, Any] = {"folder": None, "thread": 0, "seen": []}


def _hook(event: str, arguments: tuple[Any, ...]) -> None:
    if _state["folder"] is None or threading.get_ident() != _state["thread"]:
        return
    if event in FORBIDDEN and not _importing():
        _state["seen"].append(f"{event} {str(arguments)[:200]}")
    elif event == "open" and isinstance(arguments[0], (str, bytes)):
        _opened(*arguments[:2])


def _importing() -> bool:
    """Whether this is Python reading a module of its own, which is run."""
    frame = sys._getframe()
    while frame is not None:
        if frame.f_code.co_filename.startswith("<frozen importlib"):
            return True
        frame = frame.f_back
    return False


def _opened(path: Any, mode: Any) -> None:
    """A file beside those of the test: none may be written, and only Python's own are read."""
    place = Path(path.decode() if isinstance(path, bytes) else path).absolute()
    inside = place.is_relative_to(_state["folder"])
    own = place.suffix in (".py", ".pyc", ".so") or place.is_relative_to(sys.prefix) or place.parts[1] == "proc"
    writes = mode is not None and any(letter in str(mode) for letter in WRITES)
    if not inside and (writes or not own):
        _state["seen"].append(f"open {place} {mode}")


sys.addaudithook(_hook)


@contextmanager
def watched(folder: Path) -> Iterator[list[str]]:
    """What is done within, in this thread, that no parser may do; `folder` is the test's own."""
    _state["seen"] = seen = []
    _state["thread"], _state["folder"] = threading.get_ident(), folder
    try:
        yield seen
    finally:
        _state["folder"] = None
