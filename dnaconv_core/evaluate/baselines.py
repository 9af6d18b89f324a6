"""What simple predictors reach on the same split: a network's result means little without them beside it.

Each is a linear model (logistic for classes, ridge for numbers) on a handful of features or on counts of words. How
strongly it is held back is chosen by cross-validation within the training part. Classes are balanced while fitting,
and the probabilities then moved back to the true prevalence (King & Zeng 2001). From a training part larger than
MOST_FITTED all examples of the rarer class and a seeded draw of the others are used.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from dnaconv_core.answers import find_answer
from dnaconv_core.answers.base import Answer
from dnaconv_core.data.dataset import Dataset
from dnaconv_core.errors import DataError
from dnaconv_core.evaluate.bootstrap import bootstrap
from dnaconv_core.evaluate.metrics import labelled
from dnaconv_core.progress import SILENT, Progress
from dnaconv_core.results import Metric
from dnaconv_core.sequence.motif import scan, to_pwm

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

MOST_FITTED = 40_000
PENALTIES = (3.0, 0.3, 0.03, 0.003)  # squared weights against the loss of one example, strongest first
LOG_OFFSET = 1e-3  # as in the networks' covariate transform
_FOLDS = 3
_BLOCK = 20_000  # examples turned into features at once


class Baseline(NamedTuple):
    """A simple predictor: what it is called and does, its predictions `(N, T)` on the validation part, its metrics."""

    name: str
    explanation: str
    prediction: np.ndarray
    metrics: dict[str, Metric]

    def as_json(self) -> dict[str, Any]:
        """Name, explanation and metrics, without the predictions."""
        metrics = {name: metric.as_json() for name, metric in self.metrics.items()}
        return {"name": self.name, "explanation": self.explanation, "metrics": metrics}


class Fitted(NamedTuple):
    """Scores `(N, 1)`, of classes `(N, K)`, of a linear model on examples it was not fitted on."""

    inner: np.ndarray  # of the training part, each held out once
    outer: np.ndarray  # of the validation part


def fit_baselines(
    task: str,
    train: Dataset,
    valid: Dataset,
    *,
    motif: np.ndarray | None = None,
    n_resamples: int = 1000,
    seed: int = 0,
    n_outputs: int | None = None,
    progress: Progress = SILENT,
) -> dict[str, Baseline]:
    """Every baseline that the data allow, fitted on `train` and measured on `valid`.

    task: a key of ANSWERS. motif: PPM `(4, w)` of the expected motif; without it, or where it is longer than
    the sequences, the baselines that need it are absent, as are those on covariates where there are none. Where the
    training labels do not vary, or none is known, only 'mean' is there. Labels of weight 0 are left out; the other
    weights enter the fits but not the metrics (see `labelled`), which carry bootstrap intervals. n_outputs: of the
    network (by default what the training labels need); it counts the classes.
    Keys: 'mean', 'gc', 'motif', 'kmers', 'one_hot', 'covariates', 'covariates_motif', 'covariates_kmers'.
    When `progress` asks to stop, only those fitted by then. Raises DataError for parts that do not match, and for
    covariates that are not finite numbers.
    """
    for what in ("length", "alphabet", "covariate_names"):
        if getattr(train, what) != getattr(valid, what):
            raise DataError(
                f"{valid.label} has {what.replace('_', ' ')} {getattr(valid, what)} but {train.label}, which the "
                f"baselines are fitted on, has {getattr(train, what)}: they must be equal"
            )
    answer, recipes = find_answer(task), _recipes(train, valid, motif)
    n_tasks = train.y.shape[1]
    n_outputs = n_outputs or answer.n_outputs(train.y, ())
    predictions: dict[str, list[np.ndarray]] = {}
    for t in range(n_tasks):
        known = (train.w[:, t] > 0) & np.isfinite(train.y[:, t])
        rows = _fitting_rows(task, train.y[:, t], known, seed)
        part = train.subset(rows)
        y, w = part.y[:, t].astype(np.float64), part.w[:, t].astype(np.float64)
        prior = answer.prior(train.y[known, t], n_outputs)
        predictions.setdefault("mean", []).append(np.tile(prior, (len(valid), 1)))
        fits: dict[str, Fitted] = {}
        for number, (key, recipe) in enumerate(recipes.items() if len(y) and np.ptp(y) > 0 else ()):
            if progress.should_stop():
                break
            progress.report((t + number / len(recipes)) / n_tasks, f"baseline: {NAMES[key][0]}")
            features = recipe(part, fits, "inner"), recipe(valid, fits, "outer")
            penalties = PENALTIES if key in ("kmers", "one_hot") else PENALTIES[-1:]
            fits[key] = _fit(answer, y, w, features, penalties=penalties, prior=prior, seed=seed)
            predictions.setdefault(key, []).append(answer.from_scores(fits[key].outer, prior))
    baselines = {}
    for key, columns in predictions.items():
        if len(columns) < n_tasks:
            continue
        prediction = np.column_stack(columns).astype(np.float32)
        metrics = bootstrap(task, valid.y, prediction, weights=labelled(valid.w), n_resamples=n_resamples, seed=seed)
        baselines[key] = Baseline(*NAMES[key], prediction, metrics)
    progress.report(1.0, "baselines fitted")
    return baselines


NAMES = {
    "mean": ("Mean", "always predicts the mean label of the training part (of classes, the prevalence)"),
    "gc": ("GC content", "a straight line through the share of G and C"),
    "motif": ("Motif match", "the best match of the known motif on either strand, in bits"),
    "kmers": ("k-mer counts", "a linear model on how often each short word occurs, wherever it stands"),
    "one_hot": ("One-hot linear", "a linear model with a weight for each base at each position"),
    "covariates": ("Covariates", "a linear model on the covariates, without the sequence"),
    "covariates_motif": ("Covariates + motif", "a linear model on the covariates and the best motif match"),
    "covariates_kmers": ("Covariates + k-mers", "a linear model on the covariates and the k-mer model's score"),
}


def word_length(data: Dataset) -> int:
    """Letters of the words that are counted: 6 where sequences are long enough to hold many, else 3."""
    return 6 if data.length >= 60 else min(3, data.length)


def kmer_counts(X: np.ndarray, k: int, *, both_strands: bool) -> csr_matrix:
    """How often each word of k letters occurs in one-hot `(N, 4, L)`: sparse float32 `(N, 4**k)`.

    A word's column is its letters as digits 0 to 3 (A C G T) in base 4. both_strands: a word and its reverse complement
    share the smaller of their columns. Words over an ambiguous position do not count.
    """
    from scipy.sparse import csr_matrix, vstack

    blocks = []
    for start in range(0, len(X), _BLOCK):
        block = np.asarray(X[start : start + _BLOCK])
        letters, known = block.argmax(axis=1).astype(np.int32), block.any(axis=1)  # (B, L)
        n, places = len(block), block.shape[2] - k + 1
        words, others = np.zeros((n, places), np.int32), np.zeros((n, places), np.int32)
        whole = np.ones((n, places), bool)
        for i in range(k):
            letter = letters[:, i : i + places]
            words = words * 4 + letter
            others += (3 - letter) * 4**i
            whole &= np.asarray(known)[:, i : i + places]
        if both_strands:
            words = np.minimum(words, others)
        row_ends = np.append(0, np.cumsum(whole.sum(axis=1)))
        ones = np.ones(row_ends[-1], np.float32)
        counts = csr_matrix((ones, words[whole], row_ends), shape=(n, 4**k))
        counts.sum_duplicates()
        blocks.append(counts)
    return vstack(blocks, format="csr") if blocks else csr_matrix((0, 4**k), dtype=np.float32)


Recipe = Callable[[Dataset, dict[str, Fitted], str], Any]


def _recipes(train: Dataset, valid: Dataset, motif: np.ndarray | None) -> dict[str, Recipe]:
    """Key → function that makes features `(N, F)` of a part; the last ones build on the fits before them."""
    k = word_length(train)
    recipes: dict[str, Recipe] = {"gc": lambda data, *_: _gc(data)}
    if motif is not None and np.shape(motif)[1] <= train.length and train.alphabet == "DNA":
        recipes["motif"] = lambda data, *_: _best_match(data, motif)
    recipes["kmers"] = lambda data, *_: kmer_counts(data.X, k, both_strands=data.alphabet == "DNA")
    recipes["one_hot"] = lambda data, *_: _one_hot(data)
    if train.covariates is not None:
        transform = _covariate_transform(train, valid)
        recipes["covariates"] = lambda data, *_: transform(data)
        for key in ("motif", "kmers"):
            if key in recipes:
                recipes[f"covariates_{key}"] = partial(_beside, transform, key)
    return recipes


def _beside(
    transform: Callable[[Dataset], np.ndarray], key: str, data: Dataset, fits: dict[str, Fitted], side: str
) -> np.ndarray:
    """Covariates, and what an earlier fit says."""
    return np.column_stack([transform(data), getattr(fits[key], side)])


def _fit(
    answer: Answer,
    y: np.ndarray,
    w: np.ndarray,
    features: tuple[Any, Any],
    *,
    penalties: Iterable[float],
    prior: np.ndarray,
    seed: int,
) -> Fitted:
    """Choose the penalty by held-out scores within the training part, then fit it whole."""
    inner, outer = _standardized(*features)
    folds, n = list(answer.folds(y, _FOLDS, seed)), len(prior)
    best: tuple[float, float, np.ndarray] | None = None
    for penalty in penalties:
        scores = np.zeros((len(y), n))
        for fold, held_out in folds:
            found = answer.linear_scores(penalty, inner[fold], y[fold], w[fold], inner[held_out], n_outputs=n)
            scores[held_out] = found.reshape(-1, n)
        reached = answer.fitness(y, scores, prior)
        reached = -np.inf if isinstance(reached, str) else reached
        if best is None or reached > best[0]:
            best = (reached, penalty, scores)
    assert best is not None  # there is a penalty
    fitted = answer.linear_scores(best[1], inner, y, w, outer, n_outputs=n)
    return Fitted(best[2], fitted.reshape(-1, n))


def _standardized(inner: Any, outer: Any) -> tuple[Any, Any]:
    """A few dense features get mean 0 and variance 1, from the training part; counts stay as they are."""
    if not isinstance(inner, np.ndarray):
        return inner, outer
    mean, scale = inner.mean(axis=0), inner.std(axis=0)
    scale[scale == 0] = 1.0
    return (inner - mean) / scale, (outer - mean) / scale


def _fitting_rows(task: str, y: np.ndarray, known: np.ndarray, seed: int) -> np.ndarray:
    """The training examples to fit on: those whose label is known, in order, at most MOST_FITTED.

    Of a larger part, rarer classes fill up to their even share and the most common one what is left.
    """
    rows = np.flatnonzero(known)
    if len(rows) <= MOST_FITTED:
        return rows
    rng, chosen = np.random.default_rng(seed), np.empty(0, np.intp)
    *rarer, commonest = sorted((rows[group] for group in find_answer(task).strata(y[rows])), key=len)
    for number, group in enumerate(rarer):
        share = (MOST_FITTED - len(chosen)) // (len(rarer) + 1 - number)
        chosen = np.append(chosen, group[np.sort(rng.permutation(len(group))[:share])])
    return np.sort(np.append(chosen, rng.choice(commonest, MOST_FITTED - len(chosen), replace=False)))


def _gc(data: Dataset) -> np.ndarray:
    """Share of G and C among the known bases, `(N, 1)`; one half where none is known."""
    counts = np.concatenate([np.asarray(data.X[i : i + _BLOCK]).sum(axis=2) for i in range(0, len(data), _BLOCK)])
    known = counts.sum(axis=1)
    return np.divide(counts[:, 1] + counts[:, 2], known, out=np.full(len(counts), 0.5), where=known > 0)[:, None]


def _best_match(data: Dataset, motif: np.ndarray) -> np.ndarray:
    """The highest PWM score over positions and strands, bits, `(N, 1)`."""
    pwm = to_pwm(motif)
    blocks = [scan(np.asarray(data.X[i : i + _BLOCK]), pwm) for i in range(0, len(data), _BLOCK)]
    return np.concatenate([block.reshape(len(block), -1).max(axis=1) for block in blocks])[:, None].astype(np.float64)


def _one_hot(data: Dataset) -> csr_matrix:
    """`(N, 4 L)` sparse."""
    from scipy.sparse import csr_matrix, vstack

    X = (np.asarray(data.X[i : i + _BLOCK]) for i in range(0, len(data), _BLOCK))
    return vstack([csr_matrix(block.reshape(len(block), -1), dtype=np.float32) for block in X], format="csr")


def _covariates(data: Dataset) -> np.ndarray:
    assert data.covariates is not None  # the training part has them
    return data.covariates


def _covariate_transform(train: Dataset, valid: Dataset) -> Callable[[Dataset], np.ndarray]:
    """Raw covariates to features: the logarithm of those that are positive and skewed to the right."""
    for data in (train, valid):
        beside = _covariates(data)
        bad = np.argwhere(~np.isfinite(beside))
        if len(bad):
            row, column = bad[0]
            raise DataError(
                f"{data.label}: {data.covariate_names[column]} of {data.ids[row]} is {beside[row, column]}: "
                f"covariates must be finite numbers"
            )
    values = _covariates(train).astype(np.float64)
    centred = values - values.mean(axis=0)
    spread = np.sqrt((centred**2).mean(axis=0))
    skew = np.divide((centred**3).mean(axis=0), spread**3, out=np.zeros_like(spread), where=spread > 0)
    logged = (values.min(axis=0) >= 0) & (skew > 1)

    def transform(data: Dataset) -> np.ndarray:
        raw = _covariates(data).astype(np.float64)
        return np.where(logged, np.log(np.maximum(raw, 0) + LOG_OFFSET), raw)

    return transform
