"""The button that starts a search, and what the Runs page says of one."""

from __future__ import annotations

import subprocess

import pytest

from dnaconv_core.runs import lock, queue
from dnaconv_core.runs.search_record import Search, Trial, folder_of, list_searches, write_search
from dnaconv_core.runs.spec import RunSpec
from dnaconv_core.runs.store import Store


@pytest.fixture(autouse=True)
def no_workers(monkeypatch):
    """What waits goes on waiting."""
    monkeypatch.setattr(queue, "_spawn", lambda store, slot, held: None)


@pytest.fixture
def begun(monkeypatch) -> list[str]:
    """The names of the searches that would be led in the background."""
    names: list[str] = []

    class Process:
        def __init__(self, words, **_):
            names.append(words[3])

        def poll(self):
            return 0

    monkeypatch.setattr(subprocess, "Popen", Process)
    return names


def texts(at) -> str:
    found = "\n".join([*(m.value for m in at.markdown), *(c.value for c in at.caption)])
    return found.replace("\\", "")


def kept(**changes) -> Search:
    """A search of four trials in this test's home."""
    params = {"depth": 1, "filters": 16}
    tried = [
        Trial(0, params, {}, "finished", [0.6, 0.7, 0.8], 9.0),
        Trial(1, params | {"depth": 2}, {"depth": 2}, "finished", [0.7, 0.8, 0.9], 12.0),
        Trial(2, params | {"filters": 32}, {"filters": 32}, "pruned", [0.5], 4.0, "behind the others in fold 2"),
        Trial(3, params | {"depth": 4}, {"depth": 4}, "skipped", words="9 times the computing of auto"),
    ]
    verdict = {
        "kind": "same",
        "sentence": "No clear difference between the winner and auto: it *may* be chance.",
        "difference": None,
        "reported": "On the validation part: no clear difference.",
        "settings": {"depth": 2},
    }
    search = Search("rnai-12345678", "rnai", "pearson_r", "mine", RunSpec("rnai").to_json(), trials=4, tried=tried)
    search.state, search.stage, search.seconds, search.start = "finished", "done", 75.0, params
    search.winner, search.verdict, search.runs = 1, verdict, {"the winner": "rnai-a", "auto": "rnai-b"}
    for name, value in changes.items():
        setattr(search, name, value)
    store = Store()
    folder_of(store, search.name).mkdir(parents=True, exist_ok=True)
    write_search(store, search)
    return search


def test_a_finished_search_has_its_sentence_charts_and_links(dashboard):
    kept()
    at = dashboard("runs")
    assert not at.exception and not at.error
    said = texts(at)
    assert "**RNA interference · mine**" in said and "3 tried in 75 s" in said
    assert "No clear difference between the winner and auto: it *may* be chance." in said
    assert "\\*may\\*" in "\n".join(m.value for m in at.markdown)  # as text, not as Markdown
    assert "mean Pearson r of 0.8000" in said and "Depth (layers) 2 instead of 1" in said
    assert [part.label for part in at.expander][:2] == ["How it went", "Stopped early: 1 pruned, 1 skipped"]
    table = next(frame.value for frame in at.dataframe if "Why" in frame.value)
    assert table["Why"].tolist() == ["behind the others in fold 2", "9 times the computing of auto"]


def test_searches_of_another_experiment_are_not_shown_where_one_is_asked_for(dashboard):
    kept()
    at = dashboard("runs", experiment="tf_binding", show="this experiment")
    assert "mine" not in texts(at) and not at.exception


def test_an_interrupted_search_can_be_continued(dashboard, begun):
    search = kept(state="running", verdict={})
    at = dashboard("runs")
    next(button for button in at.button if button.label == "Continue").click().run()
    assert begun == [search.name] and not at.exception


def test_a_running_search_can_be_stopped(dashboard):
    search = kept(state="running", stage="trial 3 of 9, best Pearson r so far 0.8000", left=130.0, verdict={})
    folder = folder_of(Store(), search.name)
    held = lock.take(folder)
    assert held is not None
    at = dashboard("runs")
    assert "trial 3 of 9, best Pearson r so far 0.8000 · about 2 min left" in texts(at)
    next(button for button in at.button if button.key == "search_halt").click().run()
    assert (folder / "stop").exists() and not at.exception
    at = dashboard("train", experiment="rnai")
    assert "A search is running: trial 3 of 9" in texts(at) and not any(b.key == "search_start" for b in at.button)


def test_the_button_starts_a_search_of_the_chosen_data(dashboard, begun):
    at = dashboard("train", experiment="rnai")
    next(field for field in at.number_input if field.key == "search_minutes").set_value(7)
    next(button for button in at.button if button.key == "search_start").click().run()
    (search,) = list_searches(Store())
    assert begun == [search.name] and (search.experiment, search.minutes, search.trials) == ("rnai", 7.0, 0)
    assert search.run_spec.data == "synthetic" and not at.error


def test_trainings_on_inner_folds_are_not_offered_as_models(dashboard, small_runs, monkeypatch):
    run, store = small_runs("rnai")
    monkeypatch.setenv("DNACONV_HOME", str(store.home))
    inner = {"kind": "inner", "n_folds": 3, "fold": 0, "seed": 0, "of": {"kind": "random"}}
    trial = store.create(RunSpec("rnai", split=inner), "a trial", waiting=True)
    at = dashboard("train", experiment="rnai")
    models = next(box for box in at.selectbox if box.label == "Model")
    assert not any("a trial" in option for option in models.options)
    assert any(run.name in option for option in models.options)
    at = dashboard("train", experiment="rnai", run=trial.id)
    assert any("a trial" in option for option in next(b for b in at.selectbox if b.label == "Model").options)
    store.delete(trial.id)
