"""The network drawn layer by layer on the sequence's own axis, with what one unit sees."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from components.palette import base_pairs
from components.sequence import Mark
from components.source import register
from dnaconv_core.errors import ConfigError
from dnaconv_core.model.config import ModelConfig
from dnaconv_core.model.layer_steps import Convolution, PoolBetween
from dnaconv_core.model.receptive_field import receptive_field
from dnaconv_core.model.step import Step
from dnaconv_core.model.steps import Hidden, from_head, head_of, in_words, of_layer, own_channels
from frame.language import said, tr

_network = register("network")
_DRAWN = 32  # filters of a layer


def network(
    wanted: ModelConfig | dict[str, Any],
    *,
    sequence: str,
    marks: Sequence[Mark] = (),
    output: str,
    outputs: Sequence[str] = (),
    activations: list[np.ndarray] | None = None,
    key: str,
) -> ConfigError | None:
    """Draw the network that a ModelConfig or its fields describe; the error is returned where they describe none.

    Layers that cannot be are drawn red with the reason. activations: one `(filters, positions)` array per layer, from
    0 to 1. outputs: what each of several outputs is called, in order.
    """
    settings = wanted.to_json() if isinstance(wanted, ModelConfig) else wanted
    config, error = (wanted, None) if isinstance(wanted, ModelConfig) else _deepest(wanted)
    layers = [] if config is None else [_layer(config, i, activations) for i in range(1, config.depth + 1)]
    if error is not None:
        missing = settings["depth"] - len(layers)
        layers += [
            {"name": f"Conv {len(layers) + i + 1}", "bad": True, "rows": 1, "start": 0, "length": 0, "operation": ""}
            for i in range(missing)
        ]
    data = {
        "sequence": sequence,
        "marks": [mark._asdict() for mark in marks],
        "layers": layers,
        "reason": "" if error is None else said(str(error)),
        "drawn": _DRAWN,
        "output": output,
        "outputs": list(outputs),
        "colors": base_pairs(),
        "input_note": tr("{n} bases, one-hot", n=len(sequence)),
        "summary": tr("the network cannot be built")
        if error or config is None
        else tr("{n} parameters", n=config.n_parameters),
    }
    if error is None and config is not None:
        data["boxes"] = _boxes(config)
    _network(data=data, key=key)
    return error


def _deepest(settings: dict[str, Any]) -> tuple[ModelConfig | None, ConfigError | None]:
    """The network as asked, or its first layers that are still possible together with the reason."""
    try:
        return ModelConfig(**settings), None
    except ConfigError as error:
        for depth in range(int(settings["depth"]) - 1, 0, -1):
            try:
                return ModelConfig(**{**settings, "depth": depth}), error
            except ConfigError:
                continue
        return None, error


def _layer(config: ModelConfig, layer: int, activations: list[np.ndarray] | None) -> dict[str, Any]:
    made = of_layer(config, layer)
    last, own = made[-1], len(own_channels(config, layer))
    convolution = next(step for step in made if isinstance(step, Convolution))
    before, after = last.sees
    valid = config.padding == "valid"
    drawn: dict[str, Any] = {
        "name": f"Conv {layer}",
        "operation": said(in_words(made)),
        "rows": own,
        "kept": last.channels - own,  # handed on from the layers before
        "length": last.positions,
        "stride": last.stride,  # bases that one position stands for
        # without padding each unit is drawn over the middle of what it sees
        "start": (after - before + 1 - last.stride) / 2 if valid else 0,
        "reach": convolution.reach,
        "pool": next((config.pool_between for step in made if isinstance(step, PoolBetween)), 1),
        "params": f"{sum(step.n_parameters for step in made):,}",
        "field": min(receptive_field(config, layer), config.length),
        "bad": False,
    }
    if activations is not None:
        lit = activations[layer - 1]
        strongest = np.sort(np.argsort(-lit.max(axis=1), kind="stable")[:_DRAWN])  # in the order of the filters
        drawn["activations"] = np.round(lit[strongest], 2).tolist()
    return drawn


def _boxes(config: ModelConfig) -> list[dict[str, Any]]:
    """What follows the layers: hidden units, where there are some, and the output."""
    made, end = from_head(config), f" → {config.output}" if config.output != "linear" else ""
    cut = next((i + 1 for i, step in enumerate(made) if isinstance(step, Hidden)), 0)
    boxes = []
    if cut:
        numbers, units = config.members * head_of(config).numbers, made[cut - 1].channels
        text = tr("{n:,} numbers → {units:,} hidden units → ReLU", n=numbers, units=units)
        boxes.append(_box(tr("Hidden"), made[:cut], text))
    text = tr("{n:,} numbers → {outputs}", n=config.n_features, outputs=f"{config.n_tasks}{end}")
    return [*boxes, {**_box(tr("Output"), made[cut:], text), "last": True}]


def _box(name: str, made: Sequence[Step], text: str) -> dict[str, str]:
    params = f"{sum(step.n_parameters for step in made):,}"
    words = said(in_words([step for step in made if not isinstance(step, Hidden)]))
    return {"name": name, "operation": words, "text": text, "params": params}
