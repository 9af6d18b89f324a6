"""The small networks that `why` trains, and the sequences they are trained on, whose truth is known."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from dnaconv_core.errors import TrainingError
from dnaconv_core.evaluate.metrics import evaluate
from dnaconv_core.model.config import ModelConfig
from dnaconv_core.progress import Progress
from dnaconv_core.sequence.encoding import from_codes
from dnaconv_core.threads import alone
from dnaconv_core.train.optimizer import lean

if TYPE_CHECKING:
    from torch import Tensor, nn

    from dnaconv_core.model.convnet import ConvNet

LENGTH = 40  # bases of the sequences made here
MOTIF = (3, 2, 0, 1, 3, 1, 0)  # TGACTCA as codes


def planted(n: int, seed: int, *, where: tuple[int, int] = (0, LENGTH - 7)) -> tuple[np.ndarray, np.ndarray]:
    """One-hot `(n, 4, LENGTH)` and labels `(n,)`: half hold the motif, starting in `where` (inclusive), the others its
    letters shuffled."""
    rng = np.random.default_rng([seed, n])
    codes = rng.integers(0, 4, (n, LENGTH))
    y = rng.permutation(np.arange(n) % 2).astype(np.float32)
    words = np.tile(MOTIF, (n, 1))
    words[y == 0] = rng.permuted(words[y == 0], axis=1)
    start = rng.integers(where[0], where[1] + 1, n)
    codes[np.arange(n)[:, None], start[:, None] + np.arange(7)] = words
    return from_codes(codes), y


def grammar(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """TGAC and GGTA with four bases between them are positive; with any other distance from 8 to 20, negative."""
    rng = np.random.default_rng([seed, n, 1])
    codes = rng.integers(0, 4, (n, LENGTH))
    y = rng.permutation(np.arange(n) % 2).astype(np.float32)
    gap = np.where(y == 1, 4, rng.integers(8, 21, n))
    start = (rng.random(n) * (LENGTH - 8 - gap + 1)).astype(int)
    for word, offset in (((3, 2, 0, 1), 0), ((2, 2, 3, 0), 4 + gap)):
        codes[np.arange(n)[:, None], (start + offset)[:, None] + np.arange(4)] = word
    return from_codes(codes), y


def activities(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """One-hot and activities up to about 1.4: 0.7 for a motif at base 16, 0.045 for each A, and noise."""
    X, motif = planted(n, seed, where=(16, 16))
    noise = 0.03 * np.random.default_rng([seed, n, 2]).standard_normal(n)
    return X, (0.7 * motif + 0.045 * X[:, 0].sum(axis=1) + noise).astype(np.float32)


def conv(**changes: Any) -> ModelConfig:
    """The small network of these experiments: one layer of 16 filters of 7 bases, and the maximum."""
    base: dict[str, Any] = {
        "length": LENGTH,
        "depth": 1,
        "filters": 16,
        "kernel_size": 7,
        "dropout": 0.0,
        "pooling": "max",
    }
    return ModelConfig(**(base | changes))


class _Told:
    """How far the networks of one question are."""

    def __init__(self, progress: Progress, networks: int) -> None:
        self.progress, self.networks, self.done = progress, networks, 0

    def step(self, share: float) -> None:
        if self.progress.should_stop():
            raise TrainingError("the small networks were stopped")
        fraction = (self.done + share) / max(self.networks, self.done + 1)
        self.progress.report(fraction, f"network {self.done + 1} of {max(self.networks, self.done + 1)}")


_told: ContextVar[_Told | None] = ContextVar("told", default=None)
_LOOK = 25  # steps between looks whether to stop


@contextmanager
def told(progress: Progress, networks: int) -> Iterator[None]:
    """Until this ends, `fitted` tells `progress` how far it is, and raises TrainingError when it is to stop.

    networks: how many will be trained.
    """
    token = _told.set(_Told(progress, networks))
    try:
        yield
    finally:
        _told.reset(token)


def fitted(
    config: ModelConfig | None,
    X: np.ndarray,
    y: np.ndarray,
    *,
    seed: int,
    steps: int = 300,
    loss: Callable[[Tensor, Tensor], Tensor] | None = None,
    covariates: np.ndarray | None = None,
    start: float | None = None,
    hidden: int = 16,
) -> nn.Module:
    """A network trained for `steps` batches of 100. config None: a dense one with `hidden` units.

    start: the output's first bias; plain gradient descent then takes the place of Adam, which would scale any pull up.
    """
    import torch
    from torch import nn

    from dnaconv_core.model.convnet import build

    listens = _told.get()  # here: the steps may be made in another thread
    loss = loss or nn.functional.binary_cross_entropy_with_logits
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        if config is None:
            first, last = nn.Linear(4 * X.shape[2], hidden), nn.Linear(hidden, 1)
            model: nn.Module = nn.Sequential(nn.Flatten(), first, nn.ReLU(), last)
        else:
            model = build(config, seed)
        optimizer: torch.optim.Optimizer = lean(torch.optim.Adam)(model.parameters(), lr=1e-2)
        if start is not None:
            nn.init.constant_(cast("ConvNet", model).dense.bias, start)
            optimizer = lean(torch.optim.SGD)(model.parameters(), lr=0.3)
        rng = np.random.default_rng(seed)

        def descend() -> None:
            for step in range(steps):
                if listens is not None and step % _LOOK == 0:
                    listens.step(step / steps)
                rows = rng.integers(0, len(X), 100)
                beside = () if covariates is None else (torch.from_numpy(covariates[rows]),)
                predicted = _forward(model, torch.from_numpy(X[rows]).float(), *beside)[:, 0]
                optimizer.zero_grad()
                loss(predicted, torch.from_numpy(np.asarray(y[rows], np.float32))).backward()
                optimizer.step()

        model.train()
        alone(descend)
    if listens is not None:
        listens.done += 1
    return model.eval()


def logits(model: nn.Module, X: np.ndarray, covariates: np.ndarray | None = None) -> Tensor:
    import torch

    def forward() -> Tensor:
        with torch.inference_mode():
            beside = () if covariates is None else (torch.from_numpy(covariates),)
            return _forward(model, torch.from_numpy(X).float(), *beside)[:, 0]

    return alone(forward)


def _forward(model: nn.Module, *given: Tensor) -> Tensor:
    """Logits `(B, 1)`, in the fast form where the network is one of ours."""
    from dnaconv_core.engine import forward
    from dnaconv_core.model.convnet import ConvNet

    return forward.logits(model, *given) if isinstance(model, ConvNet) else model(*given)


def auroc(model: nn.Module, X: np.ndarray, y: np.ndarray, covariates: np.ndarray | None = None) -> float:
    found = evaluate("binary", y[:, None], logits(model, X, covariates).sigmoid().numpy()[:, None], names=("auroc",))
    return float(found["auroc"].value or 0.5)


def count(model: nn.Module) -> int:
    """Trainable numbers."""
    return sum(p.numel() for p in model.parameters())
