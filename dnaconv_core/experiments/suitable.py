"""Whether data suit training: checked before it begins, so that it can be said next to the button that starts it."""

from __future__ import annotations

from typing import Any, NamedTuple

from dnaconv_core.data.audit import concerns
from dnaconv_core.data.dataset import Dataset
from dnaconv_core.errors import DnaConvError
from dnaconv_core.experiments.base import Experiment
from dnaconv_core.experiments.sources import load_parts
from dnaconv_core.train.unwise import Sizes


class Suitability(NamedTuple):
    """What speaks against training on a source.

    refused: why it would not begin, '' if it would. outputs: the same of networks that end in this output, by output.
    concerns: what makes the result worth little, a sentence each. sizes: of the training part, where it is known.
    """

    refused: str
    outputs: dict[str, str]
    concerns: tuple[str, ...]
    sizes: Sizes | None = None


def suitable(
    experiment: Experiment, source: str, valid: str = "", covariates: str = "", split: dict[str, Any] | None = None
) -> Suitability:
    """Look over the parts that `load_parts` gives; what it refuses is told, not raised."""
    try:
        train, held_out = load_parts(experiment, source, valid, covariates, split)
    except DnaConvError as error:
        return Suitability(str(error), {}, ())
    found = {output: experiment.output_problem(train, output) for output in experiment.answer.outputs}
    outputs = {key: why for key, why in found.items() if why}
    return Suitability("", outputs, tuple(concerns(train, held_out)), sizes_of(experiment, train))


def sizes_of(experiment: Experiment, train: Dataset) -> Sizes:
    """What settings are judged by: how many examples a training part has, and of the rarer class."""
    rarest = None
    if experiment.answer.yes_or_no and train.y.shape[1] == 1:
        rarest = min(len(rows) for rows in experiment.answer.strata(train.y[:, 0]))
    return Sizes(len(train), rarest, experiment.strand != "one")
