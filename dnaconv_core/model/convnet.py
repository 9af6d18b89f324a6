"""The network in plain torch: it walks the steps that its configuration describes (model/steps.py). Returns logits.

Engines compute the same faster (dnaconv_core/engine); who wants speed asks engine/forward.py, not the module itself.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from dnaconv_core.answers.links import LINKS
from dnaconv_core.errors import ConfigError
from dnaconv_core.model.config import ModelConfig
from dnaconv_core.model.heads import Head
from dnaconv_core.model.layers import Conv1d, HiddenUnits, ReluDropout, outside_gc
from dnaconv_core.model.step import Step
from dnaconv_core.model.steps import steps

LOG_OFFSET = 1e-3  # added to a covariate before its logarithm


class ConvNet(nn.Module):
    """Builds itself from a ModelConfig, with Glorot-uniform weights and zero biases as Keras has.

    `forward(X, covariates)` takes one-hot `(B, 4, L)` and raw covariates `(B, C)` and returns `(B, T)` **before** the
    sigmoid; `activate` turns that into predictions.

    An ensemble (`config.members` = M above 1) is the same network with M times the filters, in M groups that do not see
    each other: the mean of the members' logits is one dense layer over all their features. The members share only
    what is added at the output: its bias, the weights of covariates, of positions and of GC content. Below, F counts
    the filters of all members.
    """

    convs: Sequence[Conv1d]  # an nn.ModuleList, as are the activations
    activations: Sequence[ReluDropout]
    pooled_dropout: nn.Dropout
    dense: nn.Linear
    positional: nn.Linear | None
    composition: nn.Linear | None
    hidden: HiddenUnits | None
    covariate_mean: Tensor
    covariate_scale: Tensor

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        self.steps = steps(config)
        self.pooling = next(step for step in self.steps if isinstance(step, Head))
        at = self.steps.index(self.pooling)
        self.layers, self.after = self.steps[:at], self.steps[at:]  # up to the last layer's activations, and from there
        self.positional = self.composition = self.hidden = None
        for step in self.steps:
            self._build(step)
        self._initialize()
        n = len(config.covariates)
        self.register_buffer("covariate_mean", _row(config.covariate_mean or (0.0,) * n), persistent=False)
        self.register_buffer("covariate_scale", _row(config.covariate_scale or (1.0,) * n), persistent=False)

    def _build(self, step: Step) -> None:
        """A step's module at its place; those of layers in a list."""
        module = step.module()
        if module is None:
            return
        if not step.layer:
            setattr(self, step.place, module)
            return
        if not hasattr(self, step.place):
            setattr(self, step.place, nn.ModuleList())
        getattr(self, step.place).append(module)

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
        if self.hidden is not None:
            for weight in self.hidden.weight:
                nn.init.xavier_uniform_(weight)
        n, m = config.n_pooled, config.members
        alone = torch.empty(config.n_tasks, n + len(config.covariates))
        for member in range(m):
            nn.init.xavier_uniform_(alone)
            self.dense.weight[:, member * n : (member + 1) * n] = alone[:, :n] / m
            self.dense.weight[:, m * n :] = alone[:, n:]
        if config.covariate_transform != "none":
            self.dense.weight[:, m * n :] = 0
        nn.init.zeros_(self.dense.bias)
        for straight in (self.positional, self.composition):
            if straight is not None:
                nn.init.zeros_(straight.weight)

    def forward(self, X: Tensor, covariates: Tensor | None = None) -> Tensor:
        return self.head(self.features(X), X, covariates)  # (B, T)

    def features(self, X: Tensor, depth: int | None = None) -> Tensor:
        """Activations `(B, M·F, P)` after `depth` layers (default all), strands combined where both are read."""
        wanted = [step for step in self.layers if depth is None or step.layer <= depth]
        return self.walk(wanted, X, X)

    def head(self, features: Tensor, X: Tensor, covariates: Tensor | None = None) -> Tensor:
        """Logits `(B, T)` from the last layer's activations `(B, M·F, P)`, the sequences and raw covariates."""
        return self.walk(self.after, features, X, covariates)

    def walk(self, wanted: Sequence[Step], h: Tensor, X: Tensor, covariates: Tensor | None = None) -> Tensor:
        """Through some of the steps, one after the other, from what stands before the first of them."""
        for step in wanted:
            h = step.plain(self, h, X, covariates)
        return h

    def pool(self, features: Tensor, X: Tensor) -> Tensor:
        """Activations `(B, M·F, P)` as the dense layer sees them: `(B, M·n)`, member by member."""
        return self.pooled_dropout(self.pooling.plain(self, features, X, None))

    def member_logits(self, X: Tensor, covariates: Tensor | None = None) -> Tensor:
        """Logits `(B, M, T)` of each member; their mean over M is `forward`."""
        features = self.features(X)
        if self.config.members == 1:
            return self.head(features, X, covariates)[:, None]
        return self.joined(self.own_logits(self.pool(features, X)), X, covariates)

    @property
    def own(self) -> Tensor:
        """The dense layer's weights of sequence features, without those of covariates: `(T, M·n)`."""
        return self.dense.weight[:, : self.config.members * self.config.n_pooled]

    def own_logits(self, pooled: Tensor) -> Tensor:
        """What each member's own numbers `(B, M·n)` come to, hidden units included: `(B, M, T)`."""
        if self.hidden is not None:
            pooled = self.pooled_dropout(self.hidden(pooled.flatten(1)).relu())
        return self.by_member(pooled)

    def by_member(self, pooled: Tensor) -> Tensor:
        """`(B, M·n)` or `(B, M, n)` times each member's own weights: `(B, M, T)`."""
        m = self.config.members
        pooled = pooled if pooled.dim() == 3 else pooled.unflatten(1, (m, -1))
        return torch.einsum("bmn,tmn->bmt", pooled, self.own.unflatten(1, (m, -1)))

    def joined(self, own: Tensor, X: Tensor, covariates: Tensor | None) -> Tensor:
        """Members' logits `(B, M, T)` from what their own numbers come to, with all that they share."""
        logits = self.config.members * own + self.dense.bias
        if self.config.covariates:
            logits = logits + (self.given(covariates) @ self.dense.weight[:, self.own.shape[1] :].T)[:, None]
        if self.positional is not None:
            logits = logits + self.positional(X.flatten(1))[:, None]
        if self.composition is not None:
            logits = logits + self.composition(outside_gc(X, self.config.composition).relu())[:, None]
        return logits

    def given(self, covariates: Tensor | None) -> Tensor:
        """Raw covariates `(B, C)` transformed. Raises ConfigError where there are none."""
        if covariates is None:
            names = ", ".join(self.config.covariates)
            raise ConfigError(f"this model needs {names} beside the sequence: give the covariates")
        return self.transform(covariates)

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
