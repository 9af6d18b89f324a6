"""In-silico mutagenesis: what every single substitution does to the output before the sigmoid."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dnaconv_core.predict import check_input, predict
from dnaconv_core.progress import SILENT, Progress

if TYPE_CHECKING:
    from dnaconv_core.model.convnet import ConvNet


def ism(
    model: ConvNet,
    X: np.ndarray,
    covariates: np.ndarray | None = None,
    *,
    task: int = 0,
    batch_size: int | None = None,
    progress: Progress = SILENT,
) -> np.ndarray:
    """Change of the logit, alt − ref, for each base at each position: float32 `(N, 4, L)`; 0 at the observed base.

    X: one-hot `(N, 4, L)`; covariates: raw `(N, C)`, the same for every mutant. At an unknown base (all zero) all
    four entries are the change from unknown to that base. batch_size: sequences predicted at once. Rows not reached
    because `progress` asked to stop are NaN. Raises InputError when the shapes do not fit the model.
    """
    covariates = check_input(model.config, X, covariates)
    result = np.full((len(X), 4, X.shape[2]), np.nan, np.float32)
    for row in range(len(X)):
        if progress.should_stop():
            break
        one = np.asarray(X[row : row + 1])
        beside = None if covariates is None else covariates[row : row + 1]
        reference = predict(model, one, beside, output="logit", batch_size=batch_size)[0, task]
        mutants = all_substitutions(one[0])  # (4 · L, 4, L)
        beside = None if beside is None else np.repeat(beside, len(mutants), axis=0)
        logits = predict(model, mutants, beside, output="logit", batch_size=batch_size)[:, task]
        change = logits.reshape(4, -1) - reference
        result[row] = np.where(one[0] != 0, 0.0, change)
        progress.report((row + 1) / len(X), f"{row + 1:,} of {len(X):,} sequences mutated")
    return result


def all_substitutions(x: np.ndarray) -> np.ndarray:
    """Every base at every position of one-hot `(4, L)`: `(4 · L, 4, L)`, base by base, position by position."""
    length = x.shape[1]
    mutants = np.broadcast_to(x, (4, length, 4, length)).copy()
    places = np.arange(length)
    mutants[:, places, :, places] = 0
    for base in range(4):
        mutants[base, places, base, places] = 1
    return mutants.reshape(4 * length, 4, length)
