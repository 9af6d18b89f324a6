"""A motif that is moved through one sequence by a slider, without the server: everything is known beforehand."""

from __future__ import annotations

import numpy as np

from components.palette import base_pairs
from components.source import register

_moving = register("moving")


def moving(background: str, word: str, predictions: np.ndarray, logits: np.ndarray, *, key: str, unit: str) -> None:
    """Draw the slider, the prediction with the word at each place, and the sequence.

    predictions, logits: `(P + 1,)`, with the word from base 1, 2, … on, and last without it. unit: of the logits.
    """
    data = {
        "background": background,
        "word": word,
        "predictions": np.round(predictions.astype(float), 4).tolist(),
        "logits": np.round(logits.astype(float), 3).tolist(),
        "unit": unit,
        "colors": base_pairs(),
    }
    _moving(data=data, key=key)
