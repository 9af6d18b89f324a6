"""A network without one of its filters: as a copy, and as predictions without each of many filters at once."""

from __future__ import annotations

import copy
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from dnaconv_core.errors import InputError
from dnaconv_core.interpret.attribution import as_found
from dnaconv_core.model.config import ModelConfig
from dnaconv_core.model.convnet import ConvNet
from dnaconv_core.model.layers import flip_strand, max_over_strands
from dnaconv_core.predict import check_input
from dnaconv_core.progress import SILENT, Progress
from dnaconv_core.threads import in_batches, threads_of

_AT_ONCE = 2**20  # activations of one layer held together: about what a CPU's caches hold


def silenced(model: ConvNet, index: int, layer: int = 1) -> ConvNet:
    """A copy of the model in which filter `index` (from 0) of `layer` never fires. Raises InputError for no filter."""
    _check_filter(model, index, layer)
    changed = copy.deepcopy(model)
    with torch.no_grad():
        changed.convs[layer - 1].weight[index] = 0
        changed.convs[layer - 1].bias[index] = 0
    return changed


def predict_without(
    model: ConvNet,
    X: np.ndarray,
    covariates: np.ndarray | None = None,
    *,
    layer: int = 1,
    indices: Sequence[int],
    progress: Progress = SILENT,
) -> tuple[np.ndarray, np.ndarray]:
    """Predictions of the first output by the whole network `(N,)`, and by it without each of I filters `(N, I)`.

    The same as `predict(silenced(…))`, with the activations up to `layer` computed once for all filters. After the last
    layer a filter enters the logit as a sum, which is taken away; before it, the layers that follow are computed again.
    Raises InputError for a filter that is not there. Rows not reached because `progress` asked to stop are NaN.
    """
    covariates = check_input(model.config, X, covariates)
    for index in indices:
        _check_filter(model, index, layer)
    last, device = layer == model.config.depth, model.dense.weight.device
    owner = _owner(model.config).to(device) if last else None
    logits = np.full((len(X), 1 + len(indices)), np.nan, np.float32)
    step = max(1, _AT_ONCE // (model.config.members * model.config.filters * model.config.length))

    @torch.inference_mode()
    def fill(rows: slice) -> None:
        x = torch.from_numpy(np.ascontiguousarray(X[rows])).to(device).float()  # (B, 4, L)
        given = None if covariates is None else torch.from_numpy(covariates[rows]).to(device)  # (B, C)
        h = _layers(model, torch.cat([x, flip_strand(x)]) if model.config.strands == "both" else x, 0, layer)
        whole = model.head(_combined(model, _layers(model, h, layer)), x, given)[:, :1]  # (B, 1)
        if last:
            pooled = model.pool(_combined(model, h)) * model.dense.weight[0, : len(owner)]  # (B, M·n)
            shares = pooled.new_zeros(len(x), len(model.convs[-1].bias)).index_add_(1, owner, pooled)  # (B, F)
            without = whole - shares[:, list(indices)]
        else:
            without = torch.cat([_head_without(model, h, layer, index, x, given) for index in indices], dim=1)
        logits[rows] = torch.cat([whole, without], dim=1).cpu().numpy()

    with as_found(model):
        for rows in in_batches(fill, len(X), step, threads_of(model)):
            progress.report(0.5 * rows.stop / len(X), f"{rows.stop:,} of {len(X):,} sequences read without each filter")
            if progress.should_stop():
                break
        with torch.inference_mode():
            predictions = model.activate(torch.from_numpy(logits)).numpy()
    return predictions[:, 0], predictions[:, 1:]


def _head_without(model: ConvNet, h: Tensor, layer: int, index: int, x: Tensor, given: Tensor | None) -> Tensor:
    """The first logit `(B, 1)` from the activations `(S·B, F, P)` of a layer, but for one filter."""
    kept = h[:, index].clone()
    h[:, index] = 0
    logit = model.head(_combined(model, _layers(model, h, layer)), x, given)[:, :1]
    h[:, index] = kept
    return logit


def _layers(model: ConvNet, h: Tensor, start: int, end: int | None = None) -> Tensor:
    """Through the convolutions from `start` (from 0) to before `end`, strands apart."""
    for conv, activation in zip(model.convs[start:end], model.activations[start:end], strict=True):
        h = activation(conv(h))
    return h


def _combined(model: ConvNet, h: Tensor) -> Tensor:
    return max_over_strands(h) if model.config.strands == "both" else h


def _owner(config: ModelConfig) -> Tensor:
    """Which filter of the last layer each number that the dense layer sees comes from, `(M·n,)`."""
    filters = torch.arange(config.members * config.filters)
    if config.pooling == "flatten":
        return filters.repeat_interleave(config.length_after(config.depth))
    if config.pooling == "max":
        return filters
    return filters.view(config.members, 1, config.filters).expand(-1, 2, -1).flatten()  # the maximum, then the mean


def _check_filter(model: ConvNet, index: int, layer: int) -> None:
    n = len(model.convs[layer - 1].bias)
    if not 0 <= index < n:
        raise InputError(f"filter {index + 1} does not exist: layer {layer} has filters 1 to {n}")
