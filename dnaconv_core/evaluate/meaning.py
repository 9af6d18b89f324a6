"""What scores mean: their place among validation examples, the probability that belongs to them, and where neither."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from dnaconv_core.answers.outputs import answer_of_one
from dnaconv_core.errors import InputError
from dnaconv_core.evaluate.calibration import Calibration, Reference, calibrate, calibration_interval, percentiles
from dnaconv_core.evaluate.unlike import Unlike, familiar, unlike
from dnaconv_core.model.config import ModelConfig
from dnaconv_core.sequence.encoding import to_codes

ENOUGH_KNOWN = 0.8  # of a window's bases: with fewer, its score is compared with nothing


class Meaning(NamedTuple):
    """Columns `(N,)` of one output, NaN for a window of which too little is known; None where a model tells nothing."""

    known: np.ndarray | None  # share of the window's bases that are known; None where all are in all windows
    calibrated: np.ndarray | None = None  # probability by the calibration
    calibrated_low: np.ndarray | None = None  # its 95 % interval
    calibrated_high: np.ndarray | None = None
    percentile: np.ndarray | None = None  # share of all validation examples below, 0 to 1
    among_negatives: np.ndarray | None = None  # share of validation negatives below, 0 to 1
    among_positives: np.ndarray | None = None  # the same of positives; of a number, of all validation examples
    prevalence: float | None = None  # of positives among the validation examples; of a yes-or-no question only
    calibration: str = ""  # how the probability was calibrated, in words; '' where it was not
    strangers: Unlike | None = None  # how far each lies from the validation examples

    def sentence(self, number: int, called: str) -> str:
        """The headline of one: '4.5 % of windows like this are bound (3.1 to 6.4 %), 6.0 times the usual 0.75 %'."""
        said, low, high = self.calibrated, self.calibrated_low, self.calibrated_high
        if said is None or low is None or high is None or self.prevalence is None or not np.isfinite(said[number]):
            return ""
        words = f"{percent(said[number])} of windows like this are {called}"
        interval = f"({percent(low[number])} to {percent(high[number])})"
        return f"{words} {interval}, {said[number] / self.prevalence:.1f} times the usual {percent(self.prevalence)}"

    def withheld(self, number: int) -> str:
        """Why one has no percentile and no probability; '' where it has."""
        if self.known is None or self.known[number] >= ENOUGH_KNOWN:
            return ""
        return (
            f"only {percent(self.known[number])} of the window's bases are known: its score is compared with nothing, "
            f"put it into backgrounds"
        )


def meaning(config: ModelConfig, X: np.ndarray, scores: np.ndarray, reference: Reference | None) -> Meaning:
    """What scores `(N,)` of one-hot windows `(N, 4, L)` mean. reference: validation predictions of the same output."""
    share = np.asarray(X).any(axis=1).mean(axis=1)  # (N,)
    known = None if (share == 1).all() else share
    if reference is None or not len(reference.y):
        return Meaning(known)
    scores = np.where(share >= ENOUGH_KNOWN, scores, np.nan)
    strangers = None
    if reference.codes is not None:
        like = familiar(reference.codes, both_strands=config.alphabet == "DNA")
        strangers = like and unlike(like, np.where(share[:, None] >= ENOUGH_KNOWN, to_codes(X), 4))
    found = Meaning(known, percentile=_below(scores, reference.prediction), strangers=strangers)
    if not answer_of_one(config.answer).yes_or_no:
        return found._replace(among_positives=found.percentile)
    found = found._replace(
        prevalence=len(reference.positives) / len(reference.y),
        among_negatives=_below(scores, reference.negatives),
        among_positives=_below(scores, reference.positives),
    )
    try:
        curve = calibrate(reference)
    except InputError as error:
        return found._replace(calibration=str(error))
    low, high = calibration_interval(reference, curve, scores)
    words = f"{curve.words}, fitted on {curve.n:,} validation examples, {curve.n_positive:,} positive"
    said = np.where(np.isfinite(scores), curve(scores), np.nan)
    return found._replace(calibrated=said, calibrated_low=low, calibrated_high=high, calibration=words)


def curve_of(config: ModelConfig, reference: Reference | None) -> Calibration | None:
    """The calibration of a yes-or-no output, or None where there can be none."""
    if reference is None or not len(reference.y) or not answer_of_one(config.answer).yes_or_no:
        return None
    try:
        return calibrate(reference)
    except InputError:
        return None


def _below(scores: np.ndarray, among: np.ndarray) -> np.ndarray:
    return np.where(np.isfinite(scores), percentiles(scores, among), np.nan)


def percent(share: float) -> str:
    """'4.5 %', '0.75 %', '0.031 %'."""
    return f"{100 * share:.1f} %" if share >= 0.01 or share == 0 else f"{100 * share:.2g} %"
