"""A saved model: a folder with `config.json`, `weights.safetensors`, `metrics.json` and `card.md`.

Pretrained models, exported runs and uploads are all this, and all come in through `load_bundle`, which trusts nothing:
weights are plain tensors whose names, shapes and values are checked against the configuration.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from dnaconv_core.errors import BundleError, ConfigError
from dnaconv_core.files import write_together
from dnaconv_core.model.config import ModelConfig
from dnaconv_core.results import Metric

if TYPE_CHECKING:
    from torch import Tensor

    from dnaconv_core.model.convnet import ConvNet

FORMAT = 1
CONFIG, WEIGHTS, METRICS, CARD = "config.json", "weights.safetensors", "metrics.json", "card.md"
MAX_JSON, MAX_WEIGHTS = 16 << 20, 1 << 30  # bytes


class Bundle(NamedTuple):
    model: ConvNet  # on the CPU, in evaluation mode
    config: ModelConfig
    experiment: str  # key of the experiment it was trained for
    record: dict[
        str, Any
    ]  # name, data, split, training settings, versions: whatever config.json holds beside the model
    metrics: dict[str, dict[str, Metric]]  # by split
    card: str  # Markdown
    path: Path


def save_bundle(
    path: Path,
    model: ConvNet,
    experiment: str,
    *,
    record: dict[str, Any] | None = None,
    metrics: dict[str, dict[str, Metric]] | None = None,
    card: str = "",
) -> Path:
    """Write the bundle's four files into folder `path`: all or none are there. Other files there are left alone."""
    from safetensors.torch import save

    config = {"format": FORMAT, "experiment": experiment, "model": model.config.to_json(), **(record or {})}
    numbers = {split: {name: m.as_json() for name, m in values.items()} for split, values in (metrics or {}).items()}
    weights = {name: tensor.detach().cpu().contiguous() for name, tensor in model.state_dict().items()}
    files = {
        WEIGHTS: save(weights),
        METRICS: json.dumps(numbers, indent=1).encode(),
        CARD: card.encode(),
        CONFIG: json.dumps(config, indent=1).encode(),
    }
    write_together(path, files, CONFIG)
    return path


def load_bundle(path: Path) -> Bundle:
    """The model in folder `path`. Raises BundleError that names the file and what is wrong with it."""
    from safetensors import SafetensorError
    from safetensors.torch import load

    from dnaconv_core.model.convnet import build

    path = Path(path)
    config, settings = _described(path)
    model = build(settings)
    try:
        weights = load(_bytes(path / WEIGHTS, MAX_WEIGHTS))
    except SafetensorError as error:
        raise BundleError(f"{path / WEIGHTS} is not a readable safetensors file ({error}): copy it again") from None
    _check_weights(path / WEIGHTS, model, weights)
    model.load_state_dict(weights)
    metrics = stored_metrics(path)
    card = (path / CARD).read_text(errors="replace") if (path / CARD).is_file() else ""
    record = {key: value for key, value in config.items() if key not in ("format", "experiment", "model")}
    return Bundle(model.eval(), settings, config["experiment"], record, metrics, card, path)


def read_config(path: Path) -> ModelConfig:
    """Of the model in folder `path`, without torch. Raises BundleError as `load_bundle` does."""
    return _described(path)[1]


def _described(path: Path) -> tuple[dict[str, Any], ModelConfig]:
    """What `config.json` holds, and the network in it."""
    config = _json(path / CONFIG)
    if config.get("format") != FORMAT:
        raise BundleError(
            f"{path / CONFIG} has format {config.get('format')!r} and this version reads {FORMAT}: update dnaconv or "
            f"export the model again"
        )
    if not isinstance(config.get("model"), dict) or not isinstance(config.get("experiment"), str):
        raise BundleError(f"{path / CONFIG} lacks 'model' or 'experiment': export the model again")
    try:
        return config, ModelConfig.from_json(config["model"])
    except ConfigError as error:
        raise BundleError(f"{path / CONFIG} does not describe a model: {error}") from None


def stored_metrics(path: Path) -> dict[str, dict[str, Metric]]:
    """By split, as kept in folder `path`, read without torch; empty where none are. Raises BundleError."""
    return _metrics(path / METRICS) if (path / METRICS).is_file() else {}


def is_bundle(path: Path) -> bool:
    here = str(path)  # as text: a page looks at every model's folder
    return os.path.isfile(f"{here}/{CONFIG}") and os.path.isfile(f"{here}/{WEIGHTS}")


def _check_weights(path: Path, model: ConvNet, weights: dict[str, Tensor]) -> None:
    expected = model.state_dict()
    if set(weights) != set(expected):
        odd = sorted(set(weights) ^ set(expected))[0]
        raise BundleError(f"{path} and {CONFIG} do not belong together: tensor {odd!r} is in only one of them")
    for name, wanted in expected.items():
        tensor = weights[name]
        if tensor.shape != wanted.shape:
            raise BundleError(
                f"{path}: {name} has shape {tuple(tensor.shape)} but {CONFIG} describes {tuple(wanted.shape)}"
            )
        if not tensor.is_floating_point() or not bool(tensor.isfinite().all()):
            raise BundleError(f"{path}: {name} holds values that are not finite numbers: export the model again")


def _metrics(path: Path) -> dict[str, dict[str, Metric]]:
    stored = _json(path)
    try:
        return {split: {name: Metric.from_json(m) for name, m in values.items()} for split, values in stored.items()}
    except AttributeError:
        raise BundleError(f"{path} does not hold metrics by split: export the model again") from None


def _json(path: Path) -> dict[str, Any]:
    try:
        value = json.loads(_bytes(path, MAX_JSON))
    except (ValueError, RecursionError):
        raise BundleError(f"{path} is not JSON: copy it again") from None
    if not isinstance(value, dict):
        raise BundleError(f"{path} does not hold a JSON object: copy it again")
    return value


def _bytes(path: Path, limit: int) -> bytes:
    if not path.is_file():
        raise BundleError(f"{path} is missing: a saved model is a folder with {CONFIG} and {WEIGHTS}")
    if path.stat().st_size > limit:
        raise BundleError(f"{path} has {path.stat().st_size:,} bytes, more than the {limit:,} a model may have")
    return path.read_bytes()
