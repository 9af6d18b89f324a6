"""A search for a better network, on tiny data: what it tries, what decides, and that it goes on where it ended."""

from __future__ import annotations

import json
import signal
from dataclasses import replace

import numpy as np
import pytest

from dnaconv_core.errors import InputError, RunError, TrainingError
from dnaconv_core.progress import SILENT
from dnaconv_core.runs import search_desk, search_trials
from dnaconv_core.runs.search import open_search, search_here
from dnaconv_core.runs.search_record import Search, Trial, ask_search_to_stop, folder_of, list_searches, read_search
from dnaconv_core.runs.spec import RunSpec
from dnaconv_core.runs.store import Store
from dnaconv_core.runs.worker import train_here

SMALL = {"epochs": 3, "eval_every": 1, "device": "cpu", "members": 1, "filters": 8}


@pytest.fixture
def store(monkeypatch) -> Store:
    """A home whose queue is worked on at once, in this process, without baselines and intervals."""
    store = Store()

    def work(store: Store) -> int:
        for run in store.waiting():
            train_here(store, run.id)
        return 0

    monkeypatch.setattr(search_desk, "ensure_workers", work)
    monkeypatch.setattr(
        search_desk, "resume", lambda store, run: (store.requeue(run, search_desk.RESUMABLE), store.get(run))[1]
    )
    monkeypatch.setattr(search_desk, "_LOOK", 0.0)
    monkeypatch.setattr(search_trials, "MOST_PAIRS", 3)
    monkeypatch.setattr("dnaconv_core.runs.search_judge.MOST_PAIRS", 3)
    monkeypatch.setattr("dnaconv_core.runs.execute.store_baselines", lambda *_, **__: None)
    return store


def spec_of(folder, files, **settings) -> RunSpec:
    folder.mkdir(exist_ok=True)
    return RunSpec("rnai", **files(folder), preset="quick", settings=SMALL | settings)


@pytest.mark.slow
def test_a_search_tries_networks_judges_the_best_and_trains_it(store, files, tmp_path):
    made = open_search(store, spec_of(tmp_path / "a", files), trials=5, tag="mine")
    found = search_here(store, made.name)
    assert found.state == "finished" and found.to_json() == read_search(store, made.name).to_json()
    assert found.tried[0].settings == {} and found.n_tried == 5
    counted = [trial for trial in found.tried if trial.state == "finished"]
    assert len(counted) >= 2 and all(len(trial.scores) == 3 for trial in counted)
    assert found.best.value == max(np.mean(trial.scores) for trial in counted)

    runs = [run for run in store.list() if "mine" in run.tags]
    assert {run.id for run in runs} == set(found.runs.values()) and all(run.state == "finished" for run in runs)
    reported = {found.runs[key] for key in ("auto", "the winner") if key in found.runs}
    assert {run.id for run in runs if not run.spec.inner} == reported
    trial = next(run for run in runs if run.name == "auto, inner fold 2")
    assert trial.spec.split == {"kind": "inner", "n_folds": 3, "fold": 1, "seed": 0}
    assert found.tried[0].scores[1] == trial.metrics["valid"]["pearson_r"]

    again = open_search(store, spec_of(tmp_path / "a", files), trials=5, tag="mine")
    assert (again.name, again.tried) == (found.name, found.tried)
    assert search_here(store, again.name).runs == found.runs  # nothing is trained anew
    assert [search.name for search in list_searches(store, "rnai")] == [found.name]
    assert list_searches(store, "chromatin") == []


@pytest.mark.slow
def test_the_winner_is_compared_in_pairs_that_differ_from_auto_in_its_settings_alone(
    store, files, tmp_path, monkeypatch
):
    """auto is held back to hardly any step, so that a neighbour with half the batch is better."""
    base = spec_of(tmp_path / "a", files, learning_rate=2e-4, batch_size=64, filters=16)
    found = search_here(store, open_search(store, base, trials=3).name)
    best = found.best
    assert best.number != 0 and len(found.pairs) == 3
    for pair, (winner, auto) in enumerate(found.pairs):
        first, second = (store.get(found.runs[f"{name}, pair {pair}"]) for name in ("the winner", "auto"))
        assert (
            first.spec.split == second.spec.split == {"kind": "inner", "n_folds": 3, "fold": pair % 3, "seed": 1 + pair}
        )
        assert first.spec.settings == {**second.spec.settings, **best.settings}
        assert first.spec.settings["seed"] == 1 + pair
        assert (winner, auto) == tuple(run.metrics["valid"]["pearson_r"] for run in (first, second))
    mean = float(np.mean([winner - auto for winner, auto in found.pairs]))
    assert found.verdict["difference"]["value"] == pytest.approx(mean)
    assert f"Pearson r {mean:+.3f}" in found.verdict["sentence"] and "3 pairs of trainings" in found.verdict["sentence"]
    winner, auto = (store.get(found.runs[name]) for name in ("the winner", "auto"))
    assert winner.spec.split == auto.spec.split and winner.spec.valid == base.valid
    assert winner.spec.settings == {**auto.spec.settings, **best.settings}
    assert "Found by a search around auto" in winner.notes and found.verdict["sentence"] in winner.notes
    assert found.verdict["reported"].startswith("On the validation part, which had no share in the choice")
    assert "80 examples" in found.verdict["reported"]


