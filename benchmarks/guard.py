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
from common import Peer, alternate, arguments, finish, print_table, ratio
from networks import NETWORKS, data, plain_of
from scan import plain_windows
from train import ours, plain

from dnaconv_core.interpret.ism import ism
from dnaconv_core.model.config import ModelConfig
from dnaconv_core.model.convnet import build
from dnaconv_core.predict import predict
from dnaconv_core.scan.scan import scan

LEAST = {
    "training step against plain PyTorch": 1.5,
    "training step of what auto chooses": 1.1,
    "prediction against plain PyTorch": 1.1,
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


def predictions(peer: Peer, name: str, n: int) -> dict[str, Callable[[], Any]]:
    """The same for predictions of n windows; the loop in a process of its own, as ours have glibc keep what is freed,
    from which it would gain in the same one."""
    config = ModelConfig(**NETWORKS[name])
    examples, model = data(config, n), build(config)
    peer.ask(do="set up", name=name, n=n, batch=n)
    return {"ours": lambda: predict(model, examples), "other": lambda: peer.spent(do="predict")}


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
    peer = Peer(sys.executable, "peer_plain.py", 1)
    candidates: dict[str, Callable[[], dict[str, Callable[[], Any]]]] = {  # each is set up when its turn comes
        "prediction against plain PyTorch": lambda: predictions(peer, "tf", 3000),
        "prediction of what auto chooses": lambda: predictions(peer, "auto", 512),
        "scan against windows in plain PyTorch": lambda: scans(book),
        "scan with what auto chooses": lambda: scans(chosen),
        "ISM against one substitution at a time": lambda: mutants(book, 8),
        "training step against plain PyTorch": lambda: trainings(book, 1000, 1000),
        "training step of what auto chooses": lambda: trainings(chosen, 256, 64),
    }
    measured = {name: alternate(some(), options.rounds) for name, some in candidates.items()}
    peer.close()
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
