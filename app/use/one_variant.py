"""One variant close up: both alleles' predictions, whether that matters, and what each base contributes."""

from __future__ import annotations

import numpy as np
import streamlit as st

from components.logo import Logo, logos
from dnaconv_core.interpret.attribution import attribute
from dnaconv_core.interpret.words import output_word
from dnaconv_core.sequence.encoding import one_hot
from dnaconv_core.variants.effects import VariantEffect
from dnaconv_core.variants.motif_changes import Hit
from dnaconv_core.variants.null import Judged
from dnaconv_core.variants.words import aligned, in_columns
from frame import state
from frame.cache import bundle
from frame.language import mark, said, tr, tr_n
from frame.models import ModelRef
from frame.pages import SALIENCY
from frame.words import Words, ours, plain

MATCHED = mark(
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
    unit, effect = said(output_word(bundle(ref).config)), one.effect
    with st.container(border=True):
        about = tr("Both windows begin at the same base; the variant is shaded.")
        st.markdown(f"**{plain(name_of(effect))}**", help=about)
        with st.container(horizontal=True):
            st.metric(tr("Reference"), f"{effect.ref_prediction:.3f}", width="content")
            change = f"{effect.effect_prediction:+.3f}"
            st.metric(tr("Alternative"), f"{effect.alt_prediction:.3f}", change, width="content")
            own = f"{effect.effect_logit:+.2f}"
            st.metric(tr("Change at its own window ({unit})", unit=plain(unit)), own, width="content")
            first, strand = effect.best_start + 1, plain(effect.best_strand)
            where = tr("Window from base {first:,}, {strand} strand.", first=first, strand=strand)
            largest = f"{effect.best_effect_logit:+.2f}"
            title = tr("Largest change over windows ({unit})", unit=plain(unit))
            st.metric(title, largest, help=where, width="content")
        _matters(one, unit, spread)
        if effect.gained or effect.lost:
            st.markdown(_motifs(effect))
        _alleles(ref, effect, covariates)
        reference = tr("Look at the reference window in Saliency")
        alternative = tr("Look at the alternative window in Saliency")
        link = state.link() | state.beside(bundle(ref).config.covariates, covariates)
        icon = ":material/highlight:"
        st.page_link(SALIENCY, label=reference, icon=icon, query_params=link | {"sequence": effect.ref_window})
        st.page_link(SALIENCY, label=alternative, icon=icon, query_params=link | {"sequence": effect.alt_window})


def _motifs(effect: VariantEffect) -> Words:
    return ours("  \n".join(f":material/join_inner: {sentence}" for sentence in motif_sentences(effect)))


def motif_sentences(effect: VariantEffect) -> list[Words]:
    """The motif hits that the variant makes and breaks, each in a sentence."""
    made = [tr("It creates a {site}.", site=_site(hit)) for hit in effect.gained]
    return made + [tr("It destroys a {site}.", site=_site(hit)) for hit in effect.lost]


def _site(hit: Hit) -> Words:
    n = abs(hit.offset)
    where = tr("beginning with it")
    if hit.offset < 0:
        where = tr_n("beginning 1 base left of the variant", "beginning {n} bases left of the variant", n)
    elif hit.offset > 0:
        where = tr_n("beginning 1 base right of the variant", "beginning {n} bases right of the variant", n)
    strand = "+" if hit.strand == "+" else "−"
    motif, word = plain(hit.motif), plain(hit.word)
    return tr("{motif} site: {word}, {strand} strand, {where}", motif=motif, word=word, strand=strand, where=where)


def _matters(one: Judged, unit: str, spread: str) -> None:
    """Its effect beside its null, in words."""
    if one.null is None or one.q is None:
        return
    share, n, q = one.null.percentile, len(one.null.effects), one.q
    if one.null.source == "region":
        own = tr(
            "Its own-window effect is larger than **{share:.0%}** of {n:,} matched random variants of its region "
            "(q {q:.2g}).",
            share=share, n=n, q=q,
        )  # fmt: skip
    else:
        own = tr(
            "Its own-window effect is larger than **{share:.0%}** of {n:,} matched random variants in shuffles of its "
            "window (q {q:.2g}).",
            share=share, n=n, q=q,
        )  # fmt: skip
    largest = tr(
        "Its largest effect over windows is larger than **{share:.0%}** of theirs (q {q:.2g}).",
        share=one.null.largest_percentile,
        q=one.largest_q,
    )
    st.markdown(f"{own} {largest} {_range(one, unit, spread)}", help=tr(MATCHED))


def _range(one: Judged, unit: str, spread: str) -> Words:
    if one.low is None or one.high is None:
        return ""
    return tr(
        "{what}: {low:+.2f} to {high:+.2f} in the {unit}.",
        what=plain(said(spread.capitalize())),
        low=one.low,
        high=one.high,
        unit=plain(unit),
    )


def _alleles(ref: ModelRef, effect: VariantEffect, covariates: tuple[float, ...]) -> None:
    """What each base contributes with either allele, aligned, and the difference."""
    unit = said(output_word(bundle(ref).config))
    X = one_hot([effect.ref_window, effect.alt_window])
    beside = np.tile(np.float32(covariates), (2, 1)) if covariates else None
    values = attribute(bundle(ref).model, X, method="input_x_gradient", covariates=beside, task=ref.output).values
    columns = aligned(effect)
    before, after = (in_columns(each, where) for each, where in zip(values, columns, strict=True))
    at = effect.variant.start - effect.window_start
    changed = (at, min(at + max(len(effect.variant.ref), len(effect.alt)), before.shape[1]))
    names = (tr("REF allele"), tr("ALT allele"), tr("ALT − REF"))
    shown = [
        Logo(each, name, kind="contribution", unit=unit, spans=(changed,))
        for each, name in zip((before, after, after - before), names, strict=True)
    ]
    logos(shown, key="variants_logos", height=110, min_width=2000, same_scale=True)
    words = tr("Input × gradient of the {unit}, all on one scale, both alleles aligned.", unit=plain(unit))
    if len(effect.variant.ref) != len(effect.alt):
        words = f"{words} {tr('Columns without letters are gaps.')}"
    st.caption(words)
