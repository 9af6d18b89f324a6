"""Training and prediction: our loop, a plain PyTorch loop, one with a DataLoader, and DeepChem's KerasModel.

    python benchmarks/train.py [--deepchem PYTHON] [--networks tf rnai] [--batches 1000] [--threads 2]

PYTHON is the interpreter of an environment with DeepChem (README.md says how to make it); without, it is left out.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from common import Peer, Times, alternate, arguments, finish, prepare, print_table, ratio
from networks import NETWORKS, data, plain_of, step_flops

from dnaconv_core.data.dataset import Dataset
from dnaconv_core.engine.forward import forms
from dnaconv_core.memory import kept_memory
from dnaconv_core.model.config import ModelConfig, TrainConfig
from dnaconv_core.model.convnet import build
from dnaconv_core.predict import predict
from dnaconv_core.progress import SILENT
from dnaconv_core.train.batches import Loader
from dnaconv_core.train.loop import make_optimizer
from dnaconv_core.train.precision import choose
from dnaconv_core.train.steps import Steps

SIDE = 2048  # of the matrices whose product is the machine's peak
EXAMPLES = (
    20_000  # in each measurement: what is done once in a run of hundreds of steps shall count for little here too
)


def ours(config: ModelConfig, examples: Dataset, batch: int, precision: str = "") -> Callable[[], Any]:
    """An epoch of `fit`, which is this loop and the evaluations between; precision: by default as `fit` chooses."""
    model, train = build(config), TrainConfig(batch_size=batch)
    loader = Loader(examples, config, "cpu", precision=precision or choose(model, "auto", "cpu"))
    steps = Steps(model, make_optimizer(model, train, "cpu"), loader, batch)
    rng = np.random.default_rng(0)

    def epoch() -> None:
        with kept_memory():
            steps.epoch(loader.arranged(rng.permutation(len(examples)), 0, 1), SILENT)

    return epoch


def plain(config: ModelConfig, examples: Dataset, batch: int, *, loader: bool) -> Callable[[], Any]:
    """The loop one writes first: nn.Conv1d, nn.ReLU, nn.Dropout, torch.optim.Adam."""
    from torch.utils.data import DataLoader, TensorDataset

    model = plain_of(config).train()
    optimizer = torch.optim.Adam(model.parameters())
    X = torch.from_numpy(examples.X).float()
    rest = [torch.from_numpy(array) for array in (examples.y, examples.w)]
    rest += [torch.from_numpy(examples.covariates)] if config.covariates else []
    shuffled = DataLoader(TensorDataset(X, *rest), batch, shuffle=True)

    def batches():
        if loader:
            yield from shuffled
            return
        for index in torch.randperm(len(X)).split(batch):
            yield [array[index] for array in (X, *rest)]

    def epoch() -> None:
        for x, y, w, *covariates in batches():
            optimizer.zero_grad()
            model.loss(x, covariates[0] if covariates else None, y, w).backward()
            optimizer.step()

    return epoch


def deepchem(peer: Peer, config: ModelConfig, n: int, batch: int, do: str) -> Callable[[], Any]:
    def run():
        return peer.spent(do=do)

    peer.ask(
        do="set up",
        n=n,
        batch=batch,
        length=config.length,
        depth=config.depth,
        filters=config.filters,
        kernel=config.kernel_size,
        dropout=config.dropout,
        covariates=len(config.covariates),
        regression=not config.answer.yes_or_no,
    )
    return run


def matmul() -> Callable[[], Any]:
    matrix = torch.rand(SIDE, SIDE)
    return lambda: matrix @ matrix


def compare_training(name: str, batch: int, steps: int, options: argparse.Namespace, peers: dict[str, Peer]) -> dict:
    config = ModelConfig(**NETWORKS[name])
    examples = data(config, batch * steps)
    peers["plain"].ask(do="set up", name=name, n=len(examples), batch=batch)
    candidates = {
        "ours": ours(config, examples, batch),
        "plain PyTorch": lambda: peers["plain"].spent(do="plain"),
        "with DataLoader": lambda: peers["plain"].spent(do="loader"),
    }
    if "deepchem" in peers:
        candidates["DeepChem"] = deepchem(peers["deepchem"], config, len(examples), batch, "train")
    times = alternate({**candidates, "matmul": matmul()}, options.rounds)
    peak = times.pop("matmul")
    share = [
        step_flops(config) * len(examples) / t / (2 * SIDE**3 / p)
        for t, p in zip(times["ours"].wall, peak.wall, strict=True)
    ]
    print(f"training {name}, batch {batch}: {np.median(share):.0%} of the matmul peak")
    taken = forms(build(config).train(), torch.from_numpy(examples.X[:batch]).float())
    return show(times, len(examples), "sequences/s", steps) | {"share_of_peak": float(np.median(share)), "forms": taken}


def batchwise(config: ModelConfig, examples: Dataset) -> Callable[[], Any]:
    """Prediction as one writes it first: a thousand at a time."""
    model = plain_of(config).eval()

    @torch.inference_mode()
    def run() -> None:
        for x in torch.from_numpy(examples.X).split(1000):
            torch.sigmoid(model(x.float())).numpy()

    return run


def compare_prediction(name: str, n: int, options: argparse.Namespace, peers: dict[str, Peer]) -> dict:
    config = ModelConfig(**NETWORKS[name])
    examples, model = data(config, n), build(config)
    peers["plain"].ask(do="set up", name=name, n=n, batch=1000)
    candidates = {
        "ours": lambda: predict(model, examples),
        "plain PyTorch": lambda: peers["plain"].spent(do="predict"),
    }
    if "deepchem" in peers:
        candidates["DeepChem"] = deepchem(peers["deepchem"], config, n, 1000, "predict")
    print(f"prediction {name}, {n:,} sequences")
    return show(alternate(candidates, options.rounds), n, "sequences/s", 0)


def show(times: dict[str, Times], n: int, unit: str, steps: int) -> dict:
    """Print one comparison and hand back its figures; ratios are of the others' time to ours."""
    rows, figures = [], {}
    for name, spent in times.items():
        median = spent.median()
        wall, cpu = ratio(spent.wall, times["ours"].wall), ratio(spent.cpu, times["ours"].cpu)
        each = f"{median.wall / steps * 1e3:.1f} ms" if steps else "–"
        rows.append((name, f"{n / median.wall:,.0f}", each, wall, cpu))
        figures[name] = {"wall": spent.wall, "cpu": spent.cpu, "ratio": wall._asdict(), "cpu_ratio": cpu._asdict()}
    print_table(("", unit, "step", "time against ours", "CPU time against ours"), rows)
    return {"n": n, "steps": steps, "candidates": figures}


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("--deepchem", default="", help="interpreter of DeepChem's environment")
    parser.add_argument("--networks", nargs="+", choices=list(NETWORKS), default=["tf", "chromatin", "rnai"])
    parser.add_argument("--batches", nargs="+", type=int, default=[100, 1000])
    options = parser.parse_args()
    prepare(options)
    threads = torch.get_num_threads()
    peers = {"plain": Peer(sys.executable, "peer_plain.py", threads)}
    if options.deepchem:
        peers["deepchem"] = Peer(options.deepchem, "peer_deepchem.py", threads)
    figures = {}
    for name in options.networks:
        for batch in options.batches:
            steps = 1 if name == "6x256" else max(2, EXAMPLES // batch)
            figures[f"train {name} {batch}"] = compare_training(name, batch, steps, options, peers)
        if not NETWORKS[name].get("covariates") and name != "6x256":
            figures[f"predict {name}"] = compare_prediction(name, EXAMPLES, options, peers)
    finish(options, "train", figures)
    for peer in peers.values():
        peer.close()


if __name__ == "__main__":
    main()
