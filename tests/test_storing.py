"""DNACONV_READONLY: whatever would keep something is refused with one sentence, and the home folder stays as it was."""

from __future__ import annotations

import gzip
import hashlib
from pathlib import Path

import numpy as np
import pytest

from dnaconv_core import storing
from dnaconv_core.data.book import fetch
from dnaconv_core.data.genome import Genome
from dnaconv_core.data.genome_index import open_indexed
from dnaconv_core.data.on_disk import StoredRows
from dnaconv_core.errors import DnaConvError
from dnaconv_core.evaluate.held_out import write_kept
from dnaconv_core.experiments import get_experiment
from dnaconv_core.experiments.own_store import change_words, count_look, delete_experiment, scratch
from dnaconv_core.experiments.uploads import Lot, new_token
from dnaconv_core.interpret.keep import save_filters
from dnaconv_core.runs.baselines import store_baselines
from dnaconv_core.runs.queue import resume, submit
from dnaconv_core.runs.search import open_search, search_here, search_in_background
from dnaconv_core.runs.search_record import Search, ask_search_to_stop, write_search
from dnaconv_core.runs.seen import keep_hashes
from dnaconv_core.runs.spec import RunSpec
from dnaconv_core.runs.start import keep_source
from dnaconv_core.runs.store import Store
from dnaconv_core.runs.transfer import import_model
from dnaconv_core.scratch import scratch as making_aside

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


def genome_packed(run: str) -> object:
    path = Store().home.parent / "genome.fa.gz"
    path.write_bytes(gzip.compress(b">chr1\nACGT\n"))
    return open_indexed(path)


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
    "count a look": lambda run: count_look("x"),
    "search": lambda run: open_search(Store(), RunSpec("rnai"), trials=1),
    "search on": lambda run: search_in_background(Store(), "x"),
    "search here": lambda run: search_here(Store(), "x"),
    "stop a search": lambda run: ask_search_to_stop(Store(), "x"),
    "note a search": lambda run: write_search(Store(), Search("x", "rnai", "r2", "tag", {})),
    "baselines": lambda run: store_baselines(Store().folder(run), get_experiment("rnai"), None, None),
    "filters": lambda run: save_filters(Store().folder(run), None),
    "predictions": lambda run: write_kept(Store().folder(run), None),
    "fingerprints": lambda run: keep_hashes(Store().folder(run), None),
    "source of a run": lambda run: keep_source("rnai_huesken", Store().folder(run)),
    "aside": lambda run: making_aside(Store().home / "models", ".import-").__enter__(),
    "unpack a genome": genome_packed,
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


def test_a_genome_is_read_without_keeping_its_index(home, tmp_path, monkeypatch):
    monkeypatch.setenv("DNACONV_READONLY", "1")
    path = tmp_path / "genome.fa"
    path.write_text(">chr1\nACGTA\nCG\n")
    with Genome(path) as genome:
        assert genome["chr1"].length == 7
    assert [one.name for one in tmp_path.iterdir()] == ["genome.fa"] and not home.exists()


def test_rows_on_disk_leave_nothing_in_the_home(home, monkeypatch):
    monkeypatch.setenv("DNACONV_READONLY", "1")
    rows = StoredRows((3, 2), np.int8)
    rows.append(np.arange(6, dtype=np.int8).reshape(3, 2))
    assert rows[1].tolist() == [2, 3] and not home.exists()
