"""A prediction and what helps to read it: the other strand, a calibrated probability, its place, and other seeds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from dnaconv_core.data.dataset import Dataset
from dnaconv_core.evaluate.calibration import Reference
from dnaconv_core.evaluate.meaning import Meaning, meaning
from dnaconv_core.predict import predict
from dnaconv_core.progress import SILENT, Progress
from dnaconv_core.sequence.encoding import reverse_complement

if TYPE_CHECKING:
    from dnaconv_core.model.convnet import ConvNet


class Detail(NamedTuple):
    """Columns `(N,)` of one output; None where the model or its record has nothing to give."""

    prediction: np.ndarray  # the score: raw output
    other_strand: np.ndarray | None  # of the reverse complement; DNA only
    meaning: Meaning
    low: np.ndarray | None  # over seeds: the lowest prediction
    high: np.ndarray | None
    seeds: str  # what low and high run over, in words

    def columns(self) -> dict[str, np.ndarray]:
        """The columns there are, by name."""
        means = self.meaning
        found = {"prediction": self.prediction, "other_strand": self.other_strand, **means._asdict()}
        found["unlike"] = means.strangers and means.strangers.share
        found |= {"low": self.low, "high": self.high}
        return {name: values for name, values in found.items() if isinstance(values, np.ndarray)}


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
    """Predictions for one-hot `(N, 4, L)` or a Dataset, with the details of each.

    task: the output, from 0. reference: its validation predictions by this model. siblings: the same network trained
    from other seeds; without any, an ensemble gives the spread of its members (one standard deviation).
    """
    config = model.config
    prediction = predict(model, data, covariates, progress=progress)[:, task]
    X = np.asarray(data.X[:]) if isinstance(data, Dataset) else data
    other = None
    if config.alphabet == "DNA":
        back = reverse_complement(X)
        turned = replace(data, X=back, truth=()) if isinstance(data, Dataset) else back
        other = predict(model, turned, covariates)[:, task]
    low = high = None
    seeds = ""
    if siblings:
        every = np.stack([prediction, *(predict(other_seed, data, covariates)[:, task] for other_seed in siblings)])
        low, high, seeds = every.min(axis=0), every.max(axis=0), f"lowest and highest of {len(every)} seeds"
    elif config.members > 1:
        spread = predict(model, data, covariates, output="spread")[:, task]
        low, high = prediction - spread, prediction + spread
        seeds = f"one standard deviation over the {config.members} members"
    return Detail(prediction, other, meaning(config, X, prediction, reference), low, high, seeds)


class Response(NamedTuple):
    """The answer as one covariate takes other values, and the logit split in two (their sum), all `(K,)`."""

    tried: np.ndarray
    prediction: np.ndarray
    of_sequence: np.ndarray
    of_covariate: np.ndarray


def response(model: ConvNet, sequence: np.ndarray, tried: np.ndarray, others: np.ndarray, task: int = 0) -> Response:
    """What the model says of one sequence `(4, L)` with `tried (K,)` for its first raw covariate.

    Covariate and sequence meet in the last layer, so the logit is their sum; its share is measured from the
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
