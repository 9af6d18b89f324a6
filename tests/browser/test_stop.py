"""Stop, from the page: a run that waits, one that loads, and one that trains, each with what was kept of it."""

from __future__ import annotations

import re

import pytest

from dnaconv_core.runs.queue import submit
from dnaconv_core.runs.spec import RunSpec
from dnaconv_core.runs.store import ENDED, Store

expect = pytest.importorskip("playwright.sync_api", reason="the playwright package is not installed").expect
pytestmark = [pytest.mark.browser, pytest.mark.slow]

LONG = {"epochs": 100_000, "eval_every": 1, "filters": 3, "depth": 1, "device": "cpu"}


def test_stop_is_heard_in_each_stage(page, until):
    store = Store()
    spec = RunSpec("rnai", preset="quick", settings=LONG)
    first, waiting = submit(store, spec, "the first"), submit(store, spec, "the second")

    def stop(run: str) -> None:
        page.get_by_role("button", name="Stop").click()
        # A pattern minds capitals: the button's own hint says in small letters that the network is kept.
        page.get_by_text(re.compile("Nothing was kept|The network is kept")).wait_for()
        assert store.get(run).state in ENDED

    page.goto(f"train?experiment=rnai&run={waiting.id}")
    page.get_by_text(re.compile("waits for the first")).wait_for()
    stop(waiting.id)
    expect(page.get_by_text("Nothing was kept: it stopped before its first evaluation.")).to_be_visible()

    page.goto(f"train?experiment=rnai&run={first.id}")
    page.get_by_text("First-layer filters after epoch").wait_for()
    stop(first.id)
    expect(page.get_by_text(re.compile(r"The network is kept with its figures"))).to_be_visible()
    assert (store.folder(first.id) / "weights.safetensors").is_file()

    loading = submit(store, spec, "the third")
    until(lambda: store.get(loading.id).state != "queued")
    page.goto(f"train?experiment=rnai&run={loading.id}")
    stop(loading.id)
