"""tangermeme's saturation mutagenesis and DeepLIFT/SHAP, run by benchmarks/attribute.py in an environment of its own.

It imports torch, tangermeme and the plain network below, nothing of this project.
"""

from __future__ import annotations

import os
import warnings

import torch
from common import serve
from tangermeme import saturation_mutagenesis as module
from tangermeme.deep_lift_shap import deep_lift_shap
from torch import nn

warnings.simplefilter("ignore")
torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS") or torch.get_num_threads()))
state: dict = {}


class Network(nn.Module):
    """The book's network: modules of their own for each ReLU, as DeepLIFT needs them."""

    def __init__(self) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for layer in range(3):
            layers += [nn.Conv1d(15 if layer else 4, 15, 10, padding="same"), nn.ReLU(), nn.Dropout(0.5)]
        self.convolutions, self.dense = nn.Sequential(*layers), nn.Linear(15 * 101, 1)

    def forward(self, X: torch.Tensor) -> torch.Tensor:
        return self.dense(self.convolutions(X).flatten(1))


model = Network().eval()


def answer(question: dict) -> None:
    do = question["do"]
    if do == "set up":
        state["X"] = nn.functional.one_hot(torch.randint(0, 4, (question["n"], 101)), 4).transpose(1, 2).float()
    elif do == "ism":
        module.saturation_mutagenesis(model, state["X"], device="cpu", batch_size=question["batch"])
    elif do == "ism_fast":  # its receptive-field mode even where it would judge the job too short for it
        usual = module._FAST_MIN_SECONDS, module._FAST_MAX_RELATIVE_TIME
        module._FAST_MIN_SECONDS, module._FAST_MAX_RELATIVE_TIME = 0.0, float("inf")
        module.saturation_mutagenesis(model, state["X"], device="cpu", batch_size=question["batch"], fast=True)
        module._FAST_MIN_SECONDS, module._FAST_MAX_RELATIVE_TIME = usual
    else:
        deep_lift_shap(model, state["X"], device="cpu", n_shuffles=20, batch_size=question["batch"], random_state=0)


serve(answer)
