"""A sequence too little of which is known to be read alone: what the model says of it in many backgrounds."""

from __future__ import annotations

import numpy as np
import streamlit as st

from dnaconv_core.evaluate.ask import Answer
from dnaconv_core.evaluate.calibration import read_reference
from dnaconv_core.evaluate.meaning import curve_of, percent
from dnaconv_core.interpret.in_backgrounds import Average, backgrounds_of, in_backgrounds
from dnaconv_core.sequence.encoding import one_hot
from frame.cache import bundle
from frame.models import ModelRef
from frame.outputs import question
from frame.words import Words, plain

_N = 100
_HOW = (
    "A network never saw windows of unknown bases. So the known bases are written, where they stand, over shuffled "
    "validation examples, and the mean is given with its 95 % interval over these backgrounds."
)


def known_alone(model: ModelRef, answer: Answer, covariates: tuple[float, ...]) -> None:
    """The known bases of what was read in backgrounds, beside the backgrounds as they are."""
    config, reference = bundle(model).config, read_reference(model.path, model.output)
    window = one_hot(answer.sequence, config.alphabet)[0]
    share = float(window.any(axis=0).mean())
    st.warning(
        f"Only {plain(percent(share))} of the {config.length:d} bases that the model reads are known. Its score is "
        "compared with nothing.",
        icon=":material/help:",
    )
    if not share:
        return
    found = in_backgrounds(
        bundle(model).model,
        window,
        backgrounds_of(config, reference, _N),
        curve=curve_of(config, reference),
        covariates=np.float32(covariates) if covariates else None,
        task=model.output,
    )
    asked = question(model)
    if found.probability and found.probability_without:
        word, chance = plain(asked.class_names[1]), found.probability
        st.metric(f"Probability of being {word}, in {_N:d} shuffled backgrounds", _share(chance.mean), help=_HOW)
        st.markdown(
            f"{_shares(chance)} of windows with these bases are {word}; without them, "
            f"{_shares(found.probability_without)}."
        )
    else:
        st.metric(f"In {_N:d} shuffled backgrounds", f"{found.score.mean:.3f}", help=_HOW)
    unit = "score" if asked.answer.yes_or_no else "prediction"
    st.markdown(f"Mean {unit} {_numbers(found.score)}; without them, {_numbers(found.without)}.")


def _share(value: float) -> Words:
    return plain(percent(value))


def _shares(of: Average) -> Words:
    return plain(f"{percent(of.mean)} ({percent(of.low)} to {percent(of.high)})")


def _numbers(of: Average) -> Words:
    return f"{of.mean:.3f} ({of.low:.3f} to {of.high:.3f})"
