"""Whether a network is trained in bfloat16: a fixed rule of processor and network, never a timing.

Weights, optimizer, loss and predictions are always float32; only the convolutions and their gradients are not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dnaconv_core.model.convnet import ConvNet

FLOAT32, BFLOAT16 = "float32", "bfloat16"
_LEAST = 40  # positions: below, the weight gradient takes as long as in float32 (benchmarks/README.md)


def choose(model: ConvNet, wanted: str, device: str, before: str | None = None) -> str:
    """'bfloat16' or 'float32', for `wanted` 'auto' or 'float32'; `before` is what a resumed run has had so far."""
    if wanted == FLOAT32 or before == FLOAT32 or device != "cpu" or not has_bfloat16():
        return FLOAT32
    from dnaconv_core.engine import strongest  # one matrix product, which gains nothing

    return FLOAT32 if strongest.possible(model) or model.config.length < _LEAST else BFLOAT16


def has_bfloat16() -> bool:
    """Whether the processor multiplies bfloat16 matrices (AMX).

    Others that know bfloat16 take a third longer in it than in float32 (benchmarks/README.md).
    """
    import torch

    return bool(torch.cpu.get_capabilities().get("amx_bf16")) and torch.backends.mkldnn.is_available()
