"""DNACONV_READONLY: whatever would keep something is refused with one sentence, and the home folder stays as it was."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from dnaconv_core import storing
from dnaconv_core.data.book import fetch
from dnaconv_core.errors import DnaConvError
from dnaconv_core.experiments.own_store import change_words, delete_experiment, scratch
from dnaconv_core.experiments.uploads import Lot, new_token
from dnaconv_core.runs.queue import resume, submit
from dnaconv_core.runs.spec import RunSpec
from dnaconv_core.runs.store import Store
from dnaconv_core.runs.transfer import import_model

SENTENCE = "for looking only .DNACONV_READONLY is set.: nothing can be trained, changed or kept"


@pytest.fixture
def kept(home) -> str:
    """A home with one run in it, from before it was closed."""
    return Store().create(RunSpec("rnai"), "mine").id


def everything(home: Path) -> dict[str, str]:
    paths = (path for path in home.rglob("*") if path.is_file() and not path.name.endswith(("-shm", "-wal")))
    return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}


@pytest.mark.parametrize("word", ["", "0", "no", "False", " off "])
def test_words_that_leave_it_open(word, monkeypatch):
    monkeypatch.setenv("DNACONV_READONLY", word)
    assert not storing.read_only()
    storing.check_storing()


ACTIONS = {
    "submit": lambda run: submit(Store(), RunSpec("rnai")),
    "create": lambda run: Store().create(RunSpec("rnai")),
    "resume": lambda run: resume(Store(), run),
    "edit": lambda run: Store().edit(run, name="other"),
    "delete": lambda run: Store().delete(run),
    "stop": lambda run: Store().ask_to_stop(run),
    "fail": lambda run: Store().fail(run, "why"),
    "add metrics": lambda run: Store().add_metrics(run, 1, {"valid": {"loss": 0.1}}),
    "import": lambda run: import_model(b"PK"),
    "fetch": lambda run: fetch(["sirna"]),
    "upload": lambda run: Lot(new_token()).keep("a.csv", b"x"),
    "make": lambda run: scratch().__enter__(),
    "rename": lambda run: change_words("x", title="y"),
    "remove": lambda run: delete_experiment("x", used=False),
}


@pytest.mark.parametrize("action", ACTIONS)
def test_every_storing_action_is_refused_and_leaves_nothing(action, kept, home, monkeypatch):
    before = everything(home)
    monkeypatch.setenv("DNACONV_READONLY", "1")
    with pytest.raises(DnaConvError, match=SENTENCE):
        ACTIONS[action](kept)
    assert everything(home) == before


def test_what_is_there_can_be_read(kept, monkeypatch):
    monkeypatch.setenv("DNACONV_READONLY", "1")
    assert [run.name for run in Store().list()] == ["mine"] and Store().get(kept).state == "queued"
    assert Store().metrics(kept) == [] and len(Store().waiting()) == 0


def test_a_home_that_is_not_there_is_empty_and_not_made(home, monkeypatch):
    monkeypatch.setenv("DNACONV_READONLY", "1")
    assert Store().list() == [] and not home.exists()
