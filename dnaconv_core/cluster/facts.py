"""What decides the numbers that a machine computes: both ends of a cluster must agree in it."""

from __future__ import annotations

import hashlib
import os
import sys
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from dnaconv_core import __version__
from dnaconv_core.text import whole_number

PACKAGES = ("torch", "numpy", "scikit-learn")


@cache
def facts() -> dict[str, str]:
    """Of this process: versions by name, and `code`, a digest of the package's own files."""
    found = {"python": ".".join(map(str, sys.version_info[:2])), "dnaconv": __version__, "code": _code()}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "none"
    return found


def difference(theirs: dict[str, str]) -> str:
    """In what another process differs from this one: 'torch 2.12.0 and 2.13.0 here'; '' where in nothing."""
    for name, value in facts().items():
        other = theirs.get(name, "none")
        if other == value:
            continue
        if name == "code":
            return f"another copy of dnaconv {__version__} (its files differ from those here)"
        return f"{name} {other} and {value} here"
    return ""


def threads() -> int:
    """CPU threads for one piece of work in this process, as a queue's worker has them: $OMP_NUM_THREADS."""
    text = os.environ.get("OMP_NUM_THREADS", "").partition(",")[0]
    return max(1, whole_number(text) or 1)


def _code() -> str:
    root = Path(__file__).parents[1]
    found = hashlib.sha256()
    for path in sorted(root.rglob("*.py")):
        found.update(f"{path.relative_to(root)}\0".encode() + path.read_bytes())
    return found.hexdigest()[:16]
