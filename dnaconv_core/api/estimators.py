"""Networks with scikit-learn's manners, so that `cross_val_score` and `GridSearchCV` work on sequences."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.utils.validation import check_is_fitted

from dnaconv_core.api.models import Model, train


class _ConvNet(BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """X: sequences as a list or array of text, or one-hot `(N, 4, L)`. settings: of the network and its training."""

    def __init__(
        self, *, preset: str = "auto", strand: str = "both", seed: int = 0, settings: dict[str, Any] | None = None
    ) -> None:
        self.preset = preset
        self.strand = strand
        self.seed = seed
        self.settings = settings

    def _fit(self, X: Any, y: np.ndarray, task: str) -> None:
        given = dict(self.settings or {}) | {"seed": self.seed}
        self.model_: Model = train(X, y, preset=self.preset, task=task, strand=self.strand, **given)

    def _predicted(self, X: Any) -> np.ndarray:
        check_is_fitted(self, "model_")
        return self.model_.predict(X)


class ConvNetClassifier(ClassifierMixin, _ConvNet):  # type: ignore[misc]
    """A network that tells two or more classes apart; a fifth of the examples stops the training."""

    def fit(self, X: Any, y: Any) -> ConvNetClassifier:
        """Train on sequences and labels `(N,)` of any kind. Raises ConfigError or DataError as `dc.train` does."""
        self.classes_, numbers = np.unique(np.asarray(y), return_inverse=True)
        self._fit(X, numbers.astype(np.float32), "binary" if len(self.classes_) <= 2 else "classes")
        return self

    def predict_proba(self, X: Any) -> np.ndarray:
        """`(N, K)`, a column for each of `classes_`."""
        found = self._predicted(X)
        return np.hstack([1 - found, found]) if found.shape[1] == 1 else found

    def predict(self, X: Any) -> np.ndarray:
        """The most probable class of each, `(N,)`."""
        return np.asarray(self.classes_[self.predict_proba(X).argmax(axis=1)])


class ConvNetRegressor(RegressorMixin, _ConvNet):  # type: ignore[misc]
    """A network that predicts a number; a fifth of the examples stops the training."""

    def fit(self, X: Any, y: Any) -> ConvNetRegressor:
        """Train on sequences and numbers `(N,)`. Raises ConfigError or DataError as `dc.train` does."""
        self._fit(X, np.asarray(y, np.float32), "regression")
        return self

    def predict(self, X: Any) -> np.ndarray:
        """`(N,)`."""
        return self._predicted(X)[:, 0]
