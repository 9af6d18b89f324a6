"""What each filter looks for, the name of that motif, and whether the filter matters."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import streamlit as st

from components.logo import Logo, logos
from dnaconv_core.interpret.families import Family, by_family
from dnaconv_core.interpret.filters import FilterScan
from dnaconv_core.sequence.motif import to_icm
from dnaconv_core.sequence.motif_text import write_jaspar, write_meme
from dnaconv_core.text import whole_number
from frame import state
from frame.cache import bundle
from frame.language import mark, said, tr, tr_n
from frame.models import ModelRef, the_model
from frame.page import model_page
from frame.where import ask_where
from frame.words import plain
from open_up.filter_card import Card, filter_card
from open_up.interpretation import (
    ablations,
    best_name,
    families_worth,
    filters_on,
    names,
    sample,
    together,
    useful_first,
)
from open_up.reporting import kept_patterns, report_button
from open_up.targets import Targets, compare_with
from open_up.worded import few_sites

if TYPE_CHECKING:
    from dnaconv_core.interpret.ablation import Ablation

_FRACTION = mark("A window counts when the filter reaches this share of its strongest activation on these sequences.")
_GRID = mark(
    "Filters that differ most between the classes come first. Filters that look like motifs of one family share a "
    "tile: it shows the best of them, their number (×), the smallest q-value, and the change of the main metric "
    "without all of them. Letter heights are in bits. Click a tile to open it."
)
_MEASURED = 10  # families that are silenced together
_SHOWN = 20  # filters drawn and silenced at first


def draw() -> None:
    about = tr("What each filter looks for, the name of that motif, and whether the filter matters.")
    with model_page(tr("Filters"), about) as head:
        model = the_model()
        data, _ = sample(model)
        line = tr(
            "What each filter of **{model}** looks for: its logo is made from the windows that activate it, on {data}.",
            model=plain(model.name), data=plain(said(data.words)),
        )  # fmt: skip
        head(line, model)
        layer, fraction, by, on = _settings(model)
        scan = filters_on(model, layer, fraction, on)
        if scan is None:
            return
        order = useful_first(model, scan)
        key = ("filters", model, layer, fraction)
        fits = by.fit(bundle(model).config.alphabet)
        matches = names([f.motif for f in scan.motifs], key, by, order=order) if fits else None
        worth = {a.index: a for a in (ablations(model, layer, order[:_SHOWN]) or [])}
        index = _grid(model, layer, scan, matches, order)
        if index not in order[:_SHOWN]:
            worth |= {a.index: a for a in (ablations(model, layer, [index], "ablation_one") or [])}
        found = matches[index] if matches else None
        with st.container(key="filter_card"):
            filter_card(Card(model, scan, index, found, worth.get(index), together(model, layer, fraction)[index], by))
        with st.container(border=True):
            report_button(model, by, kept_patterns(model))


def _settings(model: ModelRef) -> tuple[int, float, Targets, str]:
    depth = bundle(model).config.depth
    with st.container(border=True, horizontal=True, vertical_alignment="bottom"):
        layer = 1
        if depth > 1:
            layers = list(range(1, depth + 1))
            chosen = st.segmented_control(
                tr("Layer"), layers, format_func=plain, default=1, required=True, key="layer", bind="query-params",
                help=tr("A unit of a deeper layer is read by its receptive field: all the bases that reach it."),
            )  # fmt: skip
            layer = chosen if chosen in layers else 1
        fraction = st.slider(
            tr("Least activation"),
            0.1,
            0.9,
            value=0.5,
            step=0.05,
            key="fraction",
            bind="query-params",
            help=tr(_FRACTION),
            width=180,
        )
        by = compare_with(state.experiment().alphabet)
        on = ask_where("filters_on", begins_here=True)
    return layer, fraction, by, on


def _grid(model: ModelRef, layer: int, scan: FilterScan, matches: list | None, order: list[int]) -> int:
    """The families of filters, those that tell the classes apart first; the filter that is looked at."""
    index = _asked(len(scan.motifs), order[0])
    n = len(scan.motifs)
    each = matches is None or st.session_state.get("every_filter", False)
    groups = [Family("", (i,), None) for i in order] if each else by_family(matches, order)
    found = groups
    if not st.session_state.get("every_filter", False):
        groups = groups[:_SHOWN]
    worth = {} if each else families_worth(model, layer, [group for group in groups[:_MEASURED] if group.best])
    drawn = [_tile(scan, matches, group, index, worth.get(i)) for i, group in enumerate(groups)]
    order = [group.filters[0] for group in groups]
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center"):
            shown = sum(len(group.filters) for group in groups)
            words = tr("**{shown:d} of {n:d} filters**", shown=shown, n=n)
            if len(groups) < n and not each:
                words = tr(
                    "**{groups:d} of {every:d} groups, {shown:d} of {n:d} filters**",
                    groups=len(groups), every=len(found), shown=shown, n=n,
                )  # fmt: skip
            st.markdown(words, help=tr(_GRID), width="content")
            if n > _SHOWN or len(groups) < n or each:
                st.toggle(tr("One tile for each filter"), key="every_filter")
        alphabet, wide = state.experiment().alphabet, 170 if each else 210
        clicked = logos(
            drawn,
            key="filters",
            alphabet=alphabet,
            height=64,
            min_width=wide,
            max_column=22,
            axis=False,
            clickable=True,
            opens="filter_card",
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


def _tile(scan: FilterScan, matches: list | None, group: Family, index: int, without: Ablation | None) -> Logo:
    """The filter of a group that tells the classes apart most, by the family's name, with how many say the same."""
    f = scan.motifs[group.filters[0]]
    heights, selected = to_icm(f.motif.ppm) * (f.n_sites > 0), index in group.filters
    if group.best is None:
        by = best_name(matches[f.index]) if matches else tr_n("{n:,} site", "{n:,} sites", f.n_sites)
        name = few_sites(f) or by
        return Logo(heights, tr("Filter {number:d}", number=f.index + 1), name, selected=selected)
    many = len(group.filters)
    note = f"×{many} · q {group.best.q_value:.1g}"
    if without is not None and without.difference.value is not None:
        note += " · " + tr("{change:+.3f} without", change=without.difference.value)
    note += f" · {f.consensus.strip('N')}"
    return Logo(heights, group.words, note, selected=selected)


def _asked(n: int, default: int) -> int:
    text = st.query_params.get("filter", "")
    number = whole_number(text)
    return number - 1 if number is not None and 1 <= number <= n else default


draw()
