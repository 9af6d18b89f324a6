"""A click on a curve sets the threshold: the ring on both curves and the table of calls follow it."""

from __future__ import annotations

import re

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.looks]

# Where the model's own line is on the screen, a third of its points along, and the threshold there.
POINT = """(number) => {
  const chart = document.querySelectorAll('.dc-chart')[number], at = chart.getBoundingClientRect();
  const line = chart.data.find((trace) => (trace.name ?? '').startsWith('this model'));
  const i = Math.floor(line.x.length / 3), {xaxis, yaxis} = chart._fullLayout;
  return {x: at.x + xaxis._offset + xaxis.l2p(line.x[i]), y: at.y + yaxis._offset + yaxis.l2p(line.y[i]),
          threshold: line.customdata[i], at: [line.x[i], line.y[i]]};
}"""
RING = """(number) => {
  const ring = document.querySelectorAll('.dc-chart')[number].data.find((trace) => trace.name === 'the threshold');
  return [ring.x[0], ring.y[0]];
}"""


def test_a_click_on_the_curve_sets_the_threshold(page, settled):
    page.goto("evaluate?experiment=tf_binding")
    page.get_by_text("ROC curve").first.wait_for()
    settled(page)
    table = page.get_by_test_id("stMarkdownContainer").filter(has=page.locator("table")).first
    before, other = table.inner_text(), page.evaluate(RING, 1)
    point = page.evaluate(POINT, 0)
    page.mouse.move(point["x"], point["y"])
    page.mouse.click(point["x"], point["y"])
    page.wait_for_url(re.compile("threshold="))
    settled(page)
    asked = float(re.search(r"threshold=([\d.]+)", page.url).group(1))
    assert asked == pytest.approx(point["threshold"], abs=0.02)  # the mouse may meet a neighbouring point
    assert page.evaluate(RING, 0) == pytest.approx(point["at"], abs=0.02)
    assert page.evaluate(RING, 1) != other and table.inner_text() != before
