"""Losses, and which task each belongs to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dnaconv_core.errors import ConfigError

if TYPE_CHECKING:
    from torch import Tensor

    from dnaconv_core.model.config import ModelConfig, TrainConfig

_NATURAL = {"binary": "cross_entropy", "regression": "l2"}


def loss_name(model: ModelConfig, train: TrainConfig) -> str:
    """'cross_entropy' or 'l2', whichever the task takes. Raises ConfigError for the other pairing, with the reason."""
    natural = _NATURAL[model.task]
    if train.loss not in ("auto", natural):
        raise ConfigError(
            "loss is 'l2' but the task is binary: squared error of a probability hardly corrects confident mistakes, "
            "use 'cross_entropy'"
            if model.task == "binary"
            else "loss is 'cross_entropy' but the task is regression: it takes labels for probabilities between 0 and "
            "1, which an activity is not, use 'l2'"
        )
    return natural


def per_example(name: str, logits: Tensor, prediction: Tensor, y: Tensor) -> Tensor:
    """Loss of every example and task `(B, T)`: cross-entropy of the sigmoid, or squared error of the prediction."""
    from torch.nn import functional

    if name == "cross_entropy":
        return functional.binary_cross_entropy_with_logits(logits, y, reduction="none")
    return (prediction - y) ** 2
