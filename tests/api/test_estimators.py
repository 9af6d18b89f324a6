"""scikit-learn's own checks of the estimators, and what they do with sequences."""

from __future__ import annotations

import pickle
import warnings

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.utils.estimator_checks import estimator_checks_generator
from sklearn.utils.validation import validate_data

import dnaconv_core as dc
from dnaconv_core.sequence.encoding import from_codes

TINY = {"epochs": 1, "filters": 2, "kernel_size": 1, "depth": 1, "device": "cpu", "batch_size": 64}


class _OfNumbers:
    """The checks give tables of numbers: each number becomes ten bases, A to T by its size, and then a sequence."""

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        kinds = tags.input_tags
        kinds.two_d_array, kinds.one_d_array, kinds.three_d_array, kinds.string = True, False, False, False
        return tags

    def _letters(self, X):
        marks = np.linspace(-2, 2, 10)[:, None] + np.array([-0.7, 0.0, 0.7])  # (10, 3)
        codes = (np.asarray(X, np.float64)[:, :, None, None] > marks).sum(axis=3)  # (N, D, 10)
        return from_codes(codes.reshape(len(X), -1).astype(np.int8))

    def fit(self, X, y, sample_weight=None):
        X = self._letters(validate_data(self, X, ensure_min_samples=10))
        return super().fit(X, y, sample_weight)

    def _predicted(self, X):
        if hasattr(self, "model_"):
            X = self._letters(validate_data(self, X, reset=False))
        return super()._predicted(X)


class Classifier(_OfNumbers, dc.ConvNetClassifier):
    pass


class Regressor(_OfNumbers, dc.ConvNetRegressor):
    pass


_EXCUSED = {
    "check_sample_weight_equivalence_on_dense_data": "batches and the held-out part depend on the number of examples",
    "check_classifiers_train": "an accuracy that two filters and one epoch do not reach",
    "check_regressors_train": "a fit that two filters and one epoch do not reach",
}
_OF_NUMBERS = ("regressor", "supervised_y", "requires_y", "score_takes_y")  # the others are the classifier's, too


def _checks():
    """scikit-learn's checks, each once: of the two estimators, and not again for every kind of array."""
    seen = set()
    for kind, estimator in enumerate((Classifier, Regressor)):
        tiny = estimator(preset="quick", settings=TINY)
        for one, check in estimator_checks_generator(tiny, expected_failed_checks=_EXCUSED, mark=None):
            name = getattr(check, "func", check).__name__
            if (kind, name) in seen or (kind and not any(part in name for part in _OF_NUMBERS)):
                continue
            seen.add((kind, name))
            marks = [pytest.mark.xfail(reason=_EXCUSED[name], strict=True)] if name in _EXCUSED else []
            yield pytest.param(one, check, id=f"{estimator.__name__}-{name}", marks=marks)


@pytest.mark.parametrize(("estimator", "check"), list(_checks()))
def test_scikit_learn_s_own_checks(estimator, check):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        check(estimator)


SEQUENCES = np.array(["ACGTACGTAC", "TTGCATTGCA", "GGGCCCATAT"] * 20)
WORDS = np.array(["bound", "free", "unknown"] * 20)


@pytest.fixture(scope="module")
def fitted():
    return dc.ConvNetClassifier(preset="quick", settings=TINY).fit(SEQUENCES, WORDS)


def test_classes_are_what_was_given(fitted):
    assert fitted.classes_.tolist() == ["bound", "free", "unknown"]
    proba = fitted.predict_proba(SEQUENCES[:4])
    np.testing.assert_allclose(proba.sum(axis=1), 1, atol=1e-6)
    assert fitted.predict(SEQUENCES[:4]).tolist() == fitted.classes_[proba.argmax(axis=1)].tolist()
    with pytest.raises(ValueError, match="y has one class, 'bound': a classifier needs two or more"):
        clone(fitted).fit(SEQUENCES[:9], ["bound"] * 9)


def test_not_fitted_is_told_and_a_copy_of_a_fitted_one_says_the_same(fitted):
    with pytest.raises(NotFittedError):
        clone(fitted).predict(SEQUENCES)
    again = pickle.loads(pickle.dumps(fitted))
    np.testing.assert_array_equal(again.predict_proba(SEQUENCES[:3]), fitted.predict_proba(SEQUENCES[:3]))
    assert repr(again) == repr(fitted) and again.get_params() == fitted.get_params()


def test_weights_of_zero_leave_examples_out():
    y = np.arange(60) % 3 / 2.0
    wrong, weights = y.copy(), np.ones(60)
    wrong[::3], weights[::3] = 50.0, 0.0
    network = dc.ConvNetRegressor(preset="quick", settings=TINY)
    found = clone(network).fit(SEQUENCES, wrong, weights).predict(SEQUENCES)
    np.testing.assert_array_equal(found, clone(network).fit(SEQUENCES, y, weights).predict(SEQUENCES))
    assert np.abs(found - clone(network).fit(SEQUENCES, wrong).predict(SEQUENCES)).max() > 1e-3


def test_several_numbers_are_predicted_together():
    y = np.stack([np.arange(60) % 3, np.arange(60) % 2], axis=1)
    network = dc.ConvNetRegressor(preset="quick", settings=TINY).fit(SEQUENCES, y)
    assert network.predict(SEQUENCES[:7]).shape == (7, 2) and np.isfinite(network.score(SEQUENCES, y))


def test_scores_and_searches_over_single_settings():
    network = dc.ConvNetClassifier(preset="quick", settings=TINY)
    assert cross_val_score(network, SEQUENCES, WORDS, cv=2).shape == (2,)
    search = GridSearchCV(network, {"settings__filters": [2, 3]}, cv=2).fit(SEQUENCES, WORDS)
    assert search.best_estimator_.model_.config.filters == search.best_params_["settings__filters"]
    assert network.settings is TINY and TINY["filters"] == 2


@pytest.mark.parametrize(
    ("name", "how"), [("preset", "give it as preset="), ("seed", "give it as seed="), ("task", "it follows from")]
)
def test_what_is_no_setting_is_not_taken_as_one(name, how):
    model = dc.ConvNetClassifier(settings={**TINY, name: 5})
    with pytest.raises(ValueError, match=f"settings holds '{name}', which is no setting .*: {how}"):
        model.fit(["ACGTACGTAC", "TTTTTTTTTT"] * 5, [0, 1] * 5)
