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
from dnaconv_core.model.step import Step

if TYPE_CHECKING:
    from torch import Tensor, nn

    from dnaconv_core.model.config import ModelConfig
    from dnaconv_core.model.convnet import ConvNet


class BothStrands(Step):
    """The sequences, then their reverse complements: `(B, 4, L)` → `(2B, 4, L)`."""

    name = "both strands"

    @property
    def wanted(self) -> bool:
        return self.config.strands == "both"

    def plain(self, model: ConvNet, h: Tensor, X: Tensor, covariates: Tensor | None) -> Tensor:
        import torch

        from dnaconv_core.model.layers import flip_strand

        return torch.cat([h, flip_strand(h)])


class Convolution(Step):
    """Every member's filters over its own filters of the layer before: `(B, C, P)` → `(B, M·F, P)`."""

    name, place = "convolution", "convs"

    @property
    def channels(self) -> int:
        return self.config.members * self.config.filters

    @property
    def groups(self) -> int:
        """Members that do not see each other; in the first layer all see the sequence."""
        return self.config.members if self.layer > 1 else 1

    @property
    def reach(self) -> tuple[int, int]:
        """Positions before and after its own that a unit sees. Keras pads an even kernel with one more on the right."""
        k = self.config.kernel_size
        return ((k - 1) // 2, k // 2) if self.config.padding == "same" else (0, k - 1)

    @property
    def positions(self) -> int:
        return self.before.positions - (self.config.kernel_size - 1) * (self.config.padding == "valid")

    @property
    def sees(self) -> tuple[int, int]:
        (left, right), (before, after) = self.reach, self.before.sees
        return before + left, after + right

    @property
    def n_parameters(self) -> int:
        return self.channels * (self.before.channels // self.groups * self.config.kernel_size + 1)

    @property
    def words(self) -> str:
        config = self.config
        count = f"{config.members} × {config.filters}" if config.members > 1 else str(config.filters)
        both = " on both strands" if config.strands == "both" and self.layer == 1 else ""
        return f"{count} filters of {config.kernel_size}{both}"

    def module(self) -> nn.Module:

        from dnaconv_core.model.layers import Conv1d, SameConv1d

        conv = SameConv1d if self.config.padding == "same" else Conv1d
        return conv(self.before.channels, self.channels, self.config.kernel_size, groups=self.groups)

    def plain(self, model: ConvNet, h: Tensor, X: Tensor, covariates: Tensor | None) -> Tensor:
        return model.convs[self.layer - 1](h)


class Activation(Step):
    """ReLU, and in training dropout."""

    name, place = "ReLU and dropout", "activations"

    @property
    def words(self) -> str:
        return "ReLU" + (f" → dropout {self.config.dropout:g}" if self.config.dropout else "")

    def module(self) -> nn.Module:
        from dnaconv_core.model.layers import ReluDropout

        return ReluDropout(self.config.dropout)

    def plain(self, model: ConvNet, h: Tensor, X: Tensor, covariates: Tensor | None) -> Tensor:
        return model.activations[self.layer - 1](h)


class StrongerStrand(Step):
    """The stronger of both strands at the same bases: `(2B, M·F, P)` → `(B, M·F, P)`."""

    name = "stronger strand"

    @property
    def wanted(self) -> bool:
        return self.config.strands == "both"

    @property
    def sees(self) -> tuple[int, int]:
        """The other strand's unit sees as far the other way, where its position is counted from the padded ends."""
        left, right = self.before.sees
        most = max(left, right)
        return (most, most) if self.config.padding == "same" else (left, right)

    def plain(self, model: ConvNet, h: Tensor, X: Tensor, covariates: Tensor | None) -> Tensor:
        from dnaconv_core.model.layers import max_over_strands

        return max_over_strands(h)


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


class Covariates(Step):
    """The numbers given beside the sequence, transformed: `(B, M·n)` → `(B, M·n + C)`."""

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


LAYER: dict[str, type[Step]] = {"convolution": Convolution, "activation": Activation}  # one layer, in this order


def steps(config: ModelConfig) -> list[Step]:
    """The network that a configuration describes, from the sequence to the logits."""
    found = _layers(config)
    for kind in (StrongerStrand, HEADS[config.pooling], PooledDropout, Covariates, Dense, Positional, Composition):
        _append(found, kind, config)
    return found


def last_of_layer(config: ModelConfig, layer: int) -> Step:
    """The step that ends a layer (0 is the input), strands apart."""
    return _layers(config, layer)[-1]


def of_layer(config: ModelConfig, layer: int) -> list[Step]:
    """The steps of one layer, from 1."""
    return [step for step in _layers(config, layer) if step.layer == layer]


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
