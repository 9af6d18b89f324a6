"""A link that names settings fills the form of the Train page with them, whatever stood there before."""

from __future__ import annotations

import dataclasses

import pytest

from dnaconv_core.errors import ConfigError
from dnaconv_core.evaluate.metrics import check_pairing
from dnaconv_core.experiments import EXPERIMENTS
from dnaconv_core.model.config import ModelConfig, TrainConfig
from dnaconv_core.why.claims import CLAIMS


def settings_of(at) -> dict:
    """What the form holds, by the name of the setting."""
    names = {spec.name for config in (ModelConfig, TrainConfig) for spec in dataclasses.fields(config)}
    return {name: at.session_state[name] for name in names if name in at.session_state}


def follow(at, **query: str):
    """As a click on a link to the Train page does: its address has these parameters and no others."""
    at.query_params.clear()
    for name, value in query.items():
        at.query_params[name] = value
    return at.switch_page("learn/train.py").run()


@pytest.mark.slow
@pytest.mark.parametrize("name", CLAIMS)
def test_a_reason_opens_its_whole_network_over_an_edited_form(dashboard, name):
    claim = CLAIMS[name]
    at = dashboard("train", depth="5", filters="33", strands="both", learning_rate="0.5")
    assert settings_of(at)["filters"] == 33
    at.switch_page("learn/why.py")
    at.query_params["reason"] = "loss"  # the quickest
    at.run()
    query = {"experiment": claim.experiment} | {key: str(value) for key, value in claim.settings.items()}
    at = follow(at, **query)
    assert not at.exception and not at.error
    preset = claim.settings["preset"]
    changed = {key: value for key, value in claim.settings.items() if key != "preset"}
    experiment = EXPERIMENTS[claim.experiment]
    model, train = changed.keys() & vars(experiment.model_config(preset)).keys(), vars(experiment.train_config(preset))
    wanted = experiment.model_config(preset, **{key: changed[key] for key in model}).to_json()
    wanted |= experiment.train_config(preset, **{key: changed[key] for key in changed.keys() & train.keys()}).to_json()
    held = settings_of(at)
    assert held.keys() >= changed.keys()
    assert held == {key: wanted[key] for key in held}


def test_the_clone_of_a_run_keeps_its_switches(dashboard):
    at = follow(dashboard("runs"), experiment="tf_binding", preset="book", balance="True", positional="true")
    assert settings_of(at)["balance"] is True and settings_of(at)["positional"] is True


def test_a_loss_that_does_not_fit_cannot_start_and_says_so_beside_the_button(dashboard):
    at = follow(dashboard("runs"), experiment="tf_binding", preset="quick", loss="l2")
    with pytest.raises(ConfigError) as refused:
        check_pairing("binary", "l2")
    red = [element.value for element in at.markdown if element.value == f":red[{refused.value}]"]
    assert len(red) == 2  # under the field, and where the button is
    assert next(button for button in at.button if button.label == "Start training").disabled
    at.segmented_control(key="loss").set_value("auto").run()
    assert not next(button for button in at.button if button.label == "Start training").disabled
