"""Step through: from the entrypoint, with the network's own numbers, and what an edit in the address changes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from dnaconv_core.model.bundle import load_bundle
from dnaconv_core.predict import predict
from dnaconv_core.sequence.encoding import one_hot

PRETRAINED = Path(__file__).parents[2] / "pretrained"


def test_the_numbers_are_those_of_the_model_and_an_edit_is_set_beside_them(dashboard, monkeypatch):
    import components.step as component

    told: list[dict] = []
    monkeypatch.setattr(component, "_step", lambda data, **_: told.append(data))
    link = {"sequence": "CCUAAGAUAAUUCUGCGCCUG", "edits": "A1C,G2C"}
    at = dashboard("step_through", experiment="rnai", run="rnai_huesken", **link)
    assert at.title[0].value == "Step through" and not at.exception and not at.error
    data, model = told[-1], load_bundle(PRETRAINED / "rnai_huesken").model
    assert (data["sequence"], data["original"], data["edits"]) == (
        "CCUAAGAUAAUUCUGCGCCUG", "AGUAAGAUAAUUCUGCGCCUG", ["A1C", "G2C"],
    )  # fmt: skip
    for numbers, sequence in ((json.loads(data[k]), data[of]) for k, of in (("now", "sequence"), ("was", "original"))):
        assert numbers["predictions"] == pytest.approx(predict(model, one_hot(sequence, "RNA"))[0], abs=1e-5)
    assert data["bases"] == "ACGU" and json.loads(data["net"])["layers"][0]["of"] == 320


def test_it_says_what_is_wrong_with_a_sequence(dashboard):
    at = dashboard("step_through", experiment="tf_binding", run="tf_binding_synthetic", sequence="ACXGT")
    assert "'X' at position 3" in at.error[0].value and not at.exception
