"""The challenge on the page: the address says what is played, answers are scored, and hints cost points."""

from __future__ import annotations

import pytest

from dnaconv_core.why import hidden, play
from dnaconv_core.why.hidden import hide


@pytest.fixture
def few(monkeypatch):
    monkeypatch.setattr(hidden, "SIZES", {"train": 120, "valid": 40, "test": 40})


@pytest.mark.slow
def test_from_the_address_to_points_with_a_hint(dashboard, home, few, settled):
    at = settled(dashboard("why", reason="challenge", level="2", number="17"))
    assert not at.exception and at.subheader[0].value == "Level 2: Strand"
    assert at.number_input(key="_number").value == 17
    press = next(button for button in at.button if button.label == "Get the data")
    at = settled(press.click().run()).run()
    assert not at.exception and play.made(2, 17) is not None
    truth = hide(2, 17).truth
    shown = " ".join([*(one.value for one in at.markdown), *(one.value for one in at.caption)])
    assert truth["motif"] not in shown
    at = next(button for button in at.button if button.label.startswith("Hint 1")).click().run()
    assert at.info[0].value == "The motif has 8 letters."
    at.text_input(key="answer_2_17_motif").set_value(truth["motif"][1:])
    at.radio(key="answer_2_17_strand").set_value(truth["strand"])
    at = next(button for button in at.button if button.label == "Check my answers").click().run()
    assert not at.exception
    # 7 of 8 letters have all points; the hint costs 15
    assert any(one.value == "#### 85 of 100 points (15 taken off for hints)" for one in at.markdown)
    assert at.dataframe[-1].value["right answer"].iloc[0] == truth["motif"]
    at = next(button for button in at.button if button.label == "Next level").click().run()
    assert at.query_params["level"] == "3" and at.query_params["number"] == "17"
    assert any(one.value == "**85 points** in 1 of 5 levels" for one in at.markdown)


@pytest.mark.slow
def test_letters_that_are_none_are_said_and_an_odd_address_is_mended(dashboard, home, few, settled):
    play.make(1, 3)
    at = settled(dashboard("why", reason="challenge", level="x", number="3"))
    assert at.subheader[0].value == "Level 1: Hidden motif"
    at.text_input(key="answer_1_3_motif").set_value("TG!")
    at = next(button for button in at.button if button.label == "Check my answers").click().run()
    assert "has '!' at position 3" in at.error[0].value
    at = at.text_input(key="_letters").set_value("A").run()
    assert list(at.dataframe[0].value["examples"]) == [60, 60, 20, 20, 20, 20]
