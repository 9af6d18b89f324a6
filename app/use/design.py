"""Make sequences that the model scores high, low or at a target."""

from __future__ import annotations

import numpy as np
import streamlit as st

from dnaconv_core.design.brakes import beside_judge, compared, judge_output, judged
from dnaconv_core.design.design import Designs, design
from dnaconv_core.design.rules import Checker
from dnaconv_core.design.starts import Starts, given_starts, random_starts, shuffled_starts
from dnaconv_core.interpret.keep import stored_examples
from dnaconv_core.model.config import ModelConfig
from dnaconv_core.predict import encode_records
from dnaconv_core.progress import Part, Progress
from frame.cache import bundle
from frame.job import background
from frame.language import mark, tr
from frame.models import ModelRef, the_model
from frame.page import model_page
from frame.words import plain
from use.design_asked import RANDOM, SHUFFLED, Asked, ask
from use.design_shown import Made, show

_LINE = mark("Make sequences that the model scores high, low or at a target, base by base and under rules.")


def draw() -> None:
    with model_page(tr("Design"), tr(_LINE)) as head:
        ref = the_model()
        model = bundle(ref)
        about = tr("Model: **{name}**, {n:d} bases.", name=plain(ref.name), n=model.config.length)
        head(f"{tr(_LINE)} {about}", ref)
        asked = ask(ref, model.config)
        if asked.start != RANDOM and not asked.records:
            st.info(tr("Paste a sequence above to start from."), icon=":material/arrow_upward:")
            return
        made = background(("design", ref, asked), lambda progress: _make(ref, asked, progress))
        if made is not None:
            show(ref, asked, made)


def _make(ref: ModelRef, asked: Asked, progress: Progress) -> Made:
    """The designs, judged and compared with the examples that are kept with the model."""
    model = bundle(ref)
    rules = Checker(asked.rules, model.config.length, model.config.alphabet)
    covariates = np.float32(asked.covariates) if asked.covariates else None
    starts, goal = _starts(asked, rules, model.config), asked.goal._replace(task=ref.output)
    found = design(model.model, starts, goal, rules, asked.ways, covariates=covariates, progress=Part(progress, 0, 0.9))
    progress.report(0.9, mark("comparing with examples and the judge"))
    designs, usual = found.designs, None
    if asked.judge is not None:
        judge = bundle(asked.judge)
        output = judge_output(model.config, judge.config, ref.output)
        designs = judged(designs, judge.model, output, beside_judge(model.config, judge.config, covariates))
    known = stored_examples(ref.path, model.config.alphabet)
    if known is not None and len(known) > 1 and known.length == model.config.length and designs:
        designs, usual = compared(designs, known.X, model.config.alphabet)
    return Made(Designs(designs, found.skipped, found.stopped), usual)


def _starts(asked: Asked, rules: Checker, config: ModelConfig) -> Starts:
    if asked.start == RANDOM:
        return random_starts(asked.number, rules, seed=asked.ways.seed)
    encode_records(asked.records, config)  # names the first that the model cannot read
    starts = given_starts(asked.records, rules, config.alphabet, seed=asked.ways.seed)
    if asked.start == SHUFFLED:
        return shuffled_starts(starts, asked.number, rules, seed=asked.ways.seed)
    return starts


draw()
