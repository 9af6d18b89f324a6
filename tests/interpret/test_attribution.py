"""Attributions: by hand, against Captum, and what must hold for every method in ATTRIBUTIONS."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from dnaconv_core.engine.substitutions import Substitutions
from dnaconv_core.errors import InputError
from dnaconv_core.interpret.attribution import ATTRIBUTIONS, GRADIENTS, REFERENCED, attribute
from dnaconv_core.model.config import ModelConfig
from dnaconv_core.model.convnet import build
from dnaconv_core.predict import predict
from dnaconv_core.sequence.encoding import one_hot
from dnaconv_core.sequence.shuffle import dinucleotide_shuffle, random_backgrounds

LENGTH = 23
CONFIGS = {
    "flatten": ModelConfig(length=LENGTH, depth=2, filters=5, kernel_size=4),
    "two tasks": ModelConfig(length=LENGTH, depth=2, filters=5, kernel_size=5, n_tasks=2, padding="valid"),
    "max": ModelConfig(length=LENGTH, depth=1, filters=6, kernel_size=7, pooling="max"),
    "max both": ModelConfig(length=LENGTH, depth=2, filters=6, kernel_size=4, pooling="max", strands="both"),
    "ensemble": ModelConfig(
        length=LENGTH, depth=2, filters=4, kernel_size=5, pooling="max_mean", strands="both", members=3
    ),
    "positional": ModelConfig(length=LENGTH, depth=1, filters=3, kernel_size=5, pooling="max", positional=True),
    "composition": ModelConfig(length=LENGTH, depth=1, filters=3, kernel_size=5, pooling="max", composition=LENGTH - 2),
    "covariate": ModelConfig(
        length=LENGTH, depth=1, filters=5, kernel_size=4, strands="both", covariates=("openness", "age"),
        covariate_transform="log", covariate_mean=(-2.0, 1.0), covariate_scale=(0.5, 2.0),
    ),
}  # fmt: skip
QUICK = {"n_references": 3, "n_steps": 20}


def case(name: str, n: int = 3):
    """A model with biases that are not zero, sequences (one with an unknown base), covariates."""
    model = build(CONFIGS[name], 5)
    with torch.no_grad():
        for number, conv in enumerate(model.convs):
            conv.bias.copy_(0.05 * torch.cos(torch.arange(conv.bias.numel()) + number))
        if model.positional is not None:
            model.positional.weight.copy_(0.1 * torch.sin(torch.arange(4.0 * LENGTH))[None])
        if model.composition is not None:
            model.composition.weight.copy_(torch.tensor([[-0.7, 0.4]]))
    X = random_backgrounds(n, LENGTH, seed=2)
    X[-1, :, 9] = 0
    c = np.abs(np.random.default_rng(0).normal(0.2, 0.1, (n, 2))).astype(np.float32)
    return model, X, c if CONFIGS[name].covariates else None


BACKGROUND = "ATATATATATAT"
SITES = {"+": BACKGROUND + "TGACTCA" + BACKGROUND, "-": BACKGROUND + "TGAGTCA" + BACKGROUND}


@pytest.mark.parametrize("strand", SITES)
@pytest.mark.parametrize("method", ATTRIBUTIONS)
def test_a_network_that_knows_one_site_is_explained_by_exactly_that_site(detector, method, strand):
    X = one_hot(SITES[strand])
    found = attribute(detector, X, method=method, n_references=5)
    score = (found.values * X).sum(axis=1)[0]  # (L,)
    site = slice(12, 19)
    assert (score[:12] == 0).all() and (score[19:] == 0).all()
    assert (score[site] > 0).all()
    if method not in ("deeplift_shap", "ism"):
        np.testing.assert_allclose(score[site], score[12], rtol=1e-5)  # each base of it counts the same
    if method in ("gradient", "input_x_gradient"):
        np.testing.assert_allclose(score[site], 2.0)  # dense weight × filter weight
    if method == "deeplift":
        np.testing.assert_allclose(score[site], 2.0 / 7)  # the answer 2 shared by seven bases
    if method == "ism":
        # 2 lost by three substitutions of four; in the centre by two, as TGAGTCA is the site on the other strand
        np.testing.assert_allclose(score[site], [1.5, 1.5, 1.5, 1.0, 1.5, 1.5, 1.5])


def test_deeplift_shap_of_a_site_sums_to_the_difference_from_its_shuffles(detector):
    X = one_hot(SITES["+"])
    found = attribute(detector, X, method="deeplift_shap", n_references=20)
    shuffles = dinucleotide_shuffle(X, 20, seed=0)[0]
    difference = predict(detector, X, output="logit")[0, 0] - predict(detector, shuffles, output="logit")[:, 0].mean()
    assert found.values.sum() == pytest.approx(difference, abs=1e-5)
    assert found.delta[0] < 1e-5
    assert found.reference == "20 dinucleotide shuffles of the sequence, which keep its first and last base"


def test_ends_that_shuffles_keep_count_for_nothing_as_the_reference_says():
    model, X, _ = case("flatten", 2)
    found = attribute(model, X[:1], method="deeplift_shap")
    assert (found.values[0, :, [0, -1]] == 0).all() and np.abs(found.values[0, :, 1:-1]).max() > 0
    assert found.reference.endswith("which keep its first and last base")
    assert (np.abs(attribute(model, X[:1], method="ism").values[0]).sum(axis=0)[[0, -1]] > 0).all()


@pytest.mark.parametrize("name", CONFIGS)
def test_gradients_and_integrated_gradients_agree_with_captum(name):
    from captum.attr import InputXGradient, IntegratedGradients, Saliency

    model, X, c = case(name)
    model.eval()
    task = CONFIGS[name].n_tasks - 1
    x, beside = torch.from_numpy(X).float().requires_grad_(), None if c is None else torch.from_numpy(c)
    options = {"target": task, "additional_forward_args": beside}
    kept = {"covariates": c, "task": task}
    expected = Saliency(model).attribute(x, abs=False, **options).detach().numpy()
    np.testing.assert_allclose(attribute(model, X, method="gradient", **kept).values, expected, atol=1e-5)
    expected = InputXGradient(model).attribute(x, **options).detach().numpy()
    np.testing.assert_allclose(attribute(model, X, method="input_x_gradient", **kept).values, expected, atol=1e-5)
    expected, delta = IntegratedGradients(model).attribute(x, n_steps=50, return_convergence_delta=True, **options)
    found = attribute(model, X, method="integrated_gradients", n_steps=50, **kept)
    np.testing.assert_allclose(found.values, expected.detach().numpy(), atol=1e-4)
    np.testing.assert_allclose(found.delta, np.abs(delta.detach().numpy()), atol=1e-4)


@pytest.mark.filterwarnings("ignore:Setting forward, backward hooks")
def test_deeplift_without_maxima_agrees_with_captum():
    from captum.attr import DeepLift

    model, X, _ = case("flatten")

    class Plain(torch.nn.Module):  # Captum needs a ReLU module of its own per layer, and no cropped padding
        def __init__(self):
            super().__init__()
            self.layers = torch.nn.ModuleList(torch.nn.Conv1d(c.in_channels, c.out_channels, 4) for c in model.convs)
            self.relus = torch.nn.ModuleList(torch.nn.ReLU() for _ in model.convs)
            self.dense = model.dense
            for mine, theirs in zip(self.layers, model.convs, strict=True):
                mine.weight, mine.bias = theirs.weight, theirs.bias

        def forward(self, x):
            for conv, relu in zip(self.layers, self.relus, strict=True):
                x = relu(conv(torch.nn.functional.pad(x, (1, 2))))
            return self.dense(x.flatten(1))

    plain = Plain().eval()
    x = torch.from_numpy(X).float()
    np.testing.assert_allclose(plain(x).detach(), model.eval()(x).detach(), atol=1e-6)
    expected = DeepLift(plain).attribute(x, torch.zeros_like(x), target=0).detach().numpy()
    np.testing.assert_allclose(attribute(model, X, method="deeplift").values, expected, atol=1e-5)


@pytest.mark.parametrize("reference", ["zero", "uniform", "shuffled"])
@pytest.mark.parametrize("name", CONFIGS)
def test_deeplift_sums_to_the_difference_of_outputs_also_through_maxima(name, reference):
    model, X, c = case(name, 4)
    found = attribute(model, X, method="deeplift", covariates=c, reference=reference, n_references=3)
    assert found.delta.shape == (4,)
    assert (found.delta < 1e-4).all()


@pytest.mark.parametrize(
    "config",
    [
        ModelConfig(length=23, depth=3, filters=5, kernel_size=6),
        ModelConfig(length=23, depth=2, filters=5, kernel_size=2),
        ModelConfig(length=23, depth=2, filters=5, kernel_size=4, padding="valid"),
        ModelConfig(length=23, depth=2, filters=3, kernel_size=5, members=2, strands="both", pooling="max_mean"),
    ],
    ids=["even", "two", "valid", "members"],
)
def test_deeplift_against_many_references_is_the_mean_of_it_against_each(config):
    model = build(config)
    with torch.no_grad():
        for conv in model.convs:
            conv.bias.uniform_(-0.3, 0.3)
    X = random_backgrounds(3, 23, seed=5)
    references = dinucleotide_shuffle(X, 7, seed=2)  # (3, 7, 4, 23)
    found = attribute(model, X, method="deeplift_shap", n_references=7, seed=2)
    each = [attribute(model, X, method="deeplift", reference=references[:, r]) for r in range(7)]
    np.testing.assert_allclose(found.hypothetical, np.mean([e.hypothetical for e in each], axis=0), atol=1e-5)
    change = predict(model, X, output="logit")[:, 0] - predict(
        model, references.reshape(-1, 4, 23), output="logit"
    ).reshape(3, 7).mean(axis=1)
    np.testing.assert_allclose(found.values.sum(axis=(1, 2)), change, atol=1e-5)


@pytest.mark.parametrize("method", ["integrated_gradients", "deeplift"])
@pytest.mark.parametrize("name", ["flatten", "covariate"])
def test_values_and_covariates_sum_to_the_change_of_the_logit(name, method):
    model, X, c = case(name, 2)
    X = random_backgrounds(2, LENGTH, seed=4)
    found = attribute(model, X, method=method, covariates=c, n_steps=400)
    neutral = None if c is None else np.exp(np.array([[-2.0, 1.0]] * 2)) - 1e-3  # transformed to zero
    change = predict(model, X, c, output="logit") - predict(model, np.zeros_like(X), neutral, output="logit")
    total = found.values.sum(axis=(1, 2)) + (0 if c is None else found.covariates.sum(axis=1))
    np.testing.assert_allclose(total, change[:, 0], atol=2e-3)


@pytest.mark.parametrize("method", ATTRIBUTIONS)
@pytest.mark.parametrize("name", ["max both", "covariate"])
def test_every_method_keeps_the_contract(name, method):
    model, X, c = case(name)
    found = attribute(model, X, method=method, covariates=c, **QUICK)
    assert found.values.shape == found.hypothetical.shape == X.shape
    assert found.values.dtype == found.hypothetical.dtype == np.float32
    assert np.isfinite(found.hypothetical).all()
    if method != "gradient":
        np.testing.assert_array_equal(found.values, found.hypothetical * X)
    assert (found.delta is not None) == (method in REFERENCED)
    assert (found.covariates is None) == (c is None)
    one_by_one = attribute(model, X, method=method, covariates=c, batch_size=1, **QUICK)
    np.testing.assert_allclose(found.values, one_by_one.values, atol=1e-5)
    again = attribute(model, X, method=method, covariates=c, **QUICK)
    np.testing.assert_array_equal(found.values, again.values)


@pytest.mark.parametrize("method", ATTRIBUTIONS)
def test_the_model_is_left_as_it_was_also_after_an_error(method, monkeypatch):
    model, X, _ = case("max both")
    model.train()
    model.activations[0].eval()
    model.dense.weight.requires_grad_(False)
    kept = torch.ones_like(model.convs[0].weight)
    model.convs[0].weight.grad = kept
    modes = [module.training for module in model.modules()]

    def check():
        assert [module.training for module in model.modules()] == modes
        assert model.convs[0].weight.grad is kept and (kept == 1).all()
        assert model.convs[1].weight.grad is None and not model.dense.weight.requires_grad
        assert not any(m._forward_hooks or m._backward_hooks or m._forward_pre_hooks for m in model.modules())

    attribute(model, X, method=method, **QUICK)
    check()

    def fail(*_, **__):
        raise RuntimeError("broken on purpose")

    inside = (Substitutions, "changes") if method == "ism" else (model.convs[1], "forward")
    monkeypatch.setattr(*inside, fail)
    with pytest.raises(RuntimeError, match="on purpose"):
        attribute(model, X, method=method, **QUICK)
    check()


def test_attributions_work_where_gradients_are_switched_off():
    model, X, _ = case("max")
    with torch.no_grad():
        inside = attribute(model, X, method="integrated_gradients", **QUICK).values
    np.testing.assert_array_equal(inside, attribute(model, X, method="integrated_gradients", **QUICK).values)


@pytest.mark.parametrize("method", GRADIENTS)
def test_the_correction_leaves_no_mean_over_the_bases(method):
    model, X, _ = case("flatten")
    found = attribute(model, X, method=method, correct=True)
    np.testing.assert_allclose(found.hypothetical.mean(axis=1), 0, atol=1e-6)
    plain = attribute(model, X, method=method).hypothetical
    np.testing.assert_allclose(found.hypothetical, plain - plain.mean(axis=1, keepdims=True), atol=1e-6)


def test_covariates_count_weight_times_transformed_value():
    model, X, c = case("covariate")
    weight = model.dense.weight.detach().numpy()[0, -2:]
    seen = (np.log(c + 1e-3) - [-2.0, 1.0]) / [0.5, 2.0]
    np.testing.assert_allclose(
        attribute(model, X, method="deeplift", covariates=c).covariates, weight * seen, rtol=1e-4
    )
    np.testing.assert_allclose(attribute(model, X, method="gradient", covariates=c).covariates, [weight] * 3, rtol=1e-6)


@pytest.mark.parametrize(
    "wrong, message",
    [
        ({"method": "magic"}, "method is 'magic': choose gradient, input_x_gradient"),
        ({"method": "ism", "correct": True}, "correct is true but ism has no gradient to correct"),
        ({"method": "gradient", "task": 1}, "task is 1: this model has 1, counted from 0"),
        ({"method": "deeplift", "reference": "snow"}, "reference is 'snow': choose 'zero', 'uniform', 'shuffled'"),
        (
            {"method": "deeplift", "reference": np.zeros((4, 5))},
            r"the reference has shape \(4, 5\): it must be \(4, 23\)",
        ),
        ({"method": "deeplift_shap", "n_references": 0}, "n_references is 0 and n_steps 50: both must be at least 1"),
    ],
)
def test_wrong_settings_are_told_in_a_sentence(wrong, message):
    model, X, _ = case("flatten")
    with pytest.raises(InputError, match=message):
        attribute(model, X, **wrong)
