"""Settings to start from for an experiment that a user brought: there is no cross-validated preset of its own."""

from __future__ import annotations

from typing import Any

from dnaconv_core.answers import ANSWERS
from dnaconv_core.experiments.base import Preset
from dnaconv_core.experiments.tf_binding import QUICK

_SHORT = 50  # bases: below, what stands where matters more than a motif that moves

_REASONS = {
    "depth": "one layer: what its filters see is then one motif each",
    "filters": "many filters, as a motif needs several to be found from a random start",
    "pooling": "the strongest match and how often there is one, wherever it lies",
    "strands": "each filter reads both strands: the label does not depend on which is given",
    "pooled_dropout": "no filter can be relied on alone",
    "positional": "a weight for each base at each position: short sequences of one length are often aligned",
    "output": "a number may lie anywhere: a sigmoid ends at 0 and 1",
    "patience": "stops when validation no longer improves",
}


def own_presets(task: str, alphabet: str, length: int, strand: str) -> dict[str, Preset]:
    """`wide` (to begin with), `quick` and `book` for sequences of this length and kind of answer."""
    output = {"output": _output(task)}
    small = output | {"kernel_size": min(10, length)}
    wide = output | _wide(length, both=alphabet == "DNA" and strand == "both")
    return {
        "wide": Preset(
            "one wide layer and few epochs, which suits most questions about short sequences",
            wide,
            {name: why for name, why in _REASONS.items() if name in wide},
        ),
        "quick": Preset(QUICK.why, QUICK.settings | small),
        "book": Preset("the network and training of the book: 3 layers of 15 filters, 200 epochs", small),
    }


def _output(task: str) -> str:
    """A measured number may lie anywhere."""
    return "linear" if "linear" in ANSWERS[task].outputs else ANSWERS[task].outputs[0]


def _wide(length: int, *, both: bool) -> dict[str, Any]:
    shared = {"depth": 1, "dropout": 0.0, "strands": "both" if both else "one", "batch_size": 128}
    shared |= {"learning_rate": 2e-3, "epochs": 20, "eval_every": 1, "checkpoint_every": 1, "patience": 6}
    if length >= _SHORT:
        return shared | {"filters": 128, "kernel_size": 15, "pooling": "max_mean", "pooled_dropout": 0.3}
    return shared | {
        "filters": 64,
        "kernel_size": min(7, length),
        "pooling": "max_mean" if both else "flatten",
        "positional": not both,
        "pooled_dropout": 0.2,
    }
