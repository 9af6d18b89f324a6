"""The report from a page compares with runs of other seeds, as the report from the shell does."""

from __future__ import annotations

import pytest

from dnaconv_core.plot import report
from dnaconv_core.runs.spec import RunSpec
from dnaconv_core.runs.store import Store
from dnaconv_core.runs.worker import train_here


@pytest.mark.slow
def test_runs_of_other_seeds_are_compared_with(dashboard, home, monkeypatch):
    store, seen = Store(), []
    small = {"epochs": 1, "filters": 3, "depth": 1, "batch_size": 500, "device": "cpu"}
    runs = [
        train_here(store, store.create(RunSpec("rnai", data="synthetic", settings=small | other), name="small").id)
        for other in ({"seed": 0}, {"seed": 1}, {"seed": 2, "filters": 4})
    ]
    monkeypatch.setattr(report, "write_report", lambda *given, **how: seen.append(how) or "<!doctype html>")
    at = dashboard("filters", experiment="rnai", run=runs[0].id)
    at.button(key="report").click().run()
    assert not at.exception and [error.value for error in at.error] == []
    (how,) = seen
    assert [model.config.filters for model in how["siblings"]] == [3]  # the other seed, not the other network
