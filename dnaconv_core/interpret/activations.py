"""What each layer of a network makes of one sequence."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dnaconv_core.engine.as_found import evaluating
from dnaconv_core.model.steps import own_channels
from dnaconv_core.sequence.encoding import one_hot

if TYPE_CHECKING:
    from dnaconv_core.model.convnet import ConvNet


def activations(model: ConvNet, sequence: str) -> list[np.ndarray]:
    """`(F, P)` of each layer, from 0 to 1 (the layer's strongest unit)."""
    import torch

    X = torch.from_numpy(one_hot(sequence, model.config.alphabet)).float()  # (1, 4, L)
    with evaluating(model), torch.inference_mode():
        layers = [
            model.features(X, depth)[0].numpy()[own_channels(model.config, depth)]
            for depth in range(1, model.config.depth + 1)
        ]
    return [layer / max(float(layer.max()), 1e-9) for layer in layers]
