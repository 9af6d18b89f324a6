"""One training step, and an epoch of them; on a CUDA device the step is recorded once and played back.

Played back, a step costs one call instead of a few hundred small ones, which is what bounds small networks on a GPU.
Recorded work reads its examples through `index`, a tensor that stays in place, so the data set never leaves the device.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from dnaconv_core.engine.forward import member_logits
from dnaconv_core.progress import Progress
from dnaconv_core.train.batches import mutated
from dnaconv_core.train.loss import per_example

if TYPE_CHECKING:
    import numpy as np

    from dnaconv_core.model.convnet import ConvNet
    from dnaconv_core.train.batches import Batch, Loader
    from dnaconv_core.train.distributed import Group

_WARM_UP = 3  # steps before recording: libraries choose their algorithms in the first ones


class Steps:
    """Trains `model` with `optimizer` on the examples that `loader` holds, `size` at a time.

    mutation: the share of bases replaced by random ones, anew in every step. group: processes that share every batch.
    """

    def __init__(
        self,
        model: ConvNet,
        optimizer: torch.optim.Optimizer,
        loader: Loader,
        size: int,
        *,
        mutation: float = 0.0,
        group: Group | None = None,
    ) -> None:
        self.model, self.optimizer, self.loader, self.size = model, optimizer, loader, size
        self.mutation, self.group = mutation, group
        self.recording = loader.recordable and group is None  # still to be done
        self.recorded: _Recorded | None = None
        self.done = 0

    def epoch(self, order: np.ndarray, progress: Progress) -> Tensor | None:
        """Every step's loss `(steps,)` over the examples in `order`, or None when asked to stop in the middle."""
        self.model.train()
        parts = self.loader.index(order).split(self.size)
        losses = torch.empty(len(parts), device=self.loader.device)  # kept one by one they would cut up free memory
        for step, rows in enumerate(parts):
            if progress.should_stop():
                return None
            losses[step] = self._next(rows) if self.group is None else self._step_together(rows, self.group)
        return losses

    def _next(self, index: Tensor) -> Tensor:
        if self.recorded is not None and len(index) == self.size:
            return self.recorded.step(index)
        if not self.recording:
            return self.step(self.loader.batch(index))
        self.done += 1
        if self.done > _WARM_UP and len(index) == self.size:
            self.recording = False
            try:
                self.recorded = _Recorded(self, index)
            except RuntimeError as error:  # an older driver or library: the same steps, only not as fast
                warnings.warn(
                    f"training steps are computed one by one, as they cannot be recorded: {error}", stacklevel=1
                )
                return self.step(self.loader.batch(index))
            return self.recorded.step(index)
        with _aside(self.loader.device):
            return self.step(self.loader.batch(index))

    def step(self, batch: Batch) -> Tensor:
        """The loss before the step, which is taken."""
        loss = self._losses(batch).mean()
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        self.optimizer.step()
        return loss.detach()

    def _step_together(self, index: Tensor, group: Group) -> Tensor:
        """The same, where every process has its share of the batch; the loss is that of the whole."""
        losses = self._losses(self.loader.batch(group.share(index)))
        loss = losses.sum() / (len(index) * losses[:1].numel() if len(losses) else 1)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        loss = loss.detach()
        group.add_up([loss, *(p.grad for p in self.model.parameters() if p.grad is not None)])
        self.optimizer.step()
        return loss

    def _losses(self, batch: Batch) -> Tensor:
        """Weighted losses `(B, M, T)`: every member has its own."""
        X = mutated(batch.X, self.mutation) if self.mutation else batch.X
        logits = member_logits(self.model, X, batch.covariates)  # (B, M, T)
        return per_example(self.model, logits, batch.y[:, None]) * batch.w[:, None]


@contextmanager
def _aside(device: torch.device) -> Iterator[None]:
    """On a stream of its own, as steps before a recording must be (see torch.cuda.graph)."""
    stream, usual = torch.cuda.Stream(device), torch.cuda.current_stream(device)
    stream.wait_stream(usual)
    with torch.cuda.stream(stream):
        yield
    usual.wait_stream(stream)


class _Recorded:
    """A step as a CUDA graph. Random masks come from the device's generator, whose state each playback advances."""

    def __init__(self, steps: Steps, index: Tensor) -> None:
        self.index = index.clone()
        self.graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(self.graph):  # records without computing: the first playback is the first step
            self.loss = steps.step(steps.loader.batch(self.index))

    def step(self, index: Tensor) -> Tensor:
        self.index.copy_(index)
        self.graph.replay()
        return self.loss  # overwritten by the next playback
