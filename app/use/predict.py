"""Try a model on your own sequences."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from components.skipped import show_skipped
from dnaconv_core.evaluate.ask import Answer, ask
from dnaconv_core.evaluate.calibration import read_reference
from dnaconv_core.evaluate.detail import Detail, explain
from dnaconv_core.evaluate.given import fasta_records
from dnaconv_core.runs.siblings import sibling_folders
from dnaconv_core.runs.store import Store
from dnaconv_core.sequence.encoding import one_hot, parse_records
from frame import state
from frame.cache import bundle
from frame.language import tr
from frame.models import ModelRef, model_in, the_model
from frame.page import model_page
from frame.words import Words, plain
from use.answers_table import answers_table
from use.asking import ask_fit, ask_for, remember
from use.one_answer import one_answer

if TYPE_CHECKING:
    from dnaconv_core.model.bundle import Bundle


def draw() -> None:
    with model_page(tr("Predict"), tr("Try a model on your own sequences.")) as head:
        experiment, ref = state.experiment(), the_model()
        model = bundle(ref)
        head(
            tr(
                "What **{name}** predicts for your sequences. It reads {what}.",
                name=plain(ref.name),
                what=_reads(model),
            ),
            ref,
        )
        text, covariates, file = ask_for(experiment, model)
        if file is None and not text.strip():
            st.query_params.pop("sequence", None)
            st.info(tr("Paste a sequence above, or choose one of the examples."), icon=":material/arrow_upward:")
            return
        if file is None:
            remember(text)
        given = file or fasta_records(parse_records(text, model.config.alphabet, bare=True), "the text")
        records = given.records
        show_skipped(given.skipped)
        beside = np.tile(np.asarray(covariates, np.float32), (len(records), 1))
        if file is not None and file.covariates is not None:
            beside = file.covariates
        fit = ask_fit(records, model.config.length)
        with st.spinner(tr("Predicting…")):  # many windows to slide along take seconds
            answers = ask(model, records, beside, fit, ref.output)
            more = _detail(ref, answers, beside if model.config.covariates else None)
        number = answers_table(answers, more, ref) if len(answers) > 1 else 0
        one_answer(ref, answers[number], tuple(beside[number].tolist()), more, number)


def _reads(model: Bundle) -> Words:
    length, alphabet = model.config.length, plain(model.config.alphabet)
    if not model.config.covariates:
        return tr("{length:d} bases of {alphabet}", length=length, alphabet=alphabet)
    names = plain(", ".join(model.config.covariates))
    return tr("{length:d} bases of {alphabet} and {names}", length=length, alphabet=alphabet, names=names)


def _detail(ref: ModelRef, answers: list[Answer], covariates: np.ndarray | None) -> Detail:
    """Calibration, percentiles and other seeds for what the model read of each record. covariates: `(N, C)`."""
    model = bundle(ref)
    X = one_hot([answer.sequence for answer in answers], model.config.alphabet)
    reference = read_reference(ref.path, ref.output)
    others = [bundle(model_in(folder)).model for folder in sibling_folders(Store(), ref.key)]
    return explain(model.model, X, covariates, reference=reference, siblings=others, task=ref.output)


draw()
