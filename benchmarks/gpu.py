"""A GPU's figures: training, single substitutions and scans beside the loops one writes first, all on the GPU.

    python benchmarks/gpu.py [--device cuda] [--networks tf auto] [--parts training ism scan] [--epochs 200]

The networks are the book's (276,216 windows of 101 bases, batches of 1,000) and the one that `auto` chooses for windows
of 200 bases. The data are random; no speed depends on them. In training ours keeps them on the device as int8 and plays
a recorded step back; the plain loop, too, keeps its data on the device, as float32. An epoch is timed to the end of its
last step; the whole training is measured once, not multiplied up. Memory is what a candidate has taken of the device at
most. float32 is what torch makes of it: convolutions in TF32, unless "full" stands beside it.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

import numpy as np
import torch
from attribute import plain_ism
from common import Times, alternate, arguments, finish, prepare, print_table, ratio
from networks import NETWORKS, data, plain_of
from scan import plain_windows

from dnaconv_core.data.dataset import Dataset
from dnaconv_core.interpret.attribution import attribute
from dnaconv_core.memory import kept_memory
from dnaconv_core.model.config import ModelConfig, TrainConfig
from dnaconv_core.model.convnet import build
from dnaconv_core.progress import SILENT
from dnaconv_core.scan.scan import scan
from dnaconv_core.train.batches import Loader, epoch_order
from dnaconv_core.train.loop import make_optimizer
from dnaconv_core.train.steps import Steps

BATCHES = {"tf": 1000, "auto": 256}
PARTS = ("training", "ism", "scan")
AT_ONCE = 4096  # windows or substitutions that the plain loops predict together: larger ones gain a GPU nothing


def ours(config: ModelConfig, examples: Dataset, batch: int, device: str, *, record: bool = True) -> Callable:
    """An epoch of `fit`'s steps; record: played back, where the device can."""
    model, train = build(config).to(device), TrainConfig(batch_size=batch)
    loader = Loader(examples, config, device)
    steps = Steps(model, make_optimizer(model, train, device), loader, batch)
    steps.recording = steps.recording and record
    epochs = iter(range(10**9))

    def epoch() -> float:
        order = epoch_order(examples.y, 0, next(epochs), balance=False)
        return float(steps.epoch(order, SILENT).mean())  # the mean waits for the device

    return epoch


def plain(config: ModelConfig, examples: Dataset, batch: int, device: str) -> Callable[[], float]:
    model = plain_of(config).to(device).train()
    optimizer = torch.optim.Adam(model.parameters())
    X = torch.from_numpy(examples.X).to(device).float()
    y, w = (torch.from_numpy(array).to(device) for array in (examples.y, examples.w))

    def epoch() -> float:
        losses = []
        for index in torch.randperm(len(X), device=device).split(batch):
            optimizer.zero_grad()
            loss = model.loss(X[index], None, y[index], w[index])
            loss.backward()
            optimizer.step()
            losses.append(loss.detach())
        return float(torch.stack(losses).mean())

    return epoch


@contextmanager
def full_float32() -> Iterator[None]:
    """Convolutions without TF32."""
    before, torch.backends.cudnn.allow_tf32 = torch.backends.cudnn.allow_tf32, False
    try:
        yield
    finally:
        torch.backends.cudnn.allow_tf32 = before


def within(context: Callable[[], Any], epoch: Callable[[], float]) -> Callable[[], float]:
    def run() -> float:
        with context():
            return epoch()

    return run


def candidates(config: ModelConfig, examples: Dataset, batch: int, device: str) -> Iterator[tuple[str, Callable]]:
    """Each form of an epoch by name, made when it is asked for."""
    cuda = device.startswith("cuda")

    def bfloat16() -> torch.autocast:  # without its cache: a step recorded with cached weights would never see new ones
        return torch.autocast(torch.device(device).type, torch.bfloat16, cache_enabled=False)

    yield "ours", ours(config, examples, batch, device)
    if cuda:
        yield "ours, not recorded", ours(config, examples, batch, device, record=False)
        yield "ours, full float32", within(full_float32, ours(config, examples, batch, device))
    yield "ours, bfloat16", within(bfloat16, ours(config, examples, batch, device))
    yield "plain PyTorch", plain(config, examples, batch, device)
    yield "plain, bfloat16", within(bfloat16, plain(config, examples, batch, device))


def with_memory(device: str, made: Iterator[tuple[str, Callable]]) -> tuple[dict[str, Callable], dict[str, float]]:
    """Candidates, each run once, and of a GPU the MB that each has taken at most, from its making on."""
    found: dict[str, Callable] = {}
    taken: dict[str, float] = {}
    cuda = device.startswith("cuda")
    before = _restart(device) if cuda else 0
    for name, epoch in made:
        epoch()
        found[name] = epoch
        if cuda:
            taken[name] = (torch.cuda.max_memory_allocated(device) - before) / 2**20
            before = _restart(device)
    return found, taken


