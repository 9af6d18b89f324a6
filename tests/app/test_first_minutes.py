"""The first screen, the tour, and a Train page that is of one thing: a run that is watched, or the next one's form."""

from __future__ import annotations

import pytest

from dnaconv_core.runs.spec import RunSpec
from dnaconv_core.runs.store import Store


@pytest.fixture(autouse=True)
def nobody_trains(monkeypatch):
    monkeypatch.setattr("dnaconv_core.runs.queue.ensure_workers", lambda *_: 0)
    monkeypatch.setattr("dnaconv_core.runs.pace.seconds_tried", lambda *_: 12.0)


def button(at, label: str):
    return next(each for each in at.button if each.label == label)


def address(at, name: str) -> str:
    value = at.query_params.get(name, "")
    return value if isinstance(value, str) else value[0]


def test_one_button_starts_a_quick_run_and_goes_to_its_live_view(dashboard):
    at = button(dashboard(), "Watch a network find TGACTCA").click().run()
    assert not at.exception and not at.error and at.title[0].value == "Train"
    (run,) = Store().list()
    assert (run.spec.experiment, run.spec.data, run.spec.preset) == ("tf_binding", "synthetic", "quick")
    assert address(at, "run") == run.id and run.name == "find TGACTCA"
    assert "Start training" not in [each.label for each in at.button]  # the page is the run's


@pytest.mark.slow
def test_the_tour_has_five_steps_and_ends_for_good(dashboard):
    at = dashboard()
    assert "End the tour" not in [each.label for each in at.button]  # it does not begin by itself
    at = button(at, "Take the tour").click().run()
    titles = [at.title[0].value]
    for _ in range(4):
        at = button(at, "Next").click().run()
        assert not at.exception
        titles.append(at.title[0].value)
    assert titles == ["Experiments", "Filters", "Saliency", "Evaluate", "Predict"]
    assert any("5 of 5" in each.value for each in at.markdown) and address(at, "run") == "tf_binding_synthetic"
    at = button(at, "End the tour").click().run()
    at = at.switch_page("learn/experiments.py").run()
    assert "End the tour" not in [each.label for each in at.button]


def test_a_run_that_is_watched_has_the_page_and_its_settings_can_be_copied(dashboard):
    store = Store()
    run = store.create(RunSpec("tf_binding", preset="book", settings={"depth": 1, "dropout": 0.4}), name="mine")
    at = dashboard("train", experiment="tf_binding", depth="5", filters="33")
    assert at.slider(key="depth").value == 5
    at.query_params["run"] = run.id
    at = at.run()
    assert not at.exception and "depth" not in [each.key for each in at.slider]
    at = button(at, "Change and train again").click().run()
    assert not at.exception and not at.error
    assert (at.slider(key="depth").value, at.slider(key="dropout").value) == (1, 0.4)
    assert at.select_slider(key="filters").value == 15 and at.segmented_control(key="preset").value == "book"
    assert address(at, "run") == "" and (address(at, "depth"), address(at, "preset")) == ("1", "book")


@pytest.mark.slow
def test_the_form_opens_on_the_quick_preset_and_keeps_what_is_chosen(dashboard):
    at = dashboard("train", experiment="tf_binding")
    assert at.segmented_control(key="preset").value == "quick" and at.number_input(key="epochs").value == 20
    at = at.segmented_control(key="preset").set_value("tuned").run()
    at = at.slider(key="dropout").set_value(0.4).run()
    at = at.switch_page("judge/evaluate.py").run()
    at.query_params.clear()  # as a link of the navigation does
    at = at.switch_page("learn/train.py").run()
    assert (at.segmented_control(key="preset").value, at.slider(key="dropout").value) == ("tuned", 0.4)
    assert (address(at, "preset"), address(at, "dropout")) == ("tuned", "0.4")


def test_the_number_of_filters_is_fine_at_its_small_end_and_holds_what_a_link_says(dashboard):
    at = dashboard("train", experiment="tf_binding", filters="33")
    slider = at.select_slider(key="filters")
    assert slider.value == 33 and slider.options[:17] == [*map(str, range(1, 17)), "20"]
    assert slider.options[17:] == [
        "24", "28", "32", "33", "40", "48", "56", "64", "80", "96", "112", "128", "160", "192", "224", "256",
    ]  # fmt: skip


def test_a_waiting_run_says_behind_which_it_waits(dashboard):
    store = Store()
    store.create(RunSpec("rnai"), name="the first", waiting=True)
    second = store.create(RunSpec("rnai"), name="the second", waiting=True)
    at = dashboard("train", experiment="rnai", run=second.id)
    assert "waits for the first" in [each.value for each in at.caption]
    assert "**waiting** → loading → training → intervals → baselines" in [each.value for each in at.caption]
    at = button(at, "Stop").click().run()
    assert "Nothing was kept: it stopped before its first evaluation." in [each.value for each in at.caption]
