"""The network's convolutions as a CPU does them fastest; the same numbers as the modules, to rounding.

Four things make the difference (benchmarks/README.md has the figures). Activations lie in memory position by position,
`(B, P, M, F)`, and where it costs little the filters of each member are filled up with zeros to a multiple of eight, so
that the convolution runs on whole vector registers without reordering its input. ReLU and dropout are one
multiplication by random bytes compared with the rate, and their gradient needs nothing but the output. An even kernel's
lopsided padding costs no copy: the input gets one zero column per layer on its right, and every layer uses up one. And
no convolution adds zeros for more than half its kernel, which oneDNN does at a half to a third of the speed: gradients
bring theirs along.

Sequences in bfloat16 are convolved in it, forward and backward (train/precision.py says when). Weights, their gradients
and the dense layer stay in float32.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from torch.nn import functional as F

from dnaconv_core.engine.forms import LAYERS, unknown_layer
from dnaconv_core.model.heads import EACH, MAX, MEAN, Head
from dnaconv_core.model.layer_steps import KeepingConvolution, PoolBetween
from dnaconv_core.model.layers import Conv1d, ReluDropout, SameConv1d, flip_strand

if TYPE_CHECKING:
    from dnaconv_core.model.convnet import ConvNet

_LANES = 8  # floats in a vector register: channels come in multiples of this,
_WASTE = 0.25  # unless that would add more than this share of them
_WORTH = 8  # sequences in a batch; below, preparing the weights costs more than it saves


def applies(model: ConvNet, X: Tensor) -> bool:
    """Whether `features` may stand in for the modules: on a CPU, and nobody watches or replaced a module."""
    if X.device.type != "cpu" or X.dtype not in (torch.float32, torch.bfloat16) or len(X) < _WORTH or not _available():
        return False
    if not _known(model):
        return False
    if model.convs[0].weight.dtype != torch.float32 or torch.is_autocast_enabled("cpu"):
        return False
    for conv, activation in zip(model.convs, model.activations, strict=True):
        if type(conv) not in (SameConv1d, Conv1d) or type(activation) is not ReluDropout:
            return False
        if type(activation.relu) is not nn.ReLU or any(map(_watched, (conv, activation, activation.relu))):
            return False
    return True


def _known(model: ConvNet) -> bool:
    """Whether every step before the head is computed here too: those that all engines know, and with odd kernels and
    one member pooling between layers and layers that are kept."""
    config = model.config
    if not unknown_layer(model):
        return True
    known = all(type(step) in (*LAYERS, PoolBetween, KeepingConvolution) for step in model.layers)
    return known and config.members == 1 and not _extra(model) and config.filters % _LANES == 0


def features(model: ConvNet, X: Tensor) -> Tensor:
    """Activations of the last layer `(B or 2B, P, M, F')`: F' is F filled up with zero channels.

    Where both strands are read, the second half of the batch is the reverse complement, in its own coordinates.
    """
    config = model.config
    if config.strands == "both":
        X = torch.cat([X, flip_strand(X)])
    extra = _extra(model)
    x = X.new_zeros(len(X), config.length + config.depth * extra, 4)
    x[:, : config.length] = X.transpose(1, 2)
    h = x.permute(0, 2, 1)[:, :, None]  # (B, 4, 1, L'), channels last in memory
    compute = _Layer.apply if model.training or torch.is_grad_enabled() else _rectified
    for layer, (conv, activation) in enumerate(zip(model.convs, model.activations, strict=True), 1):
        if layer > 1 and config.pool_between > 1:
            h = F.max_pool2d(h, (1, config.pool_between), ceil_mode=True)
        given = h
        kept = activation.kept if model.training else 256
        spare = (config.depth - layer) * extra
        h = compute(h, conv.weight, conv.bias, config.members, kept, _padding(model), spare)
        if layer > 1 and config.keep_layers:
            h = torch.cat([h, given], dim=1)
    return h.squeeze(2).permute(0, 2, 1).unflatten(2, (config.members, -1))  # squeezed: selecting would copy gradients


def own_logits(model: ConvNet, X: Tensor) -> Tensor:
    """What each member's own numbers come to in the dense layer, before what members share: `(B, M, T)`."""
    h, head = features(model, X), model.pooling  # (B or 2B, P, M, F')
    plain_end = model.hidden is None and not (model.training and model.config.pooled_dropout)
    if head.parts == (EACH,) and plain_end:
        h = _stronger(model, h)
        return _Dense.apply(h, _by_position(model, h.shape[3])).unflatten(1, (model.config.members, -1))
    h, counted = h.float(), head.counted(X)
    whole = counted is None and model.config.stretches == 1
    if head.parts == (MAX,) and whole:  # the maxima of either strand, then the stronger: fewer numbers
        pooled = _stronger(model, h.amax(dim=1, keepdim=True)).squeeze(1)[..., : head.filters]  # (B, M, F)
    else:
        h = _stronger(model, h)[..., : head.filters]
        pooled = _pooled(head, h, counted) if head.parts else head.pool(h.permute(0, 2, 3, 1), counted)
    return model.own_logits(model.pooled_dropout(pooled))


