"""Fails when training, prediction, scans or mutagenesis have lost their speed: run by the gate, in seconds, one thread.

The slack is wide (README.md has the real figures), so that only a lost optimisation trips it, not a busy machine: the
better of the wall-clock and the CPU-time ratio counts.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from attribute import plain_ism
from common import alternate, arguments, finish, print_table, ratio
from networks import NETWORKS, data, plain_of
from scan import plain_windows
from train import batchwise, ours, plain

from dnaconv_core.interpret.ism import ism
from dnaconv_core.model.config import ModelConfig
from dnaconv_core.model.convnet import build
from dnaconv_core.predict import predict
from dnaconv_core.scan.scan import scan

LEAST = {
    "training step against plain PyTorch": 1.5,
    "training step of what auto chooses": 1.1,
    "prediction against plain PyTorch": 0.9,  # in one process with ours, whose memory it keeps, too: alone half as fast
    "prediction of what auto chooses": 1.0,
    "scan against windows in plain PyTorch": 1.7,
    "scan with what auto chooses": 5.0,
    "ISM against one substitution at a time": 3.0,
}
BASES = 1500  # scanned


def trainings(config: ModelConfig, n: int, batch: int) -> dict[str, Callable[[], Any]]:
    """Ours and the loop one writes in plain PyTorch, an epoch of n windows."""
    examples = data(config, n)
    return {"ours": ours(config, examples, batch), "other": plain(config, examples, batch, loader=False)}


def predictions(config: ModelConfig, n: int) -> dict[str, Callable[[], Any]]:
    """The same for predictions of n windows."""
    examples, model = data(config, n), build(config)
    return {"ours": lambda: predict(model, examples), "other": batchwise(config, examples)}


def scans(config: ModelConfig) -> dict[str, Callable[[], Any]]:
    """The same for every window of a sequence, one strand."""
    letters = "".join(np.random.default_rng(0).choice(list("ACGT"), BASES))
    model, simple = build(config), plain_of(config).eval()
    return {
        "ours": lambda: scan(model, letters, strands="+"),
        "other": lambda: plain_windows(simple, letters, config.length),
    }


def mutants(config: ModelConfig, n: int) -> dict[str, Callable[[], Any]]:
    """The same for every substitution of n sequences."""
    X, model, simple = data(config, n).X, build(config), plain_of(config).eval()
    return {"ours": lambda: ism(model, X), "other": lambda: plain_ism(simple, torch.from_numpy(X))}


def main() -> int:
    options = arguments(__doc__, rounds=5).parse_args()
    torch.set_num_threads(1)
    warnings.filterwarnings("ignore", message="Using padding='same'")  # torch says so of the plain loop
    book, chosen = ModelConfig(), ModelConfig(**NETWORKS["auto"])
    candidates = {  # trainings last: the memory that they keep is afterwards kept for plain PyTorch, too
        "prediction against plain PyTorch": predictions(book, 3000),
        "prediction of what auto chooses": predictions(chosen, 512),
        "scan against windows in plain PyTorch": scans(book),
        "scan with what auto chooses": scans(chosen),
        "ISM against one substitution at a time": mutants(book, 8),
        "training step against plain PyTorch": trainings(book, 1000, 1000),
        "training step of what auto chooses": trainings(chosen, 256, 64),
    }
    measured = {name: alternate(some, options.rounds) for name, some in candidates.items()}
    rows, slow = [], []
    for name, times in measured.items():
        wall, cpu = (ratio(getattr(times["other"], of), getattr(times["ours"], of)) for of in ("wall", "cpu"))
        rows.append((name, wall, cpu, f"at least {LEAST[name]} ×"))
        if max(wall.median, cpu.median) < LEAST[name]:
            slow.append(name)
    print_table(("", "time", "CPU time", "needed"), rows)
    finish(options, "guard", {name: [times["ours"], times["other"]] for name, times in measured.items()})
    for name in slow:
        print(f"too slow: {name} is under {LEAST[name]} ×", file=sys.stderr)
    return 1 if slow else 0


if __name__ == "__main__":
    sys.exit(main())
