"""Torch modules that are not of this package: the same numbers as by hand, as Captum's, as of the network itself."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

import dnaconv_core as dc
from dnaconv_core.engine.own_module import own_module
from dnaconv_core.errors import InputError
from dnaconv_core.interpret.attribution import ATTRIBUTIONS, attribute
from dnaconv_core.predict import predict
from dnaconv_core.sequence.edit import substitute
from dnaconv_core.sequence.shuffle import random_backgrounds

N, L, T = 5, 30, 3


class Own(nn.Module):
    """Everything that is done to keep one from opening it: functions, a ReLU used twice, in place, batch statistics."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.second, self.norm = nn.Conv1d(4, 6, 7, padding=3), nn.Conv1d(6, 8, 3), nn.BatchNorm1d(6)
        self.relu, self.pool, self.drop = nn.ReLU(inplace=True), nn.MaxPool1d(2), nn.Dropout(0.5)
        self.out = nn.Linear(16, T)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        h = self.pool(self.relu(self.norm(self.conv(x))))
        h = self.relu(self.second(h))
        return self.out(self.drop(torch.cat([h.amax(dim=2), nn.functional.gelu(h).mean(2)], dim=1)))


@pytest.fixture(scope="module")
def module() -> Own:
    torch.manual_seed(4)
    own = Own()
    own.norm.running_mean.uniform_(-0.5, 0.5)
    return own.train()


@pytest.fixture(scope="module")
def X() -> np.ndarray:
    return random_backgrounds(N, L, seed=1)


def _by_hand(module: nn.Module, X: np.ndarray) -> np.ndarray:
    module.eval()
    with torch.no_grad():
        found = module(torch.from_numpy(X).float()).numpy()
    module.train()
    return found


def test_predictions_are_the_module_s_and_it_stays_as_it_was(module, X):
    wanted = _by_hand(module, X)
    before = {name: value.clone() for name, value in module.state_dict().items()}
    np.testing.assert_allclose(dc.predict(module, X), wanted, atol=1e-6)
    dc.attribute(module, X, task=1)
    dc.filters(module, X)
    assert all(m.training for m in module.modules()) and module.relu.inplace
    assert all(p.requires_grad and p.grad is None for p in module.parameters())
    assert all(torch.equal(value, before[name]) for name, value in module.state_dict().items())
    assert not any(m._forward_hooks or m._forward_pre_hooks or m._backward_hooks for m in module.modules())


def test_links_turn_logits_into_predictions(module, X):
    logits = _by_hand(module, X)
    binary = dc.wrap(module, L, task="binary").predict(X)
    np.testing.assert_allclose(binary, 1 / (1 + np.exp(-logits)), atol=1e-6)
    np.testing.assert_allclose(dc.wrap(module, L, task="classes").predict(X).sum(axis=1), 1, atol=1e-6)
    assert dc.evaluate(dc.wrap(module, L), dc.load_data(X, logits))["pearson_r"].value == pytest.approx(1)


def test_substitutions_are_what_predict_says_of_each_mutant(module, X):
    change = dc.ism(module, X, task=2).change
    mutant = substitute(X, "G", 11)
    wanted = (_by_hand(module, mutant) - _by_hand(module, X))[:, 2]
    np.testing.assert_allclose(change[:, 2, 11], wanted, atol=1e-5)
    assert (change[X == 1] == 0).all()


def test_gradients_are_finite_differences(module, X):
    found = attribute(own_module(module, L), X, method="gradient", task=1).values
    double, step = Own().double().eval(), 1e-6
    double.load_state_dict(module.state_dict())
    x = torch.from_numpy(X).double()
    for base, place in ((0, 3), (3, 17)):
        high, low = x.clone(), x.clone()
        high[:, base, place] += step
        low[:, base, place] -= step
        with torch.no_grad():
            wanted = ((double(high) - double(low)) / (2 * step))[:, 1].numpy()
        np.testing.assert_allclose(found[:, base, place], wanted, atol=1e-4)


