"""The fast way through one layer and its maximum against the layers apart: outputs and gradients."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from dnaconv_core.engine import channels_last, strongest
from dnaconv_core.engine.forward import member_logits
from dnaconv_core.model.config import ModelConfig
from dnaconv_core.model.convnet import build


def inputs(n: int, length: int) -> torch.Tensor:
    codes = np.random.default_rng(3).integers(0, 5, (n, length))  # 4: an unknown base
    return torch.from_numpy((codes[:, None, :] == np.arange(4)[None, :, None]).astype(np.float32))


@pytest.mark.parametrize("strands", ["one", "both"])
@pytest.mark.parametrize(("padding", "kernel"), [("same", 5), ("valid", 5), ("valid", 6)])
@pytest.mark.parametrize("members", [1, 3])
def test_outputs_and_gradients_are_those_of_the_layers_apart(strands, padding, kernel, members, monkeypatch):
    config = ModelConfig(
        length=23, depth=1, filters=7, kernel_size=kernel, dropout=0.0, padding=padding, pooling="max",
        strands=strands, members=members, n_tasks=2,
    )  # fmt: skip
    model, X = build(config, 1).train(), inputs(11, 23)
    with torch.no_grad():
        model.convs[0].bias.uniform_(-0.5, 0.5)
    scale = torch.rand(11, members, 2)
    found = []
    for fast in (True, False):
        if not fast:
            monkeypatch.setattr(channels_last, "applies", lambda *_: False)
        model.zero_grad()
        logits = member_logits(model, X)
        (logits * scale).sum().backward()
        found.append((logits.detach(), [p.grad.clone() for p in model.parameters()]))
    torch.testing.assert_close(found[0][0], found[1][0])
    for ours, theirs in zip(found[0][1], found[1][1], strict=True):
        torch.testing.assert_close(ours, theirs)


def test_predictions_are_the_same_with_and_without_it(monkeypatch):
    from dnaconv_core.predict import predict

    model = build(ModelConfig(length=23, depth=1, filters=7, kernel_size=5, pooling="max", strands="both"), 1)
    X = inputs(37, 23).numpy().astype(np.int8)
    fast = predict(model, X)
    monkeypatch.setattr(strongest, "applies", lambda _: False)
    np.testing.assert_allclose(fast, predict(model, X), rtol=1e-5)


def test_it_stands_in_only_where_it_gives_the_same():
    config = ModelConfig(length=23, depth=1, filters=7, kernel_size=5, dropout=0.0, pooling="max")
    assert strongest.applies(build(config).train())
    assert not strongest.applies(build(config).eval())  # where an attribution may ask for the input's gradient
    with torch.inference_mode():
        assert strongest.applies(build(config).eval())
    for other in ({"depth": 2}, {"pooling": "flatten"}, {"dropout": 0.3}, {"kernel_size": 6}):
        assert not strongest.applies(build(config.replace(**other)).train())
