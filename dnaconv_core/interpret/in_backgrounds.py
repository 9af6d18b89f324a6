"""What a model says of a few known bases: put into many backgrounds, since a window that is mostly N means nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from dnaconv_core.answers.outputs import answer_of_one
from dnaconv_core.errors import InputError
from dnaconv_core.evaluate.calibration import Calibration, Reference
from dnaconv_core.interpret.marginalize import backgrounds, mean_interval, typical_covariates
from dnaconv_core.predict import predict
from dnaconv_core.sequence.encoding import from_codes

if TYPE_CHECKING:
    from dnaconv_core.model.config import ModelConfig
    from dnaconv_core.model.convnet import ConvNet


class Average(NamedTuple):
    """A mean over backgrounds with the 95 % interval of that mean."""

    mean: float
    low: float
    high: float


class InBackgrounds(NamedTuple):
    """The known bases of one window in N backgrounds, and the backgrounds as they are."""

    before: np.ndarray  # (N,) scores of the backgrounds
    after: np.ndarray  # (N,) with the known bases written over them
    score: Average  # of `after`
    without: Average  # of `before`
    change: Average  # of after − before
    probability: Average | None  # of the calibrated scores
    probability_without: Average | None


def backgrounds_of(config: ModelConfig, reference: Reference | None, n: int = 100, *, seed: int = 0) -> np.ndarray:
    """`n` backgrounds `(n, 4, L)`: dinucleotide shuffles of validation examples, or random ones where none were kept.

    Of a yes-or-no question, of examples with label 0.
    """
    if reference is None or reference.codes is None:
        return backgrounds(None, config.length, n, seed=seed)
    plain = reference.y < 0.5 if answer_of_one(config.answer).yes_or_no else np.ones(len(reference.y), bool)
    whole = plain & (reference.codes < 4).all(axis=1)
    return backgrounds(from_codes(reference.codes[whole]), config.length, n, seed=seed)


def in_backgrounds(
    model: ConvNet,
    window: np.ndarray,
    X: np.ndarray,
    *,
    curve: Calibration | None = None,
    covariates: np.ndarray | None = None,
    task: int = 0,
    seed: int = 0,
) -> InBackgrounds:
    """The known bases of `window (4, L)` written, where they stand, over each of the backgrounds `X (N, 4, L)`.

    curve: makes probabilities of scores. covariates: one raw row `(C,)` for all (default: typical ones). Raises
    InputError where no base is known.
    """
    known = np.asarray(window).any(axis=0)  # (L,)
    if not known.any():
        raise InputError("the sequence has no known base: there is nothing to put into backgrounds")
    row = typical_covariates(model.config) if covariates is None else np.asarray(covariates, np.float32).reshape(-1)
    beside = None if row is None or not len(row) else np.tile(row, (len(X), 1))
    filled = np.where(known, window, X)  # (N, 4, L)
    before, after = (predict(model, each, beside)[:, task].astype(np.float64) for each in (X, filled))
    rows = [after, before, after - before, *([curve(after), curve(before)] if curve else [])]
    means = [Average(*found) for found in mean_interval(np.stack(rows), seed)]
    chances = (means[3], means[4]) if curve else (None, None)
    return InBackgrounds(before, after, means[0], means[1], means[2], *chances)
