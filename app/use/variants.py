"""What a model says of sequence variants."""

from __future__ import annotations

import io
import tempfile
from pathlib import Path
from typing import NamedTuple

import numpy as np
import streamlit as st

from components.chart import chart
from components.logo import Logo, logos
from components.sequence import marks_of
from components.sequences_in import covariate_inputs, uploaded_text
from dnaconv_core.data.genome import Contig, Genome, RecordContig
from dnaconv_core.errors import DataError, InputError
from dnaconv_core.experiments import EXPERIMENTS
from dnaconv_core.experiments.base import Experiment
from dnaconv_core.interpret.words import output_word
from dnaconv_core.model.bundle import Bundle
from dnaconv_core.progress import Progress
from dnaconv_core.results import Record
from dnaconv_core.sequence.encoding import clean, one_hot
from dnaconv_core.sequence.motif import from_iupac
from dnaconv_core.variants.effects import VariantEffect, pasted_variant, score_variants
from dnaconv_core.variants.files import write_table, write_vcf
from dnaconv_core.variants.vcf import Variant, read_vcf
from frame import state
from frame.cache import bundle, changed
from frame.job import background
from frame.models import selected
from frame.page import errors_shown, header, no_model_yet, plain
from frame.pages import SALIENCY
from use import figures

_LINE = "What a variant changes: the alternative allele minus the reference, in its surroundings."
_EXAMPLE, _FILES, _PAIR = "Example", "VCF and genome", "Two sequences"
_HEADER = ["##fileformat=VCFv4.2", "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO"]
_MOST = 20_000
_WHERE = "how many bases after the variant's first one it begins"
_TOLD = 3  # reasons why a variant was not scored


class _Given(NamedTuple):
    header: list[str]
    variants: list[Variant]
    genome: Genome | dict[str, Contig]
    key: tuple


def page() -> None:
    experiment = state.experiment()
    with errors_shown():
        choice = selected()
        if choice is None or choice.path is None:
            header("Variants", _LINE)
            no_model_yet(choice)
            return
        model = bundle(choice.path)
        header("Variants", f"{_LINE} Model: **{plain(choice.name)}**.")
        if model.config.alphabet != "DNA":
            with st.container(border=True):
                other = next(one for one in EXPERIMENTS.values() if one.alphabet == "DNA")
                st.markdown("**This model reads RNA guides, not a genome.** Choose an experiment on DNA.")
                st.button(other.title, on_click=lambda: state.choose(experiment=other.key))
            return
        with st.container(border=True):
            given = _asked(experiment, model)
            covariates = covariate_inputs(model.config, "variants")
        if given is None:
            st.info("Give variants above, or choose the example.", icon=":material/arrow_upward:")
            return
        asked = ("variants", str(choice.path), changed(choice.path), covariates, given.key)
        found = background(asked, lambda progress: _score(experiment, model, given, covariates, progress))
        if found is not None:
            _shown(model, given, found, covariates)


def _asked(experiment: Experiment, model: Bundle) -> _Given | None:
    kind = st.segmented_control(
        "From",
        [_EXAMPLE, _FILES, _PAIR],
        default=_EXAMPLE,
        required=True,
        key="variants_from",
        bind="query-params",
        label_visibility="collapsed",
    )
    if kind == _EXAMPLE:
        st.caption(
            "Made-up variants: in a known site, beside it, an insertion, a deletion, a wrong REF, and one outside."
        )
        return _example(experiment, model.config.length)
    if kind == _PAIR:
        site = experiment.examples[0].sequence
        left, right = st.columns(2)
        ref = left.text_area("Reference", site, key="variants_ref", height=100)
        alt = right.text_area("Alternative", _changed(site), key="variants_alt", height=100)
        ref, alt = (clean(text, where=name) for text, name in ((ref, "the reference"), (alt, "the alternative")))
        if not ref or not alt:
            return None
        variant, genome = pasted_variant(ref, alt, length=model.config.length)
        return _Given(_HEADER, [variant], genome, (ref, alt))
    left, right = st.columns(2)
    upload = left.file_uploader("VCF", ["vcf", "gz"], key="variants_vcf", help="Plain or gzip, up to 50 MB.")
    path = right.text_input(
        "Genome",
        key="variants_genome",
        placeholder="/data/hg19.fa",
        help="The FASTA file that the VCF refers to, on the machine that runs this page.",
    )
    if upload is None or not path:
        return None
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "variants.vcf"
        copy.write_text(uploaded_text(upload, "a VCF, plain or gzip"))
        try:
            file = read_vcf(copy)
            variants = list(file.variants)
        except DataError as error:  # told by the name its user knows
            raise DataError(str(error).replace(str(copy), upload.name)) from error
    if not variants:
        raise InputError(f"{upload.name} has a header but no variants below it")
    if len(variants) > _MOST:
        raise InputError(f"{len(variants):,} lines are more than the {_MOST:,} of this page: use 'dnaconv variants'")
    path = Path(path).expanduser()
    with st.spinner("Reading the genome's index…"):
        genome = Genome(path)
    return _Given(file.header, variants, genome, (upload.file_id, str(path), path.stat().st_mtime))


