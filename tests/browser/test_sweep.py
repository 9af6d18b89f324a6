"""A sweep of two by two from the page: chips on Train, four runs under one tag, and their chart on Runs."""

from __future__ import annotations

import re

import pytest

from dnaconv_core.runs.store import Store

expect = pytest.importorskip("playwright.sync_api").expect

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def test_a_sweep_of_two_by_two_from_the_page(page, settled):
    page.goto("train?experiment=rnai&preset=quick&epochs=3&eval_every=1&depth=1&filters=4")
    page.get_by_role("heading", name="Train", level=1).wait_for()
    settled(page)
    page.get_by_role("button", name="Try several values").click()
    popover = page.get_by_test_id("stPopoverBody")
    popover.get_by_role("combobox", name="Settings to vary").click()
    page.get_by_role("option", name="Filters per layer").click()
    settled(page)
    popover.get_by_role("combobox", name="Settings to vary").click()
    page.get_by_role("option", name="Kernel (bases)").click()
    settled(page)
    for label, value in (("Filters per layer", "8"), ("Kernel (bases)", "7")):
        field = popover.get_by_role("combobox", name=label, exact=True)
        field.fill(value)
        field.press("Enter")
        settled(page)
        popover.get_by_text("Trains one network for each combination").click()  # closes the list
    popover.get_by_text(re.compile(r"4 runs")).first.wait_for()
    popover.get_by_role("button", name="Start 4 runs").click()
    page.get_by_role("heading", name="Runs", level=1).wait_for()
    page.get_by_text("Sweeps: several values of a setting").wait_for()
    page.get_by_text("4 runs: 4 finished").wait_for(timeout=600_000)  # each fits simple predictors too
    settled(page)
    expect(page.get_by_role("link", name="Compare the best two")).to_be_visible()
    assert len(page.locator(".st-key-shape_sweep .dc-chart .scatterlayer .trace").all()) == 4
    runs = Store().list()
    assert {run.state for run in runs} == {"finished"} and len({run.tags for run in runs}) == 1
    assert len({(run.spec.settings.get("filters"), run.spec.settings.get("kernel_size")) for run in runs}) == 4
