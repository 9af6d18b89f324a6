"""How far a measured number may lie from its prediction: split conformal intervals from validation residuals.

Of new examples exchangeable with those of the validation part at least `level` lie within (Vovk et al. 2005; Lei et
al. 2018). The same width for every example: it says what is usual, not which prediction is surer than another.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np

from dnaconv_core.errors import InputError
from dnaconv_core.evaluate.held_out import read_kept

LEVEL = 0.95
_FEWEST = 40  # residuals; with fewer the largest would decide alone


class Margin(NamedTuple):
    """A prediction's interval is it ± `half`."""

    half: float
    n: int  # validation examples
    level: float

    def around(self, prediction: float) -> tuple[float, float]:
        return prediction - self.half, prediction + self.half

    def words(self) -> str:
        return (
            f"{self.level:.0%} of examples like the {self.n:,} of the validation part lie within ±{self.half:.2f} "
            "of their prediction (conformal, from its residuals)"
        )


def margin_of(y: np.ndarray, prediction: np.ndarray, level: float = LEVEL) -> Margin | None:
    """From labels and predictions `(N,)` of examples that nothing was fitted on; None from fewer than 40.

    The k-th smallest absolute residual with k = ⌈level (N + 1)⌉. Raises InputError for a level that is none.
    """
    if not 0 < level < 1:
        raise InputError(f"level is {level}: give a share between 0 and 1, such as 0.95")
    residual = np.sort(np.abs(np.asarray(y, np.float64) - np.asarray(prediction, np.float64)))
    rank = int(np.ceil(level * (len(residual) + 1)))
    if len(residual) < _FEWEST or rank > len(residual):
        return None
    return Margin(float(residual[rank - 1]), len(residual), level)


def margin_in(folder: Path, output: int = 0, level: float = LEVEL) -> Margin | None:
    """From the validation predictions kept with a model; None where there are none, or too few."""
    kept = read_kept(folder)
    if kept is None:
        return None
    y, w, prediction = kept.of_output(output)
    known = np.isfinite(y) & np.isfinite(prediction) & (w > 0)
    return margin_of(y[known], prediction[known], level)
