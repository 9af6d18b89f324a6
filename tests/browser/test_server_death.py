"""The server is killed while runs train and wait: none is lost, and a new server shows them."""

from __future__ import annotations

import os
import re
import signal
import time

import pytest

from dnaconv_core.runs.store import ENDED, Store

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def test_a_killed_server_loses_no_run(browser, start_server):
    with start_server() as (process, address):
        page = browser.new_page(base_url=address)
        page.set_default_timeout(60_000)
        page.goto("train?experiment=rnai&preset=quick&epochs=12&filters=3&depth=1")
        seen = ""
        for _ in range(3):
            page.get_by_role("button", name="Start training").click()
            page.wait_for_url(lambda url, seen=seen: "run=rnai-" in url and (not seen or seen not in url))
            seen = re.search(r"run=(rnai-\w+)", page.url)[1]
        os.kill(process.pid, signal.SIGKILL)
        process.wait(10)
        page.close()
        store = Store()
        assert len(store.list()) == 3

    deadline = time.monotonic() + 120
    while not all(run.state in ENDED for run in store.list()) and time.monotonic() < deadline:
        time.sleep(0.2)
    assert [run.state for run in store.list()] == ["finished"] * 3

    with start_server() as (_, address):
        page = browser.new_page(base_url=address)
        page.set_default_timeout(60_000)
        for run in store.list():
            page.goto(f"train?experiment=rnai&run={run.id}")
            page.get_by_text("finished", exact=True).wait_for()
        page.close()
