"""What a prediction means: where it lies among validation examples, and the probability that belongs to it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from dnaconv_core.errors import InputError
from dnaconv_core.evaluate.held_out import read_kept
from dnaconv_core.predict import predict
from dnaconv_core.sequence.encoding import from_codes, reverse_complement

if TYPE_CHECKING:
    from dnaconv_core.model.convnet import ConvNet

_EPSILON = 1e-6
_RESAMPLES = 100
_BINS = 1000  # of predictions, where they are resampled
_WILSON = 1.96**2


class Reference(NamedTuple):
    """Validation examples of a model: measured and predicted values of one of its outputs, `(N,)` float64.

    codes `(N, L)` uint8 (4 for an unknown base) are None where they were not kept; raw covariates `(N, C)`.
    """

    y: np.ndarray
    prediction: np.ndarray
    codes: np.ndarray | None = None
    covariates: np.ndarray | None = None

    @property
    def negatives(self) -> np.ndarray:
        """Predictions of examples with label 0."""
        return self.prediction[self.y < 0.5]

    @property
    def positives(self) -> np.ndarray:
        return self.prediction[self.y >= 0.5]


def read_reference(folder: Path, output: int = 0) -> Reference | None:
    """The validation predictions in a bundle's folder, or None where it has none. Raises BundleError if damaged.

    output: which of the model's; of classes, what is measured is whether an example is of that class. Missing labels
    (NaN, or weight 0) are left out.
    """
    kept = read_kept(folder, "y", "prediction")
    if kept is None:
        return None
    y, w, prediction = kept.of_output(output)
    known = np.isfinite(y) & np.isfinite(prediction) & (w > 0)
    codes = kept.codes[known] if kept.codes.shape[1] else None
    return Reference(y[known], prediction[known], codes, kept.covariates[known])


def scanned_negatives(model: ConvNet, reference: Reference, output: int = 0) -> np.ndarray:
    """Predictions of the negatives as a scan reads windows: of DNA, the higher of both strands `(N-,)` float64.

    Where their sequences were not kept, of the one strand that was predicted. Raises InputError when they do not fit
    the model.
    """
    if reference.codes is None or model.config.alphabet != "DNA":
        return reference.negatives
    rows = reference.y < 0.5
    beside = None if reference.covariates is None else reference.covariates[rows]
    other = predict(model, reverse_complement(from_codes(reference.codes[rows])), beside)[:, output]
    return np.maximum(reference.negatives, other)


def percentiles(values: np.ndarray, among: np.ndarray) -> np.ndarray:
    """For each value the share (0 to 1) of `among` that lies below it, ties counted half; NaN where there are none."""
    if not len(among):
        return np.full(len(values), np.nan)
    ordered = np.sort(np.asarray(among, np.float64))
    values = np.asarray(values, np.float64)
    return (np.searchsorted(ordered, values, "left") + np.searchsorted(ordered, values, "right")) / (2 * len(ordered))


class Calibration(NamedTuple):
    """A curve from predictions to probabilities: `method` is 'isotonic' or 'platt'."""

    method: str
    x: np.ndarray  # (K,) isotonic: knots; platt: (slope, intercept) on the logit
    y: np.ndarray  # (K,) isotonic: probabilities at the knots; platt: empty
    n: int  # examples it was fitted on
    n_positive: int

    @property
    def words(self) -> str:
        """The method as a reader would write it."""
        return {"isotonic": "isotonic regression", "platt": "Platt scaling"}[self.method]

    def __call__(self, predictions: np.ndarray) -> np.ndarray:
        """Calibrated probabilities, the shape of `predictions`."""
        if self.method == "isotonic":
            return np.interp(predictions, self.x, self.y)
        slope, intercept = self.x
        return 1 / (1 + np.exp(-(slope * _logit(predictions) + intercept)))


def calibrate(reference: Reference, method: str = "auto") -> Calibration:
    """Fit a calibration on validation predictions of a yes-or-no question.

    'isotonic' (Zadrozny and Elkan 2002) never reverses an order but needs many positives; 'platt' (Platt 1999, with his
    smoothed targets) has two numbers. 'auto' takes isotonic from 200 positives and negatives on. Raises InputError
    where a class is missing.
    """
    labels = reference.y >= 0.5
    positives, n = int(labels.sum()), len(labels)
    if not np.isin(reference.y, (0, 1)).all():
        raise InputError("a calibration needs labels 0 and 1: this model predicts a number, not a probability")
    if positives in (0, n):
        raise InputError(f"a calibration needs both classes: the validation data have {positives} positives of {n}")
    if method == "auto":
        method = "isotonic" if min(positives, n - positives) >= 200 else "platt"
    if method == "isotonic":
        from sklearn.isotonic import IsotonicRegression

        fitted = IsotonicRegression(y_min=0, y_max=1, out_of_bounds="clip").fit(reference.prediction, labels)
        return Calibration(method, fitted.X_thresholds_, fitted.y_thresholds_, n, positives)
    if method != "platt":
        raise InputError(f"method is {method!r}: choose auto, isotonic or platt")
    return Calibration(method, _platt(_logit(reference.prediction), labels), np.empty(0), n, positives)


def calibration_interval(
    reference: Reference, curve: Calibration, predictions: np.ndarray, *, seed: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """The 95 % interval of calibrated probabilities, low and high, each the shape of `predictions`.

    It says how well so many validation examples fix the curve that `calibrate` fitted. Platt scaling: normal on the
    logit, from the fit's information matrix. Isotonic: 100 bootstrap samples of the examples; where the curve is 0 or
    1, Wilson's interval (1927) of the examples on that flat end, which a bootstrap would call certain.
    """
    if curve.method == "platt":
        return _platt_interval(reference, curve, predictions)
    from sklearn.isotonic import IsotonicRegression

    edges = np.unique(np.quantile(reference.prediction, np.linspace(0, 1, _BINS), method="lower"))
    of = np.searchsorted(edges, reference.prediction, "right") - 1
    values = np.bincount(of, reference.prediction) / np.bincount(of)  # (K,)
    cells = np.bincount(2 * of + (reference.y >= 0.5), minlength=2 * len(values))  # (2K,) examples by bin and label
    rng, n = np.random.default_rng(seed), cells.sum()
    found = []
    for drawn in rng.multinomial(n, cells / n, _RESAMPLES).reshape(_RESAMPLES, len(values), 2):
        size = drawn.sum(axis=1)
        has = size > 0
        fitted = IsotonicRegression(y_min=0, y_max=1, out_of_bounds="clip")
        fitted.fit(values[has], drawn[has, 1] / size[has], sample_weight=size[has])
        found.append(np.interp(predictions, fitted.X_thresholds_, fitted.y_thresholds_))
    low, high = np.quantile(found, [0.025, 0.975], axis=0)
    said, of_examples = curve(predictions), curve(reference.prediction)
    flat = _WILSON / (int((of_examples <= 0).sum()) + _WILSON), _WILSON / (int((of_examples >= 1).sum()) + _WILSON)
    return np.where(said >= 1, np.minimum(low, 1 - flat[1]), low), np.where(said <= 0, np.maximum(high, flat[0]), high)


def _platt_interval(reference: Reference, curve: Calibration, predictions: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """By the delta method: 1.96 standard errors of the straight line on either side."""
    A = np.stack([_logit(reference.prediction), np.ones(len(reference.y))], axis=1)  # (N, 2)
    p = curve(reference.prediction)
    information = (A * (p * (1 - p))[:, None]).T @ A + 1e-9 * np.eye(2)
    at = np.stack([_logit(predictions), np.ones(len(predictions))], axis=1)  # (M, 2)
    middle = at @ curve.x
    error = 1.96 * np.sqrt(np.einsum("mi,ij,mj->m", at, np.linalg.inv(information), at))
    return 1 / (1 + np.exp(error - middle)), 1 / (1 + np.exp(-error - middle))


def _platt(logits: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Slope and intercept by Newton's method on Platt's smoothed targets."""
    positives, negatives = labels.sum(), (~labels).sum()
    target = np.where(labels, (positives + 1) / (positives + 2), 1 / (negatives + 2))
    A = np.stack([logits, np.ones(len(logits))], axis=1)  # (N, 2)
    w = np.array([0.0, np.log((positives + 1) / (negatives + 1))])

    def loss(w: np.ndarray) -> float:
        z = A @ w
        return float((np.logaddexp(0, z) - target * z).sum())

    for _ in range(100):
        p = 1 / (1 + np.exp(-(A @ w)))
        gradient = A.T @ (p - target)
        hessian = (A * (p * (1 - p))[:, None]).T @ A + 1e-9 * np.eye(2)
        step, before, scale = np.linalg.solve(hessian, gradient), loss(w), 1.0
        while loss(w - scale * step) > before and scale > 1e-10:
            scale /= 2
        w = w - scale * step
        if np.abs(gradient).max() < 1e-8 * len(labels):
            break
    return w


def _logit(predictions: np.ndarray) -> np.ndarray:
    p = np.clip(np.asarray(predictions, np.float64), _EPSILON, 1 - _EPSILON)
    return np.log(p / (1 - p))
