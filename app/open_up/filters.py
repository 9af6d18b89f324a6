"""What each filter looks for, what that is called, and whether it matters."""

from __future__ import annotations

from functools import partial

import streamlit as st

from components.logo import Logo, logos
from dnaconv_core.interpret.filters import FilterScan
from dnaconv_core.sequence.motif import to_icm
from dnaconv_core.sequence.motif_text import write_jaspar, write_meme
from frame import state
from frame.cache import bundle
from frame.models import ModelRef, the_model
from frame.page import model_page
from frame.words import plain
from open_up.filter_card import Card, filter_card
from open_up.interpretation import ablations, best_name, filters, names, sample, together, useful_first
from open_up.reporting import report_button
from open_up.targets import Targets, compare_with

_ABOUT = "What each filter looks for, what that is called, and whether it matters."
_LINE = "What each filter of **{}** looks for: the windows that activate it, aligned and counted, on {}."
_FRACTION = "A window counts where the filter is above this share of its strongest activation on these sequences."
_GRID = (
    "Those whose activation differs most between the classes come first. Letter heights are information, in bits. "
    "Click one to open it."
)
_SHOWN = 20  # filters drawn and silenced at first


def draw() -> None:
    with model_page("Filters", _ABOUT) as head:
        model = the_model()
        data, _ = sample(model)
        head(_LINE.format(plain(model.name), plain(data.words)), model)
        layer, fraction, by = _settings(model)
        scan = filters(model, layer, fraction)
        order = useful_first(model, scan)
        key = ("filters", model, layer, fraction)
        fits = by.fit(bundle(model).config.alphabet)
        matches = names([f.motif for f in scan.motifs], key, by, order=order) if fits else None
        worth = {a.index: a for a in (ablations(model, layer, order[:_SHOWN]) or [])}
        index = _grid(scan, matches, order)
        if index not in order[:_SHOWN]:
            worth |= {a.index: a for a in (ablations(model, layer, [index], "ablation_one") or [])}
        found = matches[index] if matches else None
        filter_card(Card(model, scan, index, found, worth.get(index), together(model, layer, fraction)[index], by))
        with st.container(border=True):
            report_button(model, by)


def _settings(model: ModelRef) -> tuple[int, float, Targets]:
    depth = bundle(model).config.depth
    with st.container(border=True, horizontal=True, vertical_alignment="bottom"):
        layer = 1
        if depth > 1:
            layers = list(range(1, depth + 1))
            chosen = st.segmented_control(
                "Layer", layers, format_func=plain, default=1, required=True, key="layer", bind="query-params",
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
        by = compare_with(state.experiment().alphabet)
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
                    plain(kind), partial(write, motifs), f"filters.{kind.lower()}", "text/plain", on_click="ignore",
                    icon=":material/download:", type="tertiary",
                )  # fmt: skip
    if clicked is not None:
        st.query_params["filter"] = str(order[clicked["logo"]] + 1)
        st.rerun()
    return index


def _asked(n: int, default: int) -> int:
    text = st.query_params.get("filter", "")
    return int(text) - 1 if text.isdigit() and 1 <= int(text) <= n else default


draw()
