"""How many input bases one unit of a layer sees, and where they lie."""

from __future__ import annotations

from dnaconv_core.model.config import ModelConfig


def receptive_field(config: ModelConfig, layer: int | None = None) -> int:
    """Input bases that one unit of `layer` (from 1; default the last) depends on, before clipping at the ends."""
    return 1 + (config.depth if layer is None else layer) * (config.kernel_size - 1)


def input_span(config: ModelConfig, position: int, layer: int | None = None) -> tuple[int, int]:
    """The half-open span [start, end) of input bases that the unit at `position` of `layer` sees, clipped to the input.

    'same' pads floor((k − 1) / 2) zeros on the left of every layer, as Keras does, so the span leans right for even k.
    """
    layer = config.depth if layer is None else layer
    left = layer * ((config.kernel_size - 1) // 2) if config.padding == "same" else 0
    start = position - left
    return max(start, 0), min(start + receptive_field(config, layer), config.length)