@pytest.mark.slow
def test_the_labels_of_the_reported_part_have_no_share_in_the_choice(store, files, tmp_path):
    """The same search with the validation labels shuffled tries the same, finds the same and reports otherwise."""
    found = []
    for name, shuffled in (("a", False), ("b", True)):
        folder = tmp_path / name
        folder.mkdir()
        spec = RunSpec("rnai", **files(folder, shuffled=shuffled), preset="quick", settings=SMALL)
        found.append(search_here(store, open_search(store, spec, trials=4).name))
    first, second = found
    assert first.name != second.name
    assert [(t.settings, t.scores, t.state) for t in first.tried] == [
        (t.settings, t.scores, t.state) for t in second.tried
    ]
    assert (first.winner, first.pairs) == (second.winner, second.pairs)
    reached = [store.get(search.runs["auto"]).metrics["valid"]["pearson_r"] for search in found]
    assert reached[0] != reached[1]


@pytest.mark.slow
def test_a_stopped_search_goes_on_and_ends_as_one_that_was_not(store, files, tmp_path):
    """Stopped at every third look: the same trials, scores and winner as in one go."""
    whole = search_here(store, open_search(store, spec_of(tmp_path / "a", files), trials=3).name)

    class Impatient:
        looks = 0

        def report(self, fraction, message):
            pass

        def should_stop(self):
            self.looks += 1
            return self.looks % 3 == 0

    name = open_search(store, spec_of(tmp_path / "a", files), trials=3, tag="other").name
    states = []
    while not states or states[-1] == "stopped":
        states.append(search_here(store, name, Impatient()).state)
        assert len(states) < 40
    pieces = read_search(store, name)
    assert states[-1] == "finished" and len(states) > 2
    assert [(t.settings, t.scores, t.state) for t in pieces.tried] == [
        (t.settings, t.scores, t.state) for t in whole.tried
    ]
    assert pieces.winner == whole.winner and pieces.seconds > 0


@pytest.mark.slow
def test_more_trials_go_on_from_those_there_are(store, files, tmp_path):
    spec = spec_of(tmp_path / "a", files)
    first = search_here(store, open_search(store, spec, trials=1).name)
    assert first.verdict["kind"] == "auto" and "no time to try another network" in first.verdict["sentence"]
    second = search_here(store, open_search(store, spec, trials=3).name)
    assert second.name == first.name and second.tried[0] == first.tried[0] and second.n_tried == 3
    assert second.runs["auto"] == first.runs["auto"]


def test_what_cannot_be_searched_is_refused(store, files, tmp_path):
    with pytest.raises(InputError, match="a search needs a budget: give minutes"):
        open_search(store, spec_of(tmp_path / "a", files))
    with pytest.raises(InputError, match="a search needs a budget"):
        open_search(store, spec_of(tmp_path / "a", files), minutes=-1, trials=3)
    with pytest.raises(RunError, match="there is no search 'nothing' in"):
        read_search(store, "nothing")


@pytest.mark.slow
def test_a_search_whose_auto_cannot_be_judged_says_so(store, files, tmp_path):
    folder = tmp_path / "flat"
    spec = spec_of(folder, files)
    rows = (folder / "train.csv").read_text().splitlines()
    (folder / "train.csv").write_text("\n".join([rows[0], *(row.split(",")[0] + ",0.5" for row in rows[1:])]))
    name = open_search(store, spec, trials=2).name
    with pytest.raises(TrainingError, match="auto cannot be judged on inner folds.*pearson_r is undefined"):
        search_here(store, name)
    assert read_search(store, name).state == "failed" and "bring more examples" in read_search(store, name).error


