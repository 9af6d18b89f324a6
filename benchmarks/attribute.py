"""Attribution: ISM and DeepLIFT/SHAP beside tangermeme's, integrated gradients beside Captum's.

    python benchmarks/attribute.py [--tangermeme PYTHON] [--sequences 1 100] [--threads 2]

PYTHON is the interpreter of an environment with tangermeme (README.md says how to make it); without it, ISM is compared
with the same loop written here. The network is the book's, the sequences have 101 bases. tangermeme is measured with
its own batch size (32) and with 1024; its receptive-field mode is measured too, also where it would not choose it.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any

import torch
from common import Peer, Times, alternate, arguments, finish, prepare, print_table, ratio
from networks import NETWORKS, Plain, data

from dnaconv_core.engine.substitutions import substitutions
from dnaconv_core.interpret.attribution import attribute
from dnaconv_core.model.config import ModelConfig
from dnaconv_core.model.convnet import build

STEPS = 50  # of integrated gradients
CONFIG = ModelConfig(**NETWORKS["tf"])


@torch.inference_mode()
def plain_ism(model: torch.nn.Module, X: torch.Tensor, batch: int = 32) -> torch.Tensor:
    """Saturation mutagenesis as it is usually written, and as tangermeme 1.6 does it: `(N, 4, L)`.

    Every sequence with each of its 3 · L substitutions, through the whole network, `batch` at a time.
    """
    changes = torch.zeros(X.shape, device=X.device)
    reference = torch.cat([model(part.float()) for part in X.split(batch)])[:, 0]
    for row, x in enumerate(X):
        bases, places = torch.where(x == 0)
        mutants = x.repeat(len(bases), 1, 1)
        each = torch.arange(len(bases), device=X.device)
        mutants[each, :, places] = 0
        mutants[each, bases, places] = 1
        logits = torch.cat([model(part.float()) for part in mutants.split(batch)])[:, 0]
        changes[row, bases, places] = logits - reference[row]
    return changes


def captum_gradients(model: torch.nn.Module, X: torch.Tensor) -> Callable[[], Any]:
    from captum.attr import IntegratedGradients

    method = IntegratedGradients(model)
    parts = [part.float() for part in X.split(100)]
    return lambda: [method.attribute(part, n_steps=STEPS, internal_batch_size=1000) for part in parts]


def compare(n: int, options: argparse.Namespace, peer: Peer | None) -> dict:
    examples = data(CONFIG, n)
    X, model, simple = torch.from_numpy(examples.X), build(CONFIG), Plain(CONFIG).eval()

    def ours(method: str, **settings: Any) -> Callable[[], Any]:
        return lambda: attribute(model, examples.X, method=method, **settings)

    groups = {
        "ISM": {"ours": ours("ism"), "the usual loop": lambda: plain_ism(simple, X)},
        "DeepLIFT/SHAP": {"ours": ours("deeplift_shap", n_references=20)},
        "integrated gradients": {
            "ours": ours("integrated_gradients", n_steps=STEPS),
            "Captum": captum_gradients(simple, X),
        },
    }
    if peer:
        peer.ask(do="set up", n=n)

        def asked(do: str, batch: int) -> Callable[[], Any]:
            return lambda: peer.spent(do=do, batch=batch)

        groups["ISM"] |= {
            "tangermeme": asked("ism", 32),
            "tangermeme, batches of 1024": asked("ism", 1024),
            "tangermeme, receptive field": asked("ism_fast", 1024),
        }
        groups["DeepLIFT/SHAP"] |= {
            "tangermeme": asked("shap", 32),
            "tangermeme, batches of 1024": asked("shap", 1024),
        }
    figures = {}
    for name, candidates in groups.items():
        print(f"{name}, {n:,} sequence{'s' * (n > 1)} of 101 bases")
        figures[name] = show(alternate(candidates, options.rounds, warm_up=1), n)
    return figures


def show(times: dict[str, Times], n: int) -> dict:
    rows, figures = [], {}
    for name, spent in times.items():
        wall, cpu = ratio(spent.wall, times["ours"].wall), ratio(spent.cpu, times["ours"].cpu)
        seconds = spent.median().wall
        rows.append((name, f"{n / seconds:,.1f}", f"{seconds * 1e3:,.1f} ms", wall, cpu))
        figures[name] = {"wall": spent.wall, "cpu": spent.cpu, "ratio": wall._asdict(), "cpu_ratio": cpu._asdict()}
    print_table(("", "sequences/s", "all", "time against ours", "CPU time against ours"), rows)
    return figures


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("--tangermeme", default="", help="interpreter of tangermeme's environment")
    parser.add_argument("--sequences", nargs="+", type=int, default=[1, 1000])
    options = parser.parse_args()
    prepare(options)
    peer = Peer(options.tangermeme, "peer_tangermeme.py", torch.get_num_threads()) if options.tangermeme else None
    figures = {str(n): compare(n, options, peer) for n in options.sequences}
    finish(options, "attribute", figures | {"forms": {"ISM": substitutions(build(CONFIG), 0).form}})
    if peer:
        peer.close()


if __name__ == "__main__":
    main()
