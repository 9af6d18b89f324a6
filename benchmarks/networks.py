"""The networks measured, each as ours, as a plain PyTorch module, and as data."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import nn

from dnaconv_core.data.dataset import Dataset
from dnaconv_core.model.config import ModelConfig

NETWORKS: dict[str, dict[str, Any]] = {
    "tf": {},
    "chromatin": {"covariates": ("accessibility",)},
    "rnai": {
        "length": 21,
        "alphabet": "RNA",
        "task": "regression",
        "depth": 2,
        "filters": 10,
        "dropout": 0.3,
    },
    "6x256": {"depth": 6, "filters": 256},
    "auto": {  # what preset `auto` chooses for windows of DNA
        "length": 200,
        "depth": 2,
        "filters": 64,
        "kernel_size": 11,
        "pool_between": 4,
        "keep_layers": True,
        "dropout": 0.2,
        "pooling": "max_mean",
        "pooled_dropout": 0.5,
        "strands": "both",
    },
}


class Plain(nn.Module):
    """The network as one writes it in PyTorch."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for layer in range(config.depth):
            channels = config.filters if layer else 4
            layers += [nn.Conv1d(channels, config.filters, config.kernel_size, padding="same"), nn.ReLU()]
            layers += [nn.Dropout(config.dropout)]
        self.convolutions = nn.Sequential(*layers)
        self.dense = nn.Linear(config.filters * config.length + len(config.covariates), 1)
        self.regression = not config.answer.yes_or_no

    def forward(self, X: torch.Tensor, covariates: torch.Tensor | None = None) -> torch.Tensor:
        h = self.convolutions(X).flatten(1)
        return self.dense(h if covariates is None else torch.cat([h, covariates], 1))

    def loss(self, X: torch.Tensor, covariates: torch.Tensor | None, y: torch.Tensor, w: torch.Tensor) -> torch.Tensor:
        logits = self(X, covariates)
        if self.regression:
            return ((torch.sigmoid(logits) - y) ** 2 * w).mean()
        return nn.functional.binary_cross_entropy_with_logits(logits, y, weight=w)


class PlainMotifs(Plain):
    """Both strands through two layers, pooled between, the first kept; then each filter's maximum and mean."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__(config)
        f, k = config.filters, config.kernel_size
        self.layers = nn.ModuleList([nn.Conv1d(4, f, k, padding="same"), nn.Conv1d(f, f, k, padding="same")])
        self.dropout, self.pooled_dropout = nn.Dropout(config.dropout), nn.Dropout(config.pooled_dropout)
        self.pool = nn.MaxPool1d(config.pool_between, ceil_mode=True)
        self.dense = nn.Linear(4 * f, 1)

    def strand(self, X: torch.Tensor) -> torch.Tensor:
        first = self.pool(self.dropout(self.layers[0](X).relu()))
        return torch.cat([self.dropout(self.layers[1](first).relu()), first], dim=1)

    def forward(self, X: torch.Tensor, covariates: torch.Tensor | None = None) -> torch.Tensor:
        h = torch.maximum(self.strand(X), self.strand(X.flip(1, 2)).flip(2))
        return self.dense(self.pooled_dropout(torch.cat([h.amax(dim=2), h.mean(dim=2)], dim=1)))


def plain_of(config: ModelConfig) -> Plain:
    """The plain form of a network of NETWORKS."""
    return PlainMotifs(config) if config.keep_layers else Plain(config)


def data(config: ModelConfig, n: int, seed: int = 0) -> Dataset:
    rng = np.random.default_rng(seed)
    X = np.zeros((n, 4, config.length), np.int8)
    np.put_along_axis(X, rng.integers(0, 4, (n, 1, config.length)), 1, axis=1)
    y = rng.random((n, 1)).astype(np.float32)
    y = (y < 0.5).astype(np.float32) if config.answer.yes_or_no else y
    given = rng.random((n, len(config.covariates))).astype(np.float32) if config.covariates else None
    ids = np.arange(n).astype(str)
    return Dataset(X, y, np.ones_like(y), ids, given, config.covariates, alphabet=config.alphabet)


def step_flops(config: ModelConfig) -> float:
    """Floating-point operations of one example's training step: multiplications and additions of its matrix products.

    Forward, weight gradient and input gradient are the same size; the first layer needs no input gradient.
    """
    one = 2.0 * config.length * config.kernel_size * config.filters
    first, later = one * 4, one * config.filters * (config.depth - 1)
    return 2 * first + 3 * later + 3 * 2 * config.n_features
