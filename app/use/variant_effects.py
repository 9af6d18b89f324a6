"""What variants change: a chart and a table of all, files of them, and one close up."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import streamlit as st

from components.chart import chart
from components.logo import Logo, logos
from dnaconv_core.interpret.attribution import attribute
from dnaconv_core.interpret.words import output_word
from dnaconv_core.sequence.encoding import one_hot
from dnaconv_core.variants.effects import VariantEffect
from dnaconv_core.variants.files import write_table, write_vcf
from frame import state
from frame.cache import bundle
from frame.models import ModelRef
from frame.pages import SALIENCY
from frame.words import ours, plain
from use import figures
from use.variants_given import Given

_WHERE = "how many bases after the variant's first one it begins"
_TOLD = 3  # reasons why a variant was not scored


def show_effects(ref: ModelRef, given: Given, found: list[VariantEffect], covariates: tuple[float, ...]) -> None:
    """All of them, and close up the one that is picked: at first the strongest."""
    unit, scored = output_word(bundle(ref).config), [effect for effect in found if effect.effect_logit is not None]
    strongest = max(scored, key=lambda effect: abs(effect.effect_logit), default=None)
    _numbers(found, scored, strongest, unit)
    _not_scored([effect for effect in found if effect.effect_logit is None])
    with st.container(border=True):
        clicked = chart(
            figures.effects([effect.effect_logit for effect in found], [_name(effect) for effect in found], unit),
            key="variants_effects",
            height=190,
            revision=str(given.key),
            clickable=True,
        )
        row = _table(found, unit)
        _downloads(given, found)
    number = row if row is not None else clicked["data"] if clicked else None
    effect = found[number] if number is not None and number < len(found) else strongest
    if effect is not None and effect.effect_logit is not None:
        show_effect(ref, effect, covariates)


def _numbers(
    found: list[VariantEffect], scored: list[VariantEffect], strongest: VariantEffect | None, unit: str
) -> None:
    largest = f"{strongest.effect_logit:+.2f}" if strongest else "–"
    with st.container(horizontal=True):
        st.metric("Alleles", f"{len(found):,}", width="content")
        st.metric("Scored", f"{len(scored):,}", width="content")
        missed = f"{len(found) - len(scored):,}"
        st.metric("Not scored", missed, help="The reasons are below, and one by one in the table.", width="content")
        st.metric("Largest change", largest, help=f"In the {plain(unit)}.", width="content")


def _table(found: list[VariantEffect], unit: str) -> int | None:
    """All in a table; the number of the one picked there."""
    event = st.dataframe(
        _columns(found, unit),
        hide_index=True,
        height=min(38 + 35 * len(found), 300),
        on_select="rerun",
        selection_mode="single-row",
        key="variants_table",
        column_config=_formats(unit),
    )
    rows = event["selection"]["rows"]
    return rows[0] if rows and rows[0] < len(found) else None


def _columns(found: list[VariantEffect], unit: str) -> dict[str, list[Any]]:
    changes = {f"Δ {unit}": [effect.effect_logit for effect in found]}
    if unit != "prediction":
        changes["Δ prediction"] = [effect.effect_prediction for effect in found]
    return {
        "variant": [_name(effect) for effect in found],
        **changes,
        "largest Δ": [effect.best_effect_logit for effect in found],
        "hits lost": [" ".join(map(str, effect.lost)) for effect in found],
        "hits gained": [" ".join(map(str, effect.gained)) for effect in found],
        "status": [effect.status for effect in found],
        "strand": [effect.best_strand for effect in found],
    }


def _formats(unit: str) -> dict[str, Any]:
    number, text = st.column_config.NumberColumn, st.column_config.TextColumn
    hits = f"Motif, its letters there, strand, and {_WHERE}."
    return {
        "Δ prediction": number(format="%+.3f", help="Of the same window."),
        f"Δ {unit}": number(format="%+.2f", help="Of the window with the variant's first base in its middle."),
        "largest Δ": number(
            format="%+.2f", help=f"In the {plain(unit)}, over all windows that hold the variant and both strands."
        ),
        "hits lost": text(help=hits),
        "hits gained": text(help=hits),
    }


def _not_scored(missed: list[VariantEffect]) -> None:
    """The first reasons: the column with all of them may lie outside a narrow window."""
    lines = [f"{plain(_name(effect))}: {plain(effect.status.partition(': ')[2] or effect.status)}" for effect in missed]
    if lines:
        more = [f"and {len(lines) - _TOLD:,} more, in the table"] if len(lines) > _TOLD else []
        st.caption("**Not scored.** " + "; ".join([*(ours(line) for line in lines[:_TOLD]), *more]) + ".")


def _name(effect: VariantEffect) -> str:
    variant = effect.variant
    alleles = f"{variant.ref[:10]}>{effect.alt[:10]}"
    return f"{variant.chrom}:{variant.pos} {alleles}" + (f" ({variant.id})" if variant.id not in (".", "") else "")


def _downloads(given: Given, found: list[VariantEffect]) -> None:
    table, annotated = io.StringIO(), io.StringIO()
    for _ in write_table(table, found):
        pass
    with st.container(horizontal=True):
        st.download_button("CSV", table.getvalue(), "variants.csv", icon=":material/download:", on_click="ignore")
        if any(effect.variant.line for effect in found):
            for _ in write_vcf(annotated, given.header, found):
                pass
            st.download_button(
                "Annotated VCF", annotated.getvalue(), "variants.vcf", icon=":material/download:", on_click="ignore"
            )


def show_effect(ref: ModelRef, effect: VariantEffect, covariates: tuple[float, ...]) -> None:
    """One variant: both alleles' predictions, and what each base contributes with either."""
    unit = output_word(bundle(ref).config)
    with st.container(border=True):
        st.markdown(f"**{plain(_name(effect))}**", help="Both windows begin at the same base; the variant is shaded.")
        with st.container(horizontal=True):
            st.metric("Reference", f"{effect.ref_prediction:.3f}", width="content")
            change = f"{effect.effect_prediction:+.3f}"
            st.metric("Alternative", f"{effect.alt_prediction:.3f}", change, width="content")
            where = f"Window from base {effect.best_start:,}, {plain(effect.best_strand)} strand."
            largest = f"{effect.best_effect_logit:+.2f}"
            st.metric(f"Largest change over windows ({plain(unit)})", largest, help=where, width="content")
        _alleles(ref, effect, covariates)
        beside = state.beside(bundle(ref).config.covariates, covariates)
        for label, text in (("reference", effect.ref_window), ("alternative", effect.alt_window)):
            st.page_link(
                SALIENCY,
                label=f"Look at the {plain(label)} window in Saliency",
                icon=":material/highlight:",
                query_params=state.link() | {"sequence": text} | beside,
            )


def _alleles(ref: ModelRef, effect: VariantEffect, covariates: tuple[float, ...]) -> None:
    """What each base contributes, with either allele."""
    unit = output_word(bundle(ref).config)
    X = one_hot([effect.ref_window, effect.alt_window])
    beside = np.tile(np.float32(covariates), (2, 1)) if covariates else None
    values = attribute(bundle(ref).model, X, method="input_x_gradient", covariates=beside, task=ref.output).values
    at = effect.variant.start - effect.window_start
    shown = [
        Logo(values[i], name, kind="contribution", unit=unit, spans=((at, min(at + len(allele), X.shape[2])),))
        for i, (name, allele) in enumerate((("reference", effect.variant.ref), ("alternative", effect.alt)))
    ]
    logos(shown, key="variants_logos", height=110, min_width=2000, same_scale=True)
    st.caption(f"Input × gradient of the {plain(unit)}, both alleles on one scale.")
