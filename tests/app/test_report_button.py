"""The report from a page compares with other seeds, as that from the shell does, and names by what the page does."""

from __future__ import annotations

import pytest

from dnaconv_core.interpret import compiled, match
from dnaconv_core.plot import report
from dnaconv_core.runs.spec import RunSpec
from dnaconv_core.runs.store import Store
from dnaconv_core.runs.worker import train_here
from dnaconv_core.sequence.jaspar import jaspar
from dnaconv_core.sequence.motif import from_iupac
from dnaconv_core.sequence.motif_text import write_meme


@pytest.mark.slow
def test_runs_of_other_seeds_are_compared_with(dashboard, home, monkeypatch):
    store, seen = Store(), []
    small = {"epochs": 1, "filters": 3, "depth": 1, "batch_size": 500, "device": "cpu"}
    runs = [
        train_here(store, store.create(RunSpec("rnai", data="synthetic", settings=small | other), name="small").id)
        for other in ({"seed": 0}, {"seed": 1}, {"seed": 1}, {"seed": 2, "filters": 4})
    ]
    monkeypatch.setattr(report, "write_report", lambda *given, **how: seen.append(how) or "<!doctype html>")
    at = dashboard("filters", experiment="rnai", run=runs[0].id)
    at.button(key="report").click().run()
    assert not at.exception and [error.value for error in at.error] == []
    (how,) = seen
    assert [model.config.filters for model in how["siblings"]] == [3]  # the other seed once, not the other network
    at = dashboard("saliency", experiment="rnai", run=runs[0].id)
    assert not at.exception and [error.value for error in at.error] == []
    assert any("with 1 run from other seeds" in text.value for text in at.caption)


@pytest.mark.slow
def test_motifs_are_named_by_what_the_page_names_them_by(dashboard, trained, monkeypatch):
    seen = []
    monkeypatch.setattr(compiled, "is_warm", lambda: True)  # naming is not what is tested
    monkeypatch.setattr(match, "match_motifs", lambda motifs, targets, **_: [[] for _ in motifs])
    monkeypatch.setattr(report, "write_report", lambda *given, **how: seen.append(how) or "<!doctype html>")
    at = dashboard("filters", experiment="tf_binding", run=trained("tf_binding").id)
    at.selectbox(key="jaspar").set_value("insects").run()
    at.button(key="report").click().run()
    own = write_meme([from_iupac("TGASTCA", "mine")]).encode()
    at.file_uploader[0].set_value([("mine.meme", own, "text/plain")]).run()
    at.button(key="report").click().run()  # what was made with other names is not offered
    assert not at.exception and [error.value for error in at.error] == []
    assert [motif.matrix_id for motif in seen[0]["motifs"]] == [motif.matrix_id for motif in jaspar("insects")]
    assert [(motif.name, motif.width) for motif in seen[1]["motifs"]] == [("mine", 7)]
    assert [how["named_by"] for how in seen] == ["JASPAR CORE insects", "mine.meme"]
    assert [how["language"] for how in seen] == ["en", "en"] and seen[0]["say"]("Where it looks") == "Where it looks"


def test_a_file_names_the_motifs_of_rna_that_jaspar_cannot(dashboard, trained, monkeypatch):
    seen = []
    monkeypatch.setattr(compiled, "is_warm", lambda: True)
    monkeypatch.setattr(match, "match_motifs", lambda motifs, targets, **_: [[] for _ in motifs])
    monkeypatch.setattr(report, "write_report", lambda *given, **how: seen.append(how) or "<!doctype html>")
    at = dashboard("filters", experiment="rnai", run=trained("rnai").id)
    at.file_uploader[0].set_value([("mine.meme", write_meme([from_iupac("TTAAT")]).encode(), "text/plain")]).run()
    at.button(key="report").click().run()
    assert not at.exception and seen[0]["may_name"] and len(seen[0]["motifs"]) == 1
