"""Which steps of a network the engines know; what they do not know is computed in its plain form."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dnaconv_core.model.layer_steps import Activation, BothStrands, Convolution, StrongerStrand
from dnaconv_core.model.step import Step
from dnaconv_core.model.steps import Covariates, Dense, PooledDropout, Positional

if TYPE_CHECKING:
    from dnaconv_core.model.convnet import ConvNet

_AFTER = (PooledDropout, Covariates, Dense, Positional)
LAYERS = (Step, BothStrands, Convolution, Activation, StrongerStrand)


def unknown_layer(model: ConvNet, also: tuple[type[Step], ...] = ()) -> str:
    """The first step before the head that no engine knows, by name; '' where they know all."""
    return next((step.name for step in model.layers if type(step) not in (*LAYERS, *also)), "")


def unknown_step(model: ConvNet, also: tuple[type[Step], ...] = (), *, stretches: bool = False) -> str:
    """The same, the head, steps after it that no engine knows, and weights that belong to no step included.

    also: further steps that the engine asking knows. stretches: whether it knows the maximum in stretches.
    """
    places = {step.place for step in model.steps}
    foreign = (name for name in sorted(model.state_dict()) if name.split(".")[0] not in places)
    after = (step.name for step in model.after[1:] if type(step) not in (*_AFTER, *also))
    return unknown_layer(model, also) or next(foreign, "") or _unknown_head(model, stretches) or next(after, "")


def _unknown_head(model: ConvNet, stretches: bool) -> str:
    if not model.pooling.parts:
        return f"head {model.config.pooling}"
    return "maximum in stretches" if model.config.stretches > 1 and not stretches else ""
