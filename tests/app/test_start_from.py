"""The Train page starts a run from a trained model, in the shape of that one, frozen or not."""

from __future__ import annotations

import pytest

from dnaconv_core.experiments import get_experiment
from dnaconv_core.model.bundle import read_config
from dnaconv_core.runs.models import PRETRAINED
from dnaconv_core.runs.store import Store

SOURCE = "tf_binding_synthetic"


@pytest.fixture(autouse=True)
def nobody_trains(monkeypatch):
    monkeypatch.setattr("dnaconv_core.runs.queue.ensure_workers", lambda *_: 0)


def start_button(at):
    return next(button for button in at.button if button.label == "Start training")


@pytest.mark.slow
def test_a_chosen_model_gives_the_network_its_shape_and_the_run_its_start(dashboard):
    at = dashboard("train", experiment="tf_binding", preset="quick", kernel_size="7")
    choice = at.selectbox(key="start")
    assert choice.options[0] == "Random weights" and choice.value == ""
    assert any(option.endswith(SOURCE) for option in choice.options)
    assert not any("rnai" in option for option in choice.options)  # it reads RNA
    source = read_config(PRETRAINED / SOURCE)
    at = choice.set_value(SOURCE).run()
    assert not at.exception and not at.error
    held = {name: at.session_state[name] for name in ("depth", "filters", "kernel_size", "pooling")}
    assert held == {name: getattr(source, name) for name in held}
    assert at.query_params["start"] == SOURCE and "begin" not in at.session_state
    at = at.toggle(key="freeze_filters").set_value(True).run()
    start_button(at).click().run()
    (run,) = Store().list()
    assert (run.spec.start, run.spec.settings["freeze_filters"]) == (SOURCE, True)
    network = get_experiment("tf_binding").model_config("quick", **run.spec.settings)
    assert network.replace(length=101) == source


@pytest.mark.slow
def test_filters_that_do_not_fit_or_cannot_be_frozen_turn_red(dashboard):
    at = dashboard("train", experiment="tf_binding", preset="quick", start=SOURCE)
    at = at.slider(key="kernel_size").set_value(12).run()
    words = f"kernel\\_size is 12 but {SOURCE}".replace("_", "\\_").replace("\\\\", "\\")
    assert any(element.value.startswith(f":red[{words}") for element in at.markdown)
    assert start_button(at).disabled
    at = at.slider(key="kernel_size").set_value(10).run()
    assert not start_button(at).disabled
    at = at.selectbox(key="start").set_value("").run()
    at = at.toggle(key="freeze_filters").set_value(True).run()
    assert start_button(at).disabled
    assert any("the filters begin random" in element.value for element in at.markdown)
    at = at.segmented_control(key="begin").set_value("jaspar").run()
    assert not start_button(at).disabled


@pytest.mark.slow
def test_a_link_decides_where_it_starts_and_a_lost_model_is_told(dashboard):
    at = dashboard("train", experiment="tf_binding", preset="quick", start=SOURCE)
    assert at.selectbox(key="start").value == SOURCE
    at = at.switch_page("learn/runs.py").run()
    at.query_params.clear()
    for name, value in {"experiment": "tf_binding", "preset": "quick", "filters": "9"}.items():
        at.query_params[name] = value  # a clone of a run that started random
    at = at.switch_page("learn/train.py").run()
    assert at.selectbox(key="start").value == "" and at.session_state["filters"] == 9
    at = dashboard("train", experiment="rnai", start=SOURCE)
    assert at.selectbox(key="start").value == ""
    assert any("There is no RNA model" in caption.value for caption in at.caption)
