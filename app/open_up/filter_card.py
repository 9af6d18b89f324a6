"""One filter close up: its motif, what it is worth, what it resembles, where it fires, and on which sequences."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import streamlit as st

from components.logo import Logo, logos
from dnaconv_core.evaluate.metrics import LABELS
from dnaconv_core.interpret.filters import FilterMotif, FilterScan, class_means
from dnaconv_core.sequence.motif import to_icm, trim
from frame.cache import bundle
from frame.language import mark, said, tr, tr_n
from frame.models import ModelRef
from frame.outputs import question
from frame.words import ours, plain
from open_up.filter_sites import top, where
from open_up.interpretation import aligned, sample
from open_up.motif_choice import spelled
from open_up.reporting import pictures
from open_up.targets import NO_RNA, Targets
from open_up.worded import groups_of

if TYPE_CHECKING:
    from dnaconv_core.interpret.ablation import Ablation
    from dnaconv_core.interpret.match import Match

_ALIGNED = mark(
    "Compared by Tomtom. A q-value is the share of false matches to expect among matches as good as this one. The "
    "first 20 filters are counted together, and the others together."
)
_SHIFTED = mark(
    "It sees {n:d} bases, and its motif may lie anywhere in them. For the logo, its sites were shifted to match each "
    "other. In the sequences below, all that it sees is marked."
)
_BLURRED = mark(
    "It sees {n:d} bases, and its motif may lie anywhere in them. Shifting its sites did not help, or there are too "
    "few of them, so the logo may be blurred. In the sequences below, all that it sees is marked."
)


class Card(NamedTuple):
    """A filter of a model, and what is known of it by now."""

    model: ModelRef
    scan: FilterScan
    index: int
    matches: list[Match] | None  # None while they are looked for
    worth: Ablation | None  # None while it is being measured
    fires_with: np.ndarray  # (F,) correlation with each filter
    by: Targets

    @property
    def found(self) -> FilterMotif:
        return self.scan.motifs[self.index]

    @property
    def alphabet(self) -> str:
        return bundle(self.model).config.alphabet


def filter_card(card: Card) -> None:
    """Draw all of it."""
    with st.container(border=True):
        _head(card)
        _numbers(card)
        _motif(card)
    with st.container(key="shape_filter"):  # one below the other where the window is narrow
        left, right = st.columns(2)
    with left, st.container(border=True):
        _resembles(card)
    with right, st.container(border=True):
        where(card)
    top(card)


def _head(card: Card) -> None:
    f, scan = card.found, card.scan
    word = plain(spelled(trim(f.motif), card.alphabet)) if f.n_sites else tr("never active")
    line = tr("**Filter {number:d}** · layer {layer:d} · {word}", number=card.index + 1, layer=scan.layer, word=word)
    st.markdown(line)
    if scan.layer > 1:
        st.caption(tr(_SHIFTED if f.motif.width < scan.width else _BLURRED, n=int(scan.width)))
    if not f.n_sites:
        st.warning(tr("No sequence here activates this filter."), icon=":material/info:")
    elif f.note:
        few = tr_n(
            "Only {n} site: too few to trust the motif.", "Only {n} sites: too few to trust the motif.", f.n_sites
        )
        st.warning(few, icon=":material/info:")


def _numbers(card: Card) -> None:
    f, (low, high) = card.found, groups_of(question(card.model))
    data, rows = sample(card.model)
    means = [mean[card.index] for mean in reversed(class_means(card.scan, data.y[rows]))]
    both = " / ".join(tr("none") if np.isnan(mean) else f"{mean:.2f}" for mean in means)
    with st.container(horizontal=True, gap="medium"):  # wraps where the window is narrow
        st.metric(tr("Sites"), f"{f.n_sites:,}", width="content")
        st.metric(tr("Strongest activation"), f"{f.max_activation:.2f}", width="content")
        st.metric(tr("Information"), tr("{bits:.1f} bits", bits=f.information_bits), width="content")
        st.metric(tr("Mean in {high} / {low}", high=ours(high), low=ours(low)), both, width="content")
        with st.container(width="content", gap=None):
            _worth(card.worth)


def _worth(change: Ablation | None) -> None:
    if change is None or change.difference.value is None:
        st.metric(tr("Metric without it"), "…" if change is None else tr("undefined"), width="content")
        return
    d = change.difference
    st.metric(
        tr("{metric} without it", metric=plain(said(LABELS[d.name].name))), f"{d.value:+.4f}", width="content",
        help=tr("The change on held-out data when this filter is silenced."),
    )  # fmt: skip
    told = plain(said(d.told()))
    if d.low is not None and change.matters:
        told = tr("95 %: {interval}, it matters", interval=told)
    elif d.low is not None:
        told = tr("95 %: {interval}, no clear effect by itself", interval=told)
    st.caption(told)


def _motif(card: Card) -> None:
    f = card.found
    drawn = [Logo(to_icm(f.motif.ppm) * (f.n_sites > 0), tr("Windows that activate it"))]
    if card.scan.layer == 1:
        kernel = bundle(card.model).model.convs[0].weight[card.index].detach().numpy()
        drawn.append(Logo(kernel - kernel.mean(axis=0), tr("Its weights"), kind="contribution", unit=tr("weight")))
    logos(drawn, key="motif", alphabet=card.alphabet, height=120, min_width=320, max_column=40)
    with st.container(horizontal=True):
        pictures(drawn[0], f"filter_{card.index + 1}", card.alphabet)


def _resembles(card: Card) -> None:
    st.markdown(tr("**What it resembles** in {motifs}", motifs=plain(card.by.words)), help=tr(_ALIGNED))
    if not card.by.fit(card.alphabet):
        st.caption(tr(NO_RNA))
        return
    matches = card.matches
    if matches is None:
        st.caption(tr("Its name appears here when the comparison is done."))
        return
    good = [m for m in matches if m.significant]
    if not good:
        nearest = tr("No significant match.")
        if matches:
            nearest = tr(
                "No significant match. The nearest, {name}, has q = {q:.2g}.",
                name=plain(matches[0].name), q=matches[0].q_value,
            )  # fmt: skip
        st.caption(nearest)
        return
    logos(aligned(card.found.motif, good), key="matches", height=52, min_width=900, max_column=24, axis=False)
