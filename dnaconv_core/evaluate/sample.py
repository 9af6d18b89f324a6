"""Labels with predictions, ready to be measured again and again under other weights."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from dnaconv_core.answers import find_answer
from dnaconv_core.evaluate.metrics import columns, measure_for


class Sample:
    """Examples `(N, T)` to measure whole or resampled; of several labels every metric is the mean over them.

    `n`: examples that count, those with a weight above 0 for any label. A metric that is undefined for some labels is
    the mean over the others; where it is for all, the first reason is given.
    """

    def __init__(
        self,
        task: str,
        y: np.ndarray,
        prediction: np.ndarray,
        weights: np.ndarray | None = None,
        *,
        threshold: float = 0.5,
    ) -> None:
        self.answer, parts = find_answer(task), columns(task, y, prediction, weights)
        kept = np.any([w > 0 for *_, w in parts], axis=0)
        self.n = int(kept.sum())
        self.measures = []
        for labels, predicted, w in parts:
            known = w > 0
            rows = slice(None) if len(parts) == 1 else np.flatnonzero(known[kept])  # of what a resample counts
            measure = measure_for(task, labels[known], predicted[known], threshold=threshold)
            self.measures.append((measure, rows, w[known]))
        self.labels = parts[0][0][kept] if len(parts) == 1 else None

    def __call__(self, names: Iterable[str], counts: np.ndarray | None = None) -> dict[str, float | str]:
        """Each metric of the examples, each repeated as often as `counts (n,)` says: a number, or why there is none."""
        names = list(names)
        each = [
            measure(w if counts is None else w * counts[rows], names) if counts is None or counts[rows].any() else {}
            for measure, rows, w in self.measures
        ]
        if len(each) == 1:
            return each[0] or dict.fromkeys(names, "there is no example")
        return {name: self._mean([found.get(name, "there is no example") for found in each]) for name in names}

    @staticmethod
    def _mean(values: list[float | str]) -> float | str:
        numbers = [value for value in values if not isinstance(value, str)]
        return float(np.mean(numbers)) if numbers else values[0]

    def resamples(self, n_resamples: int, seed: int) -> Iterator[np.ndarray]:
        """How often each example is drawn, `(n,)` float64 per resample; of one label each class from its own examples.

        Nothing at all where there are fewer than two examples to draw from. Several labels cannot all be stratified.
        """
        strata = [np.arange(self.n)] if self.labels is None else self.answer.strata(self.labels)
        return drawn(strata, self.n, n_resamples, seed)


def drawn(strata: list[np.ndarray], n: int, n_resamples: int, seed: int) -> Iterator[np.ndarray]:
    """Counts `(n,)` of rows drawn with replacement within each stratum; nothing where one has fewer than two."""
    rng = np.random.default_rng(seed)
    strata = [members for members in strata if len(members)]
    if any(len(members) < 2 for members in strata):
        return
    for _ in range(n_resamples):
        counts = np.zeros(n)
        for members in strata:
            chosen = rng.integers(0, len(members), len(members))
            counts[members] = np.bincount(chosen, minlength=len(members))
        yield counts
