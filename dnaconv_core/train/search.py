"""What a search for a better network tries: a space around the settings that `auto` chooses, and where it begins.

A sampler walks through the space (see runs/search.py); nothing here trains.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dnaconv_core.model.config import ModelConfig, TrainConfig
from dnaconv_core.model.layer_steps import Convolution
from dnaconv_core.model.steps import steps

if TYPE_CHECKING:
    from optuna.trial import BaseTrial

MOST_COST = 6.0  # times the computing of `auto`: a network that takes longer is passed over
_EACH_UP_TO = 300  # bases up to which a head may keep each position
_FILTERS, _KERNEL, _DEPTH, _MEMBERS, _BATCH = (8, 256), (3, 25), (1, 4), (1, 8), (16, 512)
_DROPOUT, _MUTATION, _RATE, _DECAY = 0.7, 0.3, (2e-4, 2e-2), (1e-4, 2.0)


def suggest(trial: BaseTrial, start: dict[str, Any], length: int) -> dict[str, Any]:
    """One point of the space, as settings; what is not in it stays as in `start`, the complete settings of `auto`."""
    found: dict[str, Any] = {
        "pooling": trial.suggest_categorical("pooling", heads(start, length)),
        "filters": trial.suggest_int("filters", *_FILTERS, log=True),
        "kernel_size": trial.suggest_int("kernel_size", min(_KERNEL[0], length), min(_KERNEL[1], length)),
        "depth": trial.suggest_int("depth", *_DEPTH),
        "members": trial.suggest_int("members", *_MEMBERS, log=True),
        "dropout": round(trial.suggest_float("dropout", 0.0, _DROPOUT), 3),
        "pooled_dropout": round(trial.suggest_float("pooled_dropout", 0.0, _DROPOUT), 3),
        "learning_rate": _short(trial.suggest_float("learning_rate", *_RATE, log=True)),
        "weight_decay": _short(trial.suggest_float("weight_decay", *_DECAY, log=True)),
        "mutation": round(trial.suggest_float("mutation", 0.0, _MUTATION), 3),
        "batch_size": trial.suggest_int("batch_size", *_BATCH, log=True),
    }
    left = length // start.get("pool_between", 1) ** (found["depth"] - 1)
    if found["pooling"] == "flatten" or left < start.get("stretches", 1):
        found["stretches"] = 1  # there is no maximum to divide, or too little left of the sequence
    return found


def heads(start: dict[str, Any], length: int) -> tuple[str, ...]:
    """Ways to go on from the last layer that are worth trying; keeping each position of a long sequence is not."""
    tried = ["max", "max_mean", *(["flatten"] if length <= _EACH_UP_TO else [])]
    return tuple(dict.fromkeys([*tried, start["pooling"]]))


def point(settings: dict[str, Any], length: int) -> dict[str, Any]:
    """The point of the space that lies nearest to these settings."""
    low, high = min(_KERNEL[0], length), min(_KERNEL[1], length)
    return {
        "pooling": settings["pooling"],
        "filters": _within(settings["filters"], _FILTERS),
        "kernel_size": _within(settings["kernel_size"], (low, high)),
        "depth": _within(settings["depth"], _DEPTH),
        "members": _within(settings["members"], _MEMBERS),
        "dropout": _within(settings["dropout"], (0.0, _DROPOUT)),
        "pooled_dropout": _within(settings["pooled_dropout"], (0.0, _DROPOUT)),
        "learning_rate": _within(settings["learning_rate"], _RATE),
        "weight_decay": _within(settings["weight_decay"], _DECAY),
        "mutation": _within(settings["mutation"], (0.0, _MUTATION)),
        "batch_size": _within(settings["batch_size"], _BATCH),
    }


def neighbours(start: dict[str, Any], length: int) -> list[dict[str, Any]]:
    """Points one step away from `auto`, those that help most often first: each is tried before the sampler chooses."""
    others = [name for name in heads(start, length) if name != start["pooling"]]
    steps: list[dict[str, Any]] = [
        {"learning_rate": start["learning_rate"] / 2, "batch_size": start["batch_size"] // 2},
        {"depth": start["depth"] + 1 if start["depth"] < 3 else start["depth"] - 1},
        {"members": 4 if start["members"] < 4 else start["members"] // 2},
        {"weight_decay": start["weight_decay"] / 5},
        {"kernel_size": start["kernel_size"] + (4 if start["kernel_size"] < 12 else -5)},
        {"pooled_dropout": start["pooled_dropout"] + (0.2 if start["pooled_dropout"] < 0.3 else -0.25)},
        {"filters": start["filters"] * 2 if start["filters"] < 100 else start["filters"] // 2},
        {"mutation": 0.0 if start["mutation"] else 0.05},
        *({"pooling": name} for name in others[:1]),
    ]
    here, found = point(start, length), []
    for step in steps:
        there = point({**start, **step}, length)
        if there != here and there not in found:
            found.append(there)
    return found


def complete(model: ModelConfig, train: TrainConfig) -> dict[str, Any]:
    """Every setting that a search may change, as these configurations have it."""
    return {name: getattr(model, name) if hasattr(model, name) else getattr(train, name) for name in SEARCHED}


SEARCHED = (
    "pooling", "filters", "kernel_size", "depth", "members", "dropout", "pooled_dropout", "learning_rate",
    "weight_decay", "mutation", "batch_size", "pool_between", "stretches",
)  # fmt: skip


def cost(config: ModelConfig) -> float:
    """Multiplications of one sequence in all convolutions, to compare networks of one length by."""
    return float(sum(step.n_parameters * step.positions for step in steps(config) if isinstance(step, Convolution)))


def _within(value: Any, ends: tuple[Any, Any]) -> Any:
    return min(max(value, ends[0]), ends[1])


def _short(value: float) -> float:
    """Three digits are enough of a step size, and a person can write them down."""
    return float(f"{value:.3g}")
