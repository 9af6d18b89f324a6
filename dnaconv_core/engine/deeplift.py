"""DeepLIFT's rescale rule on this network, maxima included (Shrikumar, Greenside & Kundaje 2017).

Every layer is linear, a ReLU or a maximum. A ReLU's multiplier is Δout / Δin. A maximum over positions or strands
passes on what the rule for max-pooling says: with y the maximum at the input, r that at the reference and c the larger
of both, c − r goes to the place of y and y − c to the place of r. The contributions then sum to the difference of
outputs exactly, also where the strongest site of the reference lies elsewhere.

No hooks are set: the network's own layers are called with the input, and once before with the reference.
"""

from __future__ import annotations

import torch
from torch import Tensor

from dnaconv_core.model.convnet import ConvNet
from dnaconv_core.model.layers import flip_strand

_SMALL = 1e-6  # a Δin below this takes the gradient in place of Δout / Δin


def multipliers(model: ConvNet, x: Tensor, reference: Tensor, task: int) -> Tensor:
    """DeepLIFT multipliers `(B, 4, L)` of the logit of `task` for `x` against `reference`, both `(B, 4, L)`."""
    with torch.no_grad():
        kept = _Reference()
        _pooled(model, reference, kept)
    with torch.enable_grad():
        x = x.detach().requires_grad_(True)
        h = _pooled(model, x, kept.replay())  # (B, n)
        logit = h @ model.dense.weight[task, : h.shape[1]].detach()  # covariates enter after this, linearly
        if model.positional is not None:
            logit = logit + x.flatten(1) @ model.positional.weight[task].detach()
        return torch.autograd.grad(logit.sum(), x)[0]


class _Reference:
    """The inputs of every ReLU and maximum for the reference, in the order in which they are met."""

    def __init__(self) -> None:
        self.seen: list[Tensor] = []
        self.place: int | None = None

    def replay(self) -> _Reference:
        self.place = 0
        return self

    def relu(self, a: Tensor) -> Tensor:
        if self.place is None:
            self.seen.append(a)
            return a.relu()
        return _Relu.apply(a, self._next())

    def maximum(self, h: Tensor) -> Tensor:
        """Over the last axis."""
        if self.place is None:
            self.seen.append(h)
            return h.amax(dim=-1)
        return _Max.apply(h, self._next())

    def _next(self) -> Tensor:
        self.place += 1
        return self.seen[self.place - 1]


def _pooled(model: ConvNet, x: Tensor, rule: _Reference) -> Tensor:
    """What the convolutions hand to the dense layer, `(B, n)`, as ConvNet computes it."""
    both = model.config.strands == "both"
    h = torch.cat([x, flip_strand(x)]) if both else x  # (B or 2B, 4, L)
    for conv in model.convs:
        h = rule.relu(conv(h))  # (B or 2B, F, P)
    if both:
        forward, reverse = h.chunk(2)
        h = rule.maximum(torch.stack([forward, reverse.flip(2)], dim=-1))  # (B, F, P)
    if model.config.pooling == "flatten":
        return h.flatten(1)
    strongest = rule.maximum(h)  # (B, F)
    if model.config.pooling == "max":
        return strongest
    groups = (model.config.members, model.config.filters)
    return torch.cat([strongest.unflatten(1, groups), h.mean(dim=2).unflatten(1, groups)], dim=2).flatten(1)


class _Relu(torch.autograd.Function):
    @staticmethod
    def forward(ctx, a: Tensor, reference: Tensor) -> Tensor:
        ctx.save_for_backward(a, reference)
        return a.relu()

    @staticmethod
    def backward(ctx, gradient: Tensor):
        a, reference = ctx.saved_tensors
        change = a - reference
        small = change.abs() < _SMALL
        slope = (a.relu() - reference.relu()) / torch.where(small, torch.ones_like(change), change)
        return gradient * torch.where(small, (a > 0).to(a.dtype), slope), None


class _Max(torch.autograd.Function):
    @staticmethod
    def forward(ctx, h: Tensor, reference: Tensor) -> Tensor:
        ctx.save_for_backward(h, reference)
        return h.amax(dim=-1)

    @staticmethod
    def backward(ctx, gradient: Tensor):
        h, reference = ctx.saved_tensors
        (y, here), (r, there) = h.max(dim=-1, keepdim=True), reference.max(dim=-1, keepdim=True)
        larger = torch.maximum(y, r)
        shares = torch.zeros_like(h)
        shares.scatter_add_(-1, here, larger - r)
        shares.scatter_add_(-1, there, y - larger)
        change = h - reference
        small = change.abs() < 1e-12
        slope = shares / torch.where(small, torch.ones_like(change), change)
        return gradient.unsqueeze(-1) * torch.where(small, torch.zeros_like(slope), slope), None
