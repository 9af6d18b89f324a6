"""What the units of one layer hold, and which bases each of them sees."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import numpy as np

from dnaconv_core.model.receptive_field import receptive_field
from dnaconv_core.model.steps import before_filters, last_of_layer

if TYPE_CHECKING:
    import torch

    from dnaconv_core.engine.own_module import OwnModule
    from dnaconv_core.model.convnet import ConvNet


class Reader(Protocol):
    """One layer: `filters` units at each position, each seeing `width` bases, the first from base `first` on."""

    width: int
    filters: int
    first: int
    stride: int

    def activations(self, X: np.ndarray) -> list[torch.Tensor]:
        """What the units hold before the ReLU, `(B, W, F)` for each strand that is read.

        W counts the units whose whole window lies within the sequence.
        """


def reader_of(model: ConvNet, X: np.ndarray, layer: int) -> Reader:
    """The reader of a layer (from 1); of a module of one's own, of its first Conv1d."""
    return _OwnReader(model, X) if getattr(model, "alone", False) else _LayerReader(model, layer)  # type: ignore[arg-type]


class _LayerReader:
    def __init__(self, model: ConvNet, layer: int) -> None:
        self.model, self.layer = model, layer
        self.width, self.filters = receptive_field(model.config, layer), model.convs[layer - 1].out_channels
        last = last_of_layer(model.config, layer)
        (before, after), self.stride = last.sees, last.stride
        self.units = slice(-(-before // self.stride), (model.config.length - 1 - after) // self.stride + 1)
        self.first = self.units.start * self.stride - before

    def activations(self, X: np.ndarray) -> list[torch.Tensor]:
        from dnaconv_core.model.layers import flip_strand

        model, below = self.model, before_filters(self.model.config, self.layer)
        x = _tensor(model, X)  # (B, 4, L)
        out = []
        for h in [x, flip_strand(x)] if model.config.strands == "both" else [x]:
            h = model.walk(below, h, h)
            out.append(model.convs[self.layer - 1](h)[:, :, self.units].transpose(1, 2))  # as they lie in memory
        return out


class _OwnReader:
    first = 0

    def __init__(self, model: OwnModule, X: np.ndarray) -> None:
        self.model, self.conv = model, model.first_filters(_tensor(model, X[:1]))
        self.filters, self.stride = self.conv.out_channels, self.conv.stride[0]
        self.width = self.conv.dilation[0] * (self.conv.kernel_size[0] - 1) + 1

    def activations(self, X: np.ndarray) -> list[torch.Tensor]:
        from torch.nn import functional

        conv, x = self.conv, _tensor(self.model, X)
        h = functional.conv1d(x.to(conv.weight.dtype), conv.weight, conv.bias, conv.stride, 0, conv.dilation)
        return [h.float().transpose(1, 2)]  # without padding: every unit sees bases alone


def _tensor(model: ConvNet, X: np.ndarray) -> torch.Tensor:
    import torch

    return torch.from_numpy(np.ascontiguousarray(X)).to(next(model.parameters()).device).float()