def _restart(device: str) -> int:
    """Forget the peak so far; the bytes that stay taken."""
    torch.cuda.reset_peak_memory_stats(device)
    return torch.cuda.memory_allocated(device)


def training(name: str, options: argparse.Namespace) -> dict:
    config, batch = ModelConfig(**NETWORKS[name]), BATCHES[name]
    examples = data(config, options.examples)
    with kept_memory() if options.device == "cpu" else nullcontext():
        forms, memory = with_memory(options.device, candidates(config, examples, batch, options.device))
        times = alternate(forms, options.rounds, warm_up=1)
        start = time.perf_counter()
        for _ in range(options.epochs):
            forms["ours"]()
        whole = time.perf_counter() - start
    print(f"{name}: an epoch of {options.examples:,} windows, batches of {batch:,}")
    header = ("", "epoch", "sequences/s", "time against ours", "memory")
    rows = []
    for form, spent in times.items():
        seconds = spent.median().wall
        speed = f"{options.examples / seconds:,.0f}"
        held = f"{memory[form]:,.0f} MB" if form in memory else "–"
        rows.append((form, f"{seconds:.3f} s", speed, ratio(spent.wall, times["ours"].wall), held))
    print_table(header, rows)
    print(f"ours, {options.epochs} epochs: {whole:.1f} s\n")
    return {"whole": whole, "epochs": options.epochs, "memory": memory, **walls(times)}


def mutagenesis(name: str, options: argparse.Namespace) -> dict:
    """Every single substitution of so many sequences, beside predicting each mutant."""
    config = ModelConfig(**NETWORKS[name])
    model, simple = build(config).to(options.device), plain_of(config).to(options.device).eval()
    figures = {}
    for n in options.sequences:
        examples = data(config, n)
        X = torch.from_numpy(examples.X).to(options.device)
        forms = {
            "ours": lambda examples=examples: attribute(model, examples.X, method="ism"),
            "every mutant": lambda X=X: plain_ism(simple, X, AT_ONCE).cpu(),
        }
        print(f"{name}: single substitutions of {n:,} sequence{'s' * (n > 1)} of {config.length} bases")
        figures[str(n)] = shown(alternate(forms, options.rounds, warm_up=1), {form: n for form in forms}, "sequences/s")
    return figures


def scanning(name: str, options: argparse.Namespace) -> dict:
    """Every window of a long sequence, one strand, beside cutting the windows; rates are compared."""
    config = ModelConfig(**NETWORKS[name])
    model, simple = build(config).to(options.device), plain_of(config).to(options.device).eval()
    letters = np.random.default_rng(0).choice(list("ACGT"), options.bases)
    long, short = "".join(letters), "".join(letters[: options.sample])
    forms = {
        "dense, exact": lambda: scan(model, long, strands="+", edges="exact", method="dense"),
        "dense, context": lambda: scan(model, long, strands="+", edges="context", method="dense"),
        "our windows": lambda: scan(model, short, strands="+", method="windows"),
        "plain PyTorch windows": lambda: plain_windows(simple, short, config.length, AT_ONCE),
    }
    read = {form: len(long if form.startswith("dense") else short) - config.length + 1 for form in forms}
    print(f"{name}: a scan of {options.bases:,} bases, windows cut from {options.sample:,}")
    return shown(alternate(forms, options.rounds, warm_up=1), read, "windows/s")


def shown(times: dict[str, Times], n: dict[str, int], unit: str) -> dict:
    """Print rates, and the first candidate's against the others'; hand back every second."""
    first, *_ = times
    each = {form: [seconds / n[form] for seconds in spent.wall] for form, spent in times.items()}
    rows = [
        (form, f"{1 / np.median(spent):,.0f}", f"{times[form].median().wall * 1e3:,.1f} ms", ratio(spent, each[first]))
        for form, spent in each.items()
    ]
    print_table(("", unit, "all", f"time for the same against {first}"), rows)
    return walls(times) | {"n": n}


def walls(times: dict[str, Times]) -> dict[str, list[float]]:
    return {form: spent.wall for form, spent in times.items()}


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--networks", nargs="+", choices=list(BATCHES), default=list(BATCHES))
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=list(PARTS))
    parser.add_argument("--examples", type=int, default=276_216)
    parser.add_argument("--epochs", type=int, default=200)
    parser.add_argument("--sequences", nargs="+", type=int, default=[1, 100], help="of single substitutions")
    parser.add_argument("--bases", type=int, default=2_000_000, help="scanned")
    parser.add_argument("--sample", type=int, default=200_000, help="bases of them whose windows are cut")
    options = parser.parse_args()
    prepare(options)
    cuda = options.device.startswith("cuda")
    device = torch.cuda.get_device_name(options.device) if cuda else options.device
    print(f"on {device}")
    measure = dict(zip(PARTS, (training, mutagenesis, scanning), strict=True))
    figures = {part: {name: measure[part](name, options) for name in options.networks} for part in options.parts}
    finish(options, "gpu", {"device": device, **figures})


if __name__ == "__main__":
    main()
