"""Several values for a setting on Train, and the sweep that they make on Runs."""

from __future__ import annotations

import pytest

from dnaconv_core.runs import queue
from dnaconv_core.runs.spec import RunSpec
from dnaconv_core.runs.store import Store
from dnaconv_core.runs.sweep import expected_seconds, sweep, varied
from dnaconv_core.runs.worker import train_here

SMALL = {"epochs": 2, "eval_every": 1, "filters": 4, "depth": 1, "batch_size": 500, "device": "cpu"}


@pytest.fixture(autouse=True)
def no_workers(monkeypatch):
    """What waits goes on waiting."""
    monkeypatch.setattr(queue, "_spawn", lambda store, slot, held: None)


def texts(at) -> str:
    return "\n".join([*(m.value for m in at.markdown), *(c.value for c in at.caption)]).replace("\\", "")


def chips(at, key: str):
    return next(box for box in at.multiselect if box.key == key)


@pytest.mark.slow
def test_the_chips_of_two_settings_make_a_run_for_each_combination(dashboard):
    at = dashboard("train", experiment="rnai", preset="quick", epochs="3")
    assert "Choose a setting and at least two values for it." in texts(at)
    chips(at, "sweep_settings").set_value(["depth", "filters"]).run()
    chips(at, "sweep_depth").set_value([1, 2, 3])
    at = chips(at, "sweep_filters").set_value([4, "6"]).run()
    assert "**6 runs** (3 × 2)" in texts(at) and "is known after a first run" in texts(at)
    next(button for button in at.button if button.key == "sweep_start").click().run()
    assert not at.exception and not at.error
    runs = Store().list()
    made = sorted((run.spec.settings["depth"], run.spec.settings["filters"]) for run in runs)
    assert made == [(1, 4), (1, 6), (2, 4), (2, 6), (3, 4), (3, 6)]
    assert {run.spec.settings["epochs"] for run in runs} == {3} and {run.spec.preset for run in runs} == {"quick"}
    assert len({run.tags for run in runs}) == 1


@pytest.mark.parametrize("typed", ["many", "999", "-1"])
def test_a_value_that_cannot_be_is_told_and_left_out(dashboard, typed):
    at = dashboard("train", experiment="rnai", preset="quick")
    chips(at, "sweep_settings").set_value(["filters"]).run()
    at = chips(at, "sweep_filters").set_value([4, typed]).run()
    assert f"{typed} is left out: give a number from 1 to 256." in texts(at)
    assert not any(button.key == "sweep_start" for button in at.button)


@pytest.mark.slow
def test_runs_shows_a_sweep_as_far_as_it_is(dashboard):
    store = Store()
    made = sweep(store, RunSpec("rnai", settings=SMALL), {"depth": [1, 2], "filters": [4, 6]})
    for run in made.runs[:2]:
        train_here(store, run.id)
    at = dashboard("runs", experiment="rnai")
    assert not at.exception and not at.error
    assert "4 runs: 2 waiting, 2 finished" in texts(at) or "4 runs: 2 finished, 2 waiting" in texts(at)
    table = next(frame.value for frame in at.dataframe if "Depth (layers)" in frame.value)
    assert set(zip(table["Depth (layers)"][:2], table["Filters per layer"][:2], strict=True)) == {
        ("1", "4"),
        ("1", "6"),
    }
    ended = [store.get(run.id).metrics["valid"]["pearson_r"]["value"] for run in made.runs[:2]]
    assert table["Pearson r"][0] == max(table["Pearson r"][:2]) and table["Pearson r"][0] >= max(ended)
    assert list(table["State"][2:]) == ["waiting", "waiting"]
    next(button for button in at.button if button.key == "sweep_stop").click().run()
    assert [run.state for run in store.list()] == ["cancelled", "cancelled", "finished", "finished"]


def test_the_expected_time_is_that_of_earlier_runs_by_their_work():
    store = Store()
    spec = RunSpec("rnai", settings=SMALL)
    assert expected_seconds(store, spec, {"epochs": [2, 4, 6]}) is None
    run = train_here(store, store.create(spec).id)
    expected = expected_seconds(store, spec, {"epochs": [2, 4, 6]})  # 2 + 4 + 6 epochs of the same network
    assert expected == pytest.approx(run.seconds * (2 + 4 + 6) / 2)
    assert expected_seconds(store, spec, {"seed": [1]}) == pytest.approx(run.seconds)


def test_what_varies_are_the_settings_with_two_values():
    made = sweep(Store(), RunSpec("rnai", settings=SMALL), {"seed": [0, 1], "filters": [5]})
    assert varied(made.runs) == ["seed"]


@pytest.mark.slow
def test_a_sweep_goes_to_the_cluster_that_the_server_knows_unless_this_machine_is_chosen(dashboard, monkeypatch):
    monkeypatch.setenv("DNACONV_CLUSTER", "tcp://127.0.0.1:9")
    monkeypatch.setattr("dnaconv_core.cluster.connect.connected.__wrapped__.__defaults__", (0.2,))
    at = dashboard("train", experiment="rnai", preset="quick", epochs="3")
    chips(at, "sweep_settings").set_value(["depth"]).run()
    at = chips(at, "sweep_depth").set_value([1, 2]).run()
    next(button for button in at.button if button.key == "sweep_start").click().run()
    (told,) = at.error
    assert told.value.replace("\u2060", "").startswith("the cluster at tcp://127.0.0.1:9 does not answer")
    assert Store().list() == []
    next(box for box in at.segmented_control if box.key == "sweep_on").set_value("This machine").run()
    next(button for button in at.button if button.key == "sweep_start").click().run()
    assert not at.error and {run.place for run in Store().list()} == {""} and len(Store().list()) == 2
