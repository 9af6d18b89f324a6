"""Uploaded files under the home folder: kept by token, bounded, swept when old, and never outside their folder."""

from __future__ import annotations

import json
import os

import pytest

from dnaconv_core.errors import DataError, InputError
from dnaconv_core.experiments import uploads
from dnaconv_core.experiments.uploads import Lot, new_token, safe_name, sweep, uploads_folder

DAY = 24 * 3600


def lot_of(age: float, now: float, content: bytes = b">a\nACGT\n") -> Lot:
    lot = Lot(new_token())
    path = lot.keep("a.fa", content)
    for one in (path, lot.folder):
        os.utime(one, (now - age, now - age))
    return lot


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("peaks.bed", "peaks.bed"),
        ("../../etc/passwd", "passwd"),
        ("C:\\data\\reads.fa", "reads.fa"),
        (".hidden", "hidden"),
        ("a\nb\x00.csv", "ab.csv"),
        ("..", "file"),
        ("ж" * 200 + ".fasta.gz", "ж" * 100 + "…" + "ж" * 10 + ".fasta.gz"),
    ],
)
def test_a_name_stays_in_its_folder(given, kept, home):
    assert safe_name(given) == kept
    assert Lot(new_token()).keep(given, b"x").parent.parent == uploads_folder()


@pytest.mark.parametrize("token", ["", "..", "../experiments", "0123456789abcdeg", "0123456789ABCDEF", "0" * 17])
def test_a_token_names_no_other_folder(token, home):
    with pytest.raises(InputError, match="the address does not name files that were brought here: start over"):
        Lot(token)


def test_files_and_choices_are_found_again_by_the_token(home):
    lot = Lot(new_token())
    assert lot.files() == [] and lot.draft() == {} and not lot.folder.exists()
    lot.keep("b.fa", b"old")
    lot.keep("a.csv", b"x,y")
    lot.keep("b.fa", b"new")
    lot.keep_draft({"title": "ж *x*", "paths": ["/data/g.fa"]})
    again = Lot(lot.token)
    assert {path.name: path.read_bytes() for path in again.files()} == {"a.csv": b"x,y", "b.fa": b"new"}
    assert again.draft() == {"title": "ж *x*", "paths": ["/data/g.fa"]}


def test_an_index_that_reading_left_is_no_upload(home):
    lot = Lot(new_token())
    for name in ("g.fa", "g.fa.fai", "alone.fai"):
        lot.keep(name, b">a\nACGT\n")
    assert {path.name for path in lot.files()} == {"g.fa", "alone.fai"}


def test_only_a_file_of_the_lot_is_removed(home, tmp_path):
    lot, other = Lot(new_token()), tmp_path / "genome.fa"
    other.write_text(">a\nACGT\n")
    kept = lot.keep("a.fa", b"x")
    lot.remove(other)
    lot.remove(kept)
    assert other.exists() and not kept.exists()


@pytest.mark.parametrize("content", [b"", b"[1]", b"{", b"[" * 100_000])
def test_a_damaged_draft_is_no_draft(content, home):
    lot = Lot(new_token())
    lot.keep("a.fa", b"x")
    (lot.folder / ".draft.json").write_bytes(content)
    assert lot.draft() == {}


def test_there_is_a_limit_of_files(home, monkeypatch):
    monkeypatch.setattr(uploads, "MOST_FILES", 2)
    lot = Lot(new_token())
    lot.keep("a", b"1")
    lot.keep("b", b"2")
    lot.keep("b", b"3")
    with pytest.raises(DataError, match="there are 2 files already: remove some"):
        lot.keep("c", b"4")


def test_old_lots_are_swept_but_not_those_of_an_experiment(home):
    now = 2e9
    new, old, used = (lot_of(age, now) for age in (DAY, 8 * DAY, 30 * DAY))
    recipe = home / "experiments" / "mine" / "recipe.json"
    recipe.parent.mkdir(parents=True)
    recipe.write_text(json.dumps({"inputs": [{"role": "fasta", "path": str(used.folder / "a.fa")}]}))
    (uploads_folder() / "not a lot").mkdir()
    assert sweep(now) == [old.token]
    assert new.files() and used.files() and not old.folder.exists() and (uploads_folder() / "not a lot").exists()


def test_the_oldest_go_when_all_are_too_large(home, monkeypatch):
    monkeypatch.setattr(uploads, "MOST_BYTES", 250)
    now = 2e9
    lots = [lot_of(hours * 3600, now, b"x" * 100) for hours in (1, 2, 3)]
    assert sweep(now) == [lots[2].token]
    assert [lot.folder.exists() for lot in lots] == [True, True, False]
