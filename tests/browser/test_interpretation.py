"""What only a browser shows of the pages about interpretation."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlparse

import pytest

from dnaconv_core.runs.spec import RunSpec
from dnaconv_core.runs.store import Store
from dnaconv_core.runs.worker import train_here

expect = pytest.importorskip("playwright.sync_api").expect

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.mark.looks
def test_the_prediction_follows_the_moved_motif_without_the_server(page, settled):
    page.goto("motifs?experiment=tf_binding&run=tf_binding_jund&view=Bench&motif=TGACTCA")
    slider = page.get_by_label("First base of the motif")
    slider.wait_for()
    assert page.evaluate("Boolean(window.Plotly)")  # to parse it takes seconds, in which a drag would stand still
    settled(page)
    line, letters = page.locator(".moving .line"), page.locator(".moving .letters")
    assert "from base 48" in line.inner_text().replace("\n", " ")
    said = page.locator(".moving .value")
    before, messages = said.inner_text(), []
    page.context.set_offline(True)  # whatever happens now, the server has no part in it
    slider.focus()
    for _ in range(47):
        page.keyboard.press("ArrowLeft")
        page.evaluate("() => new Promise(requestAnimationFrame)")  # in which it is drawn
        messages.append(said.inner_text())
    expect(line).to_contain_text(re.compile(r"from base 1\s*prediction"))  # it is drawn in the next frame
    assert letters.inner_text().startswith("TGACTCA") and len(letters.inner_text()) == 101
    assert len({*messages, before}) > 10 and all(re.fullmatch(r"0\.\d{3}", text) for text in messages)
    page.context.set_offline(False)


CUT = """() => [...document.querySelectorAll('[data-testid="stMetric"] *')]
  .filter((e) => e.children.length === 0 && e.scrollWidth > e.clientWidth + 1 && e.clientWidth > 0)
  .map((e) => e.textContent)"""


@pytest.mark.parametrize(
    "path, number",
    [
        ("filters?experiment=tf_binding&run=tf_binding_synthetic", "Mean in bound / not bound"),
        ("motifs?experiment=tf_binding&run=tf_binding_synthetic&view=Bench", "Varies with position by"),
        ("evaluate?experiment=rnai&run=rnai_huesken", "Mean absolute error"),
    ],
)
@pytest.mark.looks
def test_numbers_have_their_room_in_a_narrow_window(page, settled, path, number):
    page.set_viewport_size({"width": 800, "height": 1000})
    page.goto(path)
    page.get_by_text(number).first.wait_for()
    settled(page)
    assert page.locator('[data-testid="stMetric"]').count() >= 3
    assert page.evaluate(CUT) == []


def test_compared_curves_have_their_room_in_a_narrow_window(page, settled):
    store = Store()
    small = {"epochs": 1, "filters": 2, "depth": 1, "batch_size": 1000, "device": "cpu"}
    runs = [train_here(store, store.create(RunSpec("tf_binding", settings=small)).id) for _ in range(2)]
    page.set_viewport_size({"width": 800, "height": 1000})
    page.goto(f"runs?runs={','.join(run.id for run in runs)}")
    charts = page.locator(".dc-chart")
    expect(charts).to_have_count(3)
    settled(page)
    assert min(charts.nth(number).bounding_box()["width"] for number in range(3)) > 400


@pytest.mark.looks
def test_the_site_that_a_filter_likes_is_in_view_in_a_narrow_window(page, settled):
    page.set_viewport_size({"width": 800, "height": 1000})
    page.goto("filters?experiment=tf_binding&run=tf_binding_synthetic")
    page.locator(".sequences .row").nth(19).wait_for()
    settled(page)
    seen = page.locator(".sequences .row").evaluate_all(
        """(rows) => rows.map((row) => {
          const frame = row.querySelector(".body").getBoundingClientRect();
          return [...row.querySelectorAll(".marked")].every((letter) => {
            const box = letter.getBoundingClientRect();
            return box.left >= frame.left - 1 && box.right <= frame.right + 1;
          });
        })"""
    )
    assert seen == [True] * 20
    wide = page.locator(".sequences .body").evaluate_all(
        "(all) => all.filter((b) => b.scrollWidth > b.clientWidth).length"
    )
    assert wide == 20  # whole, they would not fit


@pytest.mark.looks
def test_the_covariates_of_an_example_come_with_it(page, settled):
    page.goto("saliency?experiment=chromatin&run=chromatin_jund")
    settled(page)
    page.get_by_role("button", name="AP-1 site, closed").click()
    expect(page).to_have_url(re.compile("beside_accessibility=0.001"))
    main = page.locator('[data-testid="stMain"]')
    main.get_by_text(re.compile("^Prediction 0.1")).wait_for()
    settled(page)
    main.get_by_role("link", name="Predict").click()
    page.wait_for_url("**/predict**")
    expect(page.get_by_role("spinbutton", name="Accessibility")).to_have_value("0.0010")
    settled(page)
    page.go_back()
    main.get_by_text(re.compile("^Prediction 0.1")).wait_for()


@pytest.mark.looks
def test_edits_survive_a_refresh_and_go_with_back(page, settled):
    page.goto("saliency?experiment=tf_binding&run=tf_binding_synthetic")
    settled(page)
    for position in (50, 60):
        sequence = parse_qs(urlparse(page.url).query)["sequence"][0]
        row = "ACGT".index("C" if sequence[position] != "C" else "G")
        area = page.get_by_role("img", name="Every substitution").bounding_box()
        at = (area["x"] + area["width"] * (position + 0.5) / 101, area["y"] + area["height"] * (row + 0.5) / 4)
        page.mouse.click(*at)
        expect(page).to_have_url(re.compile(rf"edits=.*[ACGT]{position + 1}[CG](&|$)"))
        settled(page)
    undo = page.get_by_role("button", name="Undo")
    expect(undo).to_have_count(1)
    expect(page.get_by_role("button", name="Back to before")).to_have_count(1)
    page.reload()
    expect(page.get_by_role("button", name="Back to before")).to_have_count(1)
    settled(page)
    page.go_back()
    expect(page.get_by_role("button", name="Back to before")).to_have_count(0)
    expect(undo).to_have_count(1)


@pytest.mark.looks
def test_what_is_taken_off_the_page_is_not_drawn_again(page, settled):
    page.goto("predict?experiment=tf_binding&run=tf_binding_synthetic")
    page.locator(".network").wait_for()
    settled(page)
    page.locator(".network").evaluate("node => node.getRootNode().host.remove()")  # its width is 0 now
    page.wait_for_timeout(500)  # a script error fails the test at its end


@pytest.mark.looks
def test_a_filter_and_its_sequences_are_chosen_with_the_keyboard(page, settled):
    page.goto("filters?experiment=tf_binding&run=tf_binding_synthetic")
    second = page.locator(".logos .clickable").nth(1)
    second.wait_for()
    settled(page)
    second.focus()
    page.keyboard.press("Enter")
    expect(second).to_have_class(re.compile("selected"))
    settled(page)
    expect(second).to_be_focused()
    first = page.locator(".sequences .clickable").first
    settled(page)
    first.focus()
    page.keyboard.press(" ")
    page.wait_for_url("**/saliency**")