def test_a_search_whose_run_is_stopped_ends_and_says_that_it_was(store, files, tmp_path, monkeypatch):
    def work(store: Store) -> int:
        for run in store.waiting():
            store.ask_to_stop(run.id)
        return 0

    monkeypatch.setattr(search_desk, "ensure_workers", work)
    found = search_here(store, open_search(store, spec_of(tmp_path / "data", files), trials=2).name)
    (run,) = store.list()
    assert (found.state, found.error) == ("stopped", "")
    assert found.stage == f"stopped with its run {run.id} (stopped before it started)"


@pytest.mark.parametrize(
    ("number", "words"), [(signal.SIGTERM, "ended from outside (SIGTERM)"), (signal.SIGINT, "stopped by the user")]
)
def test_a_stopped_search_says_who_ended_it(store, files, tmp_path, monkeypatch, number, words):
    monkeypatch.setattr(search_desk, "ensure_workers", lambda _: signal.raise_signal(number))
    found = search_here(store, open_search(store, spec_of(tmp_path / "data", files), trials=2).name)
    assert (found.state, found.stage) == ("stopped", words)


def test_a_search_past_its_time_says_that_auto_is_judged_still(store, files, tmp_path, monkeypatch):
    class Told(list):
        def report(self, fraction, message):
            self.append(message)

        def should_stop(self):
            return any("past its time" in message for message in self)

    told = Told()
    monkeypatch.setattr(search_desk, "ensure_workers", lambda _: None)  # the machine is that busy
    monkeypatch.setattr(search_desk.Desk, "seconds", property(lambda desk: 100.0 * bool(desk.search.runs)))
    name = open_search(store, spec_of(tmp_path / "data", files), minutes=1).name
    assert search_here(store, name, told).state == "stopped"
    assert told[-1] == "trial 1, past its time: without auto nothing can be compared"


def test_a_record_without_its_process_is_interrupted_and_a_damaged_one_is_told(store, files, tmp_path):
    made = open_search(store, spec_of(tmp_path / "a", files), trials=2)
    path = folder_of(store, made.name) / "search.json"
    path.write_text(json.dumps(replace(made, state="running").to_json()))
    assert read_search(store, made.name).state == "interrupted"
    with pytest.raises(RunError, match="is interrupted: only a running one can be stopped"):
        ask_search_to_stop(store, made.name)
    path.write_text('{"name": 1')
    with pytest.raises(RunError, match="cannot be read.*remove its folder, and search again"):
        read_search(store, made.name)
    assert list_searches(store) == []


def test_a_run_made_just_before_its_process_was_killed_is_not_made_again(store, files, tmp_path):
    made = open_search(store, spec := spec_of(tmp_path / "a", files), trials=2)
    other = store.create(spec, "auto, inner fold 1", tags=("another-search",))
    wanted, noted = (store.create(spec, f"auto, inner fold {fold}", tags=(made.tag,), waiting=True) for fold in (1, 2))
    made.runs["trial 0 fold 1"] = noted.id
    desk = search_desk.Desk(store, made, SILENT)
    assert desk.run("trial 0 fold 0", spec, "auto, inner fold 1").id == wanted.id != other.id
    assert read_search(store, made.name).runs["trial 0 fold 0"] == wanted.id
    again = replace(spec, settings={**spec.settings, "seed": 5})
    assert desk.run("auto, seed 5", again, "auto, inner fold 1").id not in (wanted.id, noted.id, other.id)
    assert len(store.list()) == 4


def test_a_run_from_before_the_search_is_not_its_own(store, files, tmp_path):
    """Of an earlier search with the same tag, whose data may have been others under the same name."""
    spec = spec_of(tmp_path / "a", files)
    earlier = store.create(spec, "auto, inner fold 1", tags=("mine",), waiting=True)
    made = open_search(store, spec, trials=2, tag="mine")
    assert search_desk.Desk(store, made, SILENT).run("trial 0 fold 0", spec, "auto, inner fold 1").id != earlier.id


def test_the_best_is_the_first_of_the_finished_with_the_highest_mean():
    trials = [
        Trial(0, {}, {}, "finished", [0.5, 0.7]),
        Trial(1, {}, {}, "pruned", [0.9]),
        Trial(2, {}, {}, "finished", [0.6, 0.6]),
        Trial(3, {}, {}, "skipped"),
    ]
    search = Search("n", "rnai", "pearson_r", "t", {}, tried=trials)
    assert search.best.number == 0 and search.n_tried == 3
