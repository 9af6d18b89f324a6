"""Each of several outputs by itself: the metrics of every label, of every class against all others, and confusions."""

from __future__ import annotations

import numpy as np

from dnaconv_core.answers.outputs import Outputs, output_names, view
from dnaconv_core.errors import InputError
from dnaconv_core.evaluate.dependence import Groups
from dnaconv_core.evaluate.intervals import with_intervals
from dnaconv_core.evaluate.metrics import evaluate
from dnaconv_core.results import Metric

MOST_INTERVALS = 20  # outputs that get intervals: of more, drawing them would take minutes


def evaluate_outputs(
    config: Outputs, y: np.ndarray, prediction: np.ndarray, weights: np.ndarray, *, groups: Groups | None
) -> dict[str, dict[str, Metric]]:
    """Metrics of each output by its name, with intervals where there are at most MOST_INTERVALS; of one output nothing.

    y, prediction, weights: of all outputs, as `evaluate` takes them; of classes each is measured against all others.
    """
    found = {}
    for output, name in enumerate(output_names(config) if config.n_tasks > 1 else ()):
        one = view(config.answer, output, y, prediction, weights)
        given = one.answer.key, one.y, one.prediction
        if config.n_tasks > MOST_INTERVALS:
            found[name] = evaluate(*given, weights=one.w)
        else:
            found[name] = with_intervals(*given, weights=one.w, groups=groups)
    return found


def confusion(y: np.ndarray, prediction: np.ndarray, weights: np.ndarray | None = None) -> np.ndarray:
    """How many examples of each class (rows) are called which class (columns), `(K, K)`.

    y: class numbers `(N,)` or `(N, 1)`; prediction: `(N, K)`; examples of weight 0 are left out. Raises InputError for
    a label that is no class.
    """
    y, n = np.asarray(y, np.float64).reshape(-1), prediction.shape[1]
    known = np.ones(len(y), bool) if weights is None else np.asarray(weights).reshape(-1) > 0
    y, called = y[known], prediction[known].argmax(axis=1)
    if not np.isin(y, np.arange(n)).all():
        raise InputError(f"a label is {y[~np.isin(y, np.arange(n))][0]:g}: the classes are 0 to {n - 1}")
    return np.bincount(y.astype(np.intp) * n + called, minlength=n * n).reshape(n, n)
