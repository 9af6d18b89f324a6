"""Models with several outputs on every page: one chooses the class or label, and sees which one is shown."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.usefixtures("several")
PAGES = ("evaluate", "filters", "motifs", "saliency", "predict", "scan", "variants")


def chooser(at):
    return at.selectbox(key="_output")


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize(
    ("key", "output", "number", "kind"), [("kinds", "*sp1*", 1, "class"), ("two", "sp1", 1, "label")]
)
def test_a_page_shows_the_output_of_the_address(dashboard, settled, page, key, output, number, kind):
    at = settled(dashboard(page, experiment=key, output=output))
    assert not at.exception and not at.error, [e.value for e in at.error]
    assert chooser(at).label == f"Shown: {kind}"
    assert chooser(at).value == number
