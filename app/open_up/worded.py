"""What the core and an experiment call things, in the page's language, to be drawn as they are."""

from __future__ import annotations

from dnaconv_core.experiments.base import Experiment
from dnaconv_core.interpret.filters import FEW_SITES, FilterMotif
from dnaconv_core.interpret.match import NO_MATCH
from dnaconv_core.interpret.words import output_word
from frame.cache import bundle
from frame.language import mark, said, tr, tr_n
from frame.models import ModelRef
from frame.words import Words, plain

_OF_THE_CORE = (mark("logit"), mark("prediction"), mark("no significant match"))  # as `output_word` and NO_MATCH say


def unit_of(model: ModelRef) -> Words:
    """What attributions and effects are of, in words."""
    return plain(said(output_word(bundle(model).config)))


def groups_of(experiment: Experiment) -> tuple[Words, Words]:
    """What negatives and positives are called, or low and high values."""
    if not experiment.answer.yes_or_no:
        return tr("low values"), tr("high values")
    low, high = experiment.class_names
    return plain(said(low)), plain(said(high))


def strand_words(minus: bool) -> Words:
    """The strand, with its sign."""
    return tr("− strand") if minus else tr("+ strand")


def no_match() -> Words:
    """That a motif resembles none of those it is compared with."""
    return plain(said(NO_MATCH))


def few_sites(found: FilterMotif) -> Words:
    """Why a filter's motif is not to be trusted, or ''."""
    if not found.n_sites:
        return tr("no sequence activates it")
    return tr_n("only {n} site", "only {n} sites", found.n_sites) if found.n_sites < FEW_SITES else ""
