"""What a kind of answer is: one object that every other room asks, so that none of them branches on its name."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import numpy as np

if TYPE_CHECKING:
    from torch import Tensor


Scores = Callable[[Any], np.ndarray]  # features (M, F) to scores (M,) or (M, K)


class Words(NamedTuple):
    """How pages, cards and figures speak of a kind of answer."""

    kind: str  # 'a classification': completes "this loss does not fit …"
    short: str  # 'yes or no': what comes out, in a caption
    one: str  # of several outputs: 'label'
    high: str  # examples with a high label: 'positives'
    low: str
    groups: str  # whose examples are told apart: 'the classes'
    misfit: str  # why a metric of this kind does not fit another one
    calls: str = ""  # how a prediction becomes a call, where metrics need one


class Measure(Protocol):
    """Metrics of fixed labels and predictions under weights `(N,)`: each a number, or the reason why there is none."""

    def __call__(self, weights: np.ndarray, names: Iterable[str]) -> dict[str, float | str]: ...


class Answer(ABC):
    """One kind of answer. To add one: a subclass in a file of its own and a line in ANSWERS."""

    key: str  # as in ModelConfig.task
    words: Words
    metrics: tuple[str, ...]  # keys of LABELS, in the order they are shown
    main_metric: str  # that training, early stopping and silencing go by
    first_metrics: tuple[str, ...]  # to look at first
    ranking: tuple[str, ...]  # that a rebuilt model is compared by
    compared: tuple[str, ...]  # that a model is compared with simpler predictors by
    loss: str  # a choice of TrainConfig.loss
    losses_misfit: dict[str, str]  # why another loss does not fit
    outputs: tuple[str, ...]  # choices of ModelConfig.output, the usual one first
    output_misfit: str  # why another one does not fit, and the way out
    yes_or_no = False  # an output is the probability of a yes: thresholds, ROC curves and calibration mean something
    joint = False  # all outputs together answer one question: their probabilities add up to 1
    single = ""  # the kind of answer that one output alone is, where that is another one

    @abstractmethod
    def measure(self, y: np.ndarray, prediction: np.ndarray, *, threshold: float = 0.5) -> Measure:
        """The metrics of labels `(N,)` and predictions `(N,)` (of classes `(N, K)`) as a function of weights.

        Sorting is done here, once: whoever resamples calls the function with a thousand vectors of counts.
        """

    @abstractmethod
    def per_example(self, logits: Tensor, prediction: Tensor | None, y: Tensor) -> Tensor:
        """The loss of every example and label, `(…, T)`, from logits `(…, T)` and labels that broadcast to them."""

    @property
    def loss_needs_prediction(self) -> bool:
        """Whether `per_example` looks at the prediction: else it need not be computed."""
        return False

    def strata(self, y: np.ndarray) -> list[np.ndarray]:
        """Rows `(n,)` of the groups that are resampled, thinned and held out apart, those of low labels first."""
        return [np.arange(len(y))]

    def n_outputs(self, y: np.ndarray, names: tuple[str, ...]) -> int:
        """Outputs that a network needs for labels `(N, T)`, `names` being theirs or the classes' (or empty)."""
        return y.shape[1]

    def labels_of(self, y: np.ndarray, output: int) -> np.ndarray:
        """Labels `(N,)` of one output alone, from all `(N, T)`; NaN where there is none."""
        return y[:, output]

    def label_problem(self, y: np.ndarray, names: tuple[str, ...] = ()) -> str:
        """What is wrong with the known labels `(N,)` for '{experiment}', and the way out: "labels …"; '' if nothing."""
        return ""

    def output_problem(self, y: np.ndarray, output: str) -> str:
        """Why a network that ends in `output` cannot give the known labels `(N,)`, and the way out; '' if it can."""
        return ""

    @abstractmethod
    def linear(self, penalty: float, inner: Any, y: np.ndarray, w: np.ndarray, *, n_outputs: int) -> Scores:
        """Fit a linear model on `inner (N, F)`: it scores `outer (M, F)` as `(M,)`, of classes `(M, K)`."""

    def linear_scores(
        self, penalty: float, inner: Any, y: np.ndarray, w: np.ndarray, outer: Any, *, n_outputs: int
    ) -> np.ndarray:
        """Fit a linear model on `inner (N, F)` and score `outer (M, F)`: `(M,)`, of classes `(M, K)`."""
        return self.linear(penalty, inner, y, w, n_outputs=n_outputs)(outer)

    @abstractmethod
    def from_scores(self, scores: np.ndarray, prior: np.ndarray) -> np.ndarray:
        """Predictions from linear scores `(N, 1)` or `(N, K)`, which are of balanced classes or in the label's unit."""

    def fitness(self, y: np.ndarray, scores: np.ndarray, prior: np.ndarray) -> float | str:
        """How good held-out scores are, more being better; a text where that is undefined."""
        return self.measure(y, scores[:, 0])(np.ones(len(y)), [self.main_metric])[self.main_metric]

    def prior(self, y: np.ndarray, n_outputs: int) -> np.ndarray:
        """What is predicted without looking, `(1,)`, of classes `(K,)`: the mean of the known labels `(N,)`."""
        return np.array([y.mean(dtype=np.float64) if len(y) else np.nan])

    def folds(self, y: np.ndarray, most: int, seed: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Rows to fit on and rows held out, in turn; nothing where there are too few examples."""
        from sklearn.model_selection import KFold

        n_folds = min(most, len(y))
        if n_folds > 1:
            yield from KFold(n_folds, shuffle=True, random_state=seed).split(y)


def stratified_folds(y: np.ndarray, rarest: int, most: int, seed: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Folds that hold each class in its share; nothing where the rarest has fewer than two examples."""
    from sklearn.model_selection import StratifiedKFold

    n_folds = min(most, rarest)
    if n_folds > 1:
        yield from StratifiedKFold(n_folds, shuffle=True, random_state=seed).split(y, y)


def total(weights: np.ndarray, values: np.ndarray) -> np.float64:
    """Σ weight × value. `@` would hand long vectors to threads, which cost a bootstrap ten times what they save."""
    return np.einsum("i,i", weights, values)


def constant(values: np.ndarray) -> bool:
    """Whether the values differ by no more than rounding does."""
    return bool(np.ptp(values) <= 1e-13 * np.abs(values).max())


def problem(what: str, values: np.ndarray) -> str | None:
    """Why labels or predictions cannot be measured: there are none, or they are no numbers."""
    if len(values) == 0:
        return "there is no example"
    fine = np.isfinite(values).reshape(len(values), -1).all(axis=1)
    if not fine.all():
        bad = np.flatnonzero(~fine)
        return f"{len(bad)} of the {len(values)} {what} are NaN or infinite, the first in row {bad[0]}"
    return None
