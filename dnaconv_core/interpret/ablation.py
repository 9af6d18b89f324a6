"""Does a filter matter: the metric without it, on the same examples."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from dnaconv_core.evaluate.bootstrap import Difference, paired_differences
from dnaconv_core.evaluate.metrics import MAIN_METRIC
from dnaconv_core.progress import SILENT, Progress

if TYPE_CHECKING:
    from dnaconv_core.model.convnet import ConvNet


class Ablation(NamedTuple):
    """The metric of the network with one filter silenced minus that of the whole network, with its interval."""

    index: int
    difference: Difference

    @property
    def matters(self) -> bool:
        """Whether the interval excludes zero and the network is worse without the filter."""
        return self.difference.verdict == "worse"

    def as_json(self) -> dict:
        d = self.difference
        if d.value is None:
            return {"metric": d.name, "change": None, "undefined": d.undefined}
        return {"metric": d.name, "change": d.value, "low": d.low, "high": d.high}


def ablate_filters(
    model: ConvNet,
    X: np.ndarray,
    y: np.ndarray,
    covariates: np.ndarray | None = None,
    *,
    weights: np.ndarray | None = None,
    layer: int = 1,
    indices: Sequence[int] | None = None,
    most: int = 5000,
    n_resamples: int = 1000,
    seed: int = 0,
    progress: Progress = SILENT,
) -> list[Ablation]:
    """Change of the task's main metric (ROC-AUC or Pearson r) without each filter of `layer`, for the first output.

    y: `(N,)` or `(N, T)`; weights: as metrics take them (`labelled`). indices: the filters to silence, from 0 (default:
    all). Of more than `most` examples, all of the rarer class and a random part of the others are used. A filter that
    was not reached because `progress` asked to stop is left out.
    """
    from dnaconv_core.interpret.silencing import predict_without

    y = np.asarray(y).reshape(len(X), -1)[:, 0]
    rows = _some(model.config.task, y, most, seed)
    X, y = np.asarray(X[rows]), y[rows]
    weights = None if weights is None else np.asarray(weights).reshape(-1, 1)[rows, 0]
    covariates = None if covariates is None else covariates[rows]
    chosen = list(range(len(model.convs[layer - 1].bias)) if indices is None else indices)
    whole, without = predict_without(model, X, covariates, layer=layer, indices=chosen, progress=progress)
    if progress.should_stop():
        return []
    name, found = MAIN_METRIC[model.config.task], []
    changes = paired_differences(
        model.config.task, name, y, without.T, whole, weights=weights, n_resamples=n_resamples, seed=seed
    )
    for done, (index, change) in enumerate(zip(chosen, changes, strict=True), 1):
        found.append(Ablation(index, change))
        progress.report(0.5 + 0.5 * done / len(chosen), f"{done} of {len(chosen)} filters silenced")
        if progress.should_stop():
            break
    return found


def _some(task: str, y: np.ndarray, most: int, seed: int) -> np.ndarray:
    """At most about `most` rows, in order; every example of a class that has fewer than half of that."""
    if len(y) <= most:
        return np.arange(len(y))
    rng = np.random.default_rng(seed)
    if task != "binary":
        return np.sort(rng.choice(len(y), most, replace=False))
    rarer = y == (1 if (y == 1).mean() < 0.5 else 0)
    first = np.flatnonzero(rarer)
    first = first if len(first) <= most // 2 else rng.choice(first, most // 2, replace=False)
    rest = rng.choice(np.flatnonzero(~rarer), most - len(first), replace=False)
    return np.sort(np.concatenate([first, rest]))
