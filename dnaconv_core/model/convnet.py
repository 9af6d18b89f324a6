"""The network: `Conv1D → ReLU → Dropout` × depth → flatten or maximum → [covariates] → Dense. It returns logits."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from dnaconv_core.errors import ConfigError
from dnaconv_core.model.config import ModelConfig
from dnaconv_core.model.layers import ReluDropout, SameConv1d, flip_strand, max_over_strands

LOG_OFFSET = 1e-3  # added to a covariate before its logarithm


class ConvNet(nn.Module):
    """Builds itself from a ModelConfig, with Glorot-uniform weights and zero biases as Keras has.

    `forward(X, covariates)` takes one-hot `(B, 4, L)` and raw covariates `(B, C)` and returns `(B, T)` **before** the
    sigmoid; `activate` turns that into predictions.
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        conv = SameConv1d if config.padding == "same" else nn.Conv1d
        self.convs = nn.ModuleList(
            conv(4 if layer == 0 else config.filters, config.filters, config.kernel_size)
            for layer in range(config.depth)
        )
        self.activations = nn.ModuleList(ReluDropout(config.dropout) for _ in range(config.depth))
        self.dense = nn.Linear(config.n_features, config.n_tasks)
        for module in (*self.convs, self.dense):
            nn.init.xavier_uniform_(module.weight)
            nn.init.zeros_(module.bias)
        n = len(config.covariates)
        self.register_buffer("covariate_mean", _row(config.covariate_mean or (0.0,) * n), persistent=False)
        self.register_buffer("covariate_scale", _row(config.covariate_scale or (1.0,) * n), persistent=False)

    def forward(self, X: Tensor, covariates: Tensor | None = None) -> Tensor:
        h = self.features(X)  # (B, F, P)
        h = h.amax(dim=2) if self.config.pooling == "max" else h.flatten(1)  # (B, F) or (B, F·P)
        if self.config.covariates:
            if covariates is None:
                names = ", ".join(self.config.covariates)
                raise ConfigError(f"this model needs {names} beside the sequence: give the covariates")
            h = torch.cat([h, self.transform(covariates)], dim=1)
        return self.dense(h)  # (B, T)

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
        return (covariates - self.covariate_mean) / self.covariate_scale

    def activate(self, logits: Tensor) -> Tensor:
        """Predictions from logits: a probability or an activity."""
        return torch.sigmoid(logits) if self.config.output == "sigmoid" else logits


def _row(values: tuple[float, ...]) -> Tensor:
    return torch.tensor(values, dtype=torch.float32)


def build(config: ModelConfig, seed: int = 0) -> ConvNet:
    """A new network with the initial weights of this seed; torch's own generator is left as it was."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return ConvNet(config)
