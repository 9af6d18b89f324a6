"""One sequence through the network, with every number on the way: what each step is given, its weights, what it makes.

The numbers come from the network's own steps in plain torch (`Step.plain`); no engine is asked.

Shapes: S strands read (1 or 2), C channels, F filters of all members, P positions, K kernel, T outputs, n numbers of a
member that leave the head.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from dnaconv_core.answers.links import LINKS
from dnaconv_core.engine.as_found import evaluating
from dnaconv_core.model.heads import MAX
from dnaconv_core.model.inputs import check_input
from dnaconv_core.model.layer_steps import Convolution, KeepingConvolution, StrongerStrand
from dnaconv_core.model.steps import Dense, Hidden, own_channels

if TYPE_CHECKING:
    from torch import Tensor

    from dnaconv_core.model.convnet import ConvNet
    from dnaconv_core.model.step import Step


class Source(NamedTuple):
    """Where a channel comes from: a filter of a layer (from 1), or of layer 0 a letter of the sequence."""

    layer: int
    filter: int


class Layer(NamedTuple):
    """One convolution with its ReLU, on each strand."""

    layer: int  # from 1
    given: np.ndarray  # (S, C, P') what its filters read, after pooling between layers
    sources: tuple[Source, ...]  # of the C channels
    weight: np.ndarray  # (F, C / groups, K)
    bias: np.ndarray  # (F,)
    reach: tuple[int, int]  # positions before and after its own that a unit reads
    before: np.ndarray  # (S, F, P) sum and bias, before the ReLU
    made: np.ndarray  # (S, F, P)

    def reads(self, number: int) -> slice:
        """The channels that this filter reads: those of its own member, all in the first layer."""
        each = self.weight.shape[1]
        member = number * (self.given.shape[1] // each) // len(self.weight)
        return slice(member * each, (member + 1) * each)


class Products(NamedTuple):
    """The arithmetic of one unit: inputs times weights, summed, with the bias."""

    inputs: np.ndarray  # (C / groups, K); 0 beyond the ends
    weights: np.ndarray
    values: np.ndarray  # their products
    total: float
    bias: float


class HiddenLayer(NamedTuple):
    """The hidden units of every member."""

    weight: np.ndarray  # (M, H, n)
    bias: np.ndarray  # (M, H)
    before: np.ndarray  # (M, H) before the ReLU
    made: np.ndarray  # (M, H)


class Beside(NamedTuple):
    """What reaches the logit past the filters, each value with its weight."""

    given: np.ndarray  # (C,) raw covariates
    covariates: np.ndarray  # (C,) transformed
    covariate_weight: np.ndarray  # (C,)
    positional: np.ndarray | None  # (L,) the weight of the base at each position
    composition: np.ndarray | None  # (2,) GC content too low, too high
    composition_weight: np.ndarray | None  # (2,)


class Walk(NamedTuple):
    """All numbers of one sequence, up to one output of the network."""

    model: ConvNet
    output: int
    layers: list[Layer]
    features: np.ndarray  # (C, P) what enters the head, of both strands the stronger
    turned: np.ndarray  # (C, P) whether that was the other strand
    sources: tuple[Source, ...]  # of the C channels
    counted: np.ndarray  # (P,) positions that the head counts
    numbers: np.ndarray  # (M · n,) what leaves it
    hidden: HiddenLayer | None
    entering: np.ndarray  # (M · n,) or, of hidden units, (M · H,): what the last layer weighs, without covariates
    weight: np.ndarray  # its weights, as long
    bias: float
    beside: Beside
    logits: np.ndarray  # (T,)
    predictions: np.ndarray  # (T,)


def step_through(model: ConvNet, X: np.ndarray, covariates: np.ndarray | None = None, *, output: int = 0) -> Walk:
    """Every number of one sequence `(4, L)`, with raw covariates `(C,)`, on the way to one output (from 0).

    Raises InputError where they do not fit the model.
    """
    import torch

    given = check_input(model.config, X[None], None if covariates is None else np.asarray(covariates)[None])
    device = next(model.parameters()).device
    x = torch.from_numpy(np.ascontiguousarray(X))[None].float().to(device)
    c = None if given is None else torch.from_numpy(given).to(device)
    with evaluating(model), torch.inference_mode():
        made, h = {}, x
        for step in model.steps:
            made[step] = h = step.plain(model, h, x, c)
        return _walk(model, made, x, c, output)


def products(layer: Layer, number: int, position: int, strand: int = 0) -> Products:
    """The arithmetic of the unit of this filter (from 0) at this position of what the strand reads."""
    weights = layer.weight[number]
    k = weights.shape[1]
    padded = np.pad(layer.given[strand, layer.reads(number)], ((0, 0), (layer.reach[0], k)))
    inputs = padded[:, position : position + k]
    values = inputs * weights
    return Products(inputs, weights, values, float(values.sum()), float(layer.bias[number]))


def strongest(walk: Walk, stretch: list[slice]) -> np.ndarray:
    """The position `(C,)` of each channel's maximum in some stretch; −1 where none of its positions counts."""
    allowed = np.zeros(len(walk.counted), bool)
    for some in stretch:
        allowed[some] = True
    allowed &= walk.counted
    if not allowed.any():
        return np.full(len(walk.features), -1)
    return np.where(allowed, walk.features, -np.inf).argmax(axis=1)


