"""The network as a list of steps, each of which knows its shape, its weights, its words and its plain torch form.

`steps(config)` is the one description of the network. ConvNet walks it in plain torch; the drawing and the counts are
read from it; the engines (`dnaconv_core/engine`) compute the steps that they know faster and leave the others to the
plain form. A new layer is one class and one line in LAYER; a new head one class and one line in HEADS (model/heads.py).

Shapes: B sequences, M members, F filters of one member, P positions. Both strands are a batch of 2B.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from dnaconv_core.model.heads import HEADS, Head
from dnaconv_core.model.layer_steps import (
    Activation,
    BothStrands,
    Convolution,
    KeepingConvolution,
    PoolBetween,
    StrongerStrand,
)
from dnaconv_core.model.step import Step

if TYPE_CHECKING:
    from torch import Tensor, nn

    from dnaconv_core.model.config import ModelConfig
    from dnaconv_core.model.convnet import ConvNet


class PooledDropout(Step):
    """Dropout of the numbers that enter the dense layer."""

    name, place = "dropout before the dense layer", "pooled_dropout"

    @property
    def words(self) -> str:
        return f"dropout {self.config.pooled_dropout:g}" if self.config.pooled_dropout else ""

    def module(self) -> nn.Module:
        from torch import nn

        return nn.Dropout(self.config.pooled_dropout)

    def plain(self, model: ConvNet, h: Tensor, X: Tensor, covariates: Tensor | None) -> Tensor:
        return model.pooled_dropout(h)


class Hidden(Step):
    """Hidden units, each member's own: `(B, M·n)` → `(B, M·H)`, with ReLU and, in training, the same dropout."""

    name, place = "hidden units", "hidden"

    @property
    def wanted(self) -> bool:
        return self.config.hidden > 0

    @property
    def channels(self) -> int:
        return self.config.members * self.config.hidden

    @property
    def n_parameters(self) -> int:
        return self.channels * (self.before.channels // self.config.members + 1)

    @property
    def words(self) -> str:
        return f"{self.config.hidden} hidden units → ReLU"

    def module(self) -> nn.Module:
        from dnaconv_core.model.layers import HiddenUnits

        members = self.config.members
        return HiddenUnits(members, self.before.channels // members, self.config.hidden)

    def plain(self, model: ConvNet, h: Tensor, X: Tensor, covariates: Tensor | None) -> Tensor:
        assert model.hidden is not None  # this step built it
        return model.pooled_dropout(model.hidden(h).relu())


class Covariates(Step):
    """The covariates, transformed: `(B, M·n)` → `(B, M·n + C)`."""

    name, joins = "covariates", " + "

    @property
    def wanted(self) -> bool:
        return bool(self.config.covariates)

    @property
    def channels(self) -> int:
        return self.before.channels + len(self.config.covariates)

    @property
    def words(self) -> str:
        return ", ".join(self.config.covariates)

    def plain(self, model: ConvNet, h: Tensor, X: Tensor, covariates: Tensor | None) -> Tensor:
        import torch

        return torch.cat([h, model.given(covariates)], dim=1)


class Dense(Step):
    """Logits `(B, T)`: the mean of the members', each from its own numbers and the covariates that they share."""

    name, place = "dense", "dense"

    @property
    def channels(self) -> int:
        return self.config.n_tasks

    @property
    def n_parameters(self) -> int:
        return (self.before.channels + 1) * self.config.n_tasks

    def module(self) -> nn.Module:
        from torch import nn

        return nn.Linear(self.before.channels, self.config.n_tasks)

    def plain(self, model: ConvNet, h: Tensor, X: Tensor, covariates: Tensor | None) -> Tensor:
        return model.dense(h)


class Positional(Step):
    """A weight for each base at each position, straight to the logits."""

    name, place, joins = "positional weights", "positional", " · "

    @property
    def wanted(self) -> bool:
        return self.config.positional

    @property
    def n_parameters(self) -> int:
        return 4 * self.config.length * self.config.n_tasks

    @property
    def words(self) -> str:
        return f"{4 * self.config.length} weights straight from the sequence"

    def module(self) -> nn.Module:
        from torch import nn

        return nn.Linear(4 * self.config.length, self.config.n_tasks, bias=False)

    def plain(self, model: ConvNet, h: Tensor, X: Tensor, covariates: Tensor | None) -> Tensor:
        assert model.positional is not None  # this step built it
        return h + model.positional(X.flatten(1))


class Composition(Step):
    """Weights for GC content below and above the usual range, straight to the logits."""

    name, place, joins = "GC content out of range", "composition", " · "

    @property
    def wanted(self) -> bool:
        return self.config.composition > 0

    @property
    def n_parameters(self) -> int:
        return 2 * self.config.n_tasks

    @property
    def words(self) -> str:
        return f"GC content of {self.config.composition} bases below 30 % and above 52 %"

    def module(self) -> nn.Module:
        from torch import nn

        return nn.Linear(2, self.config.n_tasks, bias=False)

    def plain(self, model: ConvNet, h: Tensor, X: Tensor, covariates: Tensor | None) -> Tensor:
        from dnaconv_core.model.layers import outside_gc

        assert model.composition is not None  # this step built it
        return h + model.composition(outside_gc(X, self.config.composition).relu())


LAYER: dict[str, type[Step]] = {  # one layer, in this order
    "pooling": PoolBetween,
    "convolution": Convolution,
    "keeping": KeepingConvolution,
    "activation": Activation,
}


def steps(config: ModelConfig) -> list[Step]:
    """The network that a configuration describes, from the sequence to the logits."""
    found = _layers(config)
    for kind in (
        StrongerStrand,
        HEADS[config.pooling],
        PooledDropout,
        Hidden,
        Covariates,
        Dense,
        Positional,
        Composition,
    ):
        _append(found, kind, config)
    return found


def last_of_layer(config: ModelConfig, layer: int) -> Step:
    """The step that ends a layer (0 is the input), strands apart."""
    return _layers(config, layer)[-1]


def of_layer(config: ModelConfig, layer: int) -> list[Step]:
    """The steps of one layer, from 1."""
    return [step for step in _layers(config, layer) if step.layer == layer]


def own_channels(config: ModelConfig, layer: int) -> list[int]:
    """Where a layer's own filters stand among the channels that it hands on, in the filters' order."""
    each = last_of_layer(config, layer).channels // config.members
    return [member * each + i for member in range(config.members) for i in range(config.filters)]


def before_filters(config: ModelConfig, layer: int) -> list[Step]:
    """The steps of one strand that lead up to the filters of a layer, without them."""
    found = [step for step in _layers(config, layer) if not isinstance(step, BothStrands)]
    return found[: next(i for i, step in enumerate(found) if step.layer == layer and isinstance(step, Convolution))]


def from_head(config: ModelConfig) -> list[Step]:
    """The head and all steps after it."""
    found = steps(config)
    return found[next(i for i, step in enumerate(found) if isinstance(step, Head)) :]


def head_of(config: ModelConfig) -> Head:
    """The head alone, with the steps before it."""
    return next(step for step in steps(config) if isinstance(step, Head))


def in_words(some: Sequence[Step]) -> str:
    """What some steps do one after the other, as the drawing says it."""
    words = ""
    for step in some:
        if step.words:
            words += (step.joins if words else "") + step.words
    return words


def _layers(config: ModelConfig, depth: int | None = None) -> list[Step]:
    found = [Step(config)]
    _append(found, BothStrands, config)
    for layer in range(1, (config.depth if depth is None else depth) + 1):
        for kind in LAYER.values():
            _append(found, kind, config, layer)
    return found


def _append(found: list[Step], kind: type[Step], config: ModelConfig, layer: int = 0) -> None:
    step = kind(config, found[-1], layer)
    if step.wanted:
        found.append(step)
