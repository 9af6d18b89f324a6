"""DeepLIFT's rescale rule on this network, maxima included (Shrikumar, Greenside & Kundaje 2017).

Every layer is linear, a ReLU or a maximum. A ReLU's multiplier is Δout / Δin. A maximum over positions or strands
passes on what the rule for max-pooling says: with y the maximum at the input, r that at the reference and c the larger
of both, c − r goes to the place of y and y − c to the place of r. The contributions then sum to the difference of
outputs exactly, also where the strongest site of the reference lies elsewhere.

A step of which nothing is known but its plain form gets its mean gradient along the straight line from the reference to
the input, which for a ReLU is the same rule; it sums up to within the
quadrature's error.

Every rule is the same both ways round. So the inputs, which are few, are read once, and what is differentiated are
their many references: the gradient there, by the rules, holds for both. No hooks are set: the network's own layers are
called, convolutions channels last in memory.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from dnaconv_core.engine import channels_last
from dnaconv_core.model.convnet import ConvNet
from dnaconv_core.model.heads import EACH, MAX, MEAN
from dnaconv_core.model.layer_steps import Activation, BothStrands, Convolution, PoolBetween, StrongerStrand
from dnaconv_core.model.layers import outside_gc
from dnaconv_core.model.step import Step

_NODES = 16  # of a Gauss-Legendre quadrature
_TINY = 1e-30  # stands for a Δin of 0


def multipliers(model: ConvNet, x: Tensor, reference: Tensor, task: int) -> tuple[Tensor, Tensor]:
    """DeepLIFT multipliers `(B·R, 4, L)` of the logit of `task` for `x (B, 4, L)` against R references of each,
    `(B·R, 4, L)`, and by how much the logit differs, `(B·R,)`."""
    counted, many = model.pooling.counted(x), len(reference) // len(x)
    kept = Replayed()
    with torch.no_grad():
        logit = _logit(model, x, kept, counted, task)
    if counted is not None:  # of both: the reference is taken to lie where the sequence does
        counted = counted.repeat_interleave(many, dim=0)
    with torch.enable_grad():
        reference = reference.detach().requires_grad_(True)
        other = _logit(model, reference, kept.replay(), counted, task)
        found = torch.autograd.grad(other.sum(), reference)[0]
    return found, logit.repeat_interleave(many) - other.detach()


class Replayed:
    """What enters every step that is not linear, for what is read first, in the order in which they are met.

    What is read second has as many rows, or several for each of the first.
    """

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
        return h.amax(dim=-1) if self._first(h) else _Max.apply(h, _rows(self._next(), h))

    def plain(self, h: Tensor, function: Callable[[Tensor], Tensor]) -> Tensor:
        return function(h) if self._first(h) else _Path.apply(h, _rows(self._next(), h), function)

    def take(self, h: Tensor) -> Tensor | None:
        """What the first had here; None of the first itself, which is then kept."""
        return None if self._first(h) else self._next()

    def _first(self, h: Tensor) -> bool:
        if self.place is None:
            self.seen.append(h)
        return self.place is None

    def _next(self) -> Tensor:
        place = self.place or 0
        self.place = place + 1
        return self.seen[place]


def _rows(first: Tensor, second: Tensor) -> Tensor:
    """Rows of the first beside those of the second."""
    return first if len(first) == len(second) else first.repeat_interleave(len(second) // len(first), dim=0)


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
        elif isinstance(step, Convolution):
            h = step.joined(_convolved(model, step, h), h)
        elif isinstance(step, BothStrands):
            h = step.plain(model, h, x, None)
        elif type(step) is not Step:  # the sequence itself
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


def _convolved(model: ConvNet, step: Convolution, h: Tensor) -> Tensor:
    """The filters of one layer, `(B, C, P)` → `(B, M·F, P)`."""
    conv = model.convs[step.layer - 1]
    if not channels_last.applies(model, h):
        return conv(h)
    zeros = step.reach if model.config.padding == "same" else (0, 0)
    return _Convolved.apply(h, conv.weight.detach(), conv.bias.detach(), step.groups, *zeros)


class _Convolved(torch.autograd.Function):
    """A convolution with so many zeros on either side, channels last; of the input alone a gradient is asked for."""

    @staticmethod
    def forward(ctx: Any, h: Tensor, weight: Tensor, bias: Tensor, groups: int, left: int, right: int) -> Tensor:
        ctx.save_for_backward(weight)
        ctx.groups, beyond = groups, weight.shape[2] - 1
        ctx.zeros = beyond - left, beyond - right  # beside its gradient
        return _convolution(h, weight, bias, groups, left, right)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        (weight,) = ctx.saved_tensors
        turned = weight.flip(2).unflatten(0, (ctx.groups, -1)).transpose(1, 2).flatten(0, 1)
        return _convolution(gradient, turned, None, ctx.groups, *ctx.zeros), None, None, None, None, None


def _convolution(h: Tensor, weight: Tensor, bias: Tensor | None, groups: int, left: int, right: int) -> Tensor:
    """With so many zeros on either side; oneDNN itself adds no more than half a kernel at full speed."""
    beside = max(left, right)
    if beside > weight.shape[2] // 2:
        h, left, right, beside = functional.pad(h, (left, right)), 0, 0, 0
    x, kernel = (t.unsqueeze(2).contiguous(memory_format=torch.channels_last) for t in (h, weight))
    y = functional.conv2d(x, kernel, bias, padding=(0, beside), groups=groups).squeeze(2)
    return y[..., beside - left : y.shape[2] - (beside - right)]


class _Relu(torch.autograd.Function):
    """Δout / Δin is the larger of both inputs less 0 over what they differ by, where one is below 0: between 0 and 1.
    Where both are above it is more than 1, and where none is, below 0."""

    @staticmethod
    def forward(ctx: Any, h: Tensor, first: Tensor) -> Tensor:
        ctx.save_for_backward(h, first)
        return h.relu()

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        h, first = ctx.saved_tensors
        h, first = h.unflatten(0, (len(first), -1)), first.unsqueeze(1)  # beside each of the first those of the second
        apart = (h - first).abs_().clamp_min_(_TINY)
        slope = torch.maximum(h, first).div_(apart).clamp_(0, 1).flatten(0, 1)
        return slope.mul_(gradient), None


class _Max(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, h: Tensor, first: Tensor) -> Tensor:
        ctx.save_for_backward(h, first)
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
