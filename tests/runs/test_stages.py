"""What a run does now, how long that takes, and what a stop leaves, read from its record."""

from __future__ import annotations

import pytest

from dnaconv_core.experiments import get_experiment
from dnaconv_core.runs.pace import seconds_before, seconds_tried
from dnaconv_core.runs.spec import RunSpec
from dnaconv_core.runs.stages import STAGES, before, kept_words, seconds_left, stage_of
from dnaconv_core.runs.store import Store
from dnaconv_core.runs.worker import train_here

SMALL = {"epochs": 2, "eval_every": 1, "filters": 3, "depth": 1, "batch_size": 500, "device": "cpu"}


class Listening:
    """Progress that notes the stage of a run whenever it is told something."""

    def __init__(self, store, run):
        self.store, self.run, self.stages = store, run, []

    def report(self, fraction, message):
        self.stages.append(stage_of(self.store.get(self.run)))

    def should_stop(self):
        return False


@pytest.mark.slow
def test_a_run_goes_through_the_stages_in_their_order(tmp_path):
    store = Store(tmp_path)
    run = store.create(RunSpec("rnai", settings=SMALL))
    assert stage_of(run) == "waiting" and before(store, run) == []
    heard = Listening(store, run.id)
    train_here(store, run.id, heard)
    seen = list(dict.fromkeys(heard.stages))
    assert seen == sorted(seen, key=STAGES.index)
    assert {"loading", "training", "intervals"} <= set(seen)


def test_the_time_left_is_that_of_the_stage(tmp_path):
    store = Store(tmp_path)
    run = store.create(RunSpec("rnai", settings=SMALL))
    train = run._replace(state="running", message="epoch 3 of 9, 1,000 sequences/s", remaining=17.5)
    assert (stage_of(train), seconds_left(train)) == ("training", 17.5)
    fitted = train._replace(message="baselines: Gapped k-mers, 2:11 left", remaining=None)
    assert (stage_of(fitted), seconds_left(fitted)) == ("baselines", 131.0)
    measured = train._replace(message="evaluating", remaining=None)
    assert (stage_of(measured), seconds_left(measured)) == ("intervals", None)


def test_a_waiting_run_knows_which_are_before_it(tmp_path):
    store = Store(tmp_path)
    first, second, third = (store.create(RunSpec("rnai", settings=SMALL), waiting=True) for _ in range(3))
    assert [other.id for other in before(store, store.get(third.id))] == [first.id, second.id]
    assert before(store, store.get(first.id)) == []


def test_what_a_stop_left_is_said(tmp_path):
    run = Store(tmp_path).create(RunSpec("rnai", settings=SMALL))
    assert kept_words(run, False) == "Nothing was kept: it stopped before its first evaluation."
    bare = run._replace(metrics={"valid": {"pearson": 0.4}})
    assert kept_words(bare, True).startswith("The network is kept with its figures, without intervals;")
    sure = run._replace(metrics={"valid": {"pearson": {"value": 0.4, "low": 0.3, "high": 0.5}}})
    assert kept_words(sure, True).startswith("The network is kept with its figures; it")


def test_an_unchanged_preset_takes_as_long_as_its_last_run(tmp_path):
    store, experiment = Store(tmp_path), get_experiment("rnai")
    for settings, seconds in (({}, 31.0), (SMALL, 2.0)):
        run = store.create(RunSpec("rnai", preset="quick", settings=settings))
        store.start(run.id, 20)
        store.finish(run.id, "finished", {}, epoch=20, message="done", seconds=seconds)
    assert seconds_before(store, experiment, "quick", "synthetic") == 31.0
    assert seconds_before(store, experiment, "book", "synthetic") is None
    assert seconds_before(store, experiment, "quick", "book") is None


@pytest.mark.slow
@pytest.mark.parametrize("key", ["rnai", "chromatin"])
def test_a_preset_that_was_never_run_is_tried_and_takes_longer_for_more_examples(key):
    few, many = (seconds_tried(get_experiment(key), "quick", n) for n in (300, 3_000_000))
    assert 4 < few < many
