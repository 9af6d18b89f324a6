"""A network for a while in evaluation mode, and afterwards as it was found."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import nn


@contextmanager
def evaluating(model: nn.Module) -> Iterator[None]:
    """Evaluation mode inside; the mode of every module as before afterwards, also after an error."""
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        yield
    finally:
        for module, mode in modes:
            module.training = mode


@contextmanager
def as_found(model: nn.Module) -> Iterator[None]:
    """Evaluation mode inside; the mode of every module and every gradient as before afterwards, also after an error."""
    gradients = [(parameter, parameter.requires_grad, parameter.grad) for parameter in model.parameters()]
    for parameter in model.parameters():  # theirs would cost as much as those of the input
        parameter.requires_grad_(False)
    try:
        with evaluating(model):
            yield
    finally:
        for parameter, wanted, gradient in gradients:
            parameter.requires_grad_(wanted)
            parameter.grad = gradient
