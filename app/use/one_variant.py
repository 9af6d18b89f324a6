"""One variant close up: both alleles' predictions, whether that matters, and what each base contributes."""

from __future__ import annotations

import numpy as np
import streamlit as st

from components.logo import Logo, logos
from dnaconv_core.interpret.attribution import attribute
from dnaconv_core.interpret.words import output_word
from dnaconv_core.sequence.encoding import one_hot
from dnaconv_core.variants.effects import VariantEffect
from dnaconv_core.variants.null import Judged
from dnaconv_core.variants.words import aligned, in_columns, motif_words
from frame import state
from frame.cache import bundle
from frame.models import ModelRef
from frame.pages import SALIENCY
from frame.words import plain

MATCHED = (
    "Matched random variants: the same substitution between the same neighbours (either strand), or the same "
    "insertion or deletion, at other places within 10,000 bases; where there are too few, in dinucleotide shuffles of "
    "the window."
)


def name_of(effect: VariantEffect) -> str:
    variant = effect.variant
    alleles = f"{variant.ref[:10]}>{effect.alt[:10]}"
    return f"{variant.chrom}:{variant.pos} {alleles}" + (f" ({variant.id})" if variant.id not in (".", "") else "")


def show_effect(ref: ModelRef, one: Judged, covariates: tuple[float, ...], spread: str) -> None:
    """One variant: both alleles' predictions, whether that matters, and what each base contributes with either."""
    unit, effect = output_word(bundle(ref).config), one.effect
    with st.container(border=True):
        st.markdown(f"**{plain(name_of(effect))}**", help="Both windows begin at the same base; the variant is shaded.")
        with st.container(horizontal=True):
            st.metric("Reference", f"{effect.ref_prediction:.3f}", width="content")
            change = f"{effect.effect_prediction:+.3f}"
            st.metric("Alternative", f"{effect.alt_prediction:.3f}", change, width="content")
            own = f"{effect.effect_logit:+.2f}"
            st.metric(f"Change at its own window ({plain(unit)})", own, width="content")
            where = f"Window from base {effect.best_start:,}, {plain(effect.best_strand)} strand."
            largest = f"{effect.best_effect_logit:+.2f}"
            st.metric(f"Largest change over windows ({plain(unit)})", largest, help=where, width="content")
        _matters(one, unit, spread)
        for words in motif_words(effect):
            st.markdown(f":material/join_inner: It {plain(words)}.")
        _alleles(ref, effect, covariates)
        beside = state.beside(bundle(ref).config.covariates, covariates)
        for label, text in (("reference", effect.ref_window), ("alternative", effect.alt_window)):
            st.page_link(
                SALIENCY,
                label=f"Look at the {plain(label)} window in Saliency",
                icon=":material/highlight:",
                query_params=state.link() | {"sequence": text} | beside,
            )


def _matters(one: Judged, unit: str, spread: str) -> None:
    """Its effect beside its null, in words."""
    if one.null is None or one.q is None:
        return
    where = "of its region" if one.null.source == "region" else "in shuffles of its window"
    words = [
        f"Its own-window effect is larger than **{one.null.percentile:.0%}** of {len(one.null.effects):,} matched "
        f"random variants {plain(where)} (q {one.q:.2g})."
    ]
    words.append(
        f"Its largest effect over windows is larger than **{one.null.largest_percentile:.0%}** of theirs "
        f"(q {one.largest_q:.2g})."
    )
    if one.low is not None and one.high is not None:
        words.append(f"{plain(spread.capitalize())}: {one.low:+.2f} to {one.high:+.2f} in the {plain(unit)}.")
    st.markdown(" ".join(words), help=MATCHED)


def _alleles(ref: ModelRef, effect: VariantEffect, covariates: tuple[float, ...]) -> None:
    """What each base contributes with either allele, aligned, and the difference."""
    unit = output_word(bundle(ref).config)
    X = one_hot([effect.ref_window, effect.alt_window])
    beside = np.tile(np.float32(covariates), (2, 1)) if covariates else None
    values = attribute(bundle(ref).model, X, method="input_x_gradient", covariates=beside, task=ref.output).values
    columns = aligned(effect)
    before, after = (in_columns(each, where) for each, where in zip(values, columns, strict=True))
    at = effect.variant.start - effect.window_start
    changed = (at, min(at + max(len(effect.variant.ref), len(effect.alt)), before.shape[1]))
    names = ("reference", "alternative", "alternative − reference")
    shown = [
        Logo(each, name, kind="contribution", unit=unit, spans=(changed,))
        for each, name in zip((before, after, after - before), names, strict=True)
    ]
    logos(shown, key="variants_logos", height=110, min_width=2000, same_scale=True)
    gaps = "" if len(effect.variant.ref) == len(effect.alt) else " Columns without letters are gaps."
    st.caption(plain(f"Input × gradient of the {unit}, all on one scale, both alleles aligned.{gaps}"))
