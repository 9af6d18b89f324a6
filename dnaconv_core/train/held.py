"""Weights that stay as they are while all others are trained, whatever the optimizer, the device or the precision."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from dnaconv_core.model.convnet import ConvNet


def first_filters(model: ConvNet, n: int) -> dict[str, Tensor]:
    """Which rows of the first layer's weights and biases, `(M·F,)` bool each, are the first n filters of a member."""
    import torch

    config, first = model.config, model.convs[0]
    rows = (torch.arange(config.members * config.filters) % config.filters < n).to(first.weight.device)
    return {"convs.0.weight": rows, "convs.0.bias": rows}


def hold(model: ConvNet, optimizer: torch.optim.Optimizer, held: Mapping[str, Tensor]) -> None:
    """After every step put these rows of the named parameters back to what they are now.

    So neither a gradient, its momentum nor weight decay moves them, bit for bit; a step recorded on a GPU contains the
    putting back.
    """
    import torch

    parameters = dict(model.named_parameters())
    kept = []
    for name, rows in held.items():
        parameter = parameters[name]
        index = rows.to(parameter.device).nonzero().squeeze(1)
        kept.append((parameter, index, parameter.detach()[index].clone()))

    def put_back(*_: Any) -> None:
        with torch.no_grad():
            for parameter, index, values in kept:
                parameter.index_copy_(0, index, values)

    optimizer.register_step_post_hook(put_back)
