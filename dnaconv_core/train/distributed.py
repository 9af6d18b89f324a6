"""One run on several processes, as `torchrun` starts them: each takes its share of every batch.

Every process holds the whole model and all data, and draws the same order of examples. Of each batch it takes every
N-th example; gradients are added up before the step, so that all models stay the same, bit for bit. Each process
evaluates by itself, and so comes to the same decisions. The first one keeps the run's record.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from dnaconv_core.progress import Progress

if TYPE_CHECKING:
    import torch
    from torch import Tensor


def rank() -> int:
    """The number of this process, from 0; 0 also where there is only one."""
    return int(os.environ.get("RANK", "0"))


def size() -> int:
    """How many processes train together."""
    return int(os.environ.get("WORLD_SIZE", "1"))


def own_device(wanted: str) -> str:
    """The device of this process among several, for 'auto', 'cuda' or 'cpu': a GPU of its own where there are any."""
    import torch

    on_cpu = wanted == "cpu" or not torch.cuda.is_available()
    return "cpu" if on_cpu else f"cuda:{os.environ.get('LOCAL_RANK', '0')}"


@contextmanager
def together(device: str) -> Iterator[Group | None]:
    """The processes that train together, or None where this is the only one."""
    if size() == 1:
        yield None
        return
    import torch
    from torch import distributed

    if device.startswith("cuda"):
        torch.cuda.set_device(device)
    distributed.init_process_group("nccl" if device.startswith("cuda") else "gloo")
    try:
        yield Group(torch.device(device))
    finally:
        distributed.destroy_process_group()


class Group:
    """What the processes tell each other; every one must make the same calls in the same order."""

    def __init__(self, device: torch.device) -> None:
        self.rank, self.size, self.device = rank(), size(), device

    def share(self, index: Tensor) -> Tensor:
        """This process's examples of a batch."""
        return index[self.rank :: self.size]

    def listening(self, progress: Progress) -> Progress:
        """A progress that is asked to stop when any process is; all must look at the same moments."""
        return _Listening(self, progress)

    def add_up(self, tensors: Sequence[Tensor]) -> None:
        """Each tensor becomes the sum over the processes, all in one message."""
        import torch

        flat = torch.cat([tensor.flatten() for tensor in tensors])
        torch.distributed.all_reduce(flat)
        for tensor, part in zip(tensors, flat.split([tensor.numel() for tensor in tensors]), strict=True):
            tensor.copy_(part.view_as(tensor))


class _Listening:
    def __init__(self, group: Group, progress: Progress) -> None:
        self.group, self.own, self.report = group, progress, progress.report

    def should_stop(self) -> bool:
        import torch

        asked = torch.tensor([float(self.own.should_stop())], device=self.group.device)
        self.group.add_up([asked])
        return bool(asked.item())
