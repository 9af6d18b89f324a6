"""Whether one way to train is better than another, from pairs of trainings that differ in seed and fold."""

from __future__ import annotations

import numpy as np

from dnaconv_core.evaluate.intervals import Difference

_LEVEL = 0.95


def repeated_difference(name: str, first: list[float], second: list[float], *, held_out: float) -> Difference:
    """Mean of first minus second over pairs `(R,)`, with an interval and a two-sided p.

    Each pair learnt from the same examples with the same seed and was measured on the same others. held_out: share of
    the examples that a pair is measured on. Trainings of different folds share examples, so that the variance of their
    mean is more than a share of R: the corrected resampled t-test of Nadeau and Bengio (2003) allows for it.
    """
    from scipy.stats import t

    differences = np.array(first, float) - np.array(second, float)
    n, mean = len(differences), float(differences.mean()) if len(differences) else 0.0
    if n < 2:
        return Difference(name, mean if n else None, undefined="fewer than two pairs of trainings")
    error = float(differences.std(ddof=1) * np.sqrt(1 / n + held_out / (1 - held_out)))
    if error == 0:
        return Difference(name, mean, mean, mean, 1.0 if mean == 0 else 0.0)
    half = float(t.ppf(0.5 + _LEVEL / 2, n - 1)) * error
    return Difference(name, mean, mean - half, mean + half, float(2 * t.sf(abs(mean) / error, n - 1)))
