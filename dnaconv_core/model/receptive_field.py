"""How many input bases one unit of a layer sees, and where they lie."""

from __future__ import annotations

from dnaconv_core.model.config import ModelConfig
from dnaconv_core.model.steps import last_of_layer


def receptive_field(config: ModelConfig, layer: int | None = None) -> int:
    """Input bases that one unit of `layer` (from 1; default the last) depends on, before clipping at the ends."""
    before, after = last_of_layer(config, config.depth if layer is None else layer).sees
    return before + 1 + after


def input_span(config: ModelConfig, position: int, layer: int | None = None) -> tuple[int, int]:
    """The half-open span [start, end) of input bases that the unit at `position` of `layer` sees, clipped to the input.

    'same' pads floor((k − 1) / 2) zeros on the left of every layer, as Keras does, so the span leans right for even k.
    """
    before, after = last_of_layer(config, config.depth if layer is None else layer).sees
    return max(position - before, 0), min(position + after + 1, config.length)
