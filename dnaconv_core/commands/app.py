"""`dnaconv app`: the dashboard, from wherever the package is installed."""

from __future__ import annotations

import os
import sys
from argparse import Namespace
from pathlib import Path
from typing import Any

from dnaconv_core.commands.base import Answer
from dnaconv_core.errors import InputError
from dnaconv_core.home import shipped

PORTS = range(1, 65536)


def add(groups: Any, command: Any) -> None:
    opened = command(groups, "app", app, "open the dashboard (in a checkout also: streamlit run app)")
    opened.add_argument("--port", type=int, default=8501, help="of the server, on this machine only (default: 8501)")
    opened.add_argument("--open", action="store_true", help="open it in the browser too")
    opened.add_argument("--home", default="", metavar="DIR", help="where runs and data live (default: $DNACONV_HOME)")


def app(options: Namespace) -> Answer:
    """Become the server: what ends this process, Ctrl-C or a signal, ends it."""
    command = server_command(options.port, opened=options.open)
    if options.home:
        os.environ["DNACONV_HOME"] = str(Path(options.home).expanduser().absolute())
    sys.stdout.flush()
    os.execv(command[0], command)


def server_command(port: int, *, opened: bool = False) -> list[str]:
    """What starts Streamlit on the app. Raises InputError for a port that cannot be, or without the app's files."""
    folder = shipped("app")
    if port not in PORTS:
        raise InputError(f"--port is {port}: choose one from 1 to {PORTS[-1]}")
    if not folder.is_dir():
        raise InputError(f"the dashboard is not at {folder}: install the package again")
    how = ["--server.port", str(port), "--server.headless", "false" if opened else "true"]
    how += ["--server.showEmailPrompt", "false"]
    return [sys.executable, "-m", "streamlit", "run", str(folder), *how]
