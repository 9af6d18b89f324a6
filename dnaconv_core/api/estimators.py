"""Networks with scikit-learn's manners, so that `cross_val_score` and `GridSearchCV` work on sequences."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_array, check_consistent_length, check_is_fitted, column_or_1d

from dnaconv_core.api.data import load_data
from dnaconv_core.api.models import Model, train

_SETTINGS = "settings__"


class _ConvNet(BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """X: sequences as a list or array of text, or one-hot `(N, 4, L)`. settings: of the network and its training.

    A search may vary single ones: `GridSearchCV(ConvNetClassifier(), {"settings__filters": [16, 64]})`.
    """

    def __init__(
        self, *, preset: str = "auto", strand: str = "both", seed: int = 0, settings: dict[str, Any] | None = None
    ) -> None:
        self.preset = preset
        self.strand = strand
        self.seed = seed
        self.settings = settings

    def set_params(self, **params: Any) -> _ConvNet:
        """As scikit-learn's; `settings__NAME` replaces one of the settings."""
        single = {name.removeprefix(_SETTINGS): params.pop(name) for name in list(params) if name.startswith(_SETTINGS)}
        super().set_params(**params)
        if single:
            self.settings = {**(self.settings or {}), **single}
        return self

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        kinds = tags.input_tags
        kinds.two_d_array, kinds.one_d_array, kinds.three_d_array, kinds.string = False, True, True, True
        return tags

    def _fit(self, X: Any, y: np.ndarray, sample_weight: Any, task: str) -> None:
        check_consistent_length(X, y, sample_weight)
        data = load_data(X, y.astype(np.float32))
        if sample_weight is not None:
            weights = check_array(sample_weight, ensure_2d=False, dtype=np.float32, input_name="sample_weight")
            if not weights.any():
                raise ValueError("every sample_weight is zero: there is nothing to learn from")
            data = replace(data, w=np.broadcast_to(column_or_1d(weights)[:, None], data.y.shape).copy())
        given = dict(self.settings or {})
        if own := {"preset", "task", "strand", "seed", "valid"} & set(given):
            name = min(own)
            how = f"give it as {name}=" if hasattr(self, name) else "it follows from the data"
            raise ValueError(f"settings holds {name!r}, which is no setting of a network or its training: {how}")
        given["seed"] = self.seed
        self.model_: Model = train(data, preset=self.preset, task=task, strand=self.strand, **given)

    def _predicted(self, X: Any) -> np.ndarray:
        check_is_fitted(self, "model_")
        return self.model_.predict(X)


class ConvNetClassifier(ClassifierMixin, _ConvNet):  # type: ignore[misc]
    """A network that tells two or more classes apart; a fifth of the examples stops the training.

    >>> small = {"epochs": 2, "filters": 4, "kernel_size": 3}
    >>> fitted = ConvNetClassifier(preset="quick", settings=small).fit(["ACGTTGCA", "TTGGCCAA"] * 20, ["a", "b"] * 20)
    >>> fitted.predict_proba(["ACGTTGCA"]).shape
    (1, 2)
    """

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> ConvNetClassifier:
        """Train on sequences and labels `(N,)` of any kind; sample_weight: `(N,)`, of each in the loss.

        Raises ValueError for labels that are none, ConfigError or DataError as `dc.train` does.
        """
        y = column_or_1d(_given(y), warn=True)
        check_classification_targets(y)
        classes, numbers = np.unique(y, return_inverse=True)
        if len(classes) < 2:
            raise ValueError(f"y has one class, {str(classes[0])!r}: a classifier needs two or more")
        self._fit(X, numbers, sample_weight, "binary" if len(classes) == 2 else "classes")
        self.classes_ = classes
        return self

    def predict_proba(self, X: Any) -> np.ndarray:
        """`(N, K)`, a column for each of `classes_`."""
        found = self._predicted(X)
        return np.hstack([1 - found, found]) if found.shape[1] == 1 else found

    def predict(self, X: Any) -> np.ndarray:
        """The most probable class of each, `(N,)`."""
        best = self.predict_proba(X).argmax(axis=1)
        return np.asarray(self.classes_[best])


class ConvNetRegressor(RegressorMixin, _ConvNet):  # type: ignore[misc]
    """A network that predicts a number, or several; a fifth of the examples stops the training.

    >>> small = {"epochs": 2, "filters": 4, "kernel_size": 3}
    >>> fitted = ConvNetRegressor(preset="quick", settings=small).fit(["ACGTTGCA", "TTGGCCAA"] * 20, [0.5, 2.5] * 20)
    >>> fitted.predict(["ACGTTGCA"]).shape
    (1,)
    """

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> ConvNetRegressor:
        """Train on sequences and numbers `(N,)` or `(N, T)`; sample_weight: `(N,)`, of each in the loss.

        Raises ValueError for labels that are no finite numbers, ConfigError or DataError as `dc.train` does.
        """
        y = check_array(_given(y), ensure_2d=False, dtype=np.float32, input_name="y")
        if y.ndim == 2 and y.shape[1] == 1:
            y = column_or_1d(y, warn=True)
        self._fit(X, y, sample_weight, "regression")
        self.outputs_ = y.shape[1:]
        return self

    def predict(self, X: Any) -> np.ndarray:
        """`(N,)`, or `(N, T)` where it learnt T numbers."""
        found = self._predicted(X)
        return found.reshape(len(found), *self.outputs_)


def _given(y: Any) -> Any:
    if y is None:
        raise ValueError("fit requires y to be passed, but the target y is None")
    return y
