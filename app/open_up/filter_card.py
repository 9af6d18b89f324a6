"""One filter close up: its motif, what it is worth, what it resembles, where it fires, and on which sequences."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import streamlit as st

from components.chart import chart
from components.logo import Logo, logos
from components.sequence import Mark, Row, sequences
from dnaconv_core.evaluate.metrics import LABELS
from dnaconv_core.interpret.filters import FilterMotif, FilterScan, class_means, top_sequences
from dnaconv_core.interpret.match import NO_MATCH
from dnaconv_core.sequence.motif import to_icm, trim
from frame import state
from frame.cache import bundle
from frame.models import ModelRef
from frame.outputs import question
from frame.pages import SALIENCY
from frame.words import plain
from open_up.interpretation import aligned, sample
from open_up.motif_choice import spelled
from open_up.reporting import pictures
from open_up.targets import NO_RNA, Targets

if TYPE_CHECKING:
    from dnaconv_core.interpret.ablation import Ablation
    from dnaconv_core.interpret.match import Match

_ALIGNED = (
    "Compared by Tomtom. A q-value is the share of false matches to expect among matches as good as this one. The "
    "first 20 filters are counted together, and the others together."
)
_DEEP = (
    "It sees {} bases, and its motif may lie anywhere in them. {} In the sequences below, all that it sees is marked."
)
_SHIFTED = "For the logo, its sites were shifted to match each other."
_BLURRED = "Shifting its sites did not help, or there are too few of them, so the logo may be blurred."


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
        _where(card)
    _top(card)


def _head(card: Card) -> None:
    f, scan = card.found, card.scan
    word = spelled(trim(f.motif), card.alphabet) if f.n_sites else "silent"
    st.markdown(f"**Filter {card.index + 1}** · layer {scan.layer:d} · {plain(word)}")
    if scan.layer > 1:
        st.caption(_DEEP.format(int(scan.width), _SHIFTED if f.motif.width < scan.width else _BLURRED))
    if f.note:
        st.warning(plain(f"{f.note[0].upper()}{f.note[1:]}."), icon=":material/info:")


def _numbers(card: Card) -> None:
    f, experiment = card.found, question(card.model)
    data, rows = sample(card.model)
    low, high = experiment.class_names if experiment.answer.yes_or_no else ("low", "high")
    means = [mean[card.index] for mean in reversed(class_means(card.scan, data.y[rows]))]
    both = " / ".join("none" if np.isnan(mean) else f"{mean:.2f}" for mean in means)
    with st.container(horizontal=True, gap="medium"):  # wraps where the window is narrow
        st.metric("Sites", f"{f.n_sites:,}", width="content")
        st.metric("Strongest activation", f"{f.max_activation:.2f}", width="content")
        st.metric("Information", f"{f.information_bits:.1f} bits", width="content")
        st.metric(f"Mean in {plain(high)} / {plain(low)}", both, width="content")
        with st.container(width="content", gap=None):
            _worth(card.worth)


def _worth(change: Ablation | None) -> None:
    if change is None or change.difference.value is None:
        st.metric("Metric without it", "…" if change is None else "undefined", width="content")
        return
    d = change.difference
    st.metric(
        f"{LABELS[d.name].name} without it", f"{d.value:+.4f}", width="content",
        help="The change on held-out data when this filter is silenced.",
    )  # fmt: skip
    verdict = "it matters" if change.matters else "no clear effect by itself"
    st.caption(f"95 %: {plain(d.told())}, {verdict}" if d.low is not None else plain(d.told()))


def _motif(card: Card) -> None:
    f = card.found
    drawn = [Logo(to_icm(f.motif.ppm) * (f.n_sites > 0), "Where it fires")]
    if card.scan.layer == 1:
        kernel = bundle(card.model).model.convs[0].weight[card.index].detach().numpy()
        drawn.append(Logo(kernel - kernel.mean(axis=0), "Its weights", kind="contribution", unit="weight"))
    logos(drawn, key="motif", alphabet=card.alphabet, height=120, min_width=320, max_column=40)
    with st.container(horizontal=True):
        pictures(drawn[0], f"filter_{card.index + 1}", card.alphabet)


def _resembles(card: Card) -> None:
    st.markdown(f"**What it resembles** in {plain(card.by.words)}", help=_ALIGNED)
    if not card.by.fit(card.alphabet):
        st.caption(NO_RNA)
        return
    matches = card.matches
    if matches is None:
        st.caption("Its name appears here when the comparison is done.")
        return
    good = [m for m in matches if m.significant]
    if not good:
        best = f" The nearest, {plain(matches[0].name)}, has q = {matches[0].q_value:.2g}." if matches else ""
        st.caption(f"{NO_MATCH.capitalize()}.{best}")
        return
    logos(aligned(card.found.motif, good), key="matches", height=52, min_width=900, max_column=24, axis=False)


def _where(card: Card) -> None:
    st.markdown("**Where in the sequence**", help="First base of each window, over all its sites.")
    chart(_positions(card.scan.positions[card.index]), key="positions", height=230)
    r = card.fires_with
    others = [i for i in np.argsort(-r) if i != card.index and r[i] > 0.3][:4]
    listed = ", ".join(f"filter {i + 1} (r = {r[i]:.2f})" for i in others)
    st.caption(
        f"Often active together with {listed}." if listed else "No other filter is active with it (r above 0.3)."
    )


def _positions(counts: np.ndarray) -> dict[str, Any]:
    return {
        "data": [
            {
                "type": "bar",
                "x": list(range(1, len(counts) + 1)),
                "y": counts.tolist(),
                "marker": {"color": "theme:series0"},
                "hovertemplate": "from base %{x}: %{y} sites<extra></extra>",
            }
        ],
        "layout": {
            "margin": {"l": 46, "r": 10, "t": 8, "b": 40},
            "bargap": 0.05,
            "xaxis": {"title": {"text": "first base of the window"}},
            "yaxis": {"title": {"text": "sites"}},
        },
    }


def _top(card: Card) -> None:
    data, rows = sample(card.model)
    with st.container(border=True):
        st.markdown(
            "**The sequences it likes most**", help="Click one to see on the Saliency page what the model used."
        )
        found = top_sequences(card.scan, card.index)
        shown = []
        for row, start, minus, value in found:
            i = int(rows[row])
            strand = "" if data.alphabet == "RNA" else f" · {'−' if minus else '+'} strand"
            note = f"activation {value:.2f}{strand} · measured {data.y[i]:.3g}"
            shown.append(Row(data.sequence(i), str(data.ids[i]), note, (Mark(start, start + card.scan.width, "site"),)))
        if not shown:
            st.caption("No sequence activates this filter.")
            return
        clicked = sequences(shown, key="top", clickable=True)
        if clicked is not None:
            st.switch_page(SALIENCY, query_params=state.example(data, int(rows[found[clicked][0]])))
