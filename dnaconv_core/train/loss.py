"""Losses, and which task each belongs to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dnaconv_core.evaluate.metrics import LOSSES, check_pairing

if TYPE_CHECKING:
    from torch import Tensor

    from dnaconv_core.model.config import ModelConfig, TrainConfig


def loss_name(model: ModelConfig, train: TrainConfig) -> str:
    """'cross_entropy' or 'l2', whichever the task takes. Raises ConfigError for the other pairing, with the reason."""
    check_pairing(model.task, train.loss)
    return LOSSES[model.task]


def per_example(name: str, logits: Tensor, prediction: Tensor, y: Tensor) -> Tensor:
    """Loss of every example and task `(B, T)`: cross-entropy of the sigmoid, or squared error of the prediction."""
    from torch.nn import functional

    if name == "cross_entropy":
        return functional.binary_cross_entropy_with_logits(logits, y, reduction="none")
    return (prediction - y) ** 2
