"""A network without one of its filters: as a copy, and as predictions without each of many filters at once."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor

from dnaconv_core.engine.as_found import as_found
from dnaconv_core.errors import InputError
from dnaconv_core.model.convnet import ConvNet
from dnaconv_core.model.inputs import check_input
from dnaconv_core.model.layer_steps import StrongerStrand
from dnaconv_core.model.step import Step
from dnaconv_core.model.steps import own_channels
from dnaconv_core.progress import SILENT, Progress
from dnaconv_core.threads import in_batches, threads_of

_AT_ONCE = 2**20  # activations of one layer held together: about what a CPU's caches hold


def silenced(model: ConvNet, index: int | Sequence[int], layer: int = 1) -> ConvNet:
    """A copy of the model in which filter `index` (from 0), or each of several, of `layer` never fires.

    Raises InputError for a filter that is not there.
    """
    several = [index] if isinstance(index, int) else list(index)
    for one in several:
        _check_filter(model, one, layer)
    changed = copy.deepcopy(model)
    with torch.no_grad():
        changed.convs[layer - 1].weight[several] = 0
        changed.convs[layer - 1].bias[several] = 0
    return changed


def predict_without(
    model: ConvNet,
    X: np.ndarray,
    covariates: np.ndarray | None = None,
    *,
    layer: int = 1,
    indices: Sequence[int],
    task: int = 0,
    progress: Progress = SILENT,
) -> tuple[np.ndarray, np.ndarray]:
    """Predictions of the output `task` by the whole network `(N,)`, and by it without each of I filters `(N, I)`.

    The same as `predict(silenced(…))`, with the activations up to `layer` computed once for all filters. After the last
    layer a filter enters the logit as a sum, which is taken away; before it, the layers that follow are computed again.
    Raises InputError for a filter that is not there. Rows not reached because `progress` asked to stop are NaN.
    """
    covariates = check_input(model.config, X, covariates)
    for index in indices:
        _check_filter(model, index, layer)
    device, owner = model.dense.weight.device, _owner(model, layer)
    joint = model.config.answer.joint  # of outputs that sum to 1, one alone cannot be known
    outputs = slice(None) if joint else slice(task, task + 1)
    said = np.full((len(X), 1 + len(indices)), np.nan, np.float32)
    step = max(1, _AT_ONCE // (model.config.members * model.config.filters * model.config.length))
    below, above = _parted(model, layer)
    channels = own_channels(model.config, layer)

    @torch.inference_mode()
    def fill(rows: slice) -> None:
        x = torch.from_numpy(np.ascontiguousarray(X[rows])).to(device).float()  # (B, 4, L)
        given = None if covariates is None else torch.from_numpy(covariates[rows]).to(device)  # (B, C)
        h = model.walk(below, x, x)  # (B or 2B, F, P)

        def read() -> Tensor:
            return model.walk(above, h, x, given)[:, None, outputs]  # (B, 1, T)

        whole = read()
        if owner is not None:
            without = whole - _shares(model, h, x, owner, outputs)[:, list(indices)]  # (B, I, T)
        else:
            without = torch.cat([_without(read, h, channels[index]) for index in indices], dim=1)
        predictions = model.activate(torch.cat([whole, without], dim=1))  # (B, 1 + I, T)
        said[rows] = predictions[:, :, task if joint else 0].cpu().numpy()

    with as_found(model):
        for rows in in_batches(fill, len(X), step, threads_of(model)):
            progress.report(0.5 * rows.stop / len(X), f"{rows.stop:,} of {len(X):,} sequences read without each filter")
            if progress.should_stop():
                break
    return said[:, 0], said[:, 1:]


def _parted(model: ConvNet, layer: int) -> tuple[list[Step], list[Step]]:
    """The steps up to the end of a layer, strands apart, and those after it."""
    end = max(i for i, step in enumerate(model.steps) if step.layer == layer) + 1
    return model.steps[:end], model.steps[end:]


def _without(read: Callable[[], Tensor], h: Tensor, channel: int) -> Tensor:
    """What is read from the activations `(B or 2B, C, P)` of a layer, but for one channel."""
    kept = h[:, channel].clone()
    h[:, channel] = 0
    found = read()
    h[:, channel] = kept
    return found


def _owner(model: ConvNet, layer: int) -> Tensor | None:
    """Which filter of the last layer each number that the dense layer sees comes from, `(M·n,)`.

    None where a filter does not enter the logit as a sum: before the last layer, and with a head that engines do not
    know. The network is then computed again without it.
    """
    head = model.pooling
    if layer < model.config.depth or not head.parts or model.config.keep_layers or model.hidden is not None:
        return None
    each = torch.arange(model.convs[-1].out_channels).view(model.config.members, -1)  # (M, F)
    owner = torch.cat([each.repeat_interleave(head.each(part), dim=1) for part in head.parts], dim=1)  # (M, n)
    return owner.flatten().to(model.dense.weight.device)


def _shares(model: ConvNet, h: Tensor, x: Tensor, owner: Tensor, outputs: slice) -> Tensor:
    """What each filter adds to logits `(B, F, T)`, from the last layer's activations, strands apart."""
    strands = [step for step in model.layers if isinstance(step, StrongerStrand)]
    pooled = model.pool(model.walk(strands, h, x), x)  # (B, M·n)
    found = [
        pooled.new_zeros(len(x), len(model.convs[-1].bias)).index_add_(1, owner, pooled * w) for w in model.own[outputs]
    ]
    return torch.stack(found, dim=2)


def _check_filter(model: ConvNet, index: int, layer: int) -> None:
    n = model.convs[layer - 1].out_channels
    if not 0 <= index < n:
        raise InputError(f"filter {index + 1} does not exist: layer {layer} has filters 1 to {n}")
