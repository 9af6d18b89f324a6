"""A new network that starts with the weights of a trained one, as far as they fit."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any, NamedTuple

from dnaconv_core.errors import ConfigError
from dnaconv_core.model.config import ModelConfig
from dnaconv_core.model.steps import of_layer

if TYPE_CHECKING:
    from dnaconv_core.model.convnet import ConvNet

# What may differ while an output still means the same: training's noise, and the length where shapes allow it.
_FREE = {"length", "dropout", "pooled_dropout", "covariate_mean", "covariate_scale"}
_OF_COVARIATES = {"covariate_transform", "covariate_gain"}
_LAYER = "convs."


class Inherited(NamedTuple):
    """What a network took over: names of parameters, and how many layers that is."""

    copied: tuple[str, ...]
    layers: int  # convolutional ones that were copied
    words: str  # 'both convolutional layers were copied, the dense layer starts anew'

    @property
    def filters(self) -> tuple[str, ...]:
        """The parameters of convolutions among them."""
        return tuple(name for name in self.copied if name.startswith(_LAYER))


def shape_of(source: ModelConfig, *, task: str, covariates: bool) -> dict[str, Any]:
    """The settings of a network like `source`, for another question of this kind, with covariates or without."""
    left_out = (set() if task == source.task else {"output"}) | (
        set() if covariates and source.covariates else _OF_COVARIATES
    )
    return {
        spec.name: getattr(source, spec.name)
        for spec in fields(ModelConfig)
        if spec.metadata.get("group") == "model" and spec.name not in left_out
    }


def check_alphabet(alphabet: str, source: ModelConfig, name: str) -> None:
    """ConfigError unless `source`, a model called `name`, reads sequences of this alphabet."""
    if alphabet != source.alphabet:
        raise ConfigError(
            f"{name} reads {source.alphabet} and these sequences are {alphabet}: start from a model of the same "
            f"alphabet"
        )


def check_fit(config: ModelConfig, source: ModelConfig, name: str) -> None:
    """ConfigError unless at least the first layer of `source`, a model called `name`, fits into a network."""
    check_alphabet(config.alphabet, source, name)
    parts = {"kernel_size": "bases in each filter", "filters": "filters in a layer", "members": "members"}
    for field, what in parts.items():
        ours, theirs = getattr(config, field), getattr(source, field)
        if ours != theirs:
            raise ConfigError(
                f"{field} is {ours} but {name} has {theirs} {what}, so its filters do not fit: leave {field} as it is "
                f"there, or start random"
            )


def inherit(model: ConvNet, source: ConvNet, *, same_question: bool) -> Inherited:
    """Copy into `model` the weights of `source` that fit, bit for bit.

    A convolution fits where its shape agrees and all layers before it do; what comes after them (dense layer, weights
    of positions) where besides all layers were copied, shapes agree, and an output means the same: the same question
    (`same_question`) put to a network that differs in nothing but its length and its training's noise.
    """
    import torch

    ours, theirs = model.state_dict(), source.state_dict()
    layers = _layers_that_fit(model, source)
    copied = [name for name in ours if name.startswith(_LAYER) and int(name.split(".")[1]) < layers]
    rest = [name for name in ours if not name.startswith(_LAYER)]
    whole = layers == model.config.depth == source.config.depth
    same = same_question and _alike(model.config, source.config) and set(theirs) == set(ours)
    if whole and same and all(ours[name].shape == theirs[name].shape for name in rest):
        copied += rest
    with torch.no_grad():
        for name in copied:
            ours[name].copy_(theirs[name])
    return Inherited(tuple(copied), layers, _words(model.config, layers, anew=not set(rest) <= set(copied)))


def _layers_that_fit(model: ConvNet, source: ConvNet) -> int:
    fit = 0
    for layer, (one, other) in enumerate(zip(model.convs, source.convs, strict=False), 1):
        kinds = [[type(step) for step in of_layer(net.config, layer)] for net in (model, source)]
        if one.weight.shape != other.weight.shape or kinds[0] != kinds[1]:
            break
        fit = layer
    return fit


def _alike(config: ModelConfig, source: ModelConfig) -> bool:
    same = (s.name for s in fields(ModelConfig) if s.name not in _FREE)
    return all(getattr(config, name) == getattr(source, name) for name in same)


def _words(config: ModelConfig, layers: int, *, anew: bool) -> str:
    every = layers == config.depth
    count = f"all {config.depth}" if every else f"{layers} of {config.depth}"
    what = "its convolutional layer was" if config.depth == 1 else f"{count} convolutional layers were"
    if not anew:
        return f"{what.rsplit(' ', 1)[0]} and all that follows were copied"
    return f"{what} copied, {'all that follows' if every else 'all else'} starts anew"
