"""Score every window of a long sequence and call peaks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from components.sequences_in import covariate_inputs
from dnaconv_core.errors import InputError
from dnaconv_core.progress import Progress
from dnaconv_core.scan.chance import FALSE_PEAKS, by_chance
from dnaconv_core.scan.regions import scan_targets
from dnaconv_core.scan.scan import EDGES, Scan, ScanOptions, plan_scan
from frame import state
from frame.addressed import choose_one
from frame.cache import bundle
from frame.job import background
from frame.language import mark, said, tr
from frame.models import the_model
from frame.page import model_page
from frame.where import ask_where
from frame.words import plain
from use.scan_finished import show_finished
from use.scan_result import Cut, show_scan
from use.scan_targets import Target, ask_targets, check_targets, tell_too_short

if TYPE_CHECKING:
    from dnaconv_core.model.bundle import Bundle

_WISHES = (0.1, 1.0, 10.0, 100.0)
_LINE = mark("Where in a long sequence the model finds what it learned, on both strands.")


def draw() -> None:
    with model_page(tr("Scan"), tr(_LINE)) as head:
        ref = the_model()
        model = bundle(ref)
        about = tr("Model: **{name}**, windows of {n:d} bases.", name=plain(ref.name), n=model.config.length)
        head(f"{tr(_LINE)} {about}", ref)
        with st.container(border=True):
            targets = ask_targets(model)
        if targets is None:
            show_finished(model, ref.output)
            return
        with st.container(border=True, horizontal=True, vertical_alignment="bottom"):
            edges = _edges(model)
            covariates = covariate_inputs(model.config, "scan")
            wish, threshold = _cut()
            on = ask_where("scan_on")
        if not targets:
            st.info(tr("Paste a sequence above, or choose the example."), icon=":material/arrow_upward:")
            return
        check_targets(targets)
        key = (ref._replace(output=0), edges, covariates, tuple(target.key for target in targets))
        how = ScanOptions(edges=edges, covariates=np.float32(covariates) if covariates else None)
        found = background(("scan", on, *key), lambda progress: _scan_all(model, targets, how, on, progress), on=on)
        if found is None:
            return
        threes = [(target.contig, target.start, target.end) for target in targets]
        chance = background(
            ("scan chance", ref.output, *key),
            lambda progress: by_chance(
                model.model, threes, how=how, task=ref.output, false_peaks=min(_WISHES), progress=progress
            ),
            words=tr("Counting the peaks of shuffled sequence"),
        )
        if chance is not None:
            at = chance.threshold(wish) if wish else threshold
            tell_too_short(targets, model.config.length)
            beside = state.beside(model.config.covariates, covariates)
            cut = Cut(at, chance, beside, how.covariates)
            show_scan(model, targets, found, cut, ref.output)


def _edges(model: Bundle) -> str:
    if plan_scan(model.model, edges="context").edges == "exact":
        return "exact"  # nothing to choose
    help = "; ".join(f"'{plain(said(name))}': {plain(said(words))}" for name, words in EDGES.items()) + "."
    return choose_one(tr("Window ends"), {name: plain(said(name)) for name in EDGES}, key="scan_edges", help=help)


def _cut() -> tuple[float, float]:
    """The false peaks to expect that choose the threshold, or 0 and the threshold itself."""
    wish = st.segmented_control(
        tr("Peaks: false ones expected"),
        [*_WISHES, 0],
        format_func=lambda value: f"{value:g}" if value else tr("Own threshold"),
        default=FALSE_PEAKS,
        required=True,
        key="scan_wish",
        help=tr(
            "How many peaks are expected by chance in all that is scanned: counted in shuffles of these sequences that "
            "keep every pair of neighbouring bases."
        ),
    )
    own = 0.5 if wish else st.number_input(tr("Peaks from"), value=0.5, step=0.05, key="scan_threshold", width=160)
    return wish, own


def _scan_all(model: Bundle, targets: list[Target], how: ScanOptions, on: str, progress: Progress) -> list[Scan]:
    fitting = [target[:3] for target in targets if target.end - target.start >= model.config.length]
    if not fitting:
        raise InputError(
            f"no sequence is as long as a window: this model reads {model.config.length} bases, give a longer one"
        )
    return scan_targets(model.model, fitting, on, how=how, progress=progress)


draw()
