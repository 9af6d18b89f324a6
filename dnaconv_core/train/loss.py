"""The loss that training makes small, whichever kind of answer the network gives."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

    from dnaconv_core.model.convnet import ConvNet


def per_example(model: ConvNet, logits: Tensor, y: Tensor) -> Tensor:
    """Loss of every example and label: from logits `(…, T)` and labels that broadcast to them, see answers/."""
    answer = model.config.answer
    prediction = model.activate(logits) if answer.loss_needs_prediction else None
    return answer.per_example(logits, prediction, y)
