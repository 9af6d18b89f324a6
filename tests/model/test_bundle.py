from __future__ import annotations

import json

import numpy as np
import pytest

from dnaconv_core.errors import BundleError
from dnaconv_core.model.bundle import load_bundle, save_bundle
from dnaconv_core.model.config import ModelConfig
from dnaconv_core.model.convnet import build
from dnaconv_core.predict import predict
from dnaconv_core.results import Metric
from dnaconv_core.sequence.encoding import one_hot

METRICS = {"valid": {"auroc": Metric(0.9, 0.8, 0.95), "mcc": Metric(None, undefined="one class only")}}


@pytest.fixture
def saved(tmp_path):
    model = build(ModelConfig(length=9, kernel_size=4, filters=5, depth=2), seed=3)
    return model, save_bundle(tmp_path / "b", model, "tf_binding", record={"name": "x"}, metrics=METRICS, card="# x")


def test_round_trip(saved):
    model, path = saved
    bundle = load_bundle(path)
    X = one_hot(["ACGTACGTA", "CCCCNTTTT"])
    np.testing.assert_array_equal(predict(bundle.model, X), predict(model, X))
    assert (bundle.experiment, bundle.record, bundle.metrics, bundle.card) == (
        "tf_binding",
        {"name": "x"},
        METRICS,
        "# x",
    )
    assert bundle.config == model.config and not bundle.model.training
    assert sorted(p.name for p in path.iterdir()) == ["card.md", "config.json", "metrics.json", "weights.safetensors"]


def change_config(path, **changes):
    stored = json.loads((path / "config.json").read_text())
    stored["model"].update(changes.pop("model", {}))
    (path / "config.json").write_text(json.dumps({**stored, **changes}))


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda p: (p / "weights.safetensors").unlink(), "weights.safetensors is missing"),
        (lambda p: (p / "config.json").write_text("{"), "is not JSON"),
        (lambda p: (p / "config.json").write_text("[]"), "does not hold a JSON object"),
        (lambda p: change_config(p, format=99), "has format 99 and this version reads 1"),
        (
            lambda p: change_config(p, model={"filters": 6}),
            "convs.0.weight has shape .5, 4, 4. but config.json describes .6, 4, 4.",
        ),
        (lambda p: change_config(p, model={"depth": 3}), "tensor 'convs.2.bias' is in only one"),
        (lambda p: change_config(p, model={"depth": 300}), "depth is 300"),
        (lambda p: change_config(p, model={"surprise": 1}), "unknown setting 'surprise'"),
        (lambda p: (p / "weights.safetensors").write_bytes(b"\x80\x04."), "is not a readable safetensors file"),
        (lambda p: (p / "metrics.json").write_text('{"valid": 3}'), "does not hold metrics by split"),
    ],
)
def test_a_spoilt_bundle_says_what_is_wrong(saved, spoil, message):
    _, path = saved
    spoil(path)
    with pytest.raises(BundleError, match=message):
        load_bundle(path)


def test_weights_that_are_not_numbers_are_refused(saved):
    import torch

    model, path = saved
    with torch.no_grad():
        model.dense.bias.fill_(float("nan"))
    save_bundle(path, model, "tf_binding")
    with pytest.raises(BundleError, match="dense.bias holds values that are not finite"):
        load_bundle(path)
