"""DeepLIFT's rescale rule on this network, maxima included (Shrikumar, Greenside & Kundaje 2017).

Every layer is linear, a ReLU or a maximum. A ReLU's multiplier is Δout / Δin. A maximum over positions or strands
passes on what the rule for max-pooling says: with y the maximum at the input, r that at the reference and c the larger
of both, c − r goes to the place of y and y − c to the place of r. The contributions then sum to the difference of
outputs exactly, also where the strongest site of the reference lies elsewhere.

A step of which nothing is known but its plain form gets its mean gradient along the straight line from the reference to
the input, which for a ReLU is the same rule; it sums up to within the
quadrature's error.

No hooks are set: the network's own layers are called with the input, and once before with the reference.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from dnaconv_core.model.convnet import ConvNet
from dnaconv_core.model.heads import EACH, MAX, MEAN
from dnaconv_core.model.layer_steps import Activation, BothStrands, Convolution, PoolBetween, StrongerStrand
from dnaconv_core.model.layers import outside_gc
from dnaconv_core.model.step import Step

_NODES = 16  # of a Gauss-Legendre quadrature
_SMALL = 1e-6  # a Δin below this takes the gradient in place of Δout / Δin


def multipliers(model: ConvNet, x: Tensor, reference: Tensor, task: int) -> Tensor:
    """DeepLIFT multipliers `(B, 4, L)` of the logit of `task` for `x` against `reference`, both `(B, 4, L)`."""
    counted = model.pooling.counted(x)  # of both: the reference is taken to lie where the sequence does
    with torch.no_grad():
        kept = Replayed()
        _logit(model, reference, kept, counted, task)
    with torch.enable_grad():
        x = x.detach().requires_grad_(True)
        return torch.autograd.grad(_logit(model, x, kept.replay(), counted, task).sum(), x)[0]


class Replayed:
    """What enters every step that is not linear, for the reference, in the order in which they are met."""

    def __init__(self) -> None:
        self.seen: list[Tensor] = []
        self.place: int | None = None

    def replay(self) -> Replayed:
        self.place = 0
        return self

    def relu(self, a: Tensor) -> Tensor:
        return a.relu() if self._first(a) else _Relu.apply(a, self._next())

    def maximum(self, h: Tensor) -> Tensor:
        """Over the last axis."""
        return h.amax(dim=-1) if self._first(h) else _Max.apply(h, self._next())

    def plain(self, h: Tensor, function: Callable[[Tensor], Tensor]) -> Tensor:
        return function(h) if self._first(h) else _Path.apply(h, self._next(), function)

    def take(self, h: Tensor) -> Tensor | None:
        """What the reference had here; None of the reference itself, which is then kept."""
        return None if self._first(h) else self._next()

    def _first(self, h: Tensor) -> bool:
        if self.place is None:
            self.seen.append(h)
        return self.place is None

    def _next(self) -> Tensor:
        place = self.place or 0
        self.place = place + 1
        return self.seen[place]


def _logit(model: ConvNet, x: Tensor, rule: Replayed, counted: Tensor | None, task: int) -> Tensor:
    """The logit `(B,)` without bias and covariates, which enter linearly."""
    h = _pooled(model, x, rule, counted)
    if model.hidden is not None:
        h = rule.relu(model.hidden(h))
    logit = h @ model.own[task].detach()
    if model.positional is not None:
        logit = logit + x.flatten(1) @ model.positional.weight[task].detach()
    if model.composition is not None:
        logit = logit + rule.relu(outside_gc(x, model.config.composition)) @ model.composition.weight[task].detach()
    return logit


def _pooled(model: ConvNet, x: Tensor, rule: Replayed, counted: Tensor | None) -> Tensor:
    """What the convolutions hand to the dense layer, `(B, M·n)`, as ConvNet computes it."""
    h = x
    for step in model.layers:
        if isinstance(step, Activation):
            h = rule.relu(h)
        elif isinstance(step, StrongerStrand):
            forward, reverse = h.chunk(2)
            h = rule.maximum(torch.stack([forward, reverse.flip(2)], dim=-1))  # (B, F, P)
        elif isinstance(step, PoolBetween):
            beyond = step.positions * model.config.pool_between - h.shape[2]
            h = rule.maximum(functional.pad(h, (0, beyond)).unflatten(2, (step.positions, -1)))
        elif isinstance(step, (BothStrands, Convolution)):
            h = step.plain(model, h, x, None)
        else:
            h = rule.plain(h, partial(_step, model, step, x))
    head, h = model.pooling, h.unflatten(1, (model.config.members, -1))  # (B, M, F, P)
    if not head.parts:
        return rule.plain(h, partial(head.pool, counted=counted)).flatten(1)
    kinds = {
        EACH: lambda: h.flatten(2),
        MAX: lambda: head.by_stretch(_seen(h, counted), rule.maximum),
        MEAN: lambda: _mean(h, counted),
    }
    return torch.cat([kinds[part]() for part in head.parts], dim=2).flatten(1)


def _seen(h: Tensor, counted: Tensor | None) -> Tensor:
    """Activations `(B, M, F, P)`, none below 0, with 0 where they do not count."""
    return h if counted is None else h * counted[:, None, None]


def _mean(h: Tensor, counted: Tensor | None) -> Tensor:
    return h.mean(dim=3) if counted is None else _seen(h, counted).sum(dim=3) / counted.sum(1)[:, None, None]


def _step(model: ConvNet, step: Step, x: Tensor, h: Tensor) -> Tensor:
    return step.plain(model, h, x, None)


class _Relu(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, a: Tensor, reference: Tensor) -> Tensor:
        ctx.save_for_backward(a, reference)
        return a.relu()

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        a, reference = ctx.saved_tensors
        change = a - reference
        small = change.abs() < _SMALL
        slope = (a.relu() - reference.relu()) / torch.where(small, torch.ones_like(change), change)
        return gradient * torch.where(small, (a > 0).to(a.dtype), slope), None


class _Max(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, h: Tensor, reference: Tensor) -> Tensor:
        ctx.save_for_backward(h, reference)
        return h.amax(dim=-1)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
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


class _Path(torch.autograd.Function):
    """Any function, whose gradient is the mean along the straight line from the reference to the input."""

    @staticmethod
    def forward(ctx: Any, h: Tensor, reference: Tensor, function: Callable[[Tensor], Tensor]) -> Tensor:
        ctx.save_for_backward(h, reference)
        ctx.function = function
        return function(h)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        h, reference = ctx.saved_tensors
        mean = torch.zeros_like(h)
        for node, weight in zip(*np.polynomial.legendre.leggauss(_NODES), strict=True):
            with torch.enable_grad():
                at = (reference + (node + 1) / 2 * (h - reference)).detach().requires_grad_(True)
                found = torch.autograd.grad(ctx.function(at), at, gradient)[0]
            mean += weight / 2 * found
        return mean, None, None
