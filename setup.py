"""What pyproject.toml cannot say: a wheel holds the app and the pretrained models too, below `dnaconv_core/shipped`.

In a checkout both stay where they are, beside the package: `dnaconv_core.home.shipped` knows either place.
"""

from __future__ import annotations

from pathlib import Path
from shutil import copytree, ignore_patterns

from setuptools import setup
from setuptools.command.build_py import build_py

SHIPPED = ("app", "pretrained")


class BuildWithApp(build_py):
    """Copies whole folders: the app's configuration lies in a hidden one, which package data leave out."""

    def run(self) -> None:
        super().run()
        if self.editable_mode:
            return
        inside = Path(self.build_lib) / "dnaconv_core" / "shipped"
        for name in SHIPPED:
            unwanted = ignore_patterns("__pycache__", "*.pyc")
            copytree(Path(__file__).parent / name, inside / name, ignore=unwanted, dirs_exist_ok=True)


setup(cmdclass={"build_py": BuildWithApp})
