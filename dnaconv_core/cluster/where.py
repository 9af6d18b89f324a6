"""Where work is done: here, or on the Dask cluster that `--on` or `$DNACONV_CLUSTER` names."""

from __future__ import annotations

import os
import re
from pathlib import Path

from dnaconv_core.errors import ConfigError

HERE = "here"
VARIABLE = "DNACONV_CLUSTER"
HELP = f"'here', a Dask scheduler such as tcp://HOST:8786, or its scheduler file (default: ${VARIABLE}, else here)"
_ADDRESS = re.compile(r"(tcp|tls|ws|wss)://(\[[0-9A-Fa-f:.]+\]|[\w.-]+):\d{1,5}(/\S*)?", re.ASCII)


def where(asked: str = "") -> str:
    """'' for here, else a scheduler's address or the absolute path of its file. asked: '' for $DNACONV_CLUSTER's.

    Raises ConfigError for what is neither.
    """
    text = (asked or os.environ.get(VARIABLE, "")).strip()
    if text in ("", HERE):
        return ""
    if _ADDRESS.fullmatch(text):
        return text
    path = Path(text).expanduser()
    if "://" not in text and path.is_file():
        return str(path.absolute())
    who = "--on" if asked else VARIABLE
    raise ConfigError(
        f"{who} is {text[:60]!r}: write 'here', the address of a Dask scheduler such as tcp://HOST:8786, or the path "
        f"of its scheduler file"
    )
