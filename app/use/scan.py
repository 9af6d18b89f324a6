"""Score every window of a long sequence and call peaks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from components.sequences_in import covariate_inputs
from dnaconv_core.errors import InputError
from dnaconv_core.evaluate.calibration import Reference, read_reference, scanned_negatives
from dnaconv_core.experiments.base import Experiment
from dnaconv_core.progress import Progress
from dnaconv_core.scan.scan import EDGES, Scan, plan_scan, scan
from dnaconv_core.scan.tracks import threshold_at
from frame import state
from frame.cache import bundle
from frame.job import background
from frame.models import ModelRef, the_model
from frame.outputs import question
from frame.page import model_page
from frame.words import plain
from use.scan_result import Cut, show_scan
from use.scan_targets import Target, ask_targets, check_targets, tell_too_short

if TYPE_CHECKING:
    from dnaconv_core.model.bundle import Bundle

_RATES = (0.1, 0.05, 0.01, 0.005, 0.001)
_LINE = "Where in a long sequence the model sees what it learned, on both strands."


def draw() -> None:
    with model_page("Scan", _LINE) as head:
        ref = the_model()
        model = bundle(ref)
        head(f"{_LINE} Model: **{plain(ref.name)}**, windows of {model.config.length:d} bases.", ref)
        with st.container(border=True):
            targets = ask_targets(model)
        with st.container(border=True, horizontal=True, vertical_alignment="bottom"):
            edges = _edges(model)
            covariates = covariate_inputs(model.config, "scan")
            rate, threshold = _cut(question(ref), read_reference(ref.path, ref.output))
        if not targets:
            st.info("Paste a sequence above, or choose the example.", icon=":material/arrow_upward:")
            return
        check_targets(targets)
        asked = ("scan", ref._replace(output=0), edges, covariates, tuple(target.key for target in targets))
        found = background(asked, lambda progress: _scan_all(model, targets, edges, covariates, progress))
        if found is not None:
            if rate is not None:
                threshold = threshold_at(_negatives(ref), rate)
            tell_too_short(targets, model.config.length)
            beside = state.beside(model.config.covariates, covariates)
            show_scan(model, targets, found, Cut(threshold, rate, beside), ref.output)


def _edges(model: Bundle) -> str:
    if plan_scan(model.model, edges="context").edges == "exact":
        return "exact"  # nothing to choose
    return st.segmented_control(
        "Window ends",
        list(EDGES),
        format_func=plain,
        default="exact",
        required=True,
        key="scan_edges",
        bind="query-params",
        help="; ".join(f"'{plain(name)}': {plain(words)}" for name, words in EDGES.items()) + ".",
    )


def _cut(experiment: Experiment, reference: Reference | None) -> tuple[float | None, float]:
    """The false-positive rate that chooses the threshold, or the threshold itself."""
    if experiment.answer.yes_or_no and reference is not None and len(reference.negatives):
        there = [rate for rate in _RATES if rate * len(reference.negatives) >= 1]
        rate = st.segmented_control(
            "Peaks: share of validation negatives above",
            there,
            format_func=lambda value: f"{value:.1%}",
            default=0.01 if 0.01 in there else there[-1],
            required=True,
            key="scan_rate",
            help="The threshold is the lowest one that at most this share of the validation negatives reaches.",
        )
        return rate, 0.5
    default = 0.5 if experiment.answer.yes_or_no else 1.0
    return None, st.number_input("Peaks from", value=default, step=0.05, key="scan_threshold", width=160)


@st.cache_data(show_spinner="Reading the validation negatives on both strands…", max_entries=6)
def _negatives(ref: ModelRef) -> np.ndarray:
    return scanned_negatives(bundle(ref).model, read_reference(ref.path, ref.output), ref.output)


def _scan_all(
    model: Bundle, targets: list[Target], edges: str, covariates: tuple[float, ...], progress: Progress
) -> list[Scan]:
    found = []
    for contig, start, end, _ in targets:
        if end - start >= model.config.length and not progress.should_stop():
            given = np.float32(covariates) if covariates else None
            found.append(scan(model.model, contig, (start, end), edges=edges, covariates=given, progress=progress))
    if not found:
        raise InputError(
            f"no sequence is as long as a window: this model reads {model.config.length} bases, give a longer one"
        )
    return found


draw()
