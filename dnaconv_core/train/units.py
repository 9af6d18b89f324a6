"""Labels that are numbers, in units of their own spread while a network trains, whatever units they were measured in.

Adam's steps have a size of their own: a last layer would need thousands to reach labels around 500. The network
therefore trains on labels of mean 0 and one spread, and what leads straight to its outputs (the dense layer, weights of
positions and of GC content) is then multiplied and shifted, so that it predicts in the units of the labels.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from dnaconv_core.data.dataset import Dataset

if TYPE_CHECKING:
    from torch import Tensor, nn

    from dnaconv_core.model.convnet import ConvNet

SPREAD = 0.5  # standard deviation of labels while training: that of as many zeros as ones


class Units(NamedTuple):
    """Of each label `(T,)`: its mean, and how many of its units one unit of training is."""

    mean: np.ndarray
    scale: np.ndarray

    def standard(self, data: Dataset) -> Dataset:
        """The data with their labels as the network trains on them."""
        return replace(data, y=((data.y - self.mean) / self.scale).astype(np.float32))


def units_of(train: Dataset) -> Units:
    """The units of a training part's known labels; a label that never changes is only shifted."""
    y = np.where(np.asarray(train.w) > 0, train.y, np.nan).astype(np.float64)  # (N, T)
    known = np.isfinite(y)
    n = np.maximum(known.sum(axis=0), 1)
    mean = np.where(known, y, 0).sum(axis=0) / n
    scale = np.sqrt((np.where(known, y - mean, 0) ** 2).sum(axis=0) / n) / SPREAD
    return Units(mean, np.where(scale > 0, scale, 1.0))


def into_units(model: ConvNet, units: Units) -> None:
    """A network that trained on standard labels predicts in the labels' own units from here on."""
    _move(model, units.scale, units.mean)


def out_of_units(model: ConvNet, units: Units) -> None:
    """The reverse: a network that predicts in the labels' own units is as if it had trained on standard ones."""
    _move(model, 1 / units.scale, -units.mean / units.scale)


@contextmanager
def in_units(model: ConvNet, units: Units | None) -> Iterator[None]:
    """While the block runs, the network predicts in the labels' own units; its weights are then what they were."""
    import torch

    if units is None:
        yield
        return
    before = [weights.detach().clone() for weights in _last(model)]
    into_units(model, units)
    try:
        yield
    finally:
        with torch.no_grad():
            for weights, kept in zip(_last(model), before, strict=True):
                weights.copy_(kept)


def _last(model: ConvNet) -> list[Tensor]:
    """What is added up to the outputs, the bias first."""
    straight: list[nn.Linear | None] = [model.dense, model.positional, model.composition]
    return [model.dense.bias, *(layer.weight for layer in straight if layer is not None)]


def _move(model: ConvNet, scale: np.ndarray, shift: np.ndarray) -> None:
    import torch

    with torch.no_grad():
        bias, *weights = _last(model)
        by, to = (torch.as_tensor(each, dtype=bias.dtype, device=bias.device) for each in (scale, shift))
        bias.mul_(by).add_(to)
        for each in weights:
            each.mul_(by[:, None])