def _pooled(head: Head, h: Tensor, counted: Tensor | None) -> Tensor:
    """Activations `(B, P, M, F)`, none below 0, as the dense layer sees them: `(B, M, n)`."""
    seen = h
    share: Tensor | float = 1.0
    if counted is not None:
        seen = h * counted[:, :, None, None]
        share = (counted.shape[1] / counted.sum(1))[:, None, None]  # the mean is over those that count
    kinds = {
        EACH: lambda: h.permute(0, 2, 3, 1).flatten(2),  # (B, M, F·P)
        MAX: lambda: _strongest(head, seen),
        MEAN: lambda: seen.mean(dim=1) * share,
    }
    return torch.cat([kinds[part]() for part in head.parts], dim=2)


def _strongest(head: Head, seen: Tensor) -> Tensor:
    """The maximum over positions of `(B, P, M, F)`, or those of its stretches: `(B, M, n)`."""
    if head.config.stretches == 1:
        return seen.amax(dim=1)
    return head.by_stretch(seen.permute(0, 2, 3, 1), lambda some: some.amax(dim=-1))


def _stronger(model: ConvNet, h: Tensor) -> Tensor:
    """The stronger strand at the same bases: `(2B, P, M, F')` → `(B, P, M, F')`; as it is where one strand is read."""
    if model.config.strands == "one":
        return h
    forward, reverse = h.chunk(2)
    return torch.maximum(forward, reverse.flip(1))


def _by_position(model: ConvNet, wide: int) -> Tensor:
    """Weights `(T, M·F·P)` as `(M·T, P·M·F')`, for activations as they lie in memory; zero for another member's."""
    members, filters, weight = model.config.members, model.pooling.filters, model.own
    weight = F.pad(weight.view(len(weight), members, filters, -1).permute(0, 3, 1, 2), (0, wide - filters))
    if members > 1:  # (T, P, M, F') → (M, T, P, M, F')
        weight = torch.diag_embed(weight.transpose(2, 3), dim1=0, dim2=3)
    return weight.reshape(members * model.config.n_tasks, -1)


