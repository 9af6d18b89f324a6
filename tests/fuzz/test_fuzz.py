"""Whatever a file holds, its reader answers or says what is wrong in one sentence of the project's own; nothing in it
is run, and nothing beside it is opened."""

from __future__ import annotations

import contextlib
import functools
import random
import shutil
import sys
import warnings
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
import guard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from parsers import PARSERS

from dnaconv_core.errors import DnaConvError

FAST, SLOW = 200, 20_000  # inputs in all
TOLERANT = ("anything", "records")  # what they cannot read they list as that
_SHARES = sum(parser.share for parser in PARSERS.values())


def part_of(number: int, name: str) -> int:
    return -(-int(number * PARSERS[name].share) // int(_SHARES)) + 1


@functools.cache
def seeds(name: str) -> list[bytes]:
    return PARSERS[name].seeds()


def tried(name: str, rng: random.Random, folder: Path) -> str:
    """One input, changed from a good one: 'read', or the sentence that refused it. Everything else is a failure."""
    parser, content = PARSERS[name], rng.choice(seeds(name))
    for _ in range(rng.choice((1, 1, 1, 2))):
        try:
            content = parser.change(rng, content)
        except Exception:  # changed twice, it may be nothing that can be taken apart
            break
    with guard.watched(folder) as seen:
        try:
            parser.read(folder, content)
            said = "read"
        except DnaConvError as error:
            said = str(error)
        except Exception as error:
            raise AssertionError(f"{type(error).__name__}: {error} from {content[:2000]!r}") from error
    assert not seen, f"{seen[:3]} from {content[:2000]!r}"
    assert said and "\n" not in said and len(said) < 2000, f"{said[:300]!r} from {content[:2000]!r}"
    return said


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The test's own, the home in it; everything that a reader imports is imported first."""
    monkeypatch.setenv("DNACONV_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    warnings.simplefilter("ignore")
    yield tmp_path
    assert not Path("/tmp/dnaconv-fuzz-was-here").exists()


def warmed(name: str, folder: Path) -> None:
    """The good inputs are read, and so are some that are not: what they import is there before the guard looks."""
    parser = PARSERS[name]
    for content in seeds(name):
        with contextlib.suppress(DnaConvError):  # not every reader is for each of them
            parser.read(folder, content)
    shutil.rmtree(folder / "home", ignore_errors=True)


@pytest.mark.parametrize("name", PARSERS)
def test_some_inputs_of_every_kind(name, folder):
    warmed(name, folder)

    fixed = {"deadline": None, "database": None, "derandomize": True, "suppress_health_check": list(HealthCheck)}

    @settings(max_examples=part_of(FAST, name), **fixed)
    @given(st.integers(0, 2**32))
    def each(seed):
        tried(name, random.Random(seed), folder)

    each()


@pytest.mark.slow
@pytest.mark.parametrize("name", PARSERS)
def test_many_inputs_of_every_kind(name, folder):
    warmed(name, folder)
    rng, number = random.Random(name), part_of(SLOW, name)
    found = {tried(name, rng, folder) for _ in range(number)}
    assert (found == {"read"}) == (name in TOLERANT)  # of the others some were refused
    written = [path for path in folder.rglob("*") if path.name.startswith("..")]
    assert not written


def test_the_slow_ones_are_as_many_as_is_said():
    assert sum(part_of(SLOW, name) for name in PARSERS) >= SLOW
    assert sum(part_of(FAST, name) for name in PARSERS) >= FAST


def test_the_guard_sees_what_no_reader_may_do(tmp_path):
    with guard.watched(tmp_path) as seen:
        (tmp_path / "fine").write_text("x")
        exec("1")
        open("/etc/passwd").close()
        __import__("pickle").loads(b"cbuiltins\nlen\n.")
    assert [line.split()[0] for line in seen] == ["exec", "open", "pickle.find_class"]
    with guard.watched(tmp_path) as seen:
        (tmp_path / "fine").read_text()
    assert seen == []
