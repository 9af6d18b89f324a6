"""Whether data suit training: checked before it begins, so that it can be said next to the button that starts it."""

from __future__ import annotations

from typing import Any, NamedTuple

from dnaconv_core.data.audit import concerns
from dnaconv_core.errors import DnaConvError
from dnaconv_core.experiments.base import Experiment
from dnaconv_core.experiments.sources import load_parts


class Suitability(NamedTuple):
    """What speaks against training on a source.

    refused: why it would not begin, '' if it would. outputs: the same of networks that end in this output, by output.
    concerns: what makes the result worth little, a sentence each.
    """

    refused: str
    outputs: dict[str, str]
    concerns: tuple[str, ...]


def suitable(
    experiment: Experiment, source: str, valid: str = "", covariates: str = "", split: dict[str, Any] | None = None
) -> Suitability:
    """Look over the parts that `load_parts` gives; what it refuses is told, not raised."""
    try:
        train, held_out = load_parts(experiment, source, valid, covariates, split)
    except DnaConvError as error:
        return Suitability(str(error), {}, ())
    found = {output: experiment.output_problem(train, output) for output in experiment.answer.outputs}
    return Suitability("", {key: why for key, why in found.items() if why}, tuple(concerns(train, held_out)))
