"""In-silico mutagenesis: what every single substitution does to the output before the sigmoid."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dnaconv_core.model.inputs import check_input
from dnaconv_core.progress import SILENT, Progress
from dnaconv_core.threads import in_batches, threads_of

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

    X: one-hot `(N, 4, L)`; covariates: raw `(N, C)`, checked but without influence, as they add the same to every
    mutant. At an unknown base (all zero) all four entries are the change from unknown to that base. batch_size: mutants
    computed at once. Rows not reached because `progress` asked to stop are NaN. Raises InputError when the shapes do
    not fit the model.
    """
    import torch

    from dnaconv_core.engine.as_found import evaluating
    from dnaconv_core.engine.substitutions import substitutions

    check_input(model.config, X, covariates)
    result = np.full((len(X), 4, X.shape[2]), np.nan, np.float32)
    with torch.inference_mode():
        network = substitutions(model, task)
    at_once = batch_size or network.at_once()
    step, threads = _rows(model, len(X), at_once), threads_of(model)

    @torch.inference_mode()
    def fill(rows: slice) -> None:
        result[rows] = network.changes(np.asarray(X[rows]), at_once)

    with evaluating(model):
        for rows in in_batches(fill, len(X), step, threads):
            progress.report(rows.stop / len(X), f"{rows.stop:,} of {len(X):,} sequences mutated")
            if progress.should_stop():
                break
    return result


def rows_at_once(model: ConvNet, n: int, *, task: int = 0, batch_size: int | None = None) -> int:
    """Of n sequences, how many are mutated together."""
    from dnaconv_core.engine.substitutions import substitutions

    return _rows(model, n, batch_size or substitutions(model, task).at_once())


def _rows(model: ConvNet, n: int, mutants: int) -> int:
    return max(1, min(mutants // (3 * model.config.length), -(-n // threads_of(model))))


def all_substitutions(x: np.ndarray) -> np.ndarray:
    """Every base at every position of one-hot `(4, L)`: `(4 · L, 4, L)`, base by base, position by position."""
    length = x.shape[1]
    mutants = np.broadcast_to(x, (4, length, 4, length)).copy()
    places = np.arange(length)
    mutants[:, places, :, places] = 0
    for base in range(4):
        mutants[base, places, base, places] = 1
    return mutants.reshape(4 * length, 4, length)
