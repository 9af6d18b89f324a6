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
from frame.language import mark, said, tr
from frame.models import ModelRef
from frame.words import plain
from use import figures
from use.one_variant import MATCHED, name_of, show_effect
from use.variants_given import Given

_TOLD = 3  # reasons why a variant was not scored
_NAMES = (mark("variant"), mark("status"), mark("strand"))  # columns that need no other words


def show_effects(ref: ModelRef, given: Given, verdicts: Verdicts, covariates: tuple[float, ...]) -> None:
    """All of them, and close up the one that is picked: at first the strongest."""
    word, found = output_word(bundle(ref).config), [one.effect for one in verdicts.judged]
    scored = [effect for effect in found if effect.effect_logit is not None]
    strongest = max(scored, key=lambda effect: abs(effect.effect_logit), default=None)
    unit = said(word)
    _numbers(found, scored, strongest, unit)
    _not_scored([effect for effect in found if effect.effect_logit is None])
    picking = Picking(f"variants_{given.key}")
    with st.container(border=True):
        st.markdown(f"**{tr('Effect of each at its own window')}** ({plain(unit)})", help=tr(MATCHED))
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
            told = tr("Dotted: {what}", what=plain(said(threshold_words(verdicts.threshold, word))))
            whiskers = tr("Whiskers: {what}.", what=plain(said(verdicts.spread))) if verdicts.spread else ""
            st.caption(f"{told} {whiskers}")
        picking.by_chart(clicked["data"] if clicked else None)
        _table(verdicts.judged, word, str(given.key), picking)
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
        st.metric(tr("Alleles"), f"{len(found):,}", width="content")
        st.metric(tr("Scored"), f"{len(scored):,}", width="content")
        missed = f"{len(found) - len(scored):,}"
        reasons = tr("The reasons are below, and in the table for each.")
        st.metric(tr("Not scored"), missed, help=reasons, width="content")
        st.metric(tr("Largest change"), largest, help=tr("In the {unit}.", unit=plain(unit)), width="content")


def _table(found: list[Judged], word: str, asked: str, picking: Picking) -> None:
    """All in a table, to pick one from."""
    columns = _columns(found, word)
    event = st.dataframe(
        columns,
        hide_index=True,
        placeholder="–",
        height=min(38 + 35 * len(found), 300),
        on_select="rerun",
        selection_mode="single-row",
        column_config={**{name: {"label": tr(name)} for name in columns}, **_formats(word)},
        **picking.kept_in(f"variants_table_{asked}"),
    )
    picking.by_table(event["selection"]["rows"], len(found))


def _columns(judged: list[Judged], word: str) -> dict[str, list[Any]]:
    found = [one.effect for one in judged]
    changes = {
        f"Δ {word}": [effect.effect_logit for effect in found],
        "larger than": [one.null and 100 * one.null.percentile for one in judged],
        "q": [one.q for one in judged],
    }
    if word != "prediction":
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


def _formats(word: str) -> dict[str, Any]:
    number, text = st.column_config.NumberColumn, st.column_config.TextColumn
    unit = plain(said(word))
    hits = tr("Motif, its letters there, strand, and how many bases after the variant's first one it begins.")
    at_own = tr("At its own window: the one with the variant's first base in its middle.")
    larger = tr("Share of its matched random variants with a smaller effect, up or down.")
    q = tr(
        "Of all variants with an effect of this size or more: the share that is expected by chance (Benjamini and "
        "Hochberg, from the matched random variants)."
    )
    largest = tr("In the {unit}, over all windows that hold the variant and both strands.", unit=unit)
    of_largest = tr("The same for its largest Δ, beside the largest Δ of its matched random variants.")
    return {
        "Δ prediction": number(tr("Δ prediction"), format="%+.3f", help=tr("Of the same window.")),
        f"Δ {word}": number(tr("Δ {unit}", unit=unit), format="%+.2f", help=at_own),
        "larger than": number(tr("larger than"), format="%.0f %%", help=f"{larger} {tr(MATCHED)}"),
        "q": number(format="%.2g", help=q),
        "largest Δ": number(tr("largest Δ"), format="%+.2f", help=largest),
        "larger than (largest)": number(tr("larger than (largest)"), format="%.0f %%", help=of_largest),
        "q (largest)": number(tr("q (largest)"), format="%.2g", help=tr("As q, of the largest Δ.")),
        "hits lost": text(tr("hits lost"), help=hits),
        "hits gained": text(tr("hits gained"), help=hits),
    }


def _not_scored(missed: list[VariantEffect]) -> None:
    """The first reasons: the column with all of them may lie outside a narrow window."""
    if not missed:
        return
    lines = [
        f"{plain(name_of(effect))}: {plain(said(effect.status.partition(': ')[2] or effect.status))}"
        for effect in missed[:_TOLD]
    ]
    if len(missed) > _TOLD:
        lines.append(tr("and {n:,} more, in the table", n=len(missed) - _TOLD))
    st.caption(f"**{tr('Not scored.')}** {'; '.join(lines)}.")


def _downloads(given: Given, found: list[VariantEffect], judged: list[Judged]) -> None:
    table, annotated = io.StringIO(), io.StringIO()
    for _ in write_table(table, found, judged):
        pass
    with st.container(horizontal=True):
        st.download_button(tr("CSV"), table.getvalue(), "variants.csv", icon=":material/download:", on_click="ignore")
        if any(effect.variant.line for effect in found):
            for _ in write_vcf(annotated, given.header, found, judged):
                pass
            st.download_button(
                tr("Annotated VCF"), annotated.getvalue(), "variants.vcf", icon=":material/download:", on_click="ignore"
            )
