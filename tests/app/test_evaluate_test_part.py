"""Evaluate on an own experiment: the verdict in a sentence, and the test part, closed until asked for and counted."""

from __future__ import annotations

import shutil

import pytest

from dnaconv_core.experiments import get_experiment
from dnaconv_core.experiments.own import folder_of
from dnaconv_core.experiments.own_store import looks
from dnaconv_core.runs.store import Store
from dnaconv_core.runs.tested import open_test
from dnaconv_core.runs.verdict import verdict_of


def texts(at) -> str:
    boxes = (at.markdown, at.caption, at.success, at.info, at.warning)
    return "\n".join(one.value for kind in boxes for one in kind).replace("\\", "")


@pytest.mark.slow
def test_the_verdict_and_the_test_part(several, dashboard):
    run = several["kinds"]
    at = dashboard("evaluate", experiment="kinds", run=run.id)
    assert not at.exception and not at.error
    assert verdict_of(Store().folder(run.id), "classes").sentence in texts(at)
    before = looks("kinds")
    assert f"It was looked at {before} time" in texts(at) or (not before and "It was never looked at." in texts(at))
    assert looks("kinds") == before  # drawing the page opens nothing
    n_metrics = len(at.metric)
    at.button(key="open_test").click().run()
    assert not at.exception and not at.error and looks("kinds") == before + 1
    times = "opened for the first time" if not before else f"opened for time {before + 1}"
    assert times in texts(at) and len(at.metric) > n_metrics
    from dnaconv_core.model.bundle import load_bundle

    again = open_test(load_bundle(Store().folder(run.id)))
    shown = [metric.value for metric in at.metric]
    assert f"{again.metrics['accuracy'].value:.3f}" in shown and again.looks == before + 2
    accuracy = again.metrics["accuracy"]
    assert f"95 %: {accuracy.low:.3f} – {accuracy.high:.3f}" in texts(at)
    at.run()  # seeing the page again is no second look
    assert looks("kinds") == before + 2


def test_an_experiment_of_the_program_has_no_test_part(trained, dashboard):
    run = trained("rnai")
    at = dashboard("evaluate", experiment="rnai", run=run.id)
    assert not at.exception and not any(button.key == "open_test" for button in at.button)
    assert "test part" not in texts(at) and "simple predictor" not in texts(at)


def test_figures_stay_where_the_experiments_folder_is_gone(several, dashboard, tmp_path, monkeypatch):
    home = tmp_path / "copy"
    shutil.copytree(Store().home, home)
    monkeypatch.setenv("DNACONV_HOME", str(home))
    question = get_experiment("kinds").question
    shutil.rmtree(folder_of("kinds"))
    at = dashboard("evaluate", experiment="kinds", run=several["kinds"].id)
    assert not at.exception and not at.error and len(at.metric) > 2
    assert get_experiment("kinds").question == question and not get_experiment("kinds").has_data
    assert not any(button.key == "open_test" for button in at.button)
