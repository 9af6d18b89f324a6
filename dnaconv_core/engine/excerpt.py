"""What of a walk through the network (stepping.py) a screen can hold, as JSON: the filters that matter most with all
their numbers, and what the others add in one number.

The weights (`network_json`) are told once; the numbers of a sequence (`numbers_json`) for each sequence with the same
choice of filters, so that two can be compared. Filters, positions and strands count from 0.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from dnaconv_core.engine.stepping import Layer, Source, Walk, winners
from dnaconv_core.model.heads import MAX
from dnaconv_core.model.layer_steps import PoolBetween
from dnaconv_core.model.steps import last_of_layer, of_layer

FILTERS, UNITS, NUMBERS = 24, 12, 60_000  # shown of a layer, of the hidden units; numbers of a layer at most
_DIGITS = 6


class Shown(NamedTuple):
    """The filters of each layer and the hidden units that are shown, in order."""

    filters: tuple[tuple[int, ...], ...]
    units: tuple[int, ...]


def choose(walk: Walk, most: int = FILTERS, units: int = UNITS) -> Shown:
    """Of each layer the filters that weigh most at the output; the most active, where hidden units or layers follow."""
    filters = []
    matters = _at_the_end(walk)
    for layer in walk.layers:
        strands, number, positions = layer.made.shape
        fits = max(2, min(most, NUMBERS // (strands * positions)))
        value = matters.get(layer.layer, layer.made.max(axis=(0, 2)))
        filters.append(tuple(sorted(np.argsort(-value, kind="stable")[: min(fits, number)].tolist())))
    if walk.hidden is None:
        return Shown(tuple(filters), ())
    strong = np.argsort(-np.abs(walk.entering * walk.weight), kind="stable")[:units]
    return Shown(tuple(filters), tuple(sorted(strong.tolist())))


def network_json(walk: Walk, shown: Shown) -> dict[str, Any]:
    """Shapes and weights of what is shown."""
    config, head = walk.model.config, walk.model.pooling
    rows = _rows(walk.sources, shown)
    found: dict[str, Any] = {
        "strands": len(walk.layers[0].made),
        "layers": [_layer_json(walk, layer, shown) for layer in walk.layers],
        "head": {
            "name": config.pooling,
            "rows": _named(walk.sources, rows, shown),
            "of": len(walk.sources),
            "numbers": len(walk.numbers),
            "parts": [part for part, _ in _parts(walk, walk.numbers)],
            "stride": head.before.stride,
        },
        "hidden": None,
        "bias": walk.bias,
        "output": config.output,
        "covariates": list(config.covariates),
        "transform": config.covariate_transform,
        "covariate_weight": _short(walk.beside.covariate_weight),
        "composition_weight": _maybe(walk.beside.composition_weight),
    }
    if walk.hidden is None:
        found["weight"] = [_short(weight[rows]) for _, weight in _parts(walk, walk.weight)]
    else:
        found["hidden"] = _hidden_json(walk, shown, rows)
    return found


def numbers_json(walk: Walk, shown: Shown) -> dict[str, Any]:
    """All numbers of the sequence in what is shown."""
    rows = _rows(walk.sources, shown)
    parts = _parts(walk, walk.numbers)
    found: dict[str, Any] = {
        "layers": [
            {
                "given": _short(layer.given[:, _rows(layer.sources, shown)]),
                "before": _short(layer.before[:, list(own)]),
                "made": _short(layer.made[:, list(own)]),
            }
            for layer, own in zip(walk.layers, shown.filters, strict=True)
        ],
        "features": _short(walk.features[rows]),
        "turned": walk.turned[rows].astype(int).tolist() if walk.turned.any() else None,
        "counted": int(walk.counted.sum()),
        "parts": [_short(value[rows]) for _, value in parts],
        "winners": winners(walk)[rows].tolist() if any(part == MAX for part, _ in parts) else None,
        "rest": _rest(walk, shown, rows),
        "given": _short(walk.beside.given),
        "covariates": _short(walk.beside.covariates),
        "positional": _maybe(walk.beside.positional),
        "composition": _maybe(walk.beside.composition),
        "logits": _short(walk.logits),
        "predictions": _short(walk.predictions),
    }
    if walk.hidden is not None:
        units = list(shown.units)
        found["hidden"] = {
            "before": _short(walk.hidden.before.ravel()[units]),
            "made": _short(walk.hidden.made.ravel()[units]),
        }
    return found


def _at_the_end(walk: Walk) -> dict[int, np.ndarray]:
    """By layer, how much each filter adds to the output or takes from it, where nothing but the head lies between."""
    parts = _parts(walk, walk.numbers * walk.weight) if walk.hidden is None else []
    if not parts:
        return {}
    adds = sum(np.abs(value).sum(axis=1) for _, value in parts)  # (C,)
    found: dict[int, np.ndarray] = {}
    for channel, source in enumerate(walk.sources):
        if source.layer:
            here = found.setdefault(source.layer, np.zeros(walk.layers[source.layer - 1].made.shape[1]))
            here[source.filter] = adds[channel]
    return found


def _parts(walk: Walk, numbers: np.ndarray) -> list[tuple[str, np.ndarray]]:
    """Numbers of the head `(M · n,)` part by part, each `(C, 1)` or `(C, stretches or P)`; none of unknown heads."""
    head = walk.model.pooling
    if not head.parts:
        return []
    import torch

    found = head.split(torch.from_numpy(np.ascontiguousarray(numbers))[None])  # (1, M, F, 1 or P)
    return [(part, values[0].flatten(0, 1).numpy()) for part, values in found]


def _rows(sources: tuple[Source, ...], shown: Shown) -> list[int]:
    """The channels that come from a filter that is shown, or from the sequence."""
    return [
        i for i, source in enumerate(sources) if not source.layer or source.filter in shown.filters[source.layer - 1]
    ]


def _named(sources: tuple[Source, ...], rows: list[int], shown: Shown) -> list[dict[str, int]]:
    """Of each row its layer, its filter, and where that stands among the filters shown of that layer."""
    found = []
    for layer, number in (sources[i] for i in rows):
        row = shown.filters[layer - 1].index(number) if layer else number
        found.append({"layer": layer, "filter": number, "row": row})
    return found


def _layer_json(walk: Walk, layer: Layer, shown: Shown) -> dict[str, Any]:
    config, own = walk.model.config, shown.filters[layer.layer - 1]
    end, inputs = last_of_layer(config, layer.layer), _rows(layer.sources, shown)
    pooled = any(isinstance(step, PoolBetween) for step in of_layer(config, layer.layer))
    before, after = end.sees
    weights = []
    for number in own:
        read = layer.reads(number)
        weights.append(
            [_short(layer.weight[number, i - read.start]) if read.start <= i < read.stop else None for i in inputs]
        )
    return {
        "filters": list(own),
        "of": len(layer.weight),
        "inputs": _named(layer.sources, inputs, shown),
        "reads": layer.weight.shape[1],  # channels that each filter reads
        "reach": list(layer.reach),
        "pool": config.pool_between if pooled else 1,
        "stride": end.stride,
        "sees": [before, after],
        "weight": weights,
        "bias": _short(layer.bias[list(own)]),
    }


def _hidden_json(walk: Walk, shown: Shown, rows: list[int]) -> dict[str, Any]:
    assert walk.hidden is not None
    members, each, n = walk.hidden.weight.shape
    weights = []
    for unit in shown.units:
        whole = np.zeros((members, n), np.float32)
        whole[unit // each] = walk.hidden.weight[unit // each, unit % each]
        weights.append([_short(weight[rows]) for _, weight in _parts(walk, whole.ravel())])
    return {
        "units": list(shown.units),
        "of": members * each,
        "bias": _short(walk.hidden.bias.ravel()[list(shown.units)]),
        "weight": weights,
        "onward": _short(walk.weight[list(shown.units)]),
    }


def _rest(walk: Walk, shown: Shown, rows: list[int]) -> float:
    """What the numbers that are not shown add to the logit."""
    added = walk.entering * walk.weight
    if walk.hidden is not None:
        return round(float(np.delete(added, list(shown.units)).sum()), _DIGITS)
    parts = _parts(walk, added)
    return round(float(added.sum()) - sum(float(value[rows].sum()) for _, value in parts), _DIGITS)


def _short(values: np.ndarray) -> list[Any]:
    return np.round(np.asarray(values, np.float64), _DIGITS).tolist()


def _maybe(values: np.ndarray | None) -> list[Any] | None:
    return None if values is None else _short(values)