@pytest.mark.parametrize("method", ATTRIBUTIONS)
def test_a_network_of_the_package_is_explained_alike_as_a_module(method):
    network = dc.load("tf_binding_synthetic").network
    X = random_backgrounds(3, network.config.length, seed=2)
    wanted = attribute(network, X, method=method, n_references=3)
    found = attribute(own_module(network, network.config.length), X, method=method, n_references=3)
    np.testing.assert_allclose(found.hypothetical, wanted.hypothetical, atol=2e-4)
    if wanted.delta is not None and method != "integrated_gradients":
        assert found.delta.max() < 1e-3


def test_deeplift_is_captum_s_where_captum_s_is_exact(X):
    from captum.attr import DeepLift

    torch.manual_seed(2)
    net = nn.Sequential(
        nn.Conv1d(4, 6, 7), nn.ELU(), nn.Conv1d(6, 5, 3), nn.ReLU(), nn.Flatten(), nn.Linear(5 * 22, 2)
    ).eval()
    other = X[::-1].copy()
    x, reference = (torch.from_numpy(one).float() for one in (X, other))
    with pytest.warns(UserWarning, match="hooks"):
        wanted = DeepLift(net).attribute(x, reference, target=1).detach().numpy()
    found = attribute(own_module(net, L), X, method="deeplift", reference=other, task=1)
    # Captum gives (x − r) times the multiplier at every base; ours puts both terms on the observed one
    np.testing.assert_allclose(found.values.sum(axis=1), wanted.sum(axis=1), atol=1e-5)
    assert found.delta.max() < 1e-5


@pytest.mark.parametrize(
    "layers",
    [
        (nn.MaxPool1d(4, 2, 1), nn.GELU(), nn.AdaptiveAvgPool1d(1), nn.Flatten(), nn.Linear(6, 1)),
        (nn.ReLU(inplace=True), nn.MaxPool1d(3), nn.Flatten(), nn.Linear(60, 1)),
        (nn.SiLU(), nn.AdaptiveMaxPool1d(1), nn.Flatten(), nn.Linear(6, 1), nn.Sigmoid()),
    ],
    ids=["overlapping and padded", "after a ReLU", "over all positions"],
)
def test_deeplift_sums_through_maxima(layers, X):
    torch.manual_seed(3)
    found = dc.attribute(nn.Sequential(nn.Conv1d(4, 6, 7, padding=3), *layers), X, n_references=2)
    assert np.abs(found.scores).max() > 1e-3 and found.found.delta.max() < 1e-5 and found.note == ""