class _Layer(torch.autograd.Function):
    """Convolution, ReLU and dropout: `(B, C', 1, L)` → `(B, M·F', 1, L'')`, both channels last.

    weight (M·F, C, k), bias (M·F,). kept: of 256 random bytes, those that keep an activation (256: no dropout).
    spare: columns on the right that are to be zero, for later layers to use up.
    """

    @staticmethod
    def forward(
        ctx: Any, x: Tensor, weight: Tensor, bias: Tensor, members: int, kept: int, padding: int, spare: int
    ) -> Tensor:
        scale = 256 / kept  # what is dropped must be made up for: by the weights, which are few
        groups = members if weight.shape[1] != 4 or x.shape[1] != 4 else 1
        kernel, offset = filled(weight, bias, members, x.shape[1] // groups, scale, x.dtype)
        y = F.conv2d(x, kernel, offset, padding=(0, padding), groups=groups)
        if kept < 256:
            flat = _bits(y.permute(0, 2, 3, 1))  # as it lies in memory
            flat.mul_(_mask(flat.shape, kept, flat.dtype))
        _bits(y).relu_()
        if spare:
            y[..., -spare:] = 0
        ctx.save_for_backward(x, kernel, y)
        ctx.shapes = weight.shape, members, groups, padding, scale
        return y

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        x, kernel, y = ctx.saved_tensors
        shape, members, groups, padding, scale = ctx.shapes
        below = ctx.needs_input_grad[0]  # not of the first layer
        beside = _beside(shape[2], padding) if below else 0
        gradient = _through_relu(gradient, y, beside)
        dw = _weight_gradient(gradient, x, kernel, padding + beside, groups)
        dw = dw.view(members, -1, *dw.shape[1:])[:, : shape[0] // members, : shape[1], 0]  # (M, F, C, k)
        db = gradient.sum((0, 2, 3)).view(members, -1)[:, : shape[0] // members]
        dx = _input_gradient(gradient, kernel, shape[2] - 1 - padding - beside, groups) if below else None
        return dx, dw.reshape(shape).float() * scale, db.reshape(-1).float() * scale, None, None, None, None


def _beside(k: int, padding: int) -> int:
    """Zeros on either side that a gradient must bring along: the transposed convolution adds half a kernel itself."""
    return max(k - 1 - padding - (k - 1) // 2, 0)


def _weight_gradient(gradient: Tensor, x: Tensor, kernel: Tensor, padding: int, groups: int) -> Tensor:
    wanted = [False, True, False]
    return torch.ops.aten.convolution_backward(
        gradient, x, kernel, None, [1, 1], [0, padding], [1, 1], False, [0, 0], groups, wanted
    )[1]


def _input_gradient(gradient: Tensor, kernel: Tensor, padding: int, groups: int) -> Tensor:
    turned = kernel.flip(3).unflatten(0, (groups, -1)).transpose(1, 2).flatten(0, 1)
    turned = turned.contiguous(memory_format=torch.channels_last)
    return F.conv2d(gradient, turned, padding=(0, padding), groups=groups)


def _rectified(x: Tensor, weight: Tensor, bias: Tensor, members: int, kept: int, padding: int, spare: int) -> Tensor:
    """What `_Layer` computes without dropout, where nobody asks for gradients: convolution and ReLU in one pass.

    With AVX-512, filters are not filled up: it stores part of a register as fast as a whole one.
    """
    groups = members if weight.shape[1] != 4 or x.shape[1] != 4 else 1
    exact = torch.backends.cpu.get_cpu_capability() == "AVX512"
    kernel, offset = filled(weight, bias, members, x.shape[1] // groups, 1.0, x.dtype, fill=not exact)
    y = torch.ops.mkldnn._convolution_pointwise(x, kernel, offset, [0, padding], [1, 1], [1, 1], groups, "relu", [], "")
    if spare:
        y[..., -spare:] = 0
    return y


class _Dense(torch.autograd.Function):
    """`(B, P, M, F')` and weights `(T, P·M·F')` → `(B, T)` in float32; the activations' gradient in their own type."""

    @staticmethod
    def forward(ctx: Any, h: Tensor, weight: Tensor) -> Tensor:
        flat = h.flatten(1).float()
        ctx.save_for_backward(flat, weight)
        ctx.shape, ctx.dtype = h.shape, h.dtype
        return flat @ weight.T

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        flat, weight = ctx.saved_tensors
        return (gradient.to(ctx.dtype) @ weight.to(ctx.dtype)).view(ctx.shape), gradient.T @ flat


def _through_relu(gradient: Tensor, y: Tensor, beside: int) -> Tensor:
    """The gradient `(B, F, 1, L)` where the output is positive, with `beside` zero columns on either side."""
    if not beside:
        return torch.ops.aten.threshold_backward(_bits(gradient), _bits(y), 0).view(y.dtype)
    b, f, _, length = y.shape
    wide = y.new_empty(b, 1, length + 2 * beside, f).permute(0, 3, 1, 2)
    wide[..., :beside] = 0
    wide[..., -beside:] = 0
    within = _bits(wide[..., beside:-beside])
    torch.ops.aten.threshold_backward(_bits(gradient), _bits(y), 0, grad_input=within)
    return wide


def _bits(x: Tensor) -> Tensor:
    """bfloat16 read as int16, in which masks and ReLU do the same to every number, two to three times as fast.

    Only a NaN becomes 0 where its sign is set: the training loop looks at the weights.
    """
    return x.view(torch.int16) if x.dtype == torch.bfloat16 else x


def filled(
    weight: Tensor,
    bias: Tensor,
    members: int,
    channels: int,
    scale: float,
    dtype: torch.dtype = torch.float32,
    fill: bool = True,
) -> tuple[Tensor, Tensor]:
    """Weights `(M·F', C', 1, k)`, channels last, and biases `(M·F',)`: scaled, and zero where there is no filter."""
    each, k = weight.shape[0] // members, weight.shape[2]
    wide = -(-each // _LANES) * _LANES
    wide = wide if fill and wide <= (1 + _WASTE) * each else each
    kernel = weight.new_zeros(members, wide, k, channels, dtype=dtype)
    torch.mul(weight.view(members, each, -1, k).transpose(2, 3), scale, out=kernel[:, :each, :, : weight.shape[1]])
    offset = bias.new_zeros(members, wide, dtype=dtype)
    torch.mul(bias.view(members, each), scale, out=offset[:, :each])
    return kernel.view(members * wide, 1, k, channels).permute(0, 3, 1, 2), offset.view(-1)


def _mask(shape: torch.Size, kept: int, dtype: torch.dtype = torch.float32) -> Tensor:
    """1 with probability kept / 256, else 0, from random bytes of torch's global generator."""
    count = shape.numel()
    words = torch.empty((count + 7) // 8, dtype=torch.int64)
    words.random_(-(2**63), None)  # all 64 bits; the default range leaves the sign bit zero
    mask = torch.empty(shape, dtype=dtype)
    return torch.lt(words.view(torch.uint8)[:count].view(shape), kept, out=mask)


def _extra(model: ConvNet) -> int:
    """Columns that one layer takes from the right end: one where 'same' padding is lopsided."""
    return int(model.config.padding == "same" and model.config.kernel_size % 2 == 0)


def _padding(model: ConvNet) -> int:
    return (model.config.kernel_size - 1) // 2 if model.config.padding == "same" else 0


def _watched(module: nn.Module) -> bool:
    return bool(
        module._forward_hooks or module._forward_pre_hooks or module._backward_hooks or module._backward_pre_hooks
    )


def _available() -> bool:
    return bool(torch.backends.mkldnn.is_available() and torch.backends.mkldnn.enabled)
