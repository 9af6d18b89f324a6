"""Areas under the ROC and precision-recall curves under any weights, after sorting once."""

from __future__ import annotations

import numpy as np

from dnaconv_core.answers.base import total


class Ranking:
    """The order of scores `(N,)` of positives among negatives; calling it gives both areas under weights `(N,)`."""

    def __init__(self, positive: np.ndarray, prediction: np.ndarray) -> None:
        positives, negatives = np.flatnonzero(positive), np.flatnonzero(~positive)
        self.best_first = positives[np.argsort(-prediction[positives])]
        self.negatives = negatives[np.argsort(-prediction[negatives])]
        scores, rivals = -prediction[self.best_first], -prediction[self.negatives]
        self.starts = np.flatnonzero(np.append(True, scores[1:] != scores[:-1])[: len(scores)])  # of tied positives
        self.above = np.searchsorted(rivals, scores[self.starts], "left")  # negatives that score higher
        self.upto = np.searchsorted(rivals, scores[self.starts], "right")  # and those that score the same

    def __call__(self, weights: np.ndarray) -> tuple[float, float]:
        """Area under the ROC curve and average precision, from the negatives above each group of tied positives."""
        negatives = np.append(0.0, np.cumsum(weights[self.negatives]))
        gained = np.add.reduceat(weights[self.best_first], self.starts)
        above, fp, tp = negatives[self.above], negatives[self.upto], np.cumsum(gained)
        positives = float(tp[-1])
        lost = total(gained, above + fp) / 2  # a tie is half won
        if not (positives > 0 and negatives[-1] > 0):
            return float("nan"), float("nan")
        precision = np.divide(tp, tp + fp, out=np.zeros_like(tp), where=tp > 0)
        return 1 - lost / (positives * float(negatives[-1])), total(gained, precision) / positives
