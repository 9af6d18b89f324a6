"""Where this user's runs, data and models live, `$DNACONV_HOME` or `./dnaconv_home`, and what the package ships."""

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


def shipped(name: str) -> Path:
    """The folder 'app' or 'pretrained': inside the installed package, or beside it in a checkout."""
    package = Path(__file__).parent
    inside = package / "shipped"  # setup.py puts it into a wheel
    return (inside if inside.is_dir() else package.parent) / name
