"""The loops one writes first in PyTorch, run by benchmarks/train.py in a process of their own.

There memory is handed out as in anybody's program: our training keeps what is freed, which would help these loops too
in the same process, or harm them afterwards.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from common import serve
from networks import NETWORKS, data
from train import batchwise, plain

from dnaconv_core.model.config import ModelConfig

loops: dict[str, Callable[[], Any]] = {}


def answer(question: dict) -> None:
    do = question.pop("do")
    if do != "set up":
        loops[do]()
        return
    config = ModelConfig(**NETWORKS[question["name"]])
    examples = data(config, question["n"])
    loops["plain"] = plain(config, examples, question["batch"], loader=False)
    loops["loader"] = plain(config, examples, question["batch"], loader=True)
    loops["predict"] = batchwise(config, examples)


serve(answer)
