"""Where this user's runs, data and models live: `$DNACONV_HOME`, by default `./dnaconv_home`."""

from __future__ import annotations

import os
from pathlib import Path


def home() -> Path:
    """The home folder as an absolute path; it is not created here."""
    return Path(os.path.expanduser(os.environ.get("DNACONV_HOME") or "dnaconv_home")).absolute()


def data_folder() -> Path:
    """Fetched and converted data."""
    return home() / "data"


def models_folder() -> Path:
    """Imported bundles."""
    return home() / "models"


def cache_folder() -> Path:
    """What can be made again from other files: indices and unpacked copies of genomes."""
    return home() / "cache"
