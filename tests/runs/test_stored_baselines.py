"""Baselines beside a run: kept with it, compared in pairs, and never the reason why a run fails."""

from __future__ import annotations

import json

import numpy as np
import pytest

from dnaconv_core.experiments import get_experiment
from dnaconv_core.runs import baselines
from dnaconv_core.runs.baselines import load_baselines, store_baselines


@pytest.fixture(autouse=True)
def fitted_here(tmp_path, monkeypatch):
    """None are there from another test."""
    monkeypatch.setenv("DNACONV_BASELINES_CACHE", str(tmp_path / "kept"))


@pytest.fixture
def parts():
    data = get_experiment("rnai").synthetic(260)
    return data.subset(np.arange(200)), data.subset(np.arange(200, 260))


def keep(folder, prediction):
    np.savez_compressed(folder / "predictions.npz", prediction=prediction)


@pytest.mark.slow
def test_a_perfect_model_is_better_than_each_and_a_copy_of_one_is_not(tmp_path, parts):
    train, valid = parts
    keep(tmp_path, valid.y)
    stored = store_baselines(tmp_path, get_experiment("rnai"), train, valid)
    found = {baseline.key: baseline for baseline in stored.found}
    assert found["one_hot"].differences["pearson_r"].verdict == "better"
    assert found["one_hot"].prediction.shape == (60,)
    assert found["mean"].differences["pearson_r"].value is None  # a constant ranks nothing
    keep(tmp_path, found["one_hot"].prediction[:, None])
    again = {b.key: b for b in store_baselines(tmp_path, get_experiment("rnai"), train, valid).found}
    assert again["one_hot"].differences["pearson_r"].verdict == ""
    assert [b.key for b in load_baselines(tmp_path).found] == list(again)


def test_too_many_examples_are_passed_over_with_the_reason(tmp_path, parts, monkeypatch):
    keep(tmp_path, parts[1].y)
    monkeypatch.setattr(baselines, "MOST_EXAMPLES", 100)
    stored = store_baselines(tmp_path, get_experiment("rnai"), *parts)
    assert stored.found == () and stored.reason == "more than 100 examples: baselines would take minutes"


def test_a_request_to_stop_is_honoured(tmp_path, parts):
    class Impatient:
        def say(self, message: str) -> None:
            self.said = message

        def should_stop(self) -> bool:
            return True

    keep(tmp_path, parts[1].y)
    stored = store_baselines(tmp_path, get_experiment("rnai"), *parts, watch=Impatient())
    assert [baseline.key for baseline in stored.found] == ["mean"]
    assert stored.reason == "fitting them was stopped before all were done"


def test_what_is_missing_or_damaged_is_said(tmp_path):
    assert load_baselines(tmp_path).reason == "no baselines were fitted for this model"
    (tmp_path / "baselines.json").write_text('{"baselines": {"gc": 3}}')
    assert "is damaged" in load_baselines(tmp_path).reason


def test_the_time_left_is_told(monkeypatch):
    class Listening:
        said: tuple[str, ...] = ()

        def say(self, message: str) -> None:
            self.said += (message,)

        def should_stop(self) -> bool:
            return False

    now = iter([100.0, 100.0, 100.1, 104.0, 133.0])
    monkeypatch.setattr(baselines.time, "monotonic", lambda: next(now))
    watch = Listening()
    told = baselines._Told(watch)
    for fraction in (0.0, 0.01, 0.25, 0.3):  # the second comes too soon after the first to be told
        told.report(fraction, "baselines: k-mer counts")
    words = ["", ", 0:12 left", ", 1:17 left"]  # 4 s for a quarter; 33 s for three tenths
    assert list(watch.said) == [f"baselines: k-mer counts{left}" for left in words]


def test_what_was_fitted_is_on_the_disk_before_the_next_begins(tmp_path, parts, monkeypatch):
    """A process that is ended in the middle of one loses no other."""
    kept = []

    class Watching:
        def say(self, message: str) -> None:
            if not message.startswith("baselines: Mean"):
                kept.append([baseline.key for baseline in load_baselines(tmp_path).found])

        def should_stop(self) -> bool:
            return len(kept) > 2

    monkeypatch.setattr(baselines, "_EVERY", 0.0)
    keep(tmp_path, parts[1].y)
    stored = store_baselines(tmp_path, get_experiment("rnai"), *parts, watch=Watching())
    assert kept[0] == ["mean"] and len(stored.found) < 7 and stored.reason.startswith("fitting them was stopped")


@pytest.mark.parametrize(("task", "labels"), [("binary", 2), ("regression", 2), ("classes", 1)])
def test_of_several_outputs_each_is_compared_alone(tmp_path, task, labels):
    """As measured on its own column; a label that is not known does not count."""
    from dnaconv_core.answers import ANSWERS
    from dnaconv_core.data.dataset import Dataset
    from dnaconv_core.evaluate.intervals import paired_difference, with_intervals
    from dnaconv_core.runs.of_outputs import of_each

    rng, n, k = np.random.default_rng(0), 90, 3 if task == "classes" else 2
    y = rng.integers(0, k, (n, labels)).astype(np.float32)
    w = np.ones((n, labels), np.float32)
    w[::4, -1] = 0
    data = Dataset(np.zeros((n, 4, 5), np.int8), y, w, np.arange(n).astype(str))
    model, other = (rng.dirichlet(np.ones(k), n).astype(np.float32) for _ in range(2))
    found = of_each(ANSWERS[task], data, model, other, None)
    assert len(found) == k
    for output, one in enumerate(found):
        column = 0 if task == "classes" else output
        known = w[:, column] > 0
        truth = (y[known, 0] == output).astype(np.float32) if task == "classes" else y[known, output]
        single, main = ("regression", "pearson_r") if task == "regression" else ("binary", "auroc")
        of_other, of_model = other[known, output], model[known, output]
        expected = with_intervals(single, truth, of_other, groups=None)[main]
        assert (one.metrics[main].value, one.metrics[main].low) == pytest.approx((expected.value, expected.low))
        assert one.metrics[main].low < one.metrics[main].value < one.metrics[main].high
        difference = paired_difference(single, main, truth, of_model, of_other, groups=None)
        assert one.differences[main][1:5] == pytest.approx(difference[1:5])
    again = [type(one).from_json(json.loads(json.dumps(one.as_json()))) for one in found]
    assert again[1].differences == found[1].differences and again[1].metrics == found[1].metrics
    assert of_each(ANSWERS["regression"], data, model[:, :1], other[:, :1], None) == ()
