"""Fails when training or in-silico mutagenesis has lost its speed: run by the gate, in seconds, on one thread.

The slack is wide (README.md has the real figures), so that only a lost optimisation trips it, not a busy machine: the
better of the wall-clock and the CPU-time ratio counts.
"""

from __future__ import annotations

import sys
import warnings

import torch
from attribute import plain_ism
from common import alternate, arguments, finish, print_table, ratio
from networks import NETWORKS, Plain, data
from train import ours, plain

from dnaconv_core.interpret.ism import ism
from dnaconv_core.model.config import ModelConfig
from dnaconv_core.model.convnet import build

LEAST = {
    "training step against plain PyTorch": 1.5,
    "training step of what auto chooses": 1.1,
    "ISM against one substitution at a time": 3.0,
}


def main() -> int:
    options = arguments(__doc__, rounds=5).parse_args()
    torch.set_num_threads(1)
    warnings.filterwarnings("ignore", message="Using padding='same'")  # torch says so of the plain loop
    config = ModelConfig()
    examples = data(config, 1000)
    few = data(config, 8)
    chosen = ModelConfig(**NETWORKS["auto"])
    windows = data(chosen, 256)
    X, model, simple = torch.from_numpy(few.X), build(config), Plain(config).eval()
    measured = {
        "training step against plain PyTorch": alternate(
            {"ours": ours(config, examples, 1000), "other": plain(config, examples, 1000, loader=False)}, options.rounds
        ),
        "training step of what auto chooses": alternate(
            {"ours": ours(chosen, windows, 64), "other": plain(chosen, windows, 64, loader=False)}, options.rounds
        ),
        "ISM against one substitution at a time": alternate(
            {"ours": lambda: ism(model, few.X), "other": lambda: plain_ism(simple, X)}, options.rounds
        ),
    }
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
