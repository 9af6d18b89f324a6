"""Runs that start from a trained model: what they take over, what they freeze, what they tell of it."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import subprocess
import sys

import numpy as np
import pytest
import torch

from dnaconv_core.data.synthetic import tf_binding
from dnaconv_core.errors import BundleError, ConfigError
from dnaconv_core.experiments import get_experiment
from dnaconv_core.model.bundle import load_bundle
from dnaconv_core.runs import queue
from dnaconv_core.runs.models import PRETRAINED, find_model
from dnaconv_core.runs.seen import seen_in_training
from dnaconv_core.runs.spec import RunSpec
from dnaconv_core.runs.start import check_start, settings_from
from dnaconv_core.runs.store import Store
from dnaconv_core.runs.sweep import sweep
from dnaconv_core.runs.worker import train_here

SOURCE = "tf_binding_synthetic"
SHORT = {"epochs": 2, "eval_every": 1, "checkpoint_every": 1, "batch_size": 50}


@pytest.fixture(scope="module")
def table(tmp_path_factory) -> str:
    """120 windows of 80 bases, with the site of the source's factor or without."""
    data = tf_binding(120, length=80, seed=8)
    path = tmp_path_factory.mktemp("t") / "few.csv"
    rows = (f"{sequence},{int(y)}" for sequence, y in zip(data.sequences(), data.y[:, 0], strict=True))
    path.write_text("sequence,label\n" + "\n".join(rows) + "\n")
    return str(path)


def spec_of(table: str, start: str = SOURCE, **settings: object) -> RunSpec:
    like = settings_from(start, get_experiment("tf_binding"), "quick") if start else {}
    return RunSpec("tf_binding", data=table, preset="quick", settings={**like, **SHORT, **settings}, start=start)


def trained(spec: RunSpec):
    store = Store()
    return train_here(store, store.create(spec).id)


def convolutions(model) -> dict[str, torch.Tensor]:
    return {name: tensor for name, tensor in model.state_dict().items() if name.startswith("convs")}


@pytest.mark.slow
def test_frozen_filters_are_the_sources_after_training_and_all_is_told(table):
    run = trained(spec_of(table, freeze_filters=True))
    bundle, source = load_bundle(find_model(run.id)), load_bundle(find_model(SOURCE))
    ours, theirs = convolutions(bundle.model), convolutions(source.model)
    assert ours.keys() == theirs.keys() and all(torch.equal(ours[name], theirs[name]) for name in ours)
    digest = hashlib.sha256((PRETRAINED / SOURCE / "weights.safetensors").read_bytes()).hexdigest()
    words = (
        f"started from {source.record['name']} (weights {digest[:12]}): all 3 convolutional layers were copied, all "
        f"that follows starts anew"
    )
    assert words in run.message and f"S{words[1:]}; its filters were frozen" in bundle.card
    assert f"--from {SOURCE}" in bundle.card and "--freeze-filters true" in bundle.card
    assert (bundle.record["start"], bundle.record["started"]["sha256"]) == (SOURCE, digest)
    free = trained(spec_of(table))
    moved = convolutions(load_bundle(find_model(free.id)).model)
    assert not any(torch.equal(moved[name], theirs[name]) for name in moved)


@pytest.mark.slow
def test_few_examples_go_further_from_a_model_of_a_like_question(table):
    """The same few epochs; the validation part has 24 windows that neither has seen."""
    settings = {"keep": "last", "patience": 0, "epochs": 3}
    source = load_bundle(find_model(SOURCE)).config
    alike = {name: getattr(source, name) for name in ("depth", "filters", "kernel_size", "dropout", "pooling")}
    started = trained(spec_of(table, **settings))
    random = trained(spec_of(table, "", **alike, **settings))
    reached = [run.metrics["valid"]["auroc"]["value"] for run in (started, random)]
    assert reached[0] > 0.9 and reached[0] > reached[1] + 0.1


@pytest.mark.slow
def test_validation_examples_that_the_source_learnt_from_are_told_and_remembered(table):
    first = trained(RunSpec("tf_binding", data=table, preset="quick", settings=SHORT))
    again = trained(
        dataclasses.replace(spec_of(table, first.id), split={"kind": "random", "fraction": 0.25, "seed": 3})
    )
    bundle = load_bundle(find_model(again.id))
    started = bundle.record["started"]
    assert started["of"] == 30 and 15 <= started["seen"] < 30  # four fifths of them by chance
    told = f"{started['seen']} of 30 validation examples were in that model's training part"
    assert told in again.message and told in bundle.card
    data = tf_binding(120, length=80, seed=8)
    assert seen_in_training(bundle.path, data).seen == 120 - 30 + started["seen"]
    assert "dense" in {name.split(".")[0] for name in bundle.model.state_dict()}
    assert started["copied"].endswith("and all that follows were copied")  # the same question, the same length


