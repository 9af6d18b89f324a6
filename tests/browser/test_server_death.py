"""The server is killed while runs train and wait: none is lost, and a new server shows them."""

from __future__ import annotations

import os
import signal

import pytest

from dnaconv_core.runs.store import ENDED, Store

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def test_a_killed_server_loses_no_run(browser, start_server, settled, until):
    with start_server() as (process, address):
        page = browser.new_page(base_url=address)
        store = Store()
        for number in (1, 2, 3):  # a run that has started has the page to itself: back to the form each time
            page.goto("train?experiment=rnai&preset=quick&epochs=12&filters=3&depth=1")
            name = page.get_by_role("textbox", name="Name of the run")
            name.fill(f"run {number}")
            name.press("Enter")
            settled(page)
            page.get_by_role("button", name="Start training").click()
            until(lambda number=number: len(store.list()) == number)
        os.kill(process.pid, signal.SIGKILL)
        process.wait(60)
        page.close()

    until(lambda: all(run.state in ENDED for run in store.list()))
    assert [run.state for run in store.list()] == ["finished"] * 3

    with start_server() as (_, address):
        page = browser.new_page(base_url=address)
        for run in store.list():
            page.goto(f"train?experiment=rnai&run={run.id}")
            page.get_by_text("finished", exact=True).wait_for()
        page.close()
