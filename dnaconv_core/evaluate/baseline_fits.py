"""How a baseline is fitted: its features and its penalty are chosen on inner folds of the training part alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from dnaconv_core.answers.base import Answer, Scores
from dnaconv_core.answers.classes import UNSEEN
from dnaconv_core.data.dataset import Dataset
from dnaconv_core.progress import Progress

MOST_CHOSEN_ON = 12_000  # examples that features and penalty are chosen on
_FOLDS = 3
_TREES = 120
_TREES_AT_ONCE = 40  # between two looks whether to stop


class Stopped(Exception):
    """Progress asked to stop in the middle of a fit."""


class Features(NamedTuple):
    """One way of looking at sequences: in words (or ''), and what makes `(N, F)` of a dataset."""

    words: str
    make: Callable[[Dataset], Any]


class Training(NamedTuple):
    """What one label is learnt from: examples, all with a known label, and what is predicted without looking `(K,)`."""

    answer: Answer
    data: Dataset
    y: np.ndarray
    w: np.ndarray
    prior: np.ndarray
    chosen_on: np.ndarray  # rows of them
    seed: int

    def folds(self, rows: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
        return list(self.answer.folds(self.y[rows], _FOLDS, self.seed))

    def fit(self, penalty: float, X: Any, rows: np.ndarray) -> Scores:
        """A linear model on features of these rows, standardised where they are dense: scores `(M, K)`."""
        n = len(self.prior)
        if not isinstance(X, np.ndarray):
            sparse = self.answer.linear(penalty, X, self.y[rows], self.w[rows], n_outputs=n)
            return lambda outer: sparse(outer).reshape(-1, n)
        mean, scale = X.mean(axis=0), X.std(axis=0)
        scale[scale == 0] = 1.0
        dense = self.answer.linear(penalty, (X - mean) / scale, self.y[rows], self.w[rows], n_outputs=n)
        return lambda outer: dense((outer - mean) / scale).reshape(-1, n)

    def held_out(self, penalty: float, X: Any, rows: np.ndarray, progress: Progress) -> np.ndarray:
        """Scores `(len(rows), K)` of each example by a model that has not seen it; X: features of these rows."""
        scores = np.zeros((len(rows), len(self.prior)))
        for inner, outer in self.folds(rows):
            stop_if_asked(progress)
            scores[outer] = self.fit(penalty, X[inner], rows[inner])(X[outer])
        return scores

    def fitness(self, scores: np.ndarray, rows: np.ndarray) -> float:
        found = self.answer.fitness(self.y[rows], scores, self.prior)
        return -np.inf if isinstance(found, str) else found


class Chosen(NamedTuple):
    features: Features
    penalty: float
    reached: float  # fitness of the held-out scores


def choose(
    training: Training, ways: Sequence[Features], penalties: Sequence[float], report: Callable[[float], None],
    progress: Progress,
) -> Chosen:  # fmt: skip
    """The features and the penalty whose held-out scores are best; penalties come strongest first.

    A weaker penalty is not tried once two in a row were worse than the best with these features. Raises Stopped.
    """
    if len(ways) * len(penalties) == 1:
        return Chosen(ways[0], penalties[0], -np.inf)
    best: Chosen | None = None
    rows = training.chosen_on
    data = training.data if len(rows) == len(training.y) else training.data.subset(rows)
    for number, features in enumerate(ways):
        X, here, worse = features.make(data), -np.inf, 0
        for at, penalty in enumerate(penalties):
            report((number + at / len(penalties)) / len(ways))
            reached = training.fitness(training.held_out(penalty, X, rows, progress), rows)
            if best is None or reached > best.reached:
                best = Chosen(features, penalty, reached)
            here, worse = max(here, reached), 0 if reached > here else worse + 1
            if worse == 2:
                break
    assert best is not None  # there is a penalty
    return best


def boosted(training: Training, X: np.ndarray, progress: Progress) -> Scores:
    """Gradient-boosted trees (scikit-learn) on dense features of all examples: scores `(M, K)`. Raises Stopped."""
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

    how: dict[str, Any] = {
        "learning_rate": 0.12, "max_leaf_nodes": 15, "max_features": 0.3, "l2_regularization": 5.0,
        "early_stopping": False, "warm_start": True, "random_state": training.seed,
    }  # fmt: skip
    y, w, n = training.y, training.w, len(training.prior)
    ordered = len(training.answer.strata(y)) == 1
    model: Any = HistGradientBoostingRegressor(**how) if ordered else HistGradientBoostingClassifier(**how)
    if not ordered:
        _, of = np.unique(y, return_inverse=True)
        w = w / np.bincount(of, weights=w)[of] * len(y) / (of.max() + 1)  # each class the same share of all
    for trees in range(_TREES_AT_ONCE, _TREES + 1, _TREES_AT_ONCE):
        stop_if_asked(progress)
        model.set_params(max_iter=trees).fit(X, y, sample_weight=w)

    def scored(outer: np.ndarray) -> np.ndarray:
        if ordered:
            return model.predict(outer).reshape(-1, 1)
        if n == 1:
            return model.decision_function(outer).reshape(-1, 1)
        scores = np.full((len(outer), n), UNSEEN)
        scores[:, model.classes_.astype(np.intp)] = np.log(np.maximum(model.predict_proba(outer), 1e-12))
        return scores

    return scored


def stop_if_asked(progress: Progress) -> None:
    if progress.should_stop():
        raise Stopped
