"""The page of reasons in a real browser: its address, its links, and the way back."""

from __future__ import annotations

import re

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.looks]


# Keeps at each change of the page whether it tells of the training, and whether it has the link of a result.
WATCH = """() => {
  window.seen = [];
  const look = () => {
    const text = document.querySelector('[data-testid="stMain"]')?.textContent ?? '';
    seen.push([text.includes('Training the small networks'), text.includes('Train this at full size')]);
  };
  new MutationObserver(look).observe(document.body, {subtree: true, childList: true, characterData: true});
}"""


def test_back_from_train_shows_the_reason_one_came_from(page, settled):
    page.goto("why?reason=outside")
    page.get_by_text("A small raw number is ignored").wait_for()
    settled(page)
    page.get_by_role("radio", name="The loss fits the task").click()
    page.get_by_text("cross-entropy corrects it most").wait_for()
    page.wait_for_url(re.compile("reason=loss"))
    settled(page)
    page.get_by_role("link", name="Train this at full size").click()
    page.get_by_role("heading", name="Train", level=1).wait_for()
    page.wait_for_url(re.compile("train.*loss="))
    settled(page)
    page.go_back()
    for _ in range(3):  # past what Train itself wrote into the address
        settled(page)
        if page.get_by_role("heading", name="Why Conv1D?", level=1).count():
            break
        page.go_back()
    page.get_by_text("cross-entropy corrects it most").wait_for()
    settled(page)
    assert "reason=loss" in page.url
    page.get_by_test_id("stSidebarNavLink").filter(has_text="Train").click()  # drops what the address says
    page.get_by_role("heading", name="Train", level=1).wait_for()
    settled(page)
    page.get_by_test_id("stSidebarNavLink").filter(has_text="Why Conv1D?").click()
    page.get_by_role("heading", name="Why Conv1D?", level=1).wait_for()
    page.get_by_text("cross-entropy corrects it most").wait_for()


def test_what_another_draw_has_shown_is_gone_while_the_networks_train(page, settled):
    page.goto("why?reason=locality")
    link = page.get_by_role("link", name="Train this at full size")
    link.wait_for()
    settled(page)
    page.evaluate(WATCH)
    page.get_by_role("button", name="Other random numbers").click()
    page.get_by_text("Random numbers 2, trained in").wait_for()
    link.wait_for()
    assert page.evaluate("[seen.some((both) => both[0]), seen.at(-1)]") == [True, [False, True]]
    assert page.evaluate("seen.findLast((both) => both[0])") == [True, False]  # once it is drawn, the other's is gone
