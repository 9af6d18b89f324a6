"""Every function that asks a model something leaves it as it was found, also after an error, and repeats itself."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np
import pytest
import torch

from dnaconv_core.data.synthetic import tf_binding
from dnaconv_core.engine.silencing import predict_without, silenced
from dnaconv_core.engine.substitutions import Substitutions
from dnaconv_core.interpret import marginalize as bench
from dnaconv_core.interpret.ablation import ablate_filters
from dnaconv_core.interpret.attribution import ATTRIBUTIONS, attribute
from dnaconv_core.interpret.discovery import DiscoveryOptions, discover
from dnaconv_core.interpret.evidence import check_map, random_weights_check, stability_check
from dnaconv_core.interpret.filters import filter_motifs
from dnaconv_core.interpret.findings import gather
from dnaconv_core.interpret.ism import ism
from dnaconv_core.model.config import ModelConfig
from dnaconv_core.model.convnet import ConvNet, build
from dnaconv_core.predict import predict

DATA = tf_binding(60, seed=2, length=41)
X, Y, ONE = DATA.X, DATA.y, DATA.X[:1]
QUICK = {"n_references": 2, "n_steps": 5}
MAPS = {"input_x_gradient": "Input x gradient", "deeplift_shap": "DeepLIFT/SHAP"}


def maps(model: ConvNet) -> dict:
    return {name: attribute(model, ONE, method=method, **QUICK) for method, name in MAPS.items()}


ASK: dict[str, Callable] = {
    **{
        f"attribute {method}": lambda model, method=method: attribute(model, X[:3], method=method, **QUICK)
        for method in ATTRIBUTIONS
    },
    "predict": lambda model: predict(model, X),
    "ism": lambda model: ism(model, X[:3]),
    "filter_motifs": lambda model: filter_motifs(model, X),
    "filter_motifs, layer 2": lambda model: filter_motifs(model, X, layer=2),
    "ablate_filters": lambda model: ablate_filters(model, X, Y),
    "predict_without": lambda model: predict_without(model, X, layer=1, indices=[1]),
    "silenced": lambda model: predict(silenced(model, 1), X),
    "discover": lambda model: discover(model, X, Y, how=DiscoveryOptions(n_references=2, least=2, p_value=0.05)),
    "marginalize": lambda model: bench.marginalize(model, X[:5], "TGASTCA", seed=1),
    "by_position": lambda model: bench.by_position(model, X[:5], "TGASTCA", positions=[3, 9]),
    "by_spacing": lambda model: bench.by_spacing(model, X[:5], "TGASTCA", "GGAA", most=2),
    "by_mutation": lambda model: bench.by_mutation(model, X[:5], "TGA"),
    "strand_effects": lambda model: bench.strand_effects(model, X[:5], "TGASTCA"),
    "random_weights_check": lambda model: random_weights_check(model, ONE, maps(model)["DeepLIFT/SHAP"]),
    "stability_check": lambda model: stability_check(maps(model)["DeepLIFT/SHAP"], [model], ONE),
    "check_map": lambda model: check_map(model, ONE, maps(model), siblings=[model]),
    "gather": lambda model: gather(model, DATA, may_name=False),
}


@pytest.fixture
def model() -> ConvNet:
    """In a state that nobody would guess: some parts train and some do not, one gradient is kept, one not wanted."""
    made = build(ModelConfig(length=41, depth=2, filters=4, kernel_size=5, pooling="max", strands="both"), 3).train()
    made.activations[0].eval()
    made.dense.weight.requires_grad_(False)
    made.convs[0].weight.grad = torch.ones_like(made.convs[0].weight)
    return made


def state(model: ConvNet) -> tuple:
    return (
        [module.training for module in model.modules()],
        [(p.requires_grad, p.grad if p.grad is None else p.grad.tolist(), p.device) for p in model.parameters()],
        [part.tolist() for part in model.state_dict().values()],
        [len(m._forward_hooks) + len(m._backward_hooks) + len(m._forward_pre_hooks) for m in model.modules()],
        (torch.is_grad_enabled(), torch.is_inference_mode_enabled()),
    )


@pytest.mark.slow
@pytest.mark.parametrize("name", ASK)
def test_a_model_is_left_as_it_was_found_and_the_same_numbers_come_again(model, name):
    before = state(model)
    first = ASK[name](model)
    assert state(model) == before
    torch.rand(3), np.random.rand(3)  # numbers must not hang on the generators that all share
    same(first, ASK[name](model))


@pytest.mark.parametrize("name", ASK)
def test_a_model_is_left_as_it_was_found_after_an_error(model, name, monkeypatch):
    def fail(*_, **__):
        raise RuntimeError("broken on purpose")

    before = state(model)
    with monkeypatch.context() as broken:
        broken.setattr(torch.nn.functional, "conv2d", fail)
        broken.setattr(ConvNet, "forward", fail)
        broken.setattr("dnaconv_core.engine.channels_last.features", fail)
        broken.setattr(Substitutions, "changes", fail)
        with pytest.raises(RuntimeError, match="on purpose") as held:
            ASK[name](model)
        assert state(model) == before and held.tb is not None  # while the error is still at hand


@pytest.mark.parametrize(
    "name", ["filter_motifs", "ablate_filters", "attribute", "discover", "ism", "predict", "by_position"]
)
def test_a_model_is_left_as_it_was_found_when_its_user_fails(model, name):
    class Fails:
        def report(self, fraction, message):
            raise KeyboardInterrupt

        def should_stop(self):
            return False

    progress, before = Fails(), state(model)
    calls = {
        "filter_motifs": lambda: filter_motifs(model, X, progress=progress),
        "ablate_filters": lambda: ablate_filters(model, X, Y, progress=progress),
        "attribute": lambda: attribute(model, X, method="ism", progress=progress),
        "discover": lambda: discover(model, X, Y, progress=progress),
        "ism": lambda: ism(model, X, progress=progress),
        "predict": lambda: predict(model, X, progress=progress),
        "by_position": lambda: bench.by_position(model, X[:5], "TGA", progress=progress),
    }
    with pytest.raises(KeyboardInterrupt) as held:
        calls[name]()
    assert state(model) == before and held.tb is not None


def same(one, other) -> None:
    """Equal to the last bit, whatever it is made of."""
    assert type(one) is type(other)
    if isinstance(one, np.ndarray):
        np.testing.assert_array_equal(one, other)
    elif dataclasses.is_dataclass(one):
        same(dataclasses.astuple(one), dataclasses.astuple(other))
    elif isinstance(one, dict):
        assert one.keys() == other.keys()
        for key in one:
            same(one[key], other[key])
    elif isinstance(one, tuple | list):
        assert len(one) == len(other)
        for a, b in zip(one, other, strict=True):
            same(a, b)
    else:
        assert one == other or (one != one and other != other)
