"""The pieces of the network that torch does not have in the form needed here."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

GC_LOW, GC_HIGH = 0.30, 0.52  # of siRNAs that work (Reynolds et al. 2004)


class Conv1d(nn.Conv1d):
    """A convolution that always has biases."""

    bias: Tensor


class SameConv1d(Conv1d):
    """Convolution as long as its input, padded as Keras does: for an even kernel one zero more on the right.

    torch's own padding='same' copies the input for even kernels (and warns). Padding both sides by the larger half and
    leaving out the first output gives the same numbers without that copy. On a CPU the channels lie last in memory,
    which is several times faster: the strides of the output are those of `(B, L, F)`.
    """

    def __init__(self, channels: int, filters: int, kernel_size: int, *, groups: int = 1) -> None:
        super().__init__(channels, filters, kernel_size, padding=kernel_size // 2, groups=groups)
        self.extra = 1 - kernel_size % 2  # outputs too many on the left

    def forward(self, x: Tensor) -> Tensor:
        if x.device.type != "cpu":
            return super().forward(x)[..., self.extra :]  # (B, F, L)
        x = x.unsqueeze(-2).contiguous(memory_format=torch.channels_last)  # (B, 4 or F, 1, L)
        y = functional.conv2d(x, self.weight.unsqueeze(2), self.bias, padding=(0, *self.padding), groups=self.groups)
        return y.squeeze(-2)[..., self.extra :]


class HiddenUnits(nn.Module):
    """A linear layer for each member: `(B, M·n)` → `(B, M·H)`."""

    def __init__(self, members: int, numbers: int, units: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(members, units, numbers))
        self.bias = nn.Parameter(torch.zeros(members, units))

    def forward(self, h: Tensor) -> Tensor:
        h = h.unflatten(1, (len(self.weight), -1))  # (B, M, n)
        return (torch.einsum("bmn,mhn->bmh", h, self.weight) + self.bias).flatten(1)


class ReluDropout(nn.Module):
    """ReLU and dropout: in training one mask drawn as random bytes, in evaluation a plain ReLU.

    A byte below 256 × (1 − p) keeps an activation, so the rate is p to the nearest 1/256; kept activations are
    scaled by the exact inverse of that rate. Random numbers come from torch's global generator of the tensor's device.
    """

    def __init__(self, p: float) -> None:
        super().__init__()
        self.p = p
        self.kept = min(max(round(256 * (1 - p)), 1), 256)  # of 256 byte values
        self.relu = nn.ReLU()  # a module of its own, as attribution methods that hook into ReLU need

    def forward(self, h: Tensor) -> Tensor:
        if not self.training or self.kept == 256:
            return self.relu(h)
        return _ReluDropout.apply(h, self.kept)

    def extra_repr(self) -> str:
        return f"p={self.p}"


class _ReluDropout(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, h: Tensor, kept: int) -> Tensor:
        words = torch.empty((h.numel() + 7) // 8, dtype=torch.int64, device=h.device)
        words.random_(-(2**63), None)  # all 64 bits; the default range leaves the sign bit zero
        random = words.view(torch.uint8)[: h.numel()].view(h.shape)
        mask = (random < kept) & (h > 0)
        ctx.save_for_backward(mask)
        ctx.scale = 256 / kept
        return h * mask * ctx.scale

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        (mask,) = ctx.saved_tensors
        return gradient * mask * ctx.scale, None


def outside_gc(x: Tensor, n: int) -> Tensor:
    """How far the GC content of the first `n` bases of one-hot `(B, 4, L)` lies below 30 % and above 52 %: `(B, 2)`,
    before the ReLU.

    In tenths; an unknown base counts as half. The range is criterion I of Reynolds et al. (2004), Nat. Biotechnol.
    22:326.
    """
    signed = x[:, :, :n].sum(dim=2) @ x.new_tensor([-0.5, 0.5, 0.5, -0.5])  # (B,)
    gc = 0.5 + signed / n
    return 10 * torch.stack([GC_LOW - gc, gc - GC_HIGH], dim=1)


def flip_strand(x: Tensor) -> Tensor:
    """Reverse complement of one-hot `(B, 4, L)`."""
    return x.flip(1, 2)


def max_over_strands(h: Tensor) -> Tensor:
    """`(2B, F, P)`, second half read from the other strand → `(B, F, P)`: the stronger of both at the same bases."""
    forward, reverse = h.chunk(2)
    return torch.maximum(forward, reverse.flip(2))