@pytest.mark.slow
@pytest.mark.parametrize("frozen", [False, True])
def test_a_run_goes_on_exactly_after_its_source_is_gone(table, frozen):
    store = Store()
    source = trained(RunSpec("tf_binding", data=table, preset="quick", settings=SHORT)).id
    spec = spec_of(table, source, epochs=4, freeze_filters=frozen)
    whole = trained(spec).id
    part = trained(dataclasses.replace(spec, settings={**spec.settings, "epochs": 2})).id
    store.delete(source)
    longer = {**spec.settings, "epochs": 4}
    store.requeue(part, ("finished",), spec=dataclasses.replace(spec, settings=longer))
    train_here(store, part)
    one, other = (load_bundle(find_model(run)) for run in (whole, part))
    assert one.record["last_epoch"] == other.record["last_epoch"] == 4
    assert one.record["started"] == other.record["started"]
    for name, tensor in one.model.state_dict().items():
        assert torch.equal(tensor, other.model.state_dict()[name]), name


def test_a_clone_and_a_sweep_start_from_the_same_model(table, monkeypatch):
    for module in ("queue", "sweep"):
        monkeypatch.setattr(f"dnaconv_core.runs.{module}.ensure_workers", lambda store: 0)
    store, spec = Store(), spec_of(table, freeze_filters=True)
    run = queue.submit(store, spec)
    copy = queue.clone(store, run.id, seed=4)
    assert copy.spec.start == SOURCE and copy.spec.settings["freeze_filters"] is True
    made = sweep(store, spec, {"learning_rate": [0.001, 0.01]})
    assert [one.spec.start for one in made.runs] == [SOURCE, SOURCE]
    with pytest.raises(
        ConfigError, match="kernel_size=4 cannot be trained, so nothing was started: kernel_size is 4 but"
    ):
        sweep(store, spec, {"kernel_size": [10, 4]})
    with pytest.raises(BundleError, match="there is no model 'gone'"):
        queue.submit(store, dataclasses.replace(spec, start="gone"))
    assert RunSpec.recorded({"experiment": "tf_binding"}).start == ""  # of an older version


def test_what_does_not_fit_is_refused():
    rnai = get_experiment("rnai")
    with pytest.raises(ConfigError, match=f"^{SOURCE} reads DNA and these sequences are RNA: start from a model of"):
        settings_from(SOURCE, rnai, "book")
    short = dataclasses.replace(get_experiment("tf_binding"), length=9)
    with pytest.raises(ConfigError, match="has filters of 10 bases and these sequences have 9: start"):
        settings_from(SOURCE, short, "quick")
    with pytest.raises(ConfigError, match="'words' but the filters come from a trained model"):
        RunSpec("tf_binding", preset="quick", settings={"begin": "words"}, start=SOURCE)
    with pytest.raises(ConfigError, match=f"^members is 2 but {SOURCE} has 1 members"):
        check_start(RunSpec("tf_binding", preset="quick", settings={"members": 2, "filters": 15}, start=SOURCE))


@pytest.mark.slow
def test_the_real_command_starts_from_a_model_and_freezes(table, tmp_path):
    def train(*more: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "dnaconv_core.cli", "train", *more]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    done = train(
        "tf_binding", "--data", table, "--preset", "quick", "--from", str(PRETRAINED / SOURCE), "--epochs", "1",
        "--json", "--freeze-filters",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["spec"]["start"] == str(PRETRAINED / SOURCE) and told["spec"]["settings"]["freeze_filters"] is True
    assert "all 3 convolutional layers were copied" in told["message"]
    source, model = load_bundle(PRETRAINED / SOURCE).model, load_bundle(find_model(told["run"])).model
    assert np.array_equal(model.convs[2].weight.detach(), source.convs[2].weight.detach())
    refused = train("rnai", "--from", SOURCE)
    assert refused.returncode == 2 and "start from a model of the same alphabet" in refused.stderr
    refused = train("rnai", "--begin", "jaspar")
    assert refused.returncode == 2 and "JASPAR CORE has no motifs of RNA: choose 'words'" in refused.stderr
