"""One of K classes: labels 0 to K-1, a softmax over K outputs, cross-entropy, macro ROC-AUC."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from dnaconv_core.answers.base import Answer, Scores, Words, problem, stratified_folds, total
from dnaconv_core.answers.links import LINKS
from dnaconv_core.answers.ranking import Ranking

if TYPE_CHECKING:
    from torch import Tensor

_SUM = 1e-3  # how far from 1 probabilities may add up


class Classes(Answer):
    """Each output is the probability of one class; a label `(N, 1)` is the number of the class, from 0."""

    key = "classes"
    words = Words(
        kind="a choice among classes",
        short="one of several classes",
        one="class",
        high="the class",
        low="the others",
        groups="the classes",
        misfit="it counts how often the right one of several classes is chosen, and these labels are no such classes",
        calls="The class with the highest probability is the one called.",
    )
    metrics = ("macro_auroc", "accuracy", "log_loss")
    main_metric = "macro_auroc"
    first_metrics = metrics
    ranking = ("macro_auroc",)
    compared = ("macro_auroc", "log_loss")
    loss = "cross_entropy"
    losses_misfit = {  # noqa: RUF012 -- never changed
        "l2": "L2 takes the number of a class for an amount, and class 2 is not twice class 1"
    }
    outputs = ("softmax",)
    output_misfit = "the task is classes: probabilities that add up to 1 need 'softmax'"
    joint = True
    single = "binary"

    def measure(self, y: np.ndarray, prediction: np.ndarray, *, threshold: float = 0.5) -> _Measured:
        return _Measured(y, prediction)

    def per_example(self, logits: Tensor, prediction: Tensor | None, y: Tensor) -> Tensor:
        """Cross-entropy of the softmax, `(…, 1)` for logits `(…, K)` and class numbers `(…, 1)`."""
        classes = y.long().expand(*logits.shape[:-1], 1)
        return -logits.log_softmax(dim=-1).gather(-1, classes)

    def strata(self, y: np.ndarray) -> list[np.ndarray]:
        return [np.flatnonzero(y == label) for label in np.unique(y[np.isfinite(y)])]

    def n_outputs(self, y: np.ndarray, names: tuple[str, ...]) -> int:
        return len(names) or max(2, int(y[np.isfinite(y)].max(initial=0)) + 1)

    def labels_of(self, y: np.ndarray, output: int) -> np.ndarray:
        return np.where(np.isfinite(y[:, 0]), y[:, 0] == output, np.nan)

    def label_problem(self, y: np.ndarray, names: tuple[str, ...] = ()) -> str:
        if not (np.isfinite(y) & (y >= 0) & (y == np.round(y))).all():
            return "labels that are no class numbers, but '{experiment}' asks which class: number them 0, 1, 2, …"
        most = len(names) or _MOST_CLASSES
        if len(y) and y.max() >= most:
            known = f"there are {most} classes, 0 to {most - 1}"
            return f"a label {y.max():g}, but for '{{experiment}}' {known}: number the classes without gaps"
        return ""

    def prior(self, y: np.ndarray, n_outputs: int) -> np.ndarray:
        counts = np.bincount(y.astype(np.intp), minlength=n_outputs)[:n_outputs]
        return counts / len(y) if len(y) else np.full(n_outputs, np.nan)

    def folds(self, y: np.ndarray, most: int, seed: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        return stratified_folds(y, min(map(len, self.strata(y))), most, seed)

    def linear(self, penalty: float, inner: Any, y: np.ndarray, w: np.ndarray, *, n_outputs: int) -> Scores:
        """Logits `(M, K)` under balanced classes, of multinomial logistic regression; -50 where none was seen."""
        from sklearn.exceptions import ConvergenceWarning
        from sklearn.linear_model import LogisticRegression

        labels, of = np.unique(y, return_inverse=True)
        w = w / np.bincount(of, weights=w)[of] * len(y) / len(labels)  # each class the same share of all
        model = LogisticRegression(C=1 / (penalty * len(y)), max_iter=200)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # the last digits of a baseline do not matter
            model.fit(inner, y, sample_weight=w)

        def scored(outer: Any) -> np.ndarray:
            found = model.decision_function(outer)
            found = np.column_stack([-found / 2, found / 2]) if len(labels) == 2 else found  # log-odds are a difference
            scores = np.full((len(found), n_outputs), UNSEEN)
            scores[:, labels.astype(np.intp)] = found
            return scores

        return scored

    def from_scores(self, scores: np.ndarray, prior: np.ndarray) -> np.ndarray:
        """Probabilities `(M, K)`, moved from balanced classes to their true shares."""
        return LINKS["softmax"].of_array(scores + np.log(np.maximum(prior, 1e-12)))

    def fitness(self, y: np.ndarray, scores: np.ndarray, prior: np.ndarray) -> float | str:
        """By log loss: ranking each class well is not yet calling the right one."""
        loss = self.measure(y, self.from_scores(scores, prior))(np.ones(len(y)), ["log_loss"])["log_loss"]
        return loss if isinstance(loss, str) else -loss


_MOST_CLASSES = 1000  # as ModelConfig.n_tasks
UNSEEN = -50.0  # logit of a class that no training example has


class _Measured:
    """Metrics of a choice among K classes under weights, of `(N,)` class numbers and `(N, K)` probabilities.

    `blocked`: those that there can be none of, with the reason.
    """

    def __init__(self, y: np.ndarray, prediction: np.ndarray) -> None:
        self.blocked = _unmeasurable(y, prediction)
        if "accuracy" in self.blocked:
            return
        classes = y.astype(np.intp)
        self.right = (prediction.argmax(axis=1) == classes).astype(np.float64)
        if "log_loss" not in self.blocked:
            chosen = prediction[np.arange(len(y)), classes] / prediction.sum(axis=1)
            self.surprise = -np.log(np.maximum(chosen, np.finfo(np.float64).eps))  # scikit-learn's limit
        self.areas = [Ranking(classes == label, prediction[:, label]) for label in np.unique(classes)]

    def __call__(self, weights: np.ndarray, names: Iterable[str]) -> dict[str, float | str]:
        values: dict[str, float | str] = {}
        for name in names:
            values[name] = self.blocked.get(name) or getattr(self, "_" + name)(weights)
        return values

    def _accuracy(self, weights: np.ndarray) -> float:
        return total(weights, self.right) / float(weights.sum())

    def _log_loss(self, weights: np.ndarray) -> float:
        return total(weights, self.surprise) / float(weights.sum())

    def _macro_auroc(self, weights: np.ndarray) -> float:
        """The mean over the classes that occur of each against all others."""
        return float(np.mean([area(weights)[0] for area in self.areas]))


def _unmeasurable(y: np.ndarray, prediction: np.ndarray) -> dict[str, str]:
    """The metrics that there can be none of, each with the reason."""
    reason = problem("labels", y)
    if not reason and ((y < 0) | (y != np.round(y)) | (y >= prediction.shape[1])).any():
        odd = y[(y < 0) | (y != np.round(y)) | (y >= prediction.shape[1])][0]
        reason = f"a label is {odd:g}: the classes are 0 to {prediction.shape[1] - 1}"
    if reason := reason or problem("predictions", prediction):
        return dict.fromkeys(Classes.metrics, reason)
    blocked: dict[str, str] = {}
    if (prediction < 0).any() or (np.abs(prediction.sum(axis=1) - 1) > _SUM).any():
        blocked["log_loss"] = "the predictions of an example do not add up to 1: log loss needs probabilities"
    if len(np.unique(y)) == 1:
        blocked["macro_auroc"] = f"every example is of class {y[0]:g}: two classes are needed"
    elif (np.ptp(prediction, axis=0) == 0).all():
        blocked["macro_auroc"] = "every prediction is the same, so there is no ranking to measure"
    return blocked
