"""Networks whose answer is known because their weights are set by hand."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from dnaconv_core.model.config import ModelConfig
from dnaconv_core.model.convnet import ConvNet, build
from dnaconv_core.sequence.encoding import one_hot
from dnaconv_core.sequence.motif import AP1, to_pwm


@pytest.fixture
def detector():
    """One filter that answers 1 to TGACTCA on either strand and 0 to anything else; the logit is 2 × that − 1."""
    return site_detector(31)


@pytest.fixture(name="site_detector", scope="session")
def make_site_detector():
    """A function that makes a detector of any length and head."""
    return site_detector


def site_detector(length: int, pooling: str = "max", strands: str = "both") -> ConvNet:
    model = build(ModelConfig(length=length, depth=1, filters=1, kernel_size=7, pooling=pooling, strands=strands))
    with torch.no_grad():
        model.convs[0].weight.copy_(torch.from_numpy(one_hot("TGACTCA")).float())
        model.convs[0].bias.fill_(-6.0)
        model.dense.weight.fill_(2.0)
        model.dense.bias.fill_(-1.0)
    return model


@pytest.fixture(scope="session")
def ap1_model() -> ConvNet:
    """What a good training on synthetic binding data ends in: AP-1's matrix as one filter, and three of noise."""
    model = build(ModelConfig(length=61, depth=1, filters=4, kernel_size=9, pooling="max", strands="both"), 7)
    with torch.no_grad():
        model.convs[0].weight.mul_(0.5)
        model.convs[0].weight[2] = 0
        model.convs[0].weight[2, :, 1:8] = torch.from_numpy(to_pwm(AP1.ppm).astype(np.float32))
        model.convs[0].bias[2] = -5.0
        model.dense.weight.copy_(torch.tensor([[0.05, -0.05, 1.0, 0.02]]))
        model.dense.bias.fill_(-4.0)
    return model.eval()
