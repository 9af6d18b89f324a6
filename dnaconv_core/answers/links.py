"""What a network ends in: from logits to predictions, by the name in ModelConfig.output."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from torch import Tensor


class Link(NamedTuple):
    """From logits `(…, T)` to predictions of the same shape, in torch and in numpy."""

    of_tensor: Callable[[Tensor], Tensor]
    of_array: Callable[[np.ndarray], np.ndarray]
    before: str  # what the number that enters it is called


def _softmax(logits: np.ndarray) -> np.ndarray:
    odds = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return odds / odds.sum(axis=-1, keepdims=True)


LINKS = {
    "sigmoid": Link(lambda logits: logits.sigmoid(), lambda logits: 1 / (1 + np.exp(-logits)), "logit"),
    "softmax": Link(lambda logits: logits.softmax(dim=-1), _softmax, "logit"),
    "linear": Link(lambda logits: logits, lambda logits: logits, "prediction"),
}
