"""Whether anything may be kept: `DNACONV_READONLY=1` makes a home folder one for looking only, as on a public page.

Whatever writes into the home folder asks first, so that no page and no command can get round it.
"""

from __future__ import annotations

import os
from pathlib import Path

from dnaconv_core.errors import DnaConvError
from dnaconv_core.home import home, several

READ_ONLY = "this dnaconv is for looking only (DNACONV_READONLY is set): nothing can be trained, changed or kept here"

NO_PATHS = "this dnaconv is for looking only (DNACONV_READONLY is set): it opens no file of its machine by a path"


NO_PATHS_OF_OTHERS = (
    "several users share this dnaconv (DNACONV_USERS is set): it opens no file of its machine by a path"
)


class ReadOnlyError(DnaConvError):
    """Something was to be kept where nothing is."""


def read_only() -> bool:
    """Whether `DNACONV_READONLY` is set to anything but 0, no, off or false."""
    return os.environ.get("DNACONV_READONLY", "").strip().lower() not in ("", "0", "no", "off", "false")


def check_path() -> None:
    """Raises ReadOnlyError where no file may be opened by its path on this machine: visitors must not look around."""
    if read_only():
        raise ReadOnlyError(NO_PATHS)
    if several():
        raise ReadOnlyError(NO_PATHS_OF_OTHERS)


def check_file(path: str | Path) -> None:
    """Raises ReadOnlyError for a file that a user of several names and that does not lie in their own home."""
    if several() and home().resolve() not in Path(path).expanduser().resolve().parents:
        raise ReadOnlyError(NO_PATHS_OF_OTHERS)


def check_storing() -> None:
    """Raises ReadOnlyError where nothing may be kept."""
    if read_only():
        raise ReadOnlyError(READ_ONLY)
