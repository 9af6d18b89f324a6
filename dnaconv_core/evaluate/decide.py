"""From which score on to act: the threshold whose mistakes cost least where positives are as rare as they will be."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from dnaconv_core.errors import InputError


class Decision(NamedTuple):
    """Costs are per 1,000 examples, in the unit of the costs that were given."""

    threshold: float  # infinite: calling nothing positive costs least
    cost: float
    nothing: float  # the cost of calling nothing positive
    everything: float  # and of calling everything positive


def cheapest(
    y: np.ndarray, prediction: np.ndarray, *, prevalence: float, false_alarm: float, miss: float
) -> Decision | None:
    """The threshold of least expected cost (Elkan 2001), of `(N,)` labels and scores; None where a class is missing.

    prevalence: share of positives where the model will be used; the rates of both mistakes are those of these examples.
    false_alarm, miss: what one of them costs. Raises InputError for a prevalence outside 0 to 1 or a negative cost.
    """
    if not 0 <= prevalence <= 1 or min(false_alarm, miss) < 0:
        given = f"prevalence is {prevalence:g}, costs {false_alarm:g} and {miss:g}"
        raise InputError(f"{given}: from 0 to 1, and not below 0")
    truly = np.asarray(y, float).reshape(-1) >= 0.5
    scores = np.asarray(prediction, float).reshape(-1)
    if truly.all() or not truly.any():
        return None
    order = np.argsort(-scores, kind="stable")
    last = np.append(np.diff(scores[order]) != 0, True)  # equal scores are called together
    hits, alarms = np.cumsum(truly[order])[last], np.cumsum(~truly[order])[last]
    missed = np.append(1.0, 1 - hits / truly.sum())
    false = np.append(0.0, alarms / (~truly).sum())
    costs = 1000 * (prevalence * miss * missed + (1 - prevalence) * false_alarm * false)
    best = int(np.argmin(costs))
    thresholds = np.append(np.inf, scores[order][last])
    return Decision(float(thresholds[best]), float(costs[best]), float(costs[0]), float(costs[-1]))
