"""What variants change: a chart and a table of all, files of them, and one close up."""

from __future__ import annotations

import io
from typing import Any

import streamlit as st

from components.chart import chart
from components.picking import Picking
from dnaconv_core.interpret.words import output_word
from dnaconv_core.variants.effects import VariantEffect
from dnaconv_core.variants.files import write_table, write_vcf
from dnaconv_core.variants.null import Judged, Verdicts, threshold_words
from frame.cache import bundle
from frame.models import ModelRef
from frame.words import ours, plain
from use import figures
from use.one_variant import MATCHED, name_of, show_effect
from use.variants_given import Given

_WHERE = "how many bases after the variant's first one it begins"
_TOLD = 3  # reasons why a variant was not scored


def show_effects(ref: ModelRef, given: Given, verdicts: Verdicts, covariates: tuple[float, ...]) -> None:
    """All of them, and close up the one that is picked: at first the strongest."""
    unit, found = output_word(bundle(ref).config), [one.effect for one in verdicts.judged]
    scored = [effect for effect in found if effect.effect_logit is not None]
    strongest = max(scored, key=lambda effect: abs(effect.effect_logit), default=None)
    _numbers(found, scored, strongest, unit)
    _not_scored([effect for effect in found if effect.effect_logit is None])
    picking = Picking(f"variants_{given.key}")
    with st.container(border=True):
        st.markdown(f"**Effect of each at its own window** ({plain(unit)})", help=MATCHED)
        figure = figures.effects(
            [effect.effect_logit for effect in found],
            [name_of(effect) for effect in found],
            unit,
            threshold=verdicts.threshold,
            ends=[(one.low, one.high) for one in verdicts.judged],
            picked=picking.number,
        )
        clicked = chart(figure, key="variants_effects", height=220, revision=str(given.key), clickable=True)
        if verdicts.threshold is not None:
            words = f" Whiskers: {verdicts.spread}." if verdicts.spread else ""
            st.caption(plain("Dotted: " + threshold_words(verdicts.threshold, unit) + words))
        picking.by_chart(clicked["data"] if clicked else None)
        _table(verdicts.judged, unit, str(given.key), picking)
        _downloads(given, found, verdicts.judged)
    number = picking.number
    one = verdicts.judged[number] if number is not None and number < len(found) else None
    one = one or next((each for each in verdicts.judged if each.effect is strongest), None)
    if one is not None and one.effect.effect_logit is not None:
        show_effect(ref, one, covariates, verdicts.spread)


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


def _table(found: list[Judged], unit: str, asked: str, picking: Picking) -> None:
    """All in a table, to pick one from."""
    event = st.dataframe(
        _columns(found, unit),
        hide_index=True,
        placeholder="–",
        height=min(38 + 35 * len(found), 300),
        on_select="rerun",
        selection_mode="single-row",
        column_config=_formats(unit),
        **picking.kept_in(f"variants_table_{asked}"),
    )
    picking.by_table(event["selection"]["rows"], len(found))


def _columns(judged: list[Judged], unit: str) -> dict[str, list[Any]]:
    found = [one.effect for one in judged]
    changes = {
        f"Δ {unit}": [effect.effect_logit for effect in found],
        "larger than": [one.null and 100 * one.null.percentile for one in judged],
        "q": [one.q for one in judged],
    }
    if unit != "prediction":
        changes["Δ prediction"] = [effect.effect_prediction for effect in found]
    return {
        "variant": [name_of(effect) for effect in found],
        **changes,
        "largest Δ": [effect.best_effect_logit for effect in found],
        "larger than (largest)": [one.null and 100 * one.null.largest_percentile for one in judged],
        "q (largest)": [one.largest_q for one in judged],
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
        f"Δ {unit}": number(
            format="%+.2f", help="At its own window: the one with the variant's first base in its middle."
        ),
        "larger than": number(format="%.0f %%", help="Of its matched random variants, by size. " + MATCHED),
        "q": number(
            format="%.2g",
            help="Of all variants with an effect as large as this or larger: the share to expect that is chance "
            "(Benjamini and Hochberg, from the matched random variants).",
        ),
        "largest Δ": number(
            format="%+.2f", help=f"In the {plain(unit)}, over all windows that hold the variant and both strands."
        ),
        "larger than (largest)": number(
            format="%.0f %%", help="Its largest Δ, of the largest of its matched random variants. " + MATCHED
        ),
        "q (largest)": number(format="%.2g", help="As q, of the largest Δ."),
        "hits lost": text(help=hits),
        "hits gained": text(help=hits),
    }


def _not_scored(missed: list[VariantEffect]) -> None:
    """The first reasons: the column with all of them may lie outside a narrow window."""
    lines = [
        f"{plain(name_of(effect))}: {plain(effect.status.partition(': ')[2] or effect.status)}" for effect in missed
    ]
    if lines:
        more = [f"and {len(lines) - _TOLD:,} more, in the table"] if len(lines) > _TOLD else []
        st.caption("**Not scored.** " + "; ".join([*(ours(line) for line in lines[:_TOLD]), *more]) + ".")


def _downloads(given: Given, found: list[VariantEffect], judged: list[Judged]) -> None:
    table, annotated = io.StringIO(), io.StringIO()
    for _ in write_table(table, found, judged):
        pass
    with st.container(horizontal=True):
        st.download_button("CSV", table.getvalue(), "variants.csv", icon=":material/download:", on_click="ignore")
        if any(effect.variant.line for effect in found):
            for _ in write_vcf(annotated, given.header, found, judged):
                pass
            st.download_button(
                "Annotated VCF", annotated.getvalue(), "variants.vcf", icon=":material/download:", on_click="ignore"
            )