def test_what_deeplift_has_no_rule_for_is_told(X):
    class Product(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x[:, 0, :15].sum(1) * x[:, 1, 15:].sum(1)

    found = dc.attribute(Product(), X)
    assert found.note.startswith("The contributions miss the change of the output by up to ") and found.note in (
        found._repr_html_()
    )


def test_filters_are_the_first_convolution_s(X):
    torch.manual_seed(0)
    conv = nn.Conv1d(4, 2, 5, padding=2)
    with torch.no_grad():
        conv.weight[:] = -1.0
        conv.bias[:] = 0.0
        for place, base in enumerate("TGACT"):
            conv.weight[1, "ACGT".index(base), place] = 1.0
    net = nn.Sequential(conv, nn.ReLU(), nn.AdaptiveMaxPool1d(1), nn.Flatten(), nn.Linear(2, 1))
    found = dc.filters(net, substitute(random_backgrounds(60, L, seed=5), "TGACT", 9))
    assert found.scan.motifs[1].consensus == "TGACT" and found.scan.motifs[1].max_activation == 5
    assert found.scan.motifs[1].sites.start[0] == 9 and found.scan.motifs[0].note == (
        "no sequence here activates this filter"
    )
    with pytest.raises(InputError, match=r"no nn\.Conv1d with 4 input channels"):
        dc.filters(nn.Sequential(nn.Flatten(), nn.Linear(4 * L, 1)), X)
    with pytest.raises(InputError, match="does not read the one-hot sequence itself"):
        dc.filters(nn.Sequential(nn.BatchNorm1d(4), *net), X)


def test_scans_variants_motifs_and_designs(module):
    rng = np.random.default_rng(7)
    long = "".join(rng.choice(list("ACGT"), 50))
    frame = dc.scan(module, long, length=L).to_frame()
    assert len(frame) == 2 * 21
    row = frame[(frame.start == 4) & (frame.strand == "+")].iloc[0]
    assert row.score_1 == pytest.approx(dc.predict(module, long[4:34])[0, 1], abs=1e-5)
    alt = "G" if long[25] != "G" else "C"
    effects = dc.variants(module, [("c", 26, long[25], alt)], {"c": long}, length=L, task=1).to_frame()
    change = dc.ism(module, long[10:40], task=1).change[0, "ACGT".index(alt), 15]
    assert effects.effect_logit[0] == pytest.approx(change, abs=1e-5)
    X = random_backgrounds(20, L, seed=3)
    effect = dc.marginalize(module, "TGACTCA", X, task=2, n=20)
    assert effect.mean == pytest.approx((effect.after - effect.before).mean()) and effect.low <= effect.mean
    made = dc.design(dc.wrap(module, L), n=2, edits=3, task=1).to_frame()
    assert (made.score > made.start_score).all()


def test_a_module_in_another_precision_or_without_weights_is_read(X):
    double = nn.Sequential(nn.Conv1d(4, 3, 5), nn.Flatten(), nn.Linear(78, 1)).double()
    assert dc.predict(double, X).dtype == np.float32 and dc.attribute(double, X, method="input_x_gradient").note == ""

    class Content(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x[:, 1:3].sum((1, 2))  # a number for each: G and C

    np.testing.assert_array_equal(predict(own_module(Content(), L), X)[:, 0], X[:, 1:3].sum(axis=(1, 2)))
    assert (dc.ism(Content(), "A" * L).change[0, :, 8] == [0, 1, 1, 0]).all()


@pytest.mark.parametrize(
    ("module", "words"),
    [
        (nn.Conv1d(5, 2, 3), r"cannot read one-hot sequences of shape \(2, 4, 30\): .*expected input"),
        (nn.Conv1d(4, 2, 3), r"the module gave shape \(2, 2, 28\) for 2 sequences: it must give one number each"),
        (nn.LSTM(30, 2), "the module gave a tuple: it must give one tensor"),
    ],
)
def test_a_module_that_does_not_fit_is_told(module, words, X):
    with pytest.raises(InputError, match=words):
        dc.predict(module, X)


def test_the_how_to_runs():
    page = (Path(__file__).parents[2] / "docs" / "how-to" / "own-networks.md").read_text()
    told: dict[str, object] = {}
    exec("\n".join(re.findall(r"```python\n(.+?)```", page, re.DOTALL)), told)
    assert told["maps"].scores.shape == (2, 100) and told["scan"].scores.shape == (2, 201, 2)
    assert told["effects"].to_frame().status.tolist() == ["ok"] and len(told["made"].designs) == 2


def test_a_module_whose_length_is_not_known_is_told(module, X):
    with pytest.raises(InputError, match=r"not known: give dc\.wrap\(module, length=…\) in its place"):
        dc.scan(module, "ACGT" * 20)
    with pytest.raises(InputError, match="task is 'yes': choose 'regression', 'binary', 'classes'"):
        dc.wrap(module, L, task="yes")


class InPlace(nn.Module):
    """What a step has read is changed afterwards, which torch bears."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.steep, self.out = nn.Conv1d(4, 6, 5), nn.PReLU(6, 0.3), nn.Linear(6, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        h = self.conv(x)
        positive = torch.relu(h)
        h += positive
        h = self.steep(h)
        best = h.amax(-1)
        h *= 2
        return self.out(best + nn.functional.threshold(h, 0.1, 0.0).mean(-1))


def test_deeplift_bears_what_a_module_changes_in_place(X):
    torch.manual_seed(6)
    found = attribute(own_module(InPlace(), L), X, method="deeplift", reference=X[::-1].copy())
    assert found.delta.max() < 1e-5


class Asserts(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if x.shape[2] != 40:
            raise AssertionError
        return x.nothing


@pytest.mark.parametrize(
    ("length", "why"), [(30, "AssertionError"), (40, "'Tensor' object has no attribute 'nothing'")]
)
def test_whatever_a_module_raises_is_told_in_a_sentence(length, why):
    with pytest.raises(InputError, match=re.escape(f"of shape (2, 4, {length}): {why}")):
        dc.wrap(Asserts(), length)


def test_a_function_is_no_module():
    with pytest.raises(InputError, match="the module is a function: give a torch.nn.Module"):
        dc.wrap(lambda x: x, 20)
