"""What a simple predictor reaches for each of several outputs alone (of a class against all others), and the model."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from dnaconv_core.answers.base import Answer
from dnaconv_core.answers.outputs import view
from dnaconv_core.data.dataset import Dataset
from dnaconv_core.evaluate.dependence import Groups
from dnaconv_core.evaluate.each import MOST_INTERVALS
from dnaconv_core.evaluate.intervals import Difference, paired_difference, with_intervals
from dnaconv_core.evaluate.metrics import labelled
from dnaconv_core.results import Metric


class OfOutput(NamedTuple):
    """For one output: a simple predictor's metrics with intervals, and how the model differs (model minus it)."""

    metrics: dict[str, Metric]
    differences: dict[str, Difference]

    def as_json(self) -> dict[str, Any]:
        return {"metrics": {name: metric.as_json() for name, metric in self.metrics.items()},
                "differences": differences_as_json(self.differences)}  # fmt: skip

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> OfOutput:
        metrics = {name: Metric.from_json(metric) for name, metric in stored["metrics"].items()}
        return cls(metrics, {name: Difference(name, **found) for name, found in stored["differences"].items()})


def differences_as_json(found: dict[str, Difference]) -> dict[str, Any]:
    """By metric, without its name, which is the key."""
    return {key: {k: v for k, v in one._asdict().items() if k != "name"} for key, one in found.items()}


def differences(
    answer: Answer, y: np.ndarray, w: np.ndarray, pair: tuple[np.ndarray, np.ndarray], groups: Groups | None
) -> dict[str, Difference]:
    """The first of two predictions minus the second, by each metric that models of this kind are compared by."""
    return {
        name: paired_difference(answer.key, name, y, *pair, weights=w, groups=groups) for name in answer.compared
    }  # fmt: skip


def of_each(
    answer: Answer, data: Dataset, prediction: np.ndarray, other: np.ndarray, groups: Groups | None
) -> tuple[OfOutput, ...]:
    """Every output of `other`, a simple predictor, and of the model's `prediction`, both `(N, T)`.

    Nothing where there is one output, or more than MOST_INTERVALS.
    """
    if not 1 < prediction.shape[1] <= MOST_INTERVALS:
        return ()
    found, weights = [], labelled(data.w)
    for output in range(prediction.shape[1]):
        model, simple = (view(answer, output, data.y, p, weights) for p in (prediction, other))
        metrics = with_intervals(simple.answer.key, simple.y, simple.prediction, weights=simple.w, groups=groups)
        pair = model.prediction, simple.prediction
        found.append(OfOutput(metrics, differences(model.answer, model.y, model.w, pair, groups)))
    return tuple(found)
