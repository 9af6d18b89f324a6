"""Every `dnaconv …` line in the README and the documentation is one that the parser takes."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from dnaconv_core.cli import _parser
from dnaconv_core.errors import InputError

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "README.ko.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]


def _commands(page: Path) -> list[str]:
    """Lines of shell blocks; a line that ends in a backslash goes on."""
    blocks = re.findall(r"```(?:bash|shell|sh)?\n(.*?)```", page.read_text(), re.DOTALL)
    lines = "\n".join(blocks).replace("\\\n", " ").splitlines()
    return [line for line in map(str.strip, lines) if re.match(r"!?\s*(\w+=\S+ )*dnaconv \w", line)]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_commands_of_a_page_are_commands(page):
    for line in _commands(page):
        words = shlex.split(line.lstrip("! "), comments=True)
        given = words[words.index("dnaconv") + 1 :]
        for stop in ("|", ">", "&&", ";", "&"):
            given = given[: given.index(stop)] if stop in given else given
        try:
            _parser(given[0]).parse_args(given)
        except (InputError, SystemExit) as error:
            pytest.fail(f"{line}: {error}")


def test_pages_have_commands():
    assert sum(len(_commands(page)) for page in PAGES) > 40
