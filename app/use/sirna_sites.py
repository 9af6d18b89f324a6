"""The sites of an mRNA: filters, and a table to choose from."""

from __future__ import annotations

from typing import Any

import streamlit as st

from dnaconv_core.sirna.design import NOT_SEARCHED, SirnaSite, apart, sites_csv
from dnaconv_core.sirna.rules import RULES, XIA
from frame import state
from frame.language import mark, said, tr
from frame.words import Words, plain

_ROWS = 500
_NAMES = {  # of columns, where they are shown by another name
    "guide (5'→3')": mark("guide (5'→3')"),
    "first base": mark("first base"),
    "exact": mark("exact matches"),
    "1 mismatch": mark("1 mismatch"),
    "seed sites": mark("seed sites"),
    "region, guessed": mark("region, guessed"),
    "region": mark("region"),
    "seed": mark("seed sequence"),
}


def filtered(sites: list[SirnaSite]) -> list[SirnaSite]:
    """The sites that pass the filters, still best first."""
    with st.container(key="shape_sirna_filters"):  # one below the other where the window is narrow
        first, second, third = st.columns([1, 1, 1.6])
    gc = first.slider(tr("GC content"), 0, 100, (30, 55), format="%d %%", key="sirna_gc")
    weak = second.slider(
        tr("5' end weaker by at least (kcal/mol)"),
        -6.0,
        6.0,
        0.0,
        0.5,
        key="sirna_asymmetry",
        help=tr("Energies: {source}.", source=plain(XIA)),
    )
    wanted = third.multiselect(
        tr("Rules to keep"),
        list(RULES),
        format_func=lambda key: f"{RULES[key].source.split()[0]}: {said(RULES[key].title)}",
        key="sirna_rules",
    )
    kept = [
        site
        for site in sites
        if gc[0] <= 100 * site.gc <= gc[1] and site.asymmetry >= weak and all(site.rules[key] for key in wanted)
    ]
    if sites[0].off_target is not None:
        most = st.slider(tr("Matches with at most one mismatch"), 0, 20, 20, key="sirna_matches")
        kept = [s for s in kept if s.off_target.exact + s.off_target.one_mismatch <= most]
    return kept


def sites_table(chosen: list[SirnaSite], *, guessed: bool, about: Words) -> SirnaSite | None:
    """The sites in a table; the one that is picked there. about: what the intervals are."""
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center"):
            words = st.container(width="content")
            best = tr("Of sites that overlap, only the best one is listed.")
            if st.toggle(tr("Without overlapping neighbours"), True, key="sirna_apart", help=best):
                chosen = apart(chosen)
            about_list = tr("Choose a row to see that siRNA below.")
            words.markdown(tr("**{n:,} sites**, best first", n=len(chosen)), help=about_list)
            ends = tr("Order with dTdT instead of the mRNA's bases.")
            dtdt = st.toggle(tr("dTdT overhangs"), key="sirna_dtdt", help=ends)
            csv = sites_csv(chosen, dtdt=dtdt)
            st.download_button(
                tr("CSV to order"), csv, "sirna.csv", icon=":material/download:", on_click="ignore", key="sirna_csv"
            )
        shown = chosen[:_ROWS]
        columns = _columns(shown, guessed)
        event = st.dataframe(
            columns,
            hide_index=True,
            placeholder="–",
            height=min(38 + 35 * len(shown), 320),
            on_select="rerun",
            selection_mode="single-row",
            key="sirna_table",
            column_config={
                **{name: {"label": tr(_NAMES.get(name, name))} for name in columns},
                **_formats_of_sites(about),
            },
        )
    rows = event["selection"]["rows"]
    return shown[rows[0]] if rows and rows[0] < len(shown) else None


def _formats_of_sites(about: Words) -> dict[str, Any]:
    number, text = st.column_config.NumberColumn, st.column_config.TextColumn
    off = tr("Give a transcriptome above to have them counted.")
    ends = tr("Difference of the two ends, kcal/mol; above 0 the guide's 5' end is the weaker one.")
    return {
        "off-targets": text(tr("off-targets"), help=off),
        "prediction": number(tr("prediction"), format="%.3f", help=plain(said(state.experiment().label))),
        "interval": text(tr("interval"), help=about),
        "seed, 3′ UTR": number(tr("seed, 3′ UTR"), help=tr("Of the seed sites those in 3′ UTRs, where they act most.")),
        "GC": number(tr("GC"), format="%.0f %%"),
        "ΔΔG": number(format="%+.1f", help=ends),
        "run": number(tr("longest run"), help=tr("Longest run of one base in the guide.")),
        "hairpin": number(tr("hairpin"), help=tr("Pairs of the longest hairpin stem that the guide can form.")),
        "Reynolds": number(help=tr("Points, −2 to 10; 6 or more is called functional.")),
    }


def _columns(shown: list[SirnaSite], guessed: bool) -> dict[str, list[Any]]:
    columns = {  # what decides first: a narrow window shows no more
        "guide (5'→3')": [site.guide for site in shown],
        "prediction": [site.prediction for site in shown],
        "interval": [_interval(site) for site in shown],
        "first base": [site.start + 1 for site in shown],
    }
    if shown[0].off_target is None:
        columns["off-targets"] = [said(NOT_SEARCHED)] * len(shown)
    if shown[0].off_target is not None:
        columns["exact"] = [site.off_target.exact for site in shown]
        columns["1 mismatch"] = [site.off_target.one_mismatch for site in shown]
        columns["seed sites"] = [site.off_target.seed_sites for site in shown]
        if shown[0].off_target.utr_sites is not None:
            columns["seed, 3′ UTR"] = [site.off_target.utr_sites for site in shown]
    columns |= {
        "GC": [100 * site.gc for site in shown],
        "ΔΔG": [site.asymmetry for site in shown],
        "Reynolds": [site.reynolds for site in shown],
        "Ui-Tei": [_kept(site, "ui_tei") for site in shown],
        "region, guessed" if guessed else "region": [said(site.region) for site in shown],
        "run": [site.longest_run for site in shown],
        "hairpin": [site.longest_stem for site in shown],
        "seed": [site.seed for site in shown],
    }
    return columns


def _interval(site: SirnaSite) -> str:
    return tr("{low:.2f} to {high:.2f}", low=site.interval[0], high=site.interval[1]) if site.interval else ""


def _kept(site: SirnaSite, source: str) -> str:
    rules = [kept for key, kept in site.rules.items() if key.startswith(source)]
    return f"{sum(rules)}/{len(rules)}"
