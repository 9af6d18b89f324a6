"""What a newcomer does, in a real browser."""

from __future__ import annotations

import re

import pytest

from dnaconv_core.runs.spec import RunSpec
from dnaconv_core.runs.store import Store

expect = pytest.importorskip("playwright.sync_api").expect

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def go(page, name: str) -> None:
    page.get_by_test_id("stSidebarNavLink").filter(has_text=name).click()
    page.get_by_role("heading", name=name, level=1).wait_for()


def test_from_a_question_to_a_prediction(page, settled):
    page.goto("")
    page.get_by_role("heading", name="Experiments", level=1).wait_for()
    page.locator(".sequences .row").first.wait_for()
    settled(page)
    page.get_by_test_id("stVerticalBlock").filter(has_text="RNA interference").get_by_role(
        "button", name="Choose"
    ).last.click()
    page.get_by_role("heading", name="Data for RNA interference").wait_for()
    settled(page)
    assert "experiment=rnai" in page.url

    go(page, "Train")
    page.locator(".network svg .strip").first.wait_for()
    settled(page)
    epochs = page.get_by_label("Epochs", exact=True)
    epochs.fill("2")
    epochs.press("Enter")
    page.get_by_role("button", name="Start training").click()
    page.wait_for_url(re.compile("run=rnai-"))
    page.get_by_text("finished", exact=True).wait_for()
    page.locator(".dc-chart .scatterlayer path.js-line").first.wait_for()  # the curves
    page.locator(".logos figure").first.wait_for()  # the filters
    run = re.search(r"run=([\w-]+)", page.url)[1]

    go(page, "Evaluate")
    page.locator(".dc-chart .scatterlayer path.point").first.wait_for()
    settled(page)
    assert page.locator(".dc-chart .scatterlayer path.point").count() > 1000
    assert f"run={run}" in page.url

    go(page, "Predict")
    settled(page)
    box = page.get_by_label("Sequence", exact=True)
    box.fill("ccu aag aua auu cug cgc cua")
    box.press("Control+Enter")
    page.wait_for_url(re.compile("sequence=ccuaagauaauucugcgccua"))
    value = page.get_by_test_id("stMetric").filter(has_text="Predicted activity").get_by_test_id("stMetricValue")
    settled(page)  # before that the example's number is still there
    first = value.inner_text()
    assert re.fullmatch(r"\d\.\d{3}", first)

    page.reload()  # the address holds the view
    page.get_by_role("heading", name="Predict", level=1).wait_for()
    settled(page)
    assert value.inner_text() == first
    assert page.get_by_label("Sequence", exact=True).input_value() == "ccuaagauaauucugcgccua"

    box.fill("ACGUX")
    box.press("Control+Enter")
    alert = page.get_by_test_id("stAlert")
    alert.wait_for()
    settled(page)
    assert "the sequence has 'X' at position 5" in alert.inner_text()
    assert page.get_by_test_id("stException").count() == 0


@pytest.mark.looks
def test_settings_stand_in_the_address_and_back_undoes_them(page, settled):
    depth = page.locator('.st-key-depth [data-testid="stSliderThumbValue"]')

    def shown() -> tuple[str, str]:
        settled(page)
        return depth.inner_text(), page.url.split("?")[1]

    page.goto("train?experiment=rnai")
    depth.wait_for()
    assert shown() == ("2", "experiment=rnai")
    page.locator(".st-key-depth input").first.focus()
    page.keyboard.press("ArrowRight")
    assert shown() == ("3", "experiment=rnai&depth=3")
    page.reload()
    depth.wait_for()
    assert shown() == ("3", "experiment=rnai&depth=3")
    go(page, "Evaluate")
    settled(page)
    go(page, "Train")
    assert shown() == ("3", "experiment=rnai&depth=3")  # the navigation's link has dropped both
    page.locator(".st-key-depth input").first.focus()
    page.keyboard.press("ArrowRight")
    assert shown() == ("4", "experiment=rnai&depth=4")
    page.go_back()
    page.wait_for_url(re.compile("depth=3"))
    assert shown() == ("3", "experiment=rnai&depth=3")


def test_a_link_to_a_page_opens_it_on_a_server_that_has_just_started(page, settled):
    page.goto("train?experiment=rnai&depth=3")
    page.get_by_role("heading", name="Train", level=1).wait_for()
    settled(page)
    assert page.get_by_test_id("stSidebarNavLink").count() >= 4
    page.get_by_text("each unit sees 21 bases").wait_for()


EPOCHS = "() => Math.max(...document.querySelector('.dc-chart').data.flatMap((trace) => trace.x))"


def test_a_chart_keeps_its_zoom_while_its_data_change(page, settled):
    page.goto("train?experiment=tf_binding&preset=quick&epochs=5000&eval_every=1&filters=4&depth=1")
    page.get_by_role("button", name="Start training").click()
    page.locator(".dc-chart .scatterlayer path.js-line").first.wait_for()
    model = page.locator(".st-key-context").get_by_test_id("stSelectbox").nth(1).locator("input")
    expect(model).to_have_value(
        re.compile(" · training$")
    )  # until it is stopped; a page that follows a run is never still
    area = page.locator(".dc-chart .nsewdrag").first
    area.scroll_into_view_if_needed()
    box = area.bounding_box()
    y = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + 0.2 * box["width"], y)
    page.mouse.down()
    page.mouse.move(box["x"] + 0.6 * box["width"], y, steps=5)
    page.mouse.up()
    first = "document.querySelector('.dc-chart')"
    look = f"(chart => [chart.marked, chart.layout.xaxis.range.map(v => v.toFixed(2))])({first})"
    page.evaluate(f"{first}.marked = true")
    zoomed, drawn = page.evaluate(look), page.evaluate(EPOCHS)
    assert float(zoomed[1][0]) > 0.5
    page.wait_for_function(f"drawn => ({EPOCHS})() > drawn + 1", arg=drawn)
    assert page.evaluate(look) == zoomed
    page.get_by_role("button", name="Stop").click()
    page.get_by_text("stopped", exact=True).first.wait_for()
    settled(page)
    assert page.evaluate(look) == zoomed


def test_the_page_of_runs_tells_when_a_waiting_run_begins_and_when_another_tab_deletes_one(page):
    store = Store()
    settings = {"epochs": 5000, "filters": 3, "depth": 1}
    first, second = (store.create(RunSpec("rnai", settings=settings), waiting=True) for _ in range(2))
    page.goto(f"runs?runs={first.id}")
    expect(page.get_by_text(re.compile(rf"{first.id} · training"))).to_be_visible()
    page.get_by_text("number 1 in the queue").wait_for()
    store.delete(second.id)
    page.get_by_text("1 training, 0 waiting").wait_for()
    expect(page.get_by_test_id("stAlert")).to_have_count(0)
    stop = page.get_by_role("button", name="Stop")
    expect(stop).to_have_count(1)  # the deleted run's row is gone once the redraw has ended
    stop.click()
    expect(page.get_by_text(re.compile(rf"{first.id} · stopped"))).to_be_visible()
