"""What a design is to reach, and how good every single substitution is on the way there."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from dnaconv_core.errors import InputError
from dnaconv_core.interpret.attribution import attribute
from dnaconv_core.interpret.ism import ism
from dnaconv_core.predict import predict
from dnaconv_core.sequence.encoding import from_codes

if TYPE_CHECKING:
    from dnaconv_core.model.convnet import ConvNet

AIMS = ("high", "low", "target")
_PROBABILITIES = ("sigmoid", "softmax")  # what a model ends in where its predictions lie between 0 and 1


class Goal(NamedTuple):
    """Which output of a model, and where it is to go."""

    aim: str = "high"  # 'high', 'low', or 'target'
    target: float | None = None  # a prediction, for 'target'
    task: int = 0


class Scorer:
    """The goal as a number to be made large: of sequences, and of all their single substitutions at once.

    The output's score is its logit; of a class, the log-odds against all others together, so that no design only
    raises every class; of a model of numbers, the prediction. Worth is that score, its negative, or minus its distance
    from the target's. covariates: raw values `(C,)`, the same for every sequence.
    """

    def __init__(self, model: ConvNet, goal: Goal, covariates: np.ndarray | None = None) -> None:
        self.model, self.goal, self.covariates = model, goal, covariates
        self.joint = model.config.answer.joint
        self.tasks = list(range(model.config.n_tasks)) if self.joint else [goal.task]
        if goal.aim not in AIMS:
            raise InputError(f"the aim is {goal.aim!r}: choose {', '.join(AIMS)}")
        if (goal.aim == "target") != (goal.target is not None):
            raise InputError("a target goes with the aim 'target': give both, or neither")
        self.target = None if goal.target is None else self._score_of(goal.target)

    def _score_of(self, target: float) -> float:
        if self.model.config.output not in _PROBABILITIES:
            if not np.isfinite(target):
                raise InputError(f"the target is {target:g}: give a number")
            return target
        if not 0 < target < 1:
            raise InputError(f"the target is {target:g}: this model predicts shares, give one above 0 and below 1")
        return float(np.log(target / (1 - target)))

    def logits(self, codes: np.ndarray) -> np.ndarray:
        """The model's logits `(S, t)` of `codes (S, L)`: of all classes, else of the one output."""
        return predict(self.model, from_codes(codes), self.beside(len(codes)), output="logit")[:, self.tasks]

    def beside(self, n: int) -> np.ndarray | None:
        """The covariates for n sequences, `(n, C)`."""
        return None if self.covariates is None else np.tile(self.covariates, (n, 1))

    def score(self, logits: np.ndarray) -> np.ndarray:
        """The output's score `(…)` from logits `(…, t)`."""
        logits = np.asarray(logits, np.float64)
        if not self.joint:
            return logits[..., 0]
        others = np.delete(logits, self.goal.task, axis=-1)
        top = others.max(axis=-1, keepdims=True)
        return logits[..., self.goal.task] - top[..., 0] - np.log(np.exp(others - top).sum(axis=-1))

    def worth(self, score: np.ndarray) -> np.ndarray:
        """The number to be made large."""
        if self.target is not None:
            return -np.abs(score - self.target)
        return score if self.goal.aim == "high" else -score

    def slope(self, codes: np.ndarray) -> np.ndarray:
        """The derivative of worth by every entry of the one-hot sequences of `codes (S, L)`: `(S, 4, L)`."""
        X, beside, logits = from_codes(codes), self.beside(len(codes)), self.logits(codes)
        slopes = [attribute(self.model, X, method="gradient", covariates=beside, task=t).values for t in self.tasks]
        along = np.einsum("st,stbl->sbl", self._by_logit(logits), np.stack(slopes, axis=1).astype(np.float64))
        if self.target is None:
            return along if self.goal.aim == "high" else -along
        return np.sign(self.target - self.score(logits))[:, None, None] * along

    def _by_logit(self, logits: np.ndarray) -> np.ndarray:
        """The derivative of the score by each of the logits `(S, t)`."""
        if not self.joint:
            return np.ones(logits.shape)
        others = np.array(logits, np.float64)
        others[:, self.goal.task] = -np.inf
        others = np.exp(others - others.max(axis=1, keepdims=True))
        found = -others / others.sum(axis=1, keepdims=True)
        found[:, self.goal.task] = 1
        return found

    def table(self, codes: np.ndarray, logits: np.ndarray) -> np.ndarray:
        """Worth after every single substitution of `codes (S, L)` with `logits (S, t)`: float64 `(S, 4, L)`."""
        X, beside = from_codes(codes), self.beside(len(codes))
        changes = [ism(self.model, X, beside, task=task) for task in self.tasks]  # (S, 4, L) each
        return self.worth(self.score(np.stack(changes, axis=-1) + logits[:, None, None]))
