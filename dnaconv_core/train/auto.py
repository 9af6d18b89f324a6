"""From data to settings: what a network for these sequences should look like and how it should be trained.

`facts_of` looks at the training part alone and asks three quick linear or boosted models what kind of question it is:
which base stands where (`one_hot`), which words occur anywhere (`words`), or how bases at several places act together
(`boosted`). `auto` turns the facts into settings, each with its reason. The numbers were chosen on inner parts of
several sets at once: RNA windows that a protein binds, peaks against their shuffles, splice sites and siRNAs.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from dnaconv_core.answers import find_answer
from dnaconv_core.answers.base import Answer
from dnaconv_core.data.dataset import Dataset
from dnaconv_core.errors import ConfigError

SHORT = 60  # bases up to which sequences of one length are an assay of fixed places rather than windows
FEW = 1000  # examples of the rarer class below which a network learns them by heart
SOME = 4000  # examples below which a network of many filters has to be held back more
_LOOKED_AT = 4000  # training examples that the quick models are fitted on
_FEWEST, _FOLDS, _PENALTY = 30, 3, 0.003  # examples, folds and penalty of the quick models
_CLEARLY = 0.03  # ROC-AUC or r by which one quick model has to lead


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
    boosted: float | None = None

    @property
    def prevalence(self) -> float:
        return self.rarest / max(self.n, 1)

    @property
    def positional(self) -> bool:
        """Whether it matters where in the sequence a base stands."""
        if self.padded:
            return False
        if self.length <= SHORT and not self.both_strands:
            return True
        return _leads(self.one_hot, self.words)

    @property
    def joint(self) -> bool:
        """Whether bases at several places act together, more than their sum."""
        return _leads(self.boosted, self.one_hot)


def _leads(score: float | None, other: float | None) -> bool:
    return score is not None and other is not None and score > other + _CLEARLY


class Choice(NamedTuple):
    """Settings that differ from the defaults, and a reason in a line for each."""

    why: str
    settings: dict[str, Any]  # fields of ModelConfig and TrainConfig
    reasons: dict[str, str]


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
    rows = _draw(answer, np.flatnonzero(known), train.y[:, 0], seed)
    return facts._replace(**_quick_scores(train, rows, answer, both_strands, seed))


def auto(facts: Facts) -> Choice:
    """The settings for data of these facts."""
    if find_answer(facts.task).yes_or_no and facts.rarest < FEW and facts.prevalence < 0.05:
        kind, settings, reasons = _rare(facts)
    elif facts.positional and facts.length <= SHORT and not facts.joint:
        kind, settings, reasons = _additive(facts)
    elif facts.positional:
        kind, settings, reasons = _placed(facts)
    else:
        kind, settings, reasons = _motifs(facts)
    if "linear" in find_answer(facts.task).outputs:
        settings["output"] = "linear"
        reasons["output"] = "numbers may lie anywhere: a sigmoid would hold them between 0 and 1"
    if facts.padded and settings["pooling"] != "flatten":
        settings["ignore_padding"] = True
        reasons["ignore_padding"] = "sequences were of unequal lengths: what was filled up does not count"
    if settings["kernel_size"] > facts.length:
        settings["kernel_size"] = facts.length
    return Choice(kind, settings, reasons)


def _motifs(facts: Facts) -> tuple[str, dict[str, Any], dict[str, str]]:
    few = facts.n < SOME
    settings = {
        "depth": 1,
        "filters": 128,
        "kernel_size": 15,
        "dropout": 0.0,
        "pooling": "max_mean",
        "pooled_dropout": 0.5,
        "strands": "both" if facts.both_strands else "one",
        "mutation": 0.05 if few else 0.0,
        "weight_decay": 0.3 if few else 0.03,
        "learning_rate": 3e-3,
        "schedule": "cosine",
        **_pace(facts, steps=22 * facts.n**0.5),
    }
    reasons = {
        "depth": "one layer: words wherever they stand tell these examples apart, and each filter can be read",
        "filters": "many filters: with only two numbers kept of each they cost few weights",
        "kernel_size": "15 bases hold a motif and what stands beside it",
        "dropout": "no noise before the maximum, which would then report the noise",
        "pooling": "each filter's strongest match and how often it matches, wherever that is",
        "pooled_dropout": "no filter can be relied on alone",
        "strands": "each filter reads both strands: a factor binds either"
        if facts.both_strands
        else "the strand matters: only the given one is read",
        "mutation": "a few bases change in every batch, which spoils what is learnt by heart but not a motif"
        if few
        else "enough examples to do without",
        "weight_decay": "weights that do not earn their keep shrink" + ("" if few else ", a little"),
        "learning_rate": "large steps at first",
        "schedule": "and ever smaller ones, so that the last epochs are the best",
        **_PACE,
    }
    return "one wide layer whose filters may match anywhere: which words occur tells most here", settings, reasons


def _placed(facts: Facts) -> tuple[str, dict[str, Any], dict[str, str]]:
    short = facts.length <= SHORT
    settings = {
        "depth": 3 if short else 2,
        "filters": 64 if short else 48,
        "kernel_size": 5 if short else 9,
        "dropout": 0.05 if short else 0.2,
        "pooling": "flatten",
        "pooled_dropout": 0.1 if short else 0.3,
        "positional": True,
        "weight_decay": 0.1,
        "learning_rate": 2e-3,
        "schedule": "cosine",
        **_pace(facts, steps=40 * facts.n**0.5),
    }
    reasons = {
        "depth": "several layers: how bases at different places act together is what remains to be learnt",
        "filters": "enough filters for the combinations",
        "kernel_size": "short filters, which layers put together",
        "dropout": "some noise against learning examples by heart",
        "pooling": "every position is kept: where a base stands matters here",
        "pooled_dropout": "some noise before the output too",
        "positional": "a weight for each base at each place takes what simply adds up",
        "weight_decay": "weights that do not earn their keep shrink",
        "learning_rate": "large steps at first",
        "schedule": "and ever smaller ones, so that the last epochs are the best",
        **_PACE,
    }
    return "layers that keep every position: it matters here where a base stands", settings, reasons


def _additive(facts: Facts) -> tuple[str, dict[str, Any], dict[str, str]]:
    settings = {
        "depth": 1,
        "filters": 40,
        "kernel_size": 4,
        "dropout": 0.0,
        "pooling": "max_mean",
        "pooled_dropout": 0.2,
        "positional": True,
        "composition": 19 if facts.alphabet == "RNA" and 19 <= facts.length <= 23 else facts.length,
        "members": 8,
        "weight_decay": 0.3,
        "learning_rate": 3e-3,
        **_pace(facts, steps=15 * facts.n**0.5),
    }
    reasons = {
        "depth": "one layer: what each place adds explains most, and there is little left for deeper ones",
        "filters": "short filters for pairs and triples of neighbouring bases",
        "kernel_size": "short words: there is no long motif in sequences this short",
        "dropout": "no noise inside the filters",
        "pooling": "which short words there are, and how many; where they stand is for the positional weights",
        "pooled_dropout": "but noise before the output",
        "positional": "a weight for each base at each place takes what simply adds up",
        "composition": "how far the GC content is out of the usual range, which no sum over places says",
        "members": "the mean of several networks is steadier than any of them",
        "weight_decay": "weights that do not earn their keep shrink, as in ridge regression",
        "learning_rate": "large steps, for few epochs",
        **_PACE,
    }
    return "a weight for each base at each place, and beside it several small networks", settings, reasons


def _rare(facts: Facts) -> tuple[str, dict[str, Any], dict[str, str]]:
    settings = {
        "depth": 1,
        "filters": 64,
        "kernel_size": 11,
        "dropout": 0.0,
        "pooled_dropout": 0.5,
        "pooling": "max",
        "strands": "both" if facts.both_strands else "one",
        "members": 4,
        "mutation": 0.1,
        "balance": True,
        "epoch_size": min(4000, 30 * facts.rarest),
        "batch_size": 200,
        "learning_rate": 3e-3,
        "weight_decay": 0.3,
        "epochs": 16,
        "eval_every": 2,
        "checkpoint_every": 4,
        "keep": "last",
    }
    reasons = {
        "depth": f"one layer: with {facts.rarest:,} positives, deeper ones learn them by heart",
        "filters": "more filters: with only the maximum kept they cost few weights each",
        "kernel_size": "11 bases hold most motifs",
        "dropout": "no noise before the maximum, which would then report the noise",
        "pooled_dropout": "dropped after the maximum instead: no filter can be relied on alone",
        "pooling": "the strongest match wherever it lies",
        "strands": "each filter reads both strands" if facts.both_strands else "the strand matters: one is read",
        "members": "the mean of several networks is steadier than any of them",
        "mutation": "bases change in every batch, which spoils what is learnt by heart but not a motif of many windows",
        "balance": f"as many positives as negatives in each batch: {facts.prevalence:.2%} are positive",
        "epoch_size": "an epoch of a few thousand examples, so that training ends soon",
        "batch_size": "smaller batches, more steps",
        "learning_rate": "larger steps, for few epochs",
        "weight_decay": "weights that do not earn their keep shrink",
        "epochs": "stops while it still generalises",
        "keep": "the last weights: with so few positives the best epoch on validation data is a matter of luck",
    }
    return (
        f"few positives ({facts.rarest:,} of {facts.n:,}): everything holds back from learning by heart",
        settings,
        reasons,
    )


_PACE = {
    "batch_size": "small batches, more steps; larger ones where examples are many",
    "epochs": "more passes over few examples, fewer over many",
    "eval_every": "a look at the validation part often enough to see it learn",
}


def _pace(facts: Facts, *, steps: float) -> dict[str, Any]:
    """Batches and epochs that come to about this many steps of 64 examples."""
    batch = 64 if facts.n < 20_000 else 128 if facts.n < 200_000 else 256
    epochs = int(np.clip(round(steps * 64 / facts.n), 4, 60))
    return {
        "batch_size": batch,
        "epochs": epochs,
        "eval_every": max(1, epochs // 20),
        "checkpoint_every": max(1, epochs // 10),
    }


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

    one_hot = X.reshape(len(X), -1).astype(np.float32)
    words = kmer_counts(X, min(5, train.length), both_strands=both_strands)
    scores = {"words": reached(linear, words), "one_hot": reached(linear, one_hot)}
    if train.length <= SHORT:
        scores["boosted"] = reached(boosted, one_hot)
    return scores