def _changed(site: str) -> str:
    middle = len(site) // 2
    return site[:middle] + {"A": "C", "C": "A", "G": "T", "T": "G"}.get(site[middle], "A") + site[middle + 1 :]


def _example(experiment: Experiment, length: int) -> _Given:
    site = experiment.examples[0].sequence
    text = (site * (1 + 3 * length // len(site)))[: max(3 * length, len(site))]
    marks = marks_of(experiment.motif, site)
    middle = marks[0].start + 3 if marks else len(site) // 2
    middle += len(site) if len(text) >= 2 * len(site) else 0
    other = {"A": "C", "C": "A", "G": "T", "T": "G"}
    at = [middle, middle + 20, middle + 1, middle - 2]
    lines = [
        (at[0], "site", text[at[0]], other[text[at[0]]]),
        (at[1], "beside", text[at[1]], other[text[at[1]]]),
        (at[2], "insertion", text[at[2]], text[at[2]] + "GG"),
        (at[3], "deletion", text[at[3] : at[3] + 4], text[at[3]]),
        (middle, "wrong_ref", other[text[middle]], text[middle]),
        (len(text) + 5, "outside", "A", "C"),
    ]
    variants = [
        Variant("example", place + 1, name, ref, (alt,), ("example", str(place + 1), name, ref, alt), number)
        for number, (place, name, ref, alt) in enumerate(lines, 1)
    ]
    return _Given(_HEADER, variants, {"example": RecordContig(Record("example", text, 0))}, ("example", experiment.key))


def _score(
    experiment: Experiment, model: Bundle, given: _Given, covariates: tuple[float, ...], progress: Progress
) -> list[VariantEffect]:
    motifs = [from_iupac(experiment.motif, experiment.motif)] if experiment.motif else []
    beside = np.float32(covariates) if covariates else None
    return list(
        score_variants(model.model, given.variants, given.genome, covariates=beside, motifs=motifs, progress=progress)
    )


def _shown(model: Bundle, given: _Given, found: list[VariantEffect], covariates: tuple[float, ...]) -> None:
    scored = [effect for effect in found if effect.effect_logit is not None]
    strongest = max(scored, key=lambda effect: abs(effect.effect_logit), default=None)
    largest, unit = f"{strongest.effect_logit:+.2f}" if strongest else "–", output_word(model.config)
    with st.container(horizontal=True):
        st.metric("Alleles", f"{len(found):,}", width="content")
        st.metric("Scored", f"{len(scored):,}", width="content")
        missed = f"{len(found) - len(scored):,}"
        st.metric("Not scored", missed, help="The reasons are below, and one by one in the table.", width="content")
        st.metric("Largest change", largest, help=f"In the {unit}.", width="content")
    _not_scored([effect for effect in found if effect.effect_logit is None])
    changes = {f"Δ {unit}": [effect.effect_logit for effect in found]}
    if unit != "prediction":
        changes["Δ prediction"] = [effect.effect_prediction for effect in found]
    with st.container(border=True):
        clicked = chart(
            figures.effects(changes[f"Δ {unit}"], [_name(effect) for effect in found], unit),
            key="variants_effects",
            height=190,
            revision=str(given.key),
            clickable=True,
        )
        event = st.dataframe(
            {
                "variant": [_name(effect) for effect in found],
                **changes,
                "largest Δ": [effect.best_effect_logit for effect in found],
                "hits lost": [" ".join(map(str, effect.lost)) for effect in found],
                "hits gained": [" ".join(map(str, effect.gained)) for effect in found],
                "status": [effect.status for effect in found],
                "strand": [effect.best_strand for effect in found],
            },
            hide_index=True,
            height=min(38 + 35 * len(found), 300),
            on_select="rerun",
            selection_mode="single-row",
            key="variants_table",
            column_config={
                name: st.column_config.NumberColumn(format=form, help=help)
                for name, form, help in (
                    ("Δ prediction", "%+.3f", "Of the same window."),
                    (f"Δ {unit}", "%+.2f", "Of the window with the variant's first base in its middle."),
                    ("largest Δ", "%+.2f", f"In the {unit}, over all windows that hold the variant and both strands."),
                )
            }
            | {
                name: st.column_config.TextColumn(help=f"Motif, its letters there, strand, and {_WHERE}.")
                for name in ("hits lost", "hits gained")
            },
        )
        _downloads(given, found)
    rows = event["selection"]["rows"]
    number = rows[0] if rows and rows[0] < len(found) else clicked["data"] if clicked else None
    effect = found[number] if number is not None and number < len(found) else strongest
    if effect is not None and effect.effect_logit is not None:
        _close(model, effect, covariates)


def _not_scored(missed: list[VariantEffect]) -> None:
    """The first reasons: the column with all of them may lie outside a narrow window."""
    lines = [f"{plain(_name(effect))}: {plain(effect.status.partition(': ')[2] or effect.status)}" for effect in missed]
    if lines:
        more = [f"and {len(lines) - _TOLD:,} more, in the table"] if len(lines) > _TOLD else []
        st.caption("**Not scored.** " + "; ".join([*lines[:_TOLD], *more]) + ".")


def _name(effect: VariantEffect) -> str:
    variant = effect.variant
    alleles = f"{variant.ref[:10]}>{effect.alt[:10]}"
    return f"{variant.chrom}:{variant.pos} {alleles}" + (f" ({variant.id})" if variant.id not in (".", "") else "")


def _downloads(given: _Given, found: list[VariantEffect]) -> None:
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


def _close(model: Bundle, effect: VariantEffect, covariates: tuple[float, ...]) -> None:
    """One variant: both alleles' predictions, and what each base contributes with either."""
    from dnaconv_core.interpret.attribution import attribute

    unit = output_word(model.config)
    with st.container(border=True):
        st.markdown(f"**{plain(_name(effect))}**", help="Both windows begin at the same base; the variant is shaded.")
        with st.container(horizontal=True):
            st.metric("Reference", f"{effect.ref_prediction:.3f}", width="content")
            change = f"{effect.effect_prediction:+.3f}"
            st.metric("Alternative", f"{effect.alt_prediction:.3f}", change, width="content")
            where = f"Window from base {effect.best_start:,}, {effect.best_strand} strand."
            largest = f"{effect.best_effect_logit:+.2f}"
            st.metric(f"Largest change over windows ({unit})", largest, help=where, width="content")
        X = one_hot([effect.ref_window, effect.alt_window])
        beside = np.tile(np.float32(covariates), (2, 1)) if covariates else None
        values = attribute(model.model, X, method="input_x_gradient", covariates=beside).values
        at = effect.variant.start - effect.window_start
        shown = [
            Logo(values[i], name, kind="contribution", unit=unit, spans=((at, min(at + len(allele), X.shape[2])),))
            for i, (name, allele) in enumerate((("reference", effect.variant.ref), ("alternative", effect.alt)))
        ]
        logos(shown, key="variants_logos", height=110, min_width=2000, same_scale=True)
        st.caption(f"Input × gradient of the {unit}, both alleles on one scale.")
        for label, text in (("reference", effect.ref_window), ("alternative", effect.alt_window)):
            st.page_link(
                SALIENCY,
                label=f"Look at the {label} window in Saliency",
                icon=":material/highlight:",
                query_params=state.link() | {"sequence": text} | state.beside(model.config.covariates, covariates),
            )


page()
