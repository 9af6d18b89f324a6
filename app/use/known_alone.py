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
from frame.language import mark, said, tr
from frame.models import ModelRef
from frame.outputs import question
from frame.words import Words, plain

_N = 100
_HOW = mark(
    "The network was not trained on unknown bases. So the known bases are put, at their places, into shuffled "
    "validation examples. Shown is the mean over these backgrounds, with its 95 % interval."
)


def known_alone(model: ModelRef, answer: Answer, covariates: tuple[float, ...]) -> None:
    """The known bases of what was read in backgrounds, beside the backgrounds as they are."""
    config, reference = bundle(model).config, read_reference(model.path, model.output)
    window = one_hot(answer.sequence, config.alphabet)[0]
    share = float(window.any(axis=0).mean())
    st.warning(
        tr(
            "Only {share} of the {length:d} bases that the model reads are known. So the score is not compared with "
            "other examples.",
            share=_share(share),
            length=config.length,
        ),
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
        word, chance = plain(said(asked.class_names[1])), found.probability
        title = tr("Probability of being {word}, in {n:d} shuffled backgrounds", word=word, n=_N)
        st.metric(title, _share(chance.mean), help=tr(_HOW))
        words = tr(
            "{share} of windows with these bases are {word}; without them, {without}.",
            share=_shares(chance),
            word=word,
            without=_shares(found.probability_without),
        )
        st.markdown(words)
    else:
        st.metric(tr("In {n:d} shuffled backgrounds", n=_N), f"{found.score.mean:.3f}", help=tr(_HOW))
    mean, without = _numbers(found.score), _numbers(found.without)
    if asked.answer.yes_or_no:
        st.markdown(tr("Mean score {mean}; without them, {without}.", mean=mean, without=without))
    else:
        st.markdown(tr("Mean prediction {mean}; without them, {without}.", mean=mean, without=without))


def _share(value: float) -> Words:
    return plain(percent(value))


def _shares(of: Average) -> Words:
    return tr("{mean} ({low} to {high})", mean=_share(of.mean), low=_share(of.low), high=_share(of.high))


def _numbers(of: Average) -> Words:
    return tr("{mean:.3f} ({low:.3f} to {high:.3f})", mean=of.mean, low=of.low, high=of.high)
