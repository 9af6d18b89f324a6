"""What a model says of sequence variants."""

from __future__ import annotations

import numpy as np
import streamlit as st

from components.sequences_in import covariate_inputs
from dnaconv_core.experiments import all_experiments
from dnaconv_core.progress import Part, Progress
from dnaconv_core.runs.siblings import sibling_folders
from dnaconv_core.runs.store import Store
from dnaconv_core.sequence.motif import from_iupac
from dnaconv_core.variants.effects import score_variants
from dnaconv_core.variants.null import Verdicts, verdicts
from frame import state
from frame.cache import bundle
from frame.job import background
from frame.language import mark, said, tr
from frame.models import ModelRef, model_in, the_model
from frame.page import model_page
from frame.where import ask_where
from frame.words import plain
from use.variant_effects import show_effects
from use.variants_given import Given, ask_variants

_LINE = mark("What a variant changes: prediction with the alternative allele minus that with the reference.")
_MATCHED, _FEWEST, _MOST = 100, 10, 20_000  # matched random variants of each, and of all together


def draw() -> None:
    with model_page(tr("Variants"), tr(_LINE)) as head:
        ref = the_model()
        model = bundle(ref)
        head(f"{tr(_LINE)} {tr('Model: **{name}**.', name=plain(ref.name))}", ref)
        if model.config.alphabet != "DNA":
            _no_genome()
            return
        with st.container(border=True):
            given = ask_variants(model.config.length)
            covariates = covariate_inputs(model.config, "variants")
            on = ask_where("variants_on")
        if given is None:
            st.info(tr("Give variants above, or choose the example."), icon=":material/arrow_upward:")
            return
        asked = ("variants", on, ref, covariates, given.key)
        found = background(asked, lambda progress: _score(ref, given, covariates, on, progress), on=on)
        if found is not None:
            show_effects(ref, given, found, covariates)


def _no_genome() -> None:
    other = next(one for one in all_experiments().values() if one.alphabet == "DNA")
    with st.container(border=True):
        st.markdown(tr("**This model reads RNA, not a genome.** Choose an experiment on DNA."))
        st.button(plain(said(other.title)), on_click=lambda: state.choose(experiment=other.key))


def _score(ref: ModelRef, given: Given, covariates: tuple[float, ...], on: str, progress: Progress) -> Verdicts:
    word = state.experiment().motif
    motifs = [from_iupac(word, word)] if word else []
    beside = np.float32(covariates) if covariates else None
    effects = score_variants(
        bundle(ref).model, given.variants, given.genome, covariates=beside, motifs=motifs, task=ref.output, on=on,
        progress=Part(progress, 0.0, 0.1),
    )  # fmt: skip
    models = [bundle(ref).model, *(bundle(model_in(folder)).model for folder in sibling_folders(Store(), ref.key))]
    n = max(_FEWEST, min(_MATCHED, _MOST // max(len(given.variants), 1)))
    told = Part(progress, 0.1, 0.9)
    return verdicts(models, effects, given.genome, n=n, covariates=beside, task=ref.output, on=on, progress=told)


draw()
