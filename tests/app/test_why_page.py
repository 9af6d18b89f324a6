"""Why Conv1D?: the address says which reason is shown, by a key that stays."""

from __future__ import annotations

import threading
import time

import pytest
import streamlit as st

from dnaconv_core.why.claims import CLAIMS, Found


@pytest.fixture(autouse=True)
def without_training(monkeypatch):
    st.cache_resource.clear()  # what other tests have trained
    found = Found(
        "bars", "network", "ROC-AUC", ("one", "other"), {"ROC-AUC": (0.9, 0.5)}, "It does.", True, 0.5, "For a reason."
    )
    for name, claim in CLAIMS.items():
        monkeypatch.setitem(CLAIMS, name, claim._replace(run=lambda seed: found))
    yield
    st.cache_resource.clear()


def opened(dashboard, **query: str):
    at = dashboard()
    for name, value in query.items():
        at.query_params[name] = value
    return at.switch_page("learn/why.py").run()


def shown(at) -> str:
    """The key of the claim on the page."""
    return next(name for name, claim in CLAIMS.items() if claim.claim == at.subheader[0].value)


@pytest.mark.parametrize("name", CLAIMS)
def test_the_address_chooses_the_reason(dashboard, name):
    at = opened(dashboard, reason=name)
    assert not at.exception and not at.warning
    assert shown(at) == name and at.query_params["reason"] == name
    assert at.success[0].value == "The result supports the claim. For a reason." and "It does." in [
        each.value for each in at.caption
    ]
    table = at.dataframe[0].value
    assert list(table["network"]) == ["one", "other"] and list(table["ROC-AUC"]) == [0.9, 0.5]


@pytest.mark.slow
def test_a_reason_that_is_not_there_is_said(dashboard):
    at = opened(dashboard, reason="entropy")
    assert shown(at) == "position"
    assert [warning.value for warning in at.warning] == ["There is no reason 'entropy': this is Position invariance."]


@pytest.mark.slow
def test_choosing_a_reason_changes_the_address_and_a_visit_elsewhere_keeps_it(dashboard):
    at = opened(dashboard)
    assert shown(at) == "position" and "reason" not in at.query_params
    at.button_group(key="_reason").set_value("depth").run()
    assert shown(at) == "depth" and at.query_params["reason"] == "depth"
    at.query_params.clear()  # as a link in the navigation does
    at.switch_page("learn/train.py").run()
    at.query_params.clear()
    at.switch_page("learn/why.py").run()
    assert shown(at) == "depth"


@pytest.mark.parametrize("kind, lowest, start", [("bars", 0.9, 0), ("lines", 0.9, 0.4), ("lines", 0.3, 0.26)])
def test_bars_begin_at_zero_and_lines_below_the_lowest_value(dashboard, monkeypatch, kind, lowest, start):
    found = Found(kind, "network", "ROC-AUC", ("one", "other"), {"ROC-AUC": (0.95, lowest)}, "It does.", True, 0.5)
    monkeypatch.setitem(CLAIMS, "position", CLAIMS["position"]._replace(run=lambda seed: found))
    drawn = []
    monkeypatch.setattr("components.chart.chart", lambda figure, **_: drawn.append(figure))
    assert not opened(dashboard, reason="position").exception
    assert drawn[-1]["layout"]["yaxis"]["range"] == pytest.approx([start, 1.04])


def test_the_networks_are_trained_beside_the_page_one_reason_at_a_time(dashboard, monkeypatch):
    free, at_once, most = threading.Event(), [], []

    def slow(seed):
        at_once.append(seed)
        most.append(len(at_once))
        free.wait(60)
        at_once.pop()
        return Found("bars", "network", "ROC-AUC", ("one",), {"ROC-AUC": (0.9,)}, "It does.", True, 0.5)

    for name, claim in CLAIMS.items():
        monkeypatch.setitem(CLAIMS, name, claim._replace(run=slow))
    try:
        first, second = opened(dashboard, reason="depth"), opened(dashboard, reason="loss")
        for at in (first, second):  # drawn, with a way to stop it, while no network is ready
            assert not at.exception and not at.success
            assert [button.label for button in at.button if button.key and button.key.startswith("why")] == ["Stop"]
    finally:
        free.set()
    for at in (first, second):
        until = time.monotonic() + 30
        while not at.run().success and time.monotonic() < until:
            time.sleep(0.05)
        assert at.success[0].value.startswith("The result supports the claim.")
    assert most == [1, 1]
