"""A model as bytes, to travel to another process of this program, which checks that it arrived whole."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, NamedTuple

from dnaconv_core.errors import BundleError, InputError
from dnaconv_core.model.config import ModelConfig

if TYPE_CHECKING:
    from dnaconv_core.model.convnet import ConvNet

_KEPT: dict[str, ConvNet] = {}  # the last models of this process, by digest
_MOST_KEPT = 16


class Packed(NamedTuple):
    config: str  # JSON
    weights: bytes  # safetensors
    digest: str  # SHA-256 of both


def pack(model: ConvNet) -> Packed:
    """Raises InputError for a module that somebody wrote, whose code is here alone."""
    from safetensors.torch import save

    if getattr(model, "alone", False):
        raise InputError("a torch module of your own cannot be sent to a cluster: ask without 'on'")
    config = json.dumps(model.config.to_json())
    weights = save({name: tensor.detach().cpu().contiguous() for name, tensor in model.state_dict().items()})
    return Packed(config, weights, _digest(config, weights))


def unpack(packed: Packed) -> ConvNet:
    """The model, ready to predict; the same one when asked again. Raises BundleError where bytes were lost."""
    from safetensors.torch import load

    from dnaconv_core.model.convnet import build

    known = _KEPT.get(packed.digest)
    if known is not None:
        return known
    if _digest(packed.config, packed.weights) != packed.digest:
        raise BundleError("the model was damaged on its way to a worker: repeat what was asked")
    model = build(ModelConfig.from_json(json.loads(packed.config)))
    model.load_state_dict(load(packed.weights))
    while len(_KEPT) >= _MOST_KEPT:
        _KEPT.pop(next(iter(_KEPT)), None)
    _KEPT[packed.digest] = model.eval()
    return model


def at_hand(model: ConvNet | Packed) -> ConvNet:
    """A model that may have travelled."""
    return unpack(model) if isinstance(model, Packed) else model


def _digest(config: str, weights: bytes) -> str:
    return hashlib.sha256(config.encode() + b"\0" + weights).hexdigest()
