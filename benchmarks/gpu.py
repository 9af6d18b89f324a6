"""The book's whole TF training on a GPU: 276,216 windows, 200 epochs of `fit`'s steps beside the loop one writes first.

    python benchmarks/gpu.py [--device cuda] [--examples 276216] [--epochs 200] [--rounds 7]

The data are random; neither speed depends on them. Ours keeps them on the device as int8 and plays a recorded step
back; the plain loop, too, keeps its data on the device, as float32. An epoch is timed to the end of its last step; the
whole training is measured once, not multiplied up.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from common import alternate, arguments, finish, prepare, print_table, ratio
from networks import Plain, data

from dnaconv_core.data.dataset import Dataset
from dnaconv_core.memory import kept_memory
from dnaconv_core.model.config import ModelConfig, TrainConfig
from dnaconv_core.model.convnet import build
from dnaconv_core.progress import SILENT
from dnaconv_core.train.batches import Loader, epoch_order
from dnaconv_core.train.loop import make_optimizer
from dnaconv_core.train.steps import Steps

BATCH = 1000


def ours(config: ModelConfig, examples: Dataset, device: str) -> Callable[[], float]:
    model, train = build(config).to(device), TrainConfig(batch_size=BATCH)
    loader = Loader(examples, config, device)
    steps = Steps(model, make_optimizer(model, train, device), loader, BATCH)
    epochs = iter(range(10**9))

    def epoch() -> float:
        order = epoch_order(examples.y, 0, next(epochs), balance=False)
        return float(steps.epoch(order, SILENT).mean())  # the mean waits for the device

    return epoch


def plain(config: ModelConfig, examples: Dataset, device: str) -> Callable[[], float]:
    model = Plain(config).to(device).train()
    optimizer = torch.optim.Adam(model.parameters())
    X = torch.from_numpy(examples.X).to(device).float()
    y, w = (torch.from_numpy(array).to(device) for array in (examples.y, examples.w))

    def epoch() -> float:
        losses = []
        for index in torch.randperm(len(X), device=device).split(BATCH):
            optimizer.zero_grad()
            loss = model.loss(X[index], None, y[index], w[index])
            loss.backward()
            optimizer.step()
            losses.append(loss.detach())
        return float(torch.stack(losses).mean())

    return epoch


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--examples", type=int, default=276_216)
    parser.add_argument("--epochs", type=int, default=200)
    options = parser.parse_args()
    prepare(options)
    config = ModelConfig()
    examples = data(config, options.examples)
    candidates: dict[str, Callable[[], Any]] = {"ours": ours(config, examples, options.device)}
    candidates["plain PyTorch"] = plain(config, examples, options.device)
    with kept_memory():  # where the device is the CPU
        times = alternate(candidates, options.rounds)
        start = time.perf_counter()
        for _ in range(options.epochs):
            candidates["ours"]()
        whole = time.perf_counter() - start
    rows = [
        (name, f"{np.median(spent.wall):.3f} s", ratio(spent.wall, times["ours"].wall)) for name, spent in times.items()
    ]
    name = torch.cuda.get_device_name(options.device) if options.device.startswith("cuda") else options.device
    print(f"an epoch of {options.examples:,} windows on {name}, batches of {BATCH:,}")
    print_table(("", "epoch", "time against ours"), rows)
    print(f"ours, {options.epochs} epochs: {whole:.1f} s")
    finish(options, "gpu", {"whole": whole, "epochs": options.epochs, **{n: t.wall for n, t in times.items()}})


if __name__ == "__main__":
    main()
