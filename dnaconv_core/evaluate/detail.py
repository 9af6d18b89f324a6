"""A prediction and what helps to read it: the other strand, a calibrated probability, its place, and other seeds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from dnaconv_core.answers.outputs import answer_of_one
from dnaconv_core.data.dataset import Dataset
from dnaconv_core.errors import InputError
from dnaconv_core.evaluate.calibration import Reference, calibrate, percentiles
from dnaconv_core.predict import predict
from dnaconv_core.progress import SILENT, Progress
from dnaconv_core.sequence.encoding import reverse_complement

if TYPE_CHECKING:
    from dnaconv_core.model.convnet import ConvNet


class Detail(NamedTuple):
    """Columns `(N,)` of one output; None where the model or its record has nothing to give."""

    prediction: np.ndarray
    other_strand: np.ndarray | None  # of the reverse complement; DNA only
    calibrated: np.ndarray | None  # probability by the calibration
    percentile: np.ndarray | None  # share of all validation examples below, 0 to 1
    among_negatives: np.ndarray | None  # share of validation negatives below, 0 to 1
    among_positives: np.ndarray | None  # the same of positives; of a number, of all validation examples
    low: np.ndarray | None  # over seeds: the lowest prediction
    high: np.ndarray | None
    prevalence: float | None  # of positives among the validation examples; of a yes-or-no question only
    calibration: str  # how the probability was calibrated, in words; '' where it was not
    seeds: str  # what low and high run over, in words

    def columns(self) -> dict[str, np.ndarray]:
        """The columns there are, by name."""
        return {name: values for name, values in self._asdict().items() if isinstance(values, np.ndarray)}


def explain(
    model: ConvNet,
    data: Dataset | np.ndarray,
    covariates: np.ndarray | None = None,
    *,
    reference: Reference | None = None,
    siblings: Sequence[ConvNet] = (),
    task: int = 0,
    progress: Progress = SILENT,
) -> Detail:
    """Predictions for one-hot `(N, 4, L)` or a Dataset, with what stands beside them.

    task: the output, from 0. reference: its validation predictions by this model. siblings: the same network trained
    from other seeds; without any, an ensemble gives the spread of its members (one standard deviation).
    """
    config = model.config
    prediction = predict(model, data, covariates, progress=progress)[:, task]
    other = None
    if config.alphabet == "DNA":
        turned: Dataset | np.ndarray
        if isinstance(data, Dataset):
            turned = replace(data, X=reverse_complement(np.asarray(data.X[:])), truth=())
        else:
            turned = reverse_complement(data)
        other = predict(model, turned, covariates)[:, task]
    calibrated = percentile = prevalence = negatives = positives = low = high = None
    calibration = seeds = ""
    if reference is not None and len(reference.y):
        percentile = percentiles(prediction, reference.prediction)
        if answer_of_one(config.answer).yes_or_no:
            prevalence = len(reference.positives) / len(reference.y)
            negatives, positives = (
                percentiles(prediction, part) for part in (reference.negatives, reference.positives)
            )
            try:
                curve = calibrate(reference)
                calibrated = curve(prediction)
                calibration = f"{curve.words}, fitted on {curve.n:,} validation examples, {curve.n_positive:,} positive"
            except InputError as error:
                calibration = str(error)
        else:
            positives = percentile
    if siblings:
        every = np.stack([prediction, *(predict(other_seed, data, covariates)[:, task] for other_seed in siblings)])
        low, high, seeds = every.min(axis=0), every.max(axis=0), f"lowest and highest of {len(every)} seeds"
    elif config.members > 1:
        spread = predict(model, data, covariates, output="spread")[:, task]
        low, high = prediction - spread, prediction + spread
        seeds = f"one standard deviation over the {config.members} members"
    ranks = (percentile, negatives, positives)
    return Detail(prediction, other, calibrated, *ranks, low, high, prevalence, calibration, seeds)


class Response(NamedTuple):
    """The answer as one covariate takes other values, and the logit split in two (their sum), all `(K,)`."""

    tried: np.ndarray
    prediction: np.ndarray
    of_sequence: np.ndarray
    of_covariate: np.ndarray


def response(model: ConvNet, sequence: np.ndarray, tried: np.ndarray, others: np.ndarray, task: int = 0) -> Response:
    """What the model says of one sequence `(4, L)` with `tried (K,)` for its first raw covariate.

    The covariate enters the last layer beside the sequence, so the logit is their sum; its share is measured from the
    training mean (from zero where it is not standardised).
    """
    from dnaconv_core.model.convnet import LOG_OFFSET

    config = model.config
    zero = config.covariate_mean[0] if config.covariate_mean else 0.0
    if config.covariate_transform == "log":
        zero = np.exp(zero) - LOG_OFFSET
    said, logits = covariate_shares(model, sequence, np.append(tried, max(zero, 0.0)), others, task=task)
    return Response(tried, said[:-1], np.full(len(tried), logits[-1]), logits[:-1] - logits[-1])


def covariate_shares(
    model: ConvNet, sequence: np.ndarray, tried: np.ndarray, others: np.ndarray, *, column: int = 0, task: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """Predictions and logits `(K,)` of one sequence `(4, L)` with `tried (K,)` for one of its raw covariates."""
    rows = np.tile(np.asarray(others, np.float32), (len(tried), 1))
    rows[:, column] = tried
    X = np.repeat(sequence[None], len(tried), axis=0)
    return predict(model, X, rows)[:, task], predict(model, X, rows, output="logit")[:, task]
