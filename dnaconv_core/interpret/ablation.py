"""Does a filter matter: the metric without it, on the same examples."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from dnaconv_core.answers.outputs import answer_of_one
from dnaconv_core.evaluate.dependence import Groups
from dnaconv_core.evaluate.intervals import Difference, paired_differences
from dnaconv_core.progress import SILENT, Progress

if TYPE_CHECKING:
    from dnaconv_core.answers.base import Answer
    from dnaconv_core.model.convnet import ConvNet


class Ablation(NamedTuple):
    """The metric of the network with one filter silenced minus that of the whole network, with its interval."""

    index: int  # type: ignore[assignment]  # it hides tuple's own index
    difference: Difference

    @property
    def matters(self) -> bool:
        """Whether the interval excludes zero and the network is worse without the filter."""
        return self.difference.verdict == "worse"

    def as_json(self) -> dict[str, Any]:
        d = self.difference
        if d.value is None:
            return {"metric": d.name, "change": None, "undefined": d.undefined}
        return {"metric": d.name, "change": d.value, "low": d.low, "high": d.high, "note": d.note}


def ablate_filters(
    model: ConvNet,
    X: np.ndarray,
    y: np.ndarray,
    covariates: np.ndarray | None = None,
    *,
    weights: np.ndarray | None = None,
    layer: int = 1,
    indices: Sequence[int] | None = None,
    task: int = 0,
    most: int = 5000,
    groups: Groups | None = None,
    seed: int = 0,
    progress: Progress = SILENT,
) -> list[Ablation]:
    """Change of the main metric (ROC-AUC or Pearson r) of the output `task` without each filter of `layer`.

    y: labels of that output `(N,)` or `(N, 1)`, see `answers.outputs.of_output`; weights: as metrics take them
    (`labelled`); groups: which examples depend on each other (None: none do). indices: the filters to silence, from 0
    (default: all). Of more than `most` examples, all of the rarer class and a random part of the others are used. A
    filter that was not reached because `progress` asked to stop is left out.
    """
    from dnaconv_core.engine.silencing import predict_without

    y = np.asarray(y).reshape(len(X), -1)[:, 0]
    answer = answer_of_one(model.config.answer)
    rows = _some(answer, y, most, seed)
    X, y = np.asarray(X[rows]), y[rows]
    weights = None if weights is None else np.asarray(weights).reshape(-1, 1)[rows, 0]
    covariates = None if covariates is None else covariates[rows]
    chosen = list(range(model.convs[layer - 1].out_channels) if indices is None else indices)
    whole, without = predict_without(model, X, covariates, layer=layer, indices=chosen, task=task, progress=progress)
    if progress.should_stop():
        return []
    found: list[Ablation] = []
    changes = paired_differences(
        answer.key, answer.main_metric, y, without.T, whole, weights=weights, groups=groups and groups.subset(rows)
    )
    for done, (index, change) in enumerate(zip(chosen, changes, strict=True), 1):
        found.append(Ablation(index, change))
        progress.report(0.5 + 0.5 * done / len(chosen), f"{done} of {len(chosen)} filters silenced")
        if progress.should_stop():
            break
    return found


def ablate_together(
    model: ConvNet,
    X: np.ndarray,
    y: np.ndarray,
    covariates: np.ndarray | None = None,
    *,
    members: Sequence[Sequence[int]],
    weights: np.ndarray | None = None,
    layer: int = 1,
    task: int = 0,
    most: int = 5000,
    groups: Groups | None = None,
    seed: int = 0,
    progress: Progress = SILENT,
) -> list[Ablation]:
    """The same without several filters at once, for each list of `members`; `index` counts the lists, from 0.

    Filters that say the same make up for each other one by one, not together. Lists that were not reached because
    `progress` asked to stop are left out.
    """
    from dnaconv_core.engine.silencing import silenced
    from dnaconv_core.predict import predict

    y = np.asarray(y).reshape(len(X), -1)[:, 0]
    answer = answer_of_one(model.config.answer)
    rows = _some(answer, y, most, seed)
    X, y = np.asarray(X[rows]), y[rows]
    weights = None if weights is None else np.asarray(weights).reshape(-1, 1)[rows, 0]
    covariates = None if covariates is None else covariates[rows]
    whole, without = predict(model, X, covariates)[:, task], []
    for number, some in enumerate(members, 1):
        if progress.should_stop():
            break
        without.append(predict(silenced(model, some, layer), X, covariates)[:, task])
        progress.report(number / len(members), f"{number} of {len(members)} groups of filters silenced")
    changes = paired_differences(
        answer.key, answer.main_metric, y, without, whole, weights=weights, groups=groups and groups.subset(rows)
    )
    return [Ablation(number, change) for number, change in enumerate(changes)]


def _some(answer: Answer, y: np.ndarray, most: int, seed: int) -> np.ndarray:
    """At most about `most` rows, in order; every example of a class that has fewer than its even share of that."""
    if len(y) <= most:
        return np.arange(len(y))
    *rarer, commonest = sorted(answer.strata(y), key=len)
    rng, left, chosen = np.random.default_rng(seed), most, []
    for number, group in enumerate(rarer):
        share = left // (len(rarer) + 1 - number)
        chosen.append(group if len(group) <= share else rng.choice(group, share, replace=False))
        left -= len(chosen[-1])
    return np.sort(np.concatenate([*chosen, rng.choice(commonest, left, replace=False)]))
