"""Every window of a long sequence: dense scans beside cutting it into windows.

    python benchmarks/scan.py [--bases 1000000] [--sample 10000] [--threads 2] [--networks same valid auto]

The networks are the book's ('same' padding), the same without padding (`valid`), and what `auto` chooses for windows of
200 bases. Dense scans read all bases, one strand;
windows are cut from the first `sample` bases, by our own scanner and by the loop one writes in plain PyTorch, and their
time is scaled up.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from common import Spent, alternate, arguments, finish, prepare, print_table, ratio, timed
from networks import NETWORKS, plain_of

from dnaconv_core.model.config import ModelConfig
from dnaconv_core.model.convnet import build
from dnaconv_core.scan.scan import plan_scan, scan
from dnaconv_core.sequence.encoding import one_hot


@torch.inference_mode()
def plain_windows(model: torch.nn.Module, sequence: str, length: int, batch: int = 1000) -> np.ndarray:
    """Cut, stack and predict, as one does without a scanner."""
    x = torch.from_numpy(one_hot([sequence]))[0].to(next(model.parameters()).device).float()
    windows = x.unfold(1, length, 1).transpose(0, 1)  # (n, 4, L), a view
    return torch.cat([torch.sigmoid(model(part.contiguous())) for part in windows.split(batch)]).cpu().numpy()


SCANNED = {"same": {}, "valid": {"padding": "valid"}, "auto": NETWORKS["auto"]}


def compare(name: str, options: argparse.Namespace) -> dict:
    config = ModelConfig(**SCANNED[name])
    model, simple = build(config), plain_of(config).eval()
    if config.padding == "valid":
        for layer in range(0, len(simple.convolutions), 3):
            simple.convolutions[layer].padding = (0,)
        simple.dense = torch.nn.Linear(config.n_features, 1)
    letters = np.random.default_rng(0).choice(list("ACGT"), options.bases)
    long, short = "".join(letters), "".join(letters[: options.sample])

    def scaled(function: Callable[[], Any]) -> Callable[[], Spent]:
        factor = (options.bases - config.length + 1) / (options.sample - config.length + 1)

        def run() -> Spent:
            spent = timed(function)
            return Spent(spent.wall * factor, spent.cpu * factor)

        return run

    candidates = {
        f"dense, {edges}": lambda edges=edges: scan(model, long, strands="+", edges=edges, method="dense")
        for edges in (["context", "exact"] if config.padding == "same" else ["exact"])
    }
    candidates["our windows"] = scaled(lambda: scan(model, short, strands="+", method="windows"))
    candidates["plain PyTorch windows"] = scaled(lambda: plain_windows(simple, short, config.length))
    times = alternate(candidates, options.rounds, warm_up=1)
    rows, figures = [], {}
    for candidate, spent in times.items():
        against = [ratio(times[other].cpu, spent.cpu) for other in ("our windows", "plain PyTorch windows")]
        rates = [f"{options.bases / seconds:,.0f}" for seconds in spent.median()]
        rows.append((candidate, *rates, *against))
        figures[candidate] = {"wall": spent.wall, "cpu": spent.cpu, "against": [r._asdict() for r in against]}
    print(f"scanning {options.bases:,} bases with network '{name}', one strand")
    header = ("", "windows/s", "windows/CPU s", "our windows' CPU time against it", "plain windows' CPU time")
    print_table(header, rows)
    return figures


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("--bases", type=int, default=1_000_000)
    parser.add_argument("--sample", type=int, default=10_000)
    parser.add_argument("--networks", nargs="+", choices=SCANNED, default=list(SCANNED))
    options = parser.parse_args()
    prepare(options)
    figures = {name: compare(name, options) for name in options.networks}
    taken = {name: plan_scan(build(ModelConfig(**SCANNED[name]))).method for name in figures}
    finish(options, "scan", figures | {"forms": taken})


if __name__ == "__main__":
    main()
