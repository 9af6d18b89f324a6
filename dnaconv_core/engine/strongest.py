"""The strongest match of each filter: one layer, maximum over positions, several times faster than apart.

Of a convolution followed by its maximum over all positions only the winning window of each filter gets a gradient.
So nothing but the windows and the places of the winners is kept: forward is one matrix product, backward a
gather. The input gets no gradient. The numbers are those of the layers apart (see ConvNet.features).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor
from torch.nn import functional

from dnaconv_core.model.heads import MAX

if TYPE_CHECKING:
    from dnaconv_core.model.convnet import ConvNet


def possible(model: ConvNet) -> bool:
    """Whether the network is one layer whose maximum is all that is kept."""
    return model.config.depth == 1 and model.pooling.parts == (MAX,) and model.config.stretches == 1


def applies(model: ConvNet) -> bool:
    """Whether it may stand in: without dropout, and nobody asks for the gradient of the input, as attribution does in
    evaluation mode."""
    config = model.config
    alone = possible(model) and (config.padding == "valid" or config.kernel_size % 2 == 1)
    return alone and (model.activations[0].kept == 256 if model.training else not torch.is_grad_enabled())


def pooled(model: ConvNet, X: Tensor) -> Tensor:
    """What the head makes of one-hot `(B, 4, L)`: `(B, M·F)`."""
    conv, config = model.convs[0], model.config
    same, both = config.padding == "same", config.strands == "both"
    return strongest_match(X, conv.weight, conv.bias, same=same, both=both, counted=model.pooling.counted(X))


def strongest_match(
    X: Tensor, weight: Tensor, bias: Tensor, *, same: bool, both: bool, counted: Tensor | None = None
) -> Tensor:
    """`relu(max over positions (and strands) of the convolution)`: one-hot `(B, 4, L)`, `(F, 4, K)` → `(B, F)`.

    same: zeros on both sides, for odd K. both: each filter reads both strands. counted: positions `(B, P)` among which
    the maximum is looked for, all by default.
    """
    padded = functional.pad(X, (weight.shape[2] // 2,) * 2) if same else X
    return _Strongest.apply(padded, weight, bias, both, counted)


class _Strongest(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, X: Tensor, weight: Tensor, bias: Tensor, both: bool, counted: Tensor | None) -> Tensor:
        n_filters, channels, width = weight.shape
        windows = X.unfold(2, width, 1).permute(0, 2, 1, 3).reshape(len(X), -1, channels * width)  # (B, P, 4K)
        kernels = [weight, weight.flip(1, 2)] if both else [weight]  # a filter on the other strand: turned round
        scores = windows @ torch.cat([kernel.reshape(n_filters, -1) for kernel in kernels]).t()  # (B, P, F or 2F)
        if counted is not None:
            scores.masked_fill_(~counted[:, :, None], -float("inf"))
        best, place = scores.max(dim=1)  # (B, F or 2F)
        if both:
            turned = best[:, n_filters:] > best[:, :n_filters]
            best = torch.maximum(best[:, :n_filters], best[:, n_filters:])
            place = torch.where(turned, place[:, n_filters:], place[:, :n_filters])
        else:
            turned = torch.zeros_like(best, dtype=torch.bool)
        best = best + bias
        ctx.save_for_backward(windows, place, turned, best > 0)
        ctx.shape = weight.shape
        return best.clamp(min=0)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        windows, place, turned, on = ctx.saved_tensors
        gradient = gradient * on  # (B, F)
        won = windows.gather(1, place[:, :, None].expand(-1, -1, windows.shape[2]))  # (B, F, 4K)
        ahead = torch.einsum("bf,bfk->fk", gradient * ~turned, won).view(ctx.shape)
        behind = torch.einsum("bf,bfk->fk", gradient * turned, won).view(ctx.shape)
        return None, ahead + behind.flip(1, 2), gradient.sum(0), None, None
