"""A page for looking only: models that ship can be used, what would store something rests and says why."""

from __future__ import annotations

import pytest

PAGES = ("your_data", "experiments", "train", "runs", "evaluate", "filters", "saliency", "predict", "scan", "variants")


@pytest.fixture
def closed(monkeypatch, home):
    monkeypatch.setenv("DNACONV_READONLY", "1")
    return home


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES)
def test_every_page_opens_and_keeps_nothing(dashboard, closed, page):
    at = dashboard(page)
    assert not at.exception and not at.error
    assert any("For looking only" in caption.value for caption in at.sidebar.caption)
    assert not closed.exists()


def test_a_training_cannot_be_started(dashboard, closed):
    at = dashboard("train", experiment="rnai")
    start = next(button for button in at.button if button.label == "Start training")
    assert start.disabled and r"DNACONV\_READONLY is set" in start.help  # as text: an underscore is no emphasis
    assert not closed.exists()


@pytest.mark.parametrize("query", [{"data": "/etc/passwd"}, {"covariates": "/etc/passwd"}])
def test_no_file_of_the_machine_is_opened_by_a_link(dashboard, closed, query):
    at = dashboard("experiments", experiment="chromatin", **query)
    assert "opens no file of its machine by a path" in " ".join(error.value for error in at.error)
