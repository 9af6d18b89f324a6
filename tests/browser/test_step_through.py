"""From a prediction to its arithmetic: the filter slides, its sum is the core's, a base is changed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from dnaconv_core.engine.stepping import products, step_through
from dnaconv_core.model.bundle import load_bundle
from dnaconv_core.predict import predict
from dnaconv_core.sequence.encoding import one_hot

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.looks]
MODEL = Path(__file__).parents[2] / "pretrained" / "tf_binding_synthetic"
SEQUENCE = "GATTACA" * 6 + "GATGACTCATC" + "TTGACCA" * 6 + "ACGTAC"


def value(page, name: str) -> float:
    return float(page.locator(f".dc.step .{name}").first.get_attribute("data-value"))


def test_from_a_prediction_to_its_arithmetic(page, settled):
    page.goto(f"predict?experiment=tf_binding&run=tf_binding_synthetic&sequence={SEQUENCE}")
    page.get_by_test_id("stPageLink").filter(has_text="Step through").click()
    page.get_by_role("slider", name="Position of the filter").wait_for()
    settled(page)
    assert f"sequence={SEQUENCE}" in page.url
    model = load_bundle(MODEL).model
    slider = page.get_by_role("slider", name="Position of the filter")
    layer = step_through(model, one_hot(SEQUENCE)[0]).layers[0]

    def unit() -> tuple[int, int]:
        return int(re.search(r"filter (\d+)", slider.get_attribute("aria-valuetext"))[1]) - 1, position()

    def position() -> int:
        return int(slider.get_attribute("aria-valuenow")) - 1

    begun = position()
    slider.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    number, at = unit()
    assert at == begun + 1
    for moved in (0, -20):  # by keys, then by the mouse
        box = slider.bounding_box()
        if moved:
            page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 25)  # the sequence
            page.mouse.down()
            page.mouse.move(box["x"] + box["width"] / 2 + moved, box["y"] + 25, steps=3)
            page.mouse.up()
            assert position() != at
        number, at = unit()
        unit_sum = products(layer, number, at)
        assert value(page, "sum") == pytest.approx(unit_sum.total, abs=1e-4)
        assert value(page, "bias") == pytest.approx(unit_sum.bias, abs=1e-5)
        assert value(page, "before") == pytest.approx(layer.before[0, number, at], abs=1e-5)

    letter = page.get_by_role("button", name=re.compile(r"base \d+: change it")).nth(4)
    base = int(re.search(r"base (\d+)", letter.get_attribute("aria-label"))[1]) - 1
    letter.click()
    other = next(letter for letter in "ACGT" if letter != SEQUENCE[base])
    page.get_by_role("group", name=f"Change base {base + 1}").get_by_role("button", name=other).click()
    page.get_by_role("button", name="Undo").wait_for()
    settled(page)
    changed = SEQUENCE[:base] + other + SEQUENCE[base + 1 :]
    assert f"edits={SEQUENCE[base]}{base + 1}{other}" in page.url and f"sequence={changed}" in page.url
    assert value(page, "said .num") == pytest.approx(float(predict(model, one_hot(changed))[0, 0]), abs=1e-5)
    assert page.locator(".dc.step .letter.changed").count() == 1 and page.locator(".dc.step .sum.changed").count() == 1
