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
from dnaconv_core.model.receptive_field import receptive_field
from dnaconv_core.model.steps import from_head, in_words, of_layer, own_channels

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
        "reason": "" if error is None else str(error),
        "drawn": _DRAWN,
        "output": output,
        "outputs": list(outputs),
        "same": settings["padding"] == "same",
        "kernel": settings["kernel_size"],
        "colors": base_pairs(),
        "input_note": f"{len(sequence)} bases, one-hot",
        "summary": "the network cannot be built" if error or config is None else f"{config.n_parameters} parameters",
    }
    if error is None and config is not None:
        data["dense"] = _dense(config)
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
    last = made[-1]
    drawn: dict[str, Any] = {
        "name": f"Conv {layer}",
        "operation": in_words(made),
        "rows": len(own_channels(config, layer)),
        "length": last.positions,
        "start": (config.length - last.positions) / 2,  # valid padding: each unit drawn over the middle of what it sees
        "params": f"{sum(step.n_parameters for step in made):,}",
        "field": min(receptive_field(config, layer), config.length),
        "bad": False,
    }
    if activations is not None:
        lit = activations[layer - 1]
        strongest = np.sort(np.argsort(-lit.max(axis=1), kind="stable")[:_DRAWN])  # in the order of the filters
        drawn["activations"] = np.round(lit[strongest], 2).tolist()
    return drawn


def _dense(config: ModelConfig) -> dict[str, str]:
    end = f" → {config.output}" if config.output != "linear" else ""
    made = from_head(config)
    return {
        "operation": in_words(made),
        "text": f"{config.n_features:,} numbers → {config.n_tasks}{end}",
        "params": f"{sum(step.n_parameters for step in made):,}",
    }
