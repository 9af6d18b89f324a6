"""What each filter looks for, what that is called, and whether it matters."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
import streamlit as st

from components.chart import chart
from components.logo import Logo, logos
from components.sequence import Mark, Row, sequences
from dnaconv_core.interpret.filters import FilterScan, class_means, top_sequences
from dnaconv_core.interpret.match import NO_MATCH
from dnaconv_core.sequence.motif import to_icm, trim
from dnaconv_core.sequence.motif_text import write_jaspar, write_meme
from frame import state
from frame.cache import bundle, changed
from frame.models import selected
from frame.page import errors_shown, header, no_model_yet, plain
from frame.pages import SALIENCY
from open_up.interpretation import ablations, aligned, best_name, filters, names, sample, together, useful_first
from open_up.motif_choice import spelled
from open_up.reporting import pictures, report_button
from open_up.targets import Targets, compare_with

_LINE = "What each filter of **{}** looks for: the windows that activate it, aligned and counted, on {}."
_FRACTION = "A window counts where the filter is above this share of its strongest activation on these sequences."
_ALIGNED = (
    "Found by Tomtom; q-values are over the first 20 filters, those that tell the classes apart most, and all motifs; "
    "those of other filters over these others."
)
_GRID = (
    "Those whose activation differs most between the classes come first. Letter heights are information, in bits. "
    "Click one to open it."
)
_DEEP = (
    "It sees {} bases, and what it looks for may lie anywhere in them. {} The sequences that it likes most, below, are "
    "marked with all that it sees."
)
_SHIFTED = "For the logo its sites were shifted within them to match."
_BLURRED = "Its sites do not match better shifted, or are too few to tell, so the logo may be blurred."
_SHOWN = 20  # filters drawn and silenced at first


def page() -> None:
    with errors_shown():
        choice = selected()
        if choice is None or choice.path is None:
            header("Filters", "What each filter looks for, what that is called, and whether it matters.")
            no_model_yet(choice)
            return
        data, rows = sample(choice.path)
        header("Filters", _LINE.format(plain(choice.name), data.words))
        layer, fraction, by = _settings(choice.path)
        scan = filters(choice.path, layer, fraction)
        key = ("filters", str(choice.path), changed(choice.path), layer, fraction)
        order = useful_first(choice.path, scan)
        alphabet = bundle(choice.path).config.alphabet
        matches = names([f.motif for f in scan.motifs], key, by, order=order) if by.fit(alphabet) else None
        worth = {a.index: a for a in (ablations(choice.path, layer, order[:_SHOWN]) or [])}
        index = _grid(scan, matches, order)
        if index not in order[:_SHOWN]:
            worth |= {a.index: a for a in (ablations(choice.path, layer, [index], "ablation_one") or [])}
        fires_with = together(choice.path, layer, fraction)[index]
        _one(choice.path, scan, index, matches, by, worth, data, rows, fires_with)
        with st.container(border=True):
            report_button(choice.path, by)


def _settings(path: Path) -> tuple[int, float, Targets]:
    depth = bundle(path).config.depth
    with st.container(border=True, horizontal=True, vertical_alignment="bottom"):
        layer = 1
        if depth > 1:
            layers = list(range(1, depth + 1))
            chosen = st.segmented_control(
                "Layer", layers, default=1, required=True, key="layer", bind="query-params",
                help="Units of deeper layers are read by their receptive field: all the bases that reach them.",
            )  # fmt: skip
            layer = chosen if chosen in layers else 1
        fraction = st.slider(
            "Windows above",
            0.1,
            0.9,
            value=0.5,
            step=0.05,
            key="fraction",
            bind="query-params",
            help=_FRACTION,
            width=180,
        )
        by = compare_with()
    return layer, fraction, by


def _grid(scan: FilterScan, matches: list | None, order: list[int]) -> int:
    """The filters, those that tell the classes apart first; the one that is looked at."""
    index = _asked(len(scan.motifs), order[0])
    drawn = []
    everything = len(order) <= _SHOWN or st.session_state.get("every_filter", False)
    order = order if everything else order[:_SHOWN]
    for i in order:
        f = scan.motifs[i]
        name = f.note.split(":")[0] if f.note else (best_name(matches[i]) if matches else f"{f.n_sites:,} sites")
        drawn.append(Logo(to_icm(f.motif.ppm) * (f.n_sites > 0), f"Filter {i + 1}", name, selected=i == index))
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"**{len(order)} of {len(scan.motifs)} filters**", help=_GRID, width="content")
            if len(scan.motifs) > _SHOWN:
                st.toggle("Show all", key="every_filter")
        alphabet = state.experiment().alphabet
        clicked = logos(
            drawn, key="filters", alphabet=alphabet, height=64, min_width=170, max_column=22, axis=False, clickable=True
        )
        with st.container(horizontal=True):
            motifs = [f.motif for f in scan.motifs if f.n_sites]
            for kind, write in (("MEME", write_meme), ("JASPAR", write_jaspar)) if motifs else ():
                st.download_button(
                    kind, partial(write, motifs), f"filters.{kind.lower()}", "text/plain", on_click="ignore",
                    icon=":material/download:", type="tertiary",
                )  # fmt: skip
    if clicked is not None:
        st.query_params["filter"] = str(order[clicked["logo"]] + 1)
        st.rerun()
    return index


def _asked(n: int, default: int) -> int:
    text = st.query_params.get("filter", "")
    return int(text) - 1 if text.isdigit() and 1 <= int(text) <= n else default


def _one(
    path: Path, scan: FilterScan, index: int, matches, by: Targets, worth: dict, data, rows: np.ndarray,
    fires_with: np.ndarray,
) -> None:  # fmt: skip
    f, experiment = scan.motifs[index], state.experiment()
    alphabet = bundle(path).config.alphabet
    with st.container(border=True):
        word = spelled(trim(f.motif), alphabet) if f.n_sites else "silent"
        st.markdown(f"**Filter {index + 1}** · layer {scan.layer} · {word}")
        if scan.layer > 1:
            st.caption(_DEEP.format(scan.width, _SHIFTED if f.motif.width < scan.width else _BLURRED))
        if f.note:
            st.warning(f"{f.note[0].upper()}{f.note[1:]}.", icon=":material/info:")
        means = class_means(scan, data.y[rows])
        low, high = experiment.class_names if experiment.answer.yes_or_no else ("low", "high")
        with st.container(horizontal=True, gap="medium"):  # wraps where the window is narrow
            st.metric("Sites", f"{f.n_sites:,}", width="content")
            st.metric("Strongest activation", f"{f.max_activation:.2f}", width="content")
            st.metric("Information", f"{f.information_bits:.1f} bits", width="content")
            both = " / ".join("none" if np.isnan(m[index]) else f"{m[index]:.2f}" for m in reversed(means))
            st.metric(f"Mean in {high} / {low}", both, width="content")
            with st.container(width="content", gap=None):
                _worth(worth.get(index))
        drawn = [Logo(to_icm(f.motif.ppm) * (f.n_sites > 0), "Where it fires")]
        if scan.layer == 1:
            kernel = bundle(path).model.convs[0].weight[index].detach().numpy()
            drawn.append(Logo(kernel - kernel.mean(axis=0), "Its weights", kind="contribution", unit="weight"))
        logos(drawn, key="motif", alphabet=alphabet, height=120, min_width=320, max_column=40)
        with st.container(horizontal=True):
            pictures(drawn[0], f"filter_{index + 1}", alphabet)
    with st.container(key="shape_filter"):  # one below the other where the window is narrow
        left, right = st.columns(2)
    with left, st.container(border=True):
        st.markdown(f"**What it resembles** in {plain(by.words)}", help=_ALIGNED)
        if by.fit(alphabet):
            _matches(f, matches[index] if matches else None)
        else:
            st.caption("JASPAR has motifs of DNA only: give a file of your own under **Name by**.")
    with right, st.container(border=True):
        st.markdown("**Where in the sequence**", help="First base of each window, over all its sites.")
        chart(_positions(scan.positions[index]), key="positions", height=230)
        others = [i for i in np.argsort(-fires_with) if i != index and fires_with[i] > 0.3][:4]
        listed = ", ".join(f"filter {i + 1} (r = {fires_with[i]:.2f})" for i in others)
        st.caption(f"Fires together with {listed}." if listed else "No other filter fires with it (r above 0.3).")
    _top(scan, index, data, rows)


def _worth(change) -> None:
    if change is None or change.difference.value is None:
        st.metric("Metric without it", "…" if change is None else "undefined", width="content")
        return
    d = change.difference
    from dnaconv_core.evaluate.metrics import LABELS

    st.metric(
        f"{LABELS[d.name].name} without it", f"{d.value:+.4f}", width="content",
        help="The change on held-out data when this filter is silenced.",
    )  # fmt: skip
    verdict = "it matters" if change.matters else "no clear effect by itself"
    st.caption(f"95 %: {d.low:+.4f} to {d.high:+.4f}, {verdict}" if d.low is not None else "")


def _matches(f, matches: list | None) -> None:
    if matches is None:
        st.caption("Its name appears here when the comparison is done.")
        return
    good = [m for m in matches if m.significant]
    if not good:
        best = f" The nearest, {matches[0].name}, has q = {matches[0].q_value:.2g}." if matches else ""
        st.caption(f"{NO_MATCH.capitalize()}.{best}")
        return
    logos(aligned(f.motif, good), key="matches", height=52, min_width=900, max_column=24, axis=False)


def _positions(counts: np.ndarray) -> dict:
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


def _top(scan: FilterScan, index: int, data, rows: np.ndarray) -> None:
    with st.container(border=True):
        st.markdown(
            "**The sequences it likes most**", help="Click one to see on the Saliency page what the model used."
        )
        found = top_sequences(scan, index)
        shown = []
        for row, start, minus, value in found:
            i = int(rows[row])
            strand = "" if data.alphabet == "RNA" else f" · {'−' if minus else '+'} strand"
            note = f"activation {value:.2f}{strand} · measured {data.y[i]:.3g}"
            shown.append(Row(data.sequence(i), str(data.ids[i]), note, (Mark(start, start + scan.width, "site"),)))
        if not shown:
            st.caption("It fires on none of them.")
            return
        clicked = sequences(shown, key="top", clickable=True)
        if clicked is not None:
            st.switch_page(SALIENCY, query_params=data.link(int(rows[found[clicked][0]])))


page()
