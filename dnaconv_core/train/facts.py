"""What settings are chosen from: sizes, and what a few quick linear or boosted models make of a training part.

They ask which base stands where (`one_hot`), which words occur anywhere (`words`), where along the sequence they do
(`placed`), and how bases at several places act together (`boosted`).
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from dnaconv_core.answers import find_answer
from dnaconv_core.answers.base import Answer
from dnaconv_core.data.dataset import Dataset
from dnaconv_core.errors import ConfigError

SHORT = 60  # bases up to which sequences of one length are an assay of fixed places rather than windows
_LOOKED_AT = 4000  # training examples that the quick models are fitted on
_FEWEST, _FOLDS, _PENALTY = 30, 3, 0.003  # examples, folds and penalty of the quick models
_CLEARLY = 0.03  # ROC-AUC or r by which one quick model has to lead
_SKEWED = 2.0  # an exponential distribution's skewness
_BY_CHANCE = 1.5  # over the square root of the number of examples: a lead that chance does not often give
STRETCHES, _SOMEWHAT = 5, 0.015  # stretches in which words are counted; how much more than anywhere that has to tell
_FEW = 4000  # examples below which stretches are taken in place of each position (seen at 200 and 2,000)
_BY_CHANCE_OF_WORDS = 0.75  # the same where words are compared with words: both err alike


class Facts(NamedTuple):
    """What settings are chosen from. Scores are cross-validated: `answer.fitness`, as ROC-AUC, Pearson r of
    numbers, or minus the log loss of classes; None: not tried."""

    task: str
    alphabet: str
    length: int
    both_strands: bool  # the question does not depend on the strand
    padded: bool  # sequences were of unequal lengths
    n: int  # examples to learn from
    rarest: int  # of them, those of the rarest class; n of numbers
    n_tasks: int
    one_hot: float | None = None
    words: float | None = None
    placed: float | None = None
    boosted: float | None = None
    skewed: bool | None = None  # the numbers beside the sequence: none below 0, a few far above the rest; None: no such
    stranded: bool = False  # words on the given strand tell more than on either, though the question does not say so
    usual: bool = True  # labels that are numbers lie around 0 and 1, not around 500 or 0.001

    @property
    def prevalence(self) -> float:
        return self.rarest / max(self.n, 1)

    @property
    def reads_both(self) -> bool:
        """Whether filters should read both strands."""
        return self.both_strands and not self.stranded

    @property
    def positional(self) -> bool:
        """Whether it matters where in the sequence a base stands."""
        if self.padded:
            return False
        if self.length <= SHORT and not self.reads_both:
            return True
        if self.n < _FEW and self.length > SHORT and _leads(self.placed, self.one_hot, self._clearly(_CLEARLY)):
            return False
        return _leads(self.one_hot, self._anywhere, self._clearly(_CLEARLY))

    @property
    def central(self) -> bool:
        """Whether it matters in which stretch of the sequence a word stands, as it does around the middle of a peak."""
        somewhat = self._clearly(_SOMEWHAT, _BY_CHANCE_OF_WORDS)
        return self.length > SHORT and not self.padded and _leads(self.placed, self._anywhere, somewhat)

    @property
    def joint(self) -> bool:
        """Whether bases at several places act together, more than their sum."""
        return _leads(self.boosted, self.one_hot)

    @property
    def _anywhere(self) -> float | None:
        """What words tell wherever they stand; below chance is no less than nothing."""
        chance = 0.5 if find_answer(self.task).yes_or_no else None
        return self.words if self.words is None or chance is None else max(self.words, chance)

    def _clearly(self, lead: float, by_chance: float = _BY_CHANCE) -> float:
        """A lead as large as this, and larger than chance often gives among so few examples."""
        return max(lead, by_chance / min(self.n, _LOOKED_AT) ** 0.5)


def _leads(score: float | None, other: float | None, by: float = _CLEARLY) -> bool:
    return score is not None and other is not None and score > other + by


def facts_of(train: Dataset, task: str, *, both_strands: bool, padded: bool = False, seed: int = 0) -> Facts:
    """What `auto` needs to know of a training part. Takes seconds; of many examples, a seeded draw is looked at.

    both_strands: the answer is the same on either strand, as for DNA that proteins bind. Raises ConfigError for a part
    without a known label.
    """
    known = (train.w[:, 0] > 0) & np.isfinite(train.y[:, 0])
    if not known.any():
        raise ConfigError(
            f"{train.label} has no example whose label is known: there is nothing to choose settings from"
        )
    answer, y = find_answer(task), train.y[known, 0]
    rarest = min(len(rows) for rows in answer.strata(y) if len(rows))
    facts = Facts(task, train.alphabet, train.length, both_strands, padded, len(y), rarest, train.y.shape[1])
    facts = facts._replace(skewed=_skewed(train.covariates), usual=_usual(train.y, train.w))
    rows = _draw(answer, np.flatnonzero(known), train.y[:, 0], seed)
    return facts._replace(**_quick_scores(train, rows, answer, both_strands, seed))


def _skewed(covariates: np.ndarray | None) -> bool | None:
    """Whether the covariates `(N, C)` call for their logarithm: none below 0, and their mean skewness above _SKEWED."""
    if covariates is None or not covariates.size:
        return None
    values = covariates.astype(np.float64)
    spread = np.maximum(values.std(axis=0), 1e-300)
    skewness = (((values - values.mean(axis=0)) / spread) ** 3).mean(axis=0)
    return bool(values.min() >= 0 and skewness.mean() > _SKEWED)


def _usual(y: np.ndarray, w: np.ndarray) -> bool:
    """Whether every label `(N, T)` has a mean within ±1 and a standard deviation of 0.1 to 1, where it is known."""
    known = [labels[(weights > 0) & np.isfinite(labels)] for labels, weights in zip(y.T, w.T, strict=True)]
    return all(abs(some.mean()) <= 1 and 0.1 <= some.std() <= 1 for some in known if len(some))


def _draw(answer: Answer, rows: np.ndarray, y: np.ndarray, seed: int) -> np.ndarray:
    """At most _LOOKED_AT of the rows; of classes the same number of each, as long as they last."""
    if len(rows) <= _LOOKED_AT:
        return rows
    rng = np.random.default_rng(seed)
    groups = answer.strata(y[rows])
    share = _LOOKED_AT // len(groups)
    return np.sort(np.concatenate([rows[rng.permutation(members)[:share]] for members in groups]))


def _quick_scores(train: Dataset, rows: np.ndarray, answer: Answer, both_strands: bool, seed: int) -> dict[str, Any]:
    """Cross-validated scores of the three quick models on these rows, of the first label."""
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

    from dnaconv_core.evaluate.baseline_words import kmer_counts

    X, y = np.asarray(train.X[rows]), train.y[rows, 0].astype(np.float64)
    groups = answer.strata(y)
    if len(y) < _FEWEST or min(map(len, groups)) < _FOLDS or np.ptp(y) == 0:
        return {}

    prior = answer.prior(y, answer.n_outputs(y[:, None], ()))

    def linear(inner: Any, labels: np.ndarray, outer: Any) -> np.ndarray:
        return answer.linear_scores(_PENALTY, inner, labels, np.ones(len(labels)), outer, n_outputs=len(prior))

    def boosted(inner: Any, labels: np.ndarray, outer: Any) -> np.ndarray:
        if len(groups) == 1:
            return HistGradientBoostingRegressor(max_iter=100, random_state=seed).fit(inner, labels).predict(outer)
        chance = HistGradientBoostingClassifier(max_iter=100, random_state=seed).fit(inner, labels).predict_proba(outer)
        return chance if answer.joint else chance[:, 1]

    def reached(model: Callable[..., np.ndarray], features: Any) -> float | None:
        scores: np.ndarray | None = None
        for fold, held_out in answer.folds(y, _FOLDS, seed):
            found = model(features[fold], y[fold], features[held_out])
            scores = np.zeros((len(y), *found.shape[1:])) if scores is None else scores
            scores[held_out] = found
        if scores is None:
            return None
        measured = answer.measure(y, scores if answer.joint else scores.reshape(len(y)))
        value = measured(np.ones(len(y)), [answer.main_metric])[answer.main_metric]
        return None if isinstance(value, str) else float(value)

    def told_by_words(both: bool) -> float | None:
        counts = (kmer_counts(X, k, both_strands=both) for k in (4, 5) if k <= train.length)
        return max((found for found in (reached(linear, each) for each in counts) if found is not None), default=None)

    one_hot = X.reshape(len(X), -1).astype(np.float32)
    scores: dict[str, Any] = {"words": told_by_words(both_strands), "one_hot": reached(linear, one_hot)}
    if both_strands and train.length > SHORT:
        given = told_by_words(False)
        scores["stranded"] = _leads(given, scores["words"], max(_SOMEWHAT, _BY_CHANCE / len(y) ** 0.5))
        if scores["stranded"]:
            both_strands, scores["words"] = False, given
    if train.length <= SHORT:
        scores["boosted"] = reached(boosted, one_hot)
    else:
        scores["placed"] = reached(linear, _placed_words(X, 4, both_strands))
    return scores


def _placed_words(X: np.ndarray, k: int, both_strands: bool) -> Any:
    """Counts of words in each stretch of sequences `(N, 4, L)`; with both strands mirrored stretches share theirs."""
    from scipy.sparse import hstack

    from dnaconv_core.evaluate.baseline_words import kmer_counts

    n, length = STRETCHES, X.shape[2]
    edges = [length * i // n for i in range(n + 1)]
    found = [kmer_counts(X[:, :, a : b + k - 1], k, both_strands=both_strands) for a, b in pairwise(edges)]
    if both_strands:
        found = [found[i] + found[n - 1 - i] for i in range(n // 2)] + found[n // 2 : n // 2 + n % 2]
    return hstack(found).tocsr()
