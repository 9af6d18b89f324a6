"""DeepLIFT's rescale rule on any torch module, by what it calls while it computes.

No module is changed and no hook is set: torch tells of every function as it is called (TorchFunctionMode). Functions of
one number (ReLU, GELU, sigmoid, …) take Δout / Δin, maxima over positions the rule of engine/deeplift.py; everything
else, if it is linear, takes its gradient, which is exact. A product of two activations, a softmax or an attention is
not linear: there the contributions miss the change of the output, and `delta` says by how much.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode

from dnaconv_core.engine.deeplift import Replayed

_SMALL = 1e-6  # a Δin below this takes the gradient in place of Δout / Δin
_NEVER = -1e30  # beyond the ends: no maximum is there
_OF_ONE_NUMBER = {
    F.relu, torch.relu, Tensor.relu, F.relu6, F.leaky_relu, F.elu, F.selu, F.celu, F.gelu, F.silu, F.mish, F.softplus,
    F.hardtanh, F.hardsigmoid, F.hardswish, F.logsigmoid, F.softsign, F.sigmoid, F.tanh, torch.sigmoid, Tensor.sigmoid,
    torch.tanh, Tensor.tanh, F.prelu, F.threshold, torch.exp, Tensor.exp, torch.log1p, Tensor.log1p,
    torch.clamp, Tensor.clamp,
}  # fmt: skip
_MAXIMA = {torch.amax, Tensor.amax, torch.max, Tensor.max}
_POOLED = {F.max_pool1d, torch.max_pool1d}


def multipliers(model: Callable[[Tensor], Tensor], x: Tensor, reference: Tensor, task: int) -> tuple[Tensor, Tensor]:
    """DeepLIFT multipliers `(B·R, 4, L)` of output `task` for `x (B, 4, L)` against R references of each,
    `(B·R, 4, L)`, and by how much the output differs, `(B·R,)`."""
    x = x.repeat_interleave(len(reference) // len(x), dim=0)
    kept = Replayed()
    with torch.no_grad(), _Rules(kept):
        before = model(reference)[:, task]
    kept.replay()
    with torch.enable_grad():
        x = x.detach().requires_grad_(True)
        with _Rules(kept):
            logit = model(x)[:, task]
        return torch.autograd.grad(logit.sum(), x)[0], logit.detach() - before


class _Rules(TorchFunctionMode):
    """Calls of known functions get their rule, and a copy of their input, which a module may change in place later; all
    others pass."""

    def __init__(self, kept: Replayed) -> None:
        super().__init__()
        self.kept = kept

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        given = dict(kwargs or {})
        h = args[0] if args else given.get("input")
        if isinstance(h, Tensor) and h.is_floating_point():
            if func in _OF_ONE_NUMBER:
                return self._each(h.clone(), partial(_on_first, func, args[1:], given))
            if func in _MAXIMA and (dim := _one_dim(args, given)) is not None:
                return self._largest(
                    func, h.clone(), dim, bool(given.get("keepdim", args[2] if len(args) > 2 else False))
                )
            if (places := _places(func, h, args, given)) is not None:
                return self.kept.maximum(_unfolded(h.clone(), *places))
        return func(*args, **given)

    def _each(self, h: Tensor, function: Callable[[Tensor], Tensor]) -> Tensor:
        reference = self.kept.take(h)
        return function(h) if reference is None else _Each.apply(h, reference, function)

    def _largest(self, func: Callable[..., Any], h: Tensor, dim: int, keepdim: bool) -> Any:
        found = self.kept.maximum(h.movedim(dim, -1))
        found = found.unsqueeze(dim) if keepdim else found
        if func in (torch.amax, Tensor.amax):
            return found
        return torch.return_types.max((found, h.argmax(dim, keepdim=keepdim)))


def _on_first(func: Callable[..., Tensor], rest: tuple[Any, ...], given: dict[str, Any], h: Tensor) -> Tensor:
    """The function at another input, never in place."""
    kept = {name: value for name, value in given.items() if name not in ("input", "inplace")}
    return func(h, *rest, **kept)


def _one_dim(args: tuple[Any, ...], given: dict[str, Any]) -> int | None:
    """The one axis that a maximum is taken over; None where it is taken otherwise."""
    dim = given.get("dim", args[1] if len(args) > 1 else None)
    if isinstance(dim, (tuple, list)) and len(dim) == 1:
        dim = dim[0]
    return dim if isinstance(dim, int) and not isinstance(dim, bool) else None


def _places(
    func: Callable[..., Any], h: Tensor, args: tuple[Any, ...], given: dict[str, Any]
) -> tuple[int, int, int] | None:
    """Kernel, stride and padding of max-pooling along positions; None of anything else, dilated or in uneven parts."""
    if func is F.adaptive_max_pool1d and not given.get("return_indices"):
        kernel, left = divmod(h.shape[-1], _number(given.get("output_size", args[1] if len(args) > 1 else 1)))
        return None if left else (kernel, kernel, 0)
    if func not in _POOLED:
        return None
    names = ("input", "kernel_size", "stride", "padding", "dilation", "ceil_mode", "return_indices")
    how = {**dict(zip(names, args, strict=False)), **given}
    kernel, padding = _number(how["kernel_size"]), _number(how.get("padding", 0))
    stride = _number(how.get("stride") or kernel)
    usual = _number(how.get("dilation", 1)) == 1 and not how.get("ceil_mode") and not how.get("return_indices")
    return (kernel, stride, padding) if usual else None


def _number(value: Any) -> int:
    return int(value[0] if isinstance(value, (tuple, list)) else value)


def _unfolded(h: Tensor, kernel: int, stride: int, padding: int) -> Tensor:
    """`(…, P, kernel)`: what each pooled position is the maximum of."""
    return F.pad(h, (padding, padding), value=_NEVER).unfold(-1, kernel, stride)


class _Each(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, a: Tensor, reference: Tensor, function: Callable[[Tensor], Tensor]) -> Tensor:
        ctx.save_for_backward(a, reference)
        ctx.function = function
        return function(a)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        a, reference = ctx.saved_tensors
        change = a - reference
        small = change.abs() < _SMALL
        with torch.enable_grad():
            at = a.detach().requires_grad_(True)
            here = ctx.function(at)
            slope = torch.autograd.grad(here.sum(), at)[0]
        apart = (here.detach() - ctx.function(reference)) / torch.where(small, torch.ones_like(change), change)
        return gradient * torch.where(small, slope, apart), None, None
