"""The first ten minutes: a network finds TGACTCA before one's eyes, and settings are not lost."""

from __future__ import annotations

import re

import pytest

expect = pytest.importorskip("playwright.sync_api", reason="the playwright package is not installed").expect
pytestmark = [pytest.mark.browser, pytest.mark.slow]

# Where the last of these ends, from the top of the window.
BOTTOM = """(selector) =>
  Math.max(...[...document.querySelectorAll(selector)].map((node) => node.getBoundingClientRect().bottom))"""
# Whether the tiles of the second row, or of the only one, end above the window's lower edge.
SEEN = """() => {
  const deep = (node) => [...node.querySelectorAll('*')].flatMap(n => [n, ...(n.shadowRoot ? deep(n.shadowRoot) : [])]);
  const figures = deep(document).filter(n => n.matches('.logos figure')).map(n => n.getBoundingClientRect());
  const tops = [...new Set(figures.map(box => Math.round(box.top)))].sort((a, b) => a - b);
  const row = figures.filter(box => Math.round(box.top) === tops[Math.min(1, tops.length - 1)]);
  return row.length > 0 && row.every(box => box.bottom <= 900);
}"""


def test_from_the_first_screen_to_a_filter_that_is_named_while_it_learns(page):
    page.set_viewport_size({"width": 1440, "height": 900})
    page.goto("")
    expect(page.locator(".film svg path").first).to_be_visible()
    page.get_by_role("button", name="Watch a network find TGACTCA").click()
    page.wait_for_url(re.compile("run=tf-binding-"))
    page.get_by_role("heading", name="Train", level=1).wait_for()
    expect(page.get_by_role("button", name="Start training")).to_have_count(0)
    named = page.locator(".logos figcaption").filter(has_text="TGACTCA")
    named.first.wait_for()
    expect(page.get_by_text(re.compile(r"First-layer filters after epoch \d+"))).to_be_visible()
    page.wait_for_function(SEEN)  # two rows of filters, and all above them, without scrolling
    page.locator(".dc-chart .main-svg").first.wait_for()
    page.wait_for_function(f"({BOTTOM})('.dc-chart') < 900")
    page.set_viewport_size({"width": 800, "height": 900})
    page.wait_for_function(f"document.querySelector('.dc-chart').offsetWidth < 800 && ({BOTTOM})('.dc-chart') < 900")
    page.set_viewport_size({"width": 1440, "height": 900})
    expect(page.get_by_role("link", name="Evaluate").last).to_be_visible()  # before the baselines are there, or after


@pytest.mark.looks
def test_settings_are_kept_over_other_pages_back_and_a_refresh(page, settled):
    dropout = page.locator('.st-key-dropout [data-testid="stSliderThumbValue"]')
    preset = page.locator('.st-key-preset [aria-checked="true"], .st-key-preset button[kind="segmented_controlActive"]')

    def shown() -> tuple[str, str, str]:
        settled(page)
        return preset.inner_text(), dropout.inner_text(), page.url.split("?")[1]

    page.goto("train?experiment=tf_binding")
    dropout.wait_for()
    assert shown() == ("quick", "0.50", "experiment=tf_binding")
    page.get_by_role("radio", name="book").or_(page.get_by_role("button", name="book")).first.click()
    settled(page)
    for _ in range(2):
        page.locator(".st-key-dropout input").first.focus()
        page.keyboard.press("ArrowLeft")
        settled(page)
    kept = ("book", "0.40", "experiment=tf_binding&preset=book&dropout=0.4")
    assert shown() == kept
    page.get_by_test_id("stSidebarNavLink").filter(has_text="Evaluate").click()
    page.get_by_role("heading", name="Evaluate", level=1).wait_for()
    settled(page)
    page.go_back()
    page.get_by_role("heading", name="Train", level=1).wait_for()
    assert shown() == kept
    page.reload()
    dropout.wait_for()
    assert shown() == kept
    page.get_by_test_id("stSidebarNavLink").filter(has_text="Runs").click()
    page.get_by_role("heading", name="Runs", level=1).wait_for()
    page.get_by_test_id("stSidebarNavLink").filter(has_text="Train").click()  # drops what the address says
    page.get_by_role("heading", name="Train", level=1).wait_for()
    assert shown() == kept
