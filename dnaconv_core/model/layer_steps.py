"""The steps of convolutional layers and of the strands that they read, each with its shape and its plain torch form.

Shapes: B sequences, M members, F filters of one member, P positions. Both strands are a batch of 2B.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dnaconv_core.model.step import Step

if TYPE_CHECKING:
    from torch import Tensor, nn

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
    def wanted(self) -> bool:
        return self.layer == 1 or not self.config.keep_layers

    @property
    def channels(self) -> int:
        return self.n_filters

    @property
    def n_filters(self) -> int:
        """Filters of all members."""
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
        return before + left * self.stride, after + right * self.stride

    @property
    def n_parameters(self) -> int:
        return self.n_filters * (self.before.channels // self.groups * self.config.kernel_size + 1)

    @property
    def words(self) -> str:
        config = self.config
        count = f"{config.members} × {config.filters}" if config.members > 1 else str(config.filters)
        both = " on both strands" if config.strands == "both" and self.layer == 1 else ""
        return f"{count} filters of {config.kernel_size}{both}"

    def module(self) -> nn.Module:

        from dnaconv_core.model.layers import Conv1d, SameConv1d

        conv = SameConv1d if self.config.padding == "same" else Conv1d
        return conv(self.before.channels, self.n_filters, self.config.kernel_size, groups=self.groups)

    def plain(self, model: ConvNet, h: Tensor, X: Tensor, covariates: Tensor | None) -> Tensor:
        return self.joined(model.convs[self.layer - 1](h), h)

    def joined(self, new: Tensor, h: Tensor) -> Tensor:
        """What it hands on of what its filters make of h."""
        return new


class KeepingConvolution(Convolution):
    """A convolution that hands on its input too, member by member: `(B, C, P)` → `(B, M·F + C, P)`.

    Each member's own filters come first, then what it was given, which the ReLU and dropout after it leave alone (Huang
    et al. 2017, DenseNet). Only with padding 'same': the positions of both must be the same.
    """

    name = "convolution that keeps its input"

    @property
    def wanted(self) -> bool:
        return self.layer > 1 and self.config.keep_layers

    @property
    def channels(self) -> int:
        return self.n_filters + self.before.channels

    @property
    def words(self) -> str:
        return super().words + " and what came before"

    def joined(self, new: Tensor, h: Tensor) -> Tensor:
        import torch

        members = self.config.members
        return torch.cat([new.unflatten(1, (members, -1)), h.unflatten(1, (members, -1))], dim=2).flatten(1, 2)


class PoolBetween(Step):
    """Between two layers, the strongest of each few neighbouring positions: `(B, C, P)` → `(B, C, ⌈P / w⌉)`."""

    name = "pooling between layers"

    @property
    def wanted(self) -> bool:
        return self.layer > 1 and self.config.pool_between > 1

    @property
    def positions(self) -> int:
        return -(-self.before.positions // self.config.pool_between)

    @property
    def stride(self) -> int:
        return self.before.stride * self.config.pool_between

    @property
    def sees(self) -> tuple[int, int]:
        before, after = self.before.sees
        return before, after + (self.config.pool_between - 1) * self.before.stride

    @property
    def words(self) -> str:
        return f"strongest of {self.config.pool_between} positions"

    def plain(self, model: ConvNet, h: Tensor, X: Tensor, covariates: Tensor | None) -> Tensor:
        from torch.nn import functional

        return functional.max_pool1d(h, self.config.pool_between, ceil_mode=True)


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
        if not isinstance(self.before, KeepingConvolution):
            return model.activations[self.layer - 1](h)
        import torch

        own, given = h.unflatten(1, (self.config.members, -1)).tensor_split([self.config.filters], dim=2)
        return torch.cat([model.activations[self.layer - 1](own), given], dim=2).flatten(1, 2)


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
        most = max(left, right) + self.stride - 1  # positions of several bases are counted from the other end
        return (most, most) if self.config.padding == "same" else (left, right)

    def plain(self, model: ConvNet, h: Tensor, X: Tensor, covariates: Tensor | None) -> Tensor:
        from dnaconv_core.model.layers import max_over_strands

        return max_over_strands(h)
