"""The forward pass in the fastest form that gives the same numbers: for training, prediction and attribution.

On a CPU convolutions are computed channels last, and a single layer whose maximum alone is kept as one matrix product;
everything else, and every network or device for which nothing is faster, is the network's own plain form.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor

from dnaconv_core.engine import channels_last, strongest
from dnaconv_core.model.heads import Head

if TYPE_CHECKING:
    from dnaconv_core.model.convnet import ConvNet

PLAIN, CHANNELS_LAST, STRONGEST = "plain", "channels last", "strongest match"


def logits(model: ConvNet, X: Tensor, covariates: Tensor | None = None) -> Tensor:
    """Logits `(B, T)` from one-hot `(B, 4, L)` and raw covariates `(B, C)`, as `model(X, covariates)`."""
    if chosen(model, X) == PLAIN:
        return model(_exact(X), covariates)
    return member_logits(model, X, covariates).mean(dim=1)


def logits_placed(model: ConvNet, X: Tensor, covariates: Tensor | None, like: Tensor) -> Tensor:
    """`logits`, where those positions count for the head that count in `like (B, 4, L)`, not in X itself."""
    if model.pooling.counted(like) is None:
        return logits(model, X, covariates)
    pooled = model.pooling.plain(model, model.features(X), like, None)
    return model.walk(model.after[1:], pooled, X, covariates)


def member_logits(model: ConvNet, X: Tensor, covariates: Tensor | None = None) -> Tensor:
    """Logits `(B, M, T)` of each member, as `model.member_logits(X, covariates)`.

    X may be bfloat16: on a CPU it is then convolved in that precision where that is possible.
    """
    form, exact = chosen(model, X), _exact(X)
    if form == PLAIN:
        return model.member_logits(exact, covariates)
    if form == STRONGEST:
        own = model.own_logits(model.pooled_dropout(strongest.pooled(model, exact)))
    else:
        own = channels_last.own_logits(model, X)
    return model.joined(own, exact, covariates)


def chosen(model: ConvNet, X: Tensor) -> str:
    """The form in which this network reads this batch now: PLAIN, CHANNELS_LAST or STRONGEST."""
    if not channels_last.applies(model, X):
        return PLAIN
    return STRONGEST if strongest.applies(model) else CHANNELS_LAST


def forms(model: ConvNet, X: Tensor) -> dict[str, str]:
    """For each step by name, the form that it takes for this batch."""
    form, found = chosen(model, X), {}
    for step in model.steps[1:]:
        before_dense = step in model.layers or (isinstance(step, Head) and step.parts)
        found[f"{step.name} {step.layer}" if step.layer else step.name] = form if before_dense else PLAIN
    return found


def _exact(X: Tensor) -> Tensor:
    """All but convolutions is computed in float32."""
    return X.float() if X.dtype == torch.bfloat16 else X