def winners(walk: Walk) -> np.ndarray:
    """The position of each maximum that the head takes, `(C, stretches)`."""
    head = walk.model.pooling
    assert MAX in head.parts
    return np.stack([strongest(walk, stretch) for stretch in head.stretches], axis=1)


def _walk(model: ConvNet, made: dict[Step, Tensor], x: Tensor, c: Tensor | None, output: int) -> Walk:
    layers, sources = _layers(model, made)
    head = model.pooling
    features, counted = made[head.before][0], head.counted(x)
    last = made[_step(model, Dense)]  # (1, T), before what is added past the filters
    logits = made[model.steps[-1]]
    assert last.shape == logits.shape
    entering = made[_step(model, Dense).before][0, : model.own.shape[1]]
    return Walk(
        model=model,
        output=output,
        layers=layers,
        features=_array(features),
        turned=_turned(model, made, features),
        sources=sources,
        counted=np.ones(features.shape[1], bool) if counted is None else _array(counted[0]),
        numbers=_array(made[head][0]),
        hidden=_hidden(model, made),
        entering=_array(entering),
        weight=_array(model.own[output]),
        bias=float(model.dense.bias[output]),
        beside=_beside(model, x, c, output),
        logits=_array(logits[0]),
        predictions=_array(LINKS[model.config.output].of_tensor(logits)[0]),
    )


def _layers(model: ConvNet, made: dict[Step, Tensor]) -> tuple[list[Layer], tuple[Source, ...]]:
    """Every layer, and where the channels that leave the last one come from."""
    found, sources = [], tuple(Source(0, base) for base in range(4))
    for step in model.layers:
        if not isinstance(step, Convolution):
            continue
        own = own_channels(model.config, step.layer)
        conv = model.convs[step.layer - 1]
        end = [other for other in model.layers if other.layer == step.layer][-1]
        found.append(
            Layer(
                layer=step.layer,
                given=_array(made[step.before]),
                sources=sources,
                weight=_array(conv.weight),
                bias=_array(conv.bias),
                reach=step.reach,
                before=_array(made[step][:, own]),
                made=_array(made[end][:, own]),
            )
        )
        sources = _handed_on(step, sources)
    return found, sources


def _handed_on(step: Convolution, given: tuple[Source, ...]) -> tuple[Source, ...]:
    """Where each channel that leaves this layer comes from."""
    own = [Source(step.layer, number) for number in range(step.n_filters)]
    if not isinstance(step, KeepingConvolution):
        return tuple(own)
    members = step.config.members
    each, kept = len(own) // members, len(given) // members
    return tuple(
        source
        for member in range(members)
        for source in (*own[member * each : (member + 1) * each], *given[member * kept : (member + 1) * kept])
    )


def _turned(model: ConvNet, made: dict[Step, Tensor], features: Tensor) -> np.ndarray:
    step = next((step for step in model.layers if isinstance(step, StrongerStrand)), None)
    if step is None:
        return np.zeros(features.shape, bool)
    ahead, other = made[step.before]
    return _array(other.flip(1) > ahead)


def _hidden(model: ConvNet, made: dict[Step, Tensor]) -> HiddenLayer | None:
    step = next((step for step in model.after if isinstance(step, Hidden)), None)
    if step is None or model.hidden is None:
        return None
    shape = model.hidden.bias.shape
    before = model.hidden(made[step.before]).view(shape)
    return HiddenLayer(*map(_array, (model.hidden.weight, model.hidden.bias, before, made[step].view(shape))))


def _beside(model: ConvNet, x: Tensor, c: Tensor | None, output: int) -> Beside:
    from dnaconv_core.model.layers import outside_gc

    raw = np.zeros(0, np.float32) if c is None else _array(c[0])
    positional = composition = weight = None
    if model.positional is not None:
        positional = _array((model.positional.weight[output].view(4, -1) * x[0]).sum(dim=0))
    if model.composition is not None:
        composition = _array(outside_gc(x, model.config.composition).relu()[0])
        weight = _array(model.composition.weight[output])
    transformed = raw if c is None else _array(model.transform(c)[0])
    return Beside(
        raw, transformed, _array(model.dense.weight[output, model.own.shape[1] :]), positional, composition, weight
    )


def _step(model: ConvNet, kind: type[Step]) -> Step:
    return next(step for step in model.after if type(step) is kind)


def _array(tensor: Tensor) -> np.ndarray:
    return tensor.detach().cpu().numpy()
