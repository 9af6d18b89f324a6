"""The network: `Conv1D → ReLU → Dropout` × depth → flatten or maximum → [covariates] → Dense. It returns logits."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from dnaconv_core.answers.links import LINKS
from dnaconv_core.errors import ConfigError
from dnaconv_core.model import channels_last, strongest
from dnaconv_core.model.config import ModelConfig
from dnaconv_core.model.layers import ReluDropout, SameConv1d, flip_strand, max_over_strands

LOG_OFFSET = 1e-3  # added to a covariate before its logarithm


class ConvNet(nn.Module):
    """Builds itself from a ModelConfig, with Glorot-uniform weights and zero biases as Keras has.

    `forward(X, covariates)` takes one-hot `(B, 4, L)` and raw covariates `(B, C)` and returns `(B, T)` **before** the
    sigmoid; `activate` turns that into predictions.

    An ensemble (`config.members` = M above 1) is the same network with M times the filters, in M groups that do not see
    each other: the mean of the members' logits is one dense layer over all their features. The members share only
    what is linear at the output: its bias, the weights of covariates and of positions. Below, F counts the filters of
    all members.
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        conv = SameConv1d if config.padding == "same" else nn.Conv1d
        width = config.members * config.filters
        self.convs = nn.ModuleList(
            conv(4, width, config.kernel_size)
            if layer == 0
            else conv(width, width, config.kernel_size, groups=config.members)
            for layer in range(config.depth)
        )
        self.activations = nn.ModuleList(ReluDropout(config.dropout) for _ in range(config.depth))
        self.pooled_dropout = nn.Dropout(config.pooled_dropout)
        self.dense = nn.Linear(config.n_features, config.n_tasks)
        self.positional = nn.Linear(4 * config.length, config.n_tasks, bias=False) if config.positional else None
        self._initialize()
        n = len(config.covariates)
        self.register_buffer("covariate_mean", _row(config.covariate_mean or (0.0,) * n), persistent=False)
        self.register_buffer("covariate_scale", _row(config.covariate_scale or (1.0,) * n), persistent=False)

    @torch.no_grad()
    def _initialize(self) -> None:
        """Each member as it would begin alone; weights of positions and of standardised covariates begin at zero.

        Glorot's range is that of a weight among many. Times covariate_gain, the one weight of a covariate would begin
        as large as what is to be learnt, with the sign of the seed, and a short training ends before it has turned.
        """
        config = self.config
        for conv in self.convs:
            for weight in conv.weight.chunk(config.members):
                nn.init.xavier_uniform_(weight)
            nn.init.zeros_(conv.bias)
        n, m = config.n_pooled, config.members
        alone = torch.empty(config.n_tasks, n + len(config.covariates))
        for member in range(m):
            nn.init.xavier_uniform_(alone)
            self.dense.weight[:, member * n : (member + 1) * n] = alone[:, :n] / m
            self.dense.weight[:, m * n :] = alone[:, n:]
        if config.covariate_transform != "none":
            self.dense.weight[:, m * n :] = 0
        nn.init.zeros_(self.dense.bias)
        if self.positional is not None:
            nn.init.zeros_(self.positional.weight)

    def forward(self, X: Tensor, covariates: Tensor | None = None) -> Tensor:
        if channels_last.applies(self, X):
            return self.member_logits(X, covariates).mean(dim=1)
        return self.head(self.features(X), X, covariates)  # (B, T)

    def head(self, features: Tensor, X: Tensor, covariates: Tensor | None = None) -> Tensor:
        """Logits `(B, T)` from the last layer's activations `(B, F, P)`, the sequences and raw covariates."""
        h = self.pool(features)
        if self.config.covariates:
            h = torch.cat([h, self._given(covariates)], dim=1)
        logits = self.dense(h)  # (B, T)
        return logits if self.positional is None else logits + self.positional(X.flatten(1))

    def member_logits(self, X: Tensor, covariates: Tensor | None = None) -> Tensor:
        """Logits `(B, M, T)` of each member; their mean over M is `forward`.

        X may be bfloat16: on a CPU it is then convolved in that precision where that is possible.
        """
        m, n = self.config.members, self.config.n_pooled
        own, shared = self.dense.weight[:, : m * n], self.dense.weight[:, m * n :]  # (T, M·n), (T, C)
        fast = channels_last.applies(self, X)
        given, X = X, X.float()  # all else is computed in float32
        if fast and strongest.applies(self):
            conv, both = self.convs[0], self.config.strands == "both"
            same = self.config.padding == "same"
            h = self.pooled_dropout(strongest.strongest_match(X, conv.weight, conv.bias, same=same, both=both))
            logits = torch.einsum("bmn,tmn->bmt", h.unflatten(1, (m, n)), own.unflatten(1, (m, n)))  # (B, M, T)
        elif fast:
            logits = channels_last.dense(self, given, own)
        elif m == 1:
            return self.forward(X, covariates)[:, None]
        else:
            h = self.pool(self.features(X)).unflatten(1, (m, n))  # (B, M, n)
            logits = torch.einsum("bmn,tmn->bmt", h, own.unflatten(1, (m, n)))
        logits = m * logits + self.dense.bias
        if self.config.covariates:
            logits = logits + (self._given(covariates) @ shared.T)[:, None]
        return logits if self.positional is None else logits + self.positional(X.flatten(1))[:, None]

    def pool(self, features: Tensor) -> Tensor:
        """Activations `(B, F, P)` as the dense layer sees them: `(B, M·n)`, member by member."""
        if self.config.pooling == "flatten":
            h = features.flatten(1)
        elif self.config.pooling == "max":
            h = features.amax(dim=2)
        else:
            groups = features.unflatten(1, (self.config.members, self.config.filters))  # (B, M, F/M, P)
            h = torch.cat([groups.amax(dim=3), groups.mean(dim=3)], dim=2).flatten(1)
        return self.pooled_dropout(h)

    def _given(self, covariates: Tensor | None) -> Tensor:
        if covariates is None:
            names = ", ".join(self.config.covariates)
            raise ConfigError(f"this model needs {names} beside the sequence: give the covariates")
        return self.transform(covariates)

    def features(self, X: Tensor, depth: int | None = None) -> Tensor:
        """Activations `(B, F, P)` after `depth` layers (default all), strands combined where both are read."""
        both = self.config.strands == "both"
        h = torch.cat([X, flip_strand(X)]) if both else X  # (B or 2B, 4, L)
        for conv, activation in zip(self.convs[:depth], self.activations[:depth], strict=True):
            h = activation(conv(h))  # (B or 2B, F, P)
        return max_over_strands(h) if both else h

    def transform(self, covariates: Tensor) -> Tensor:
        """Raw covariates `(B, C)` as the dense layer sees them."""
        if self.config.covariate_transform == "none":
            return covariates
        if self.config.covariate_transform == "log":
            covariates = torch.log(covariates.clamp(min=0) + LOG_OFFSET)
        return self.config.covariate_gain * (covariates - self.covariate_mean) / self.covariate_scale

    def activate(self, logits: Tensor) -> Tensor:
        """Predictions from logits: a probability or an activity."""
        return LINKS[self.config.output].of_tensor(logits)


def _row(values: tuple[float, ...]) -> Tensor:
    return torch.tensor(values, dtype=torch.float32)


def build(config: ModelConfig, seed: int = 0) -> ConvNet:
    """A new network with the initial weights of this seed; torch's own generator is left as it was."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return ConvNet(config)
