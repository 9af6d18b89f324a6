"""What only a browser shows of the pages about interpretation."""

from __future__ import annotations

import re

import pytest

expect = pytest.importorskip("playwright.sync_api").expect

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def test_the_prediction_follows_the_moved_motif_without_the_server(page, settled):
    page.goto("motifs?experiment=tf_binding&run=tf_binding_jund&view=Bench&motif=TGACTCA")
    slider = page.get_by_label("First base of the motif")
    slider.wait_for()
    settled(page)
    line, letters = page.locator(".moving .line"), page.locator(".moving .letters")
    assert "from base 48" in line.inner_text().replace("\n", " ")
    said = page.locator(".moving .value")
    before, messages = said.inner_text(), []
    page.context.set_offline(True)  # whatever happens now, the server has no part in it
    slider.focus()
    for _ in range(47):
        page.keyboard.press("ArrowLeft")
        messages.append(said.inner_text())
    expect(line).to_contain_text(re.compile(r"from base 1\s*prediction"))  # it is drawn in the next frame
    assert letters.inner_text().startswith("TGACTCA") and len(letters.inner_text()) == 101
    assert len({*messages, before}) > 10 and all(re.fullmatch(r"0\.\d{3}", text) for text in messages)
    page.context.set_offline(False)
