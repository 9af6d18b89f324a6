"""What simple predictors reach on the same split: a network's result means little without them.

Each is a linear model (logistic for classes, ridge for numbers) or boosted trees, on a handful of features or on
counts of words. Which words, and how strongly it is held back, is chosen by cross-validation within the training part.
Classes are balanced while fitting, and the probabilities then moved back to the true prevalence (King & Zeng 2001).
From a training part larger than MOST_FITTED all examples of the rarer class and a seeded draw of the others are used.

Compared by cross-validation within the training parts of bound RNA, peaks against shuffles, JUND windows, splice sites,
siRNAs and planted motifs, and dropped: plain counts, presence, L2-normalised and tf-idf counts of words (no better than
logarithms, tf-idf worse), words of several lengths together, mismatch kernels, and all gaps within words of 6 to 8
letters (now and then 0.01 better than pairs of triplets, at five times the time).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from dnaconv_core.answers import find_answer
from dnaconv_core.data.dataset import Dataset
from dnaconv_core.errors import DataError
from dnaconv_core.evaluate.baseline_features import best_match, best_matches, covariate_transform, cpg_share, gc_share
from dnaconv_core.evaluate.baseline_fits import (
    MOST_CHOSEN_ON,
    Chosen,
    Features,
    Stopped,
    Training,
    boosted,
    choose,
    stop_if_asked,
)
from dnaconv_core.evaluate.baseline_words import HALF, gapped_counts, kmer_counts, logged, one_hot_rows
from dnaconv_core.evaluate.dependence import groups_of
from dnaconv_core.evaluate.intervals import with_intervals
from dnaconv_core.evaluate.metrics import labelled
from dnaconv_core.progress import SILENT, Part, Progress
from dnaconv_core.results import Metric

MOST_FITTED = 40_000
SHORT = 60  # bases up to which a word that stands where it does is counted beside the words as such
_LENGTHS = (3, 4, 5, 6, 7, 8)  # of words
_FEW_LETTERS = (1, 2, 3, 4)  # of the words beside one-hot, and of those that trees look at
_SPARSE = (3.0, 0.3, 0.03, 0.003, 0.0003)  # penalties: squared weights against the loss of one example
_DENSE = (30.0, 3.0, 0.3, 0.03, 0.003)
_WEAK = (0.003,)
_MOST_LETTERS = 4_000_000  # in the examples that gapped words, or trees, are fitted on
_BLOCK = 5_000  # examples that are predicted together


SLOW = ("gapped", "jaspar", "covariates_jaspar", "boosted")  # nine tenths of the time that all take


class Baseline(NamedTuple):
    """A simple predictor: its name and what it does, its predictions `(N, T)` on the validation part, its metrics."""

    name: str
    explanation: str
    prediction: np.ndarray
    metrics: dict[str, Metric]

    def as_json(self) -> dict[str, Any]:
        """Name, explanation and metrics, without the predictions."""
        metrics = {name: metric.as_json() for name, metric in self.metrics.items()}
        return {"name": self.name, "explanation": self.explanation, "metrics": metrics}


NAMES = {
    "mean": ("Mean", "always predicts the mean label of the training part (of classes, the prevalence)"),
    "gc": ("GC content", "a straight line through the share of G and C"),
    "motif": ("Motif match", "the best match of the known motif on either strand, in bits"),
    "one_hot": ("One-hot linear", "a linear model with a weight for each base at each position"),
    "one_hot_words": ("One-hot + words", "the same with a weight for how often each word of 1 to 4 letters occurs"),
    "kmers": ("k-mer counts", "a linear model on how often each short word occurs, wherever it stands"),
    "gapped": ("Gapped k-mers", "a linear model on pairs of three-letter words, 0 to 8 bases apart"),
    "jaspar": ("JASPAR motifs", "a linear model on the best match of every JASPAR motif, GC content and CpGs"),
    "boosted": ("Boosted trees", "gradient boosting on how often words of 1 to 4 letters occur"),
    "covariates": ("Covariates", "a linear model on the covariates, without the sequence"),
    "covariates_motif": ("Covariates + motif", "a linear model on the covariates and the best motif match"),
    "covariates_kmers": ("Covariates + k-mers", "a linear model on the covariates and the k-mer model's score"),
    "covariates_jaspar": ("Covariates + JASPAR", "a linear model on the covariates and the JASPAR model's score"),
}


def fit_baselines(
    task: str,
    train: Dataset,
    valid: Dataset,
    *,
    motif: np.ndarray | None = None,
    seed: int = 0,
    n_outputs: int | None = None,
    both_strands: bool | None = None,
    quick: bool = False,
    progress: Progress = SILENT,
) -> Iterator[tuple[str, Baseline]]:
    """Every baseline that the data allow, fitted on `train` and measured on `valid`, with its key in NAMES.

    Each comes as soon as it is fitted, so that it can be kept should a user stop; `dict()` has them all.

    task: a key of ANSWERS. motif: PPM `(4, w)` of the expected motif; without it, or where it is longer than
    the sequences, the baselines that need it are absent, as are those on covariates where there are none, those that
    only short sequences have, and JASPAR's for RNA. Where the training labels do not vary, or none is known, only
    'mean' is there. Labels of weight 0 are left out; the other weights enter the fits but not the metrics (see
    `labelled`), which carry intervals. n_outputs: of the network (by default what the training labels need);
    it counts the classes. both_strands: whether a word is the same as its reverse complement (by default, of DNA).
    quick: without those of SLOW, which take most of the time.
    When `progress` asks to stop, no more come. Raises DataError for parts that do not match, and for
    covariates that are not finite numbers.
    """
    for what in ("length", "alphabet", "covariate_names"):
        if getattr(train, what) != getattr(valid, what):
            raise DataError(
                f"{valid.label} has {what.replace('_', ' ')} {getattr(valid, what)} but {train.label}, which the "
                f"baselines are fitted on, has {getattr(train, what)}: they must be equal"
            )
    both = train.alphabet == "DNA" if both_strands is None else both_strands
    recipes = _recipes(train, valid, motif, both, progress)
    recipes = {key: recipe for key, recipe in recipes.items() if not (quick and key in SLOW)}
    labels = [_Label(task, train, t, n_outputs, seed) for t in range(train.y.shape[1])]
    groups = groups_of(valid)

    def measured(key: str, columns: list[np.ndarray], words: str = "") -> tuple[str, Baseline]:
        prediction = np.column_stack(columns).astype(np.float32)
        metrics = with_intervals(task, valid.y, prediction, weights=labelled(valid.w), groups=groups)
        name, explanation = NAMES[key]
        return key, Baseline(name, explanation + words, prediction, metrics)

    yield measured("mean", [np.tile(label.prior, (len(valid), 1)) for label in labels])
    if not all(label.varies for label in labels):
        recipes = {}
    whole, done = sum(recipe.effort for recipe in recipes.values()), 0.0
    for key, recipe in recipes.items():
        part = Part(progress, done / whole, recipe.effort / whole)
        try:
            words, columns = _fit_all(key, recipe, labels, valid, part)
        except Stopped:
            return
        yield measured(key, columns, words)
        done += recipe.effort
    progress.report(1.0, "baselines fitted")


class _Recipe(NamedTuple):
    """How a baseline is made: ways to look at the sequences, of which one is chosen, and penalties, strongest first."""

    ways: tuple[Features, ...]
    penalties: tuple[float, ...] = _WEAK
    effort: float = 0.2  # seconds for 10,000 examples of 200 bases, about
    beside: str = ""  # the baseline whose score is a feature, too
    letters: float = np.inf  # the most in the examples it is fitted on
    trees: bool = False


def _recipes(
    train: Dataset, valid: Dataset, motif: np.ndarray | None, both: bool, progress: Progress
) -> dict[str, _Recipe]:
    """By key, in the order they are fitted: the quick ones first."""
    length, dna = train.length, train.alphabet == "DNA"
    words = tuple(
        Features(f"words of {k} letters", partial(_words, lengths=(k,), both=both))
        for k in _LENGTHS
        if k <= length and (k > 3 or length <= SHORT)
    ) or (Features(f"words of {length} letters", partial(_words, lengths=(length,), both=both)),)
    recipes = {"gc": _Recipe((Features("", lambda data: gc_share(data.X)),))}
    if motif is not None and np.shape(motif)[1] <= length and dna:
        recipes["motif"] = _Recipe((Features("", lambda data: best_match(data.X, motif)),))
    recipes["one_hot"] = _Recipe((Features("", lambda data: one_hot_rows(data.X)),), _SPARSE, 4)
    few = tuple(k for k in _FEW_LETTERS if k <= length)
    if length <= SHORT:
        placed = Features("", partial(_words, lengths=few, both=both, placed=True))
        recipes["one_hot_words"] = _Recipe((placed,), _SPARSE, 4)
    recipes["kmers"] = _Recipe(words, _SPARSE, 20)
    if dna:
        recipes["jaspar"] = _Recipe((Features("", _Once(partial(_motif_matches, progress=progress))),), _DENSE, 12)
    if train.covariates is not None:
        beside = Features("", covariate_transform(train, valid))
        recipes["covariates"] = _Recipe((beside,))
        for key in ("motif", "kmers", "jaspar"):
            if key in recipes:
                recipes[f"covariates_{key}"] = _Recipe((beside,), effort=recipes[key].effort / 4, beside=key)
    if length > 2 * HALF:
        gaps = Features("", lambda data: logged(gapped_counts(data.X, both_strands=both)))
        recipes["gapped"] = _Recipe((gaps,), _SPARSE[1:], 20, letters=_MOST_LETTERS)
    seen = Features("", partial(_words, lengths=few, both=both, placed=length <= SHORT, dense=True))
    recipes["boosted"] = _Recipe((seen,), effort=10, letters=_MOST_LETTERS, trees=True)
    return recipes


class _Label:
    """One label: what is learnt from, and the scores that later baselines build on."""

    def __init__(self, task: str, train: Dataset, column: int, n_outputs: int | None, seed: int) -> None:
        self.task, self.train, self.column, self.seed = task, train, column, seed
        self.answer = find_answer(task)
        labels = train.y[:, column]
        self.known = (train.w[:, column] > 0) & np.isfinite(labels)
        self.varies = bool(self.known.any()) and np.ptp(labels[self.known]) > 0
        self.prior = self.answer.prior(labels[self.known], n_outputs or self.answer.n_outputs(train.y, ()))
        self.fitted: dict[str, tuple[Chosen, np.ndarray]] = {}  # and the scores on the validation part
        self._usual: Training | None = None

    def training(self, most: float = np.inf) -> Training:
        """What is learnt from, at most so many examples."""
        if self._usual is None:
            self._usual = self._of(MOST_FITTED)
        return self._usual if most >= len(self._usual.y) else self._of(int(most))

    def _of(self, most: int) -> Training:
        labels = self.train.y[:, self.column]
        rows = _fitting_rows(self.task, labels, self.known, self.seed, most)
        data = self.train.subset(rows)
        y, w = labels[rows].astype(np.float64), data.w[:, self.column].astype(np.float64)
        chosen_on = _fitting_rows(self.task, y, np.ones(len(y), bool), self.seed, MOST_CHOSEN_ON)
        return Training(self.answer, data, y, w, self.prior, chosen_on, self.seed)


def _fit_all(
    key: str, recipe: _Recipe, labels: list[_Label], valid: Dataset, progress: Part
) -> tuple[str, list[np.ndarray]]:
    """In words what was chosen, and predictions of each label. How to look is chosen for the first and kept."""
    columns, ways = [], recipe.ways
    for t, label in enumerate(labels):
        share = Part(progress, t / len(labels), 1 / len(labels))
        fit = _fit_trees if recipe.trees else _fit_linear
        chosen, scores = label.fitted[key] = fit(recipe._replace(ways=ways), label, valid, NAMES[key][0], share)
        columns.append(label.answer.from_scores(scores, label.prior))
        ways = (chosen.features,)
    return f": {ways[0].words}" * bool(ways[0].words), columns


def _fit_linear(recipe: _Recipe, label: _Label, valid: Dataset, name: str, progress: Part) -> tuple[Chosen, np.ndarray]:
    """What was chosen on inner folds, and scores `(N, K)` of the validation part."""
    training = label.training(recipe.letters / label.train.length)
    report = partial(progress.report, message=f"baselines: {name}")
    chosen = choose(training, recipe.ways, recipe.penalties, lambda done: report(0.8 * done), progress)
    report(0.8)
    rows, X = np.arange(len(training.y)), chosen.features.make(training.data)
    if recipe.beside:
        X = np.column_stack([X, _inner(label.fitted[recipe.beside][0], training, progress)])
    stop_if_asked(progress)
    model = training.fit(chosen.penalty, X, rows)
    outer = label.fitted[recipe.beside][1] if recipe.beside else None

    def scored(data: Dataset, at: slice) -> np.ndarray:
        X = chosen.features.make(data)
        return model(X if outer is None else np.column_stack([X, outer[at]]))

    return chosen, _in_blocks(scored, valid, progress)


def _inner(chosen: Chosen, training: Training, progress: Progress) -> np.ndarray:
    """What an earlier baseline says of the training examples, each held out once."""
    X = chosen.features.make(training.data)
    return training.held_out(chosen.penalty, X, np.arange(len(training.y)), progress)


def _fit_trees(recipe: _Recipe, label: _Label, valid: Dataset, name: str, progress: Part) -> tuple[Chosen, np.ndarray]:
    (features,) = recipe.ways
    progress.report(0.0, f"baselines: {name}")
    training = label.training(recipe.letters / label.train.length)
    model = boosted(training, features.make(training.data), progress)
    return Chosen(features, 0.0, -np.inf), _in_blocks(lambda data, _: model(features.make(data)), valid, progress)


def _in_blocks(scored: Callable[[Dataset, slice], np.ndarray], data: Dataset, progress: Progress) -> np.ndarray:
    found = []
    for start in range(0, len(data), _BLOCK):
        stop_if_asked(progress)
        at = slice(start, start + _BLOCK)
        found.append(scored(data.subset(np.arange(len(data))[at]), at))
    stop_if_asked(progress)  # features may have been left unfinished
    return np.concatenate(found)


def _words(data: Dataset, *, lengths: tuple[int, ...], both: bool, placed: bool = False, dense: bool = False) -> Any:
    """Logarithms of counts of words of these lengths; placed: added to one-hot; dense: for trees, where they occur."""
    from scipy.sparse import hstack

    found = [one_hot_rows(data.X)] if placed else []
    found += [logged(kmer_counts(data.X, k, both_strands=both)) for k in lengths]
    X = found[0] if len(found) == 1 else hstack(found, format="csr")
    return X.toarray() if dense else X


class _Once:
    """Features that take long: those made last are kept, so that the same examples are not looked at twice."""

    def __init__(self, make: Callable[[Dataset], Any]) -> None:
        self.make = make
        self.data: Dataset | None = None

    def __call__(self, data: Dataset) -> Any:
        if data is not self.data:
            self.data, self.made = data, self.make(data)
        return self.made


def _motif_matches(data: Dataset, progress: Progress) -> np.ndarray:
    """JASPAR's vertebrate motifs that fit into the sequences, GC and CpG, `(N, M + 2)`."""
    from dnaconv_core.sequence.jaspar import jaspar

    motifs = [motif for motif in jaspar() if motif.width <= data.length]
    return np.column_stack([best_matches(data.X, motifs, progress), gc_share(data.X), cpg_share(data.X)]).astype(
        np.float32
    )


def _fitting_rows(task: str, y: np.ndarray, known: np.ndarray, seed: int, most: int = MOST_FITTED) -> np.ndarray:
    """The training examples to fit on: those whose label is known, in order, at most `most`.

    Of a larger part, rarer classes fill up to their even share and the most common one what is left.
    """
    rows = np.flatnonzero(known)
    if len(rows) <= most:
        return rows
    rng, chosen = np.random.default_rng(seed), np.empty(0, np.intp)
    *rarer, commonest = sorted((rows[group] for group in find_answer(task).strata(y[rows])), key=len)
    for number, group in enumerate(rarer):
        share = (most - len(chosen)) // (len(rarer) + 1 - number)
        chosen = np.append(chosen, group[np.sort(rng.permutation(len(group))[:share])])
    return np.sort(np.append(chosen, rng.choice(commonest, most - len(chosen), replace=False)))
