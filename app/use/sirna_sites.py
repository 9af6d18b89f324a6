"""The sites of an mRNA: filters, a table to choose from, and one siRNA close up."""

from __future__ import annotations

from typing import Any

import streamlit as st

from components.sequence import Mark, Row, sequences
from dnaconv_core.sirna.design import NOT_SEARCHED, SirnaSite, apart, duplex, oligos, sites_csv
from dnaconv_core.sirna.offtargets import LENGTH
from dnaconv_core.sirna.rules import RULES, XIA
from frame import state
from frame.pages import PREDICT
from frame.words import Words, plain

_ROWS = 500


def filtered(sites: list[SirnaSite]) -> list[SirnaSite]:
    """The sites that pass the filters, still best first."""
    with st.container(key="shape_sirna_filters"):  # one below the other where the window is narrow
        first, second, third = st.columns([1, 1, 1.6])
    gc = first.slider("GC content", 0, 100, (30, 55), format="%d %%", key="sirna_gc")
    weak = second.slider(
        "5' end weaker by at least (kcal/mol)", -6.0, 6.0, 0.0, 0.5, key="sirna_asymmetry", help=f"Energies: {XIA}."
    )
    wanted = third.multiselect(
        "Rules to keep",
        list(RULES),
        format_func=lambda key: f"{RULES[key].source.split()[0]}: {RULES[key].title}",
        key="sirna_rules",
    )
    kept = [
        site
        for site in sites
        if gc[0] <= 100 * site.gc <= gc[1] and site.asymmetry >= weak and all(site.rules[key] for key in wanted)
    ]
    if sites[0].off_target is not None:
        most = st.slider("Matches with at most one mismatch", 0, 20, 20, key="sirna_matches")
        kept = [s for s in kept if s.off_target.exact + s.off_target.one_mismatch <= most]
    return kept


def sites_table(chosen: list[SirnaSite], *, guessed: bool, about: Words) -> SirnaSite | None:
    """The sites in a table; the one that is picked there. about: what the intervals are."""
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center"):
            words = st.container(width="content")
            best = "Of sites that overlap, only the best one is listed."
            if st.toggle("Without overlapping neighbours", True, key="sirna_apart", help=best):
                chosen = apart(chosen)
            words.markdown(f"**{len(chosen):,} sites**, best first", help="Choose a row to see that siRNA below.")
            dtdt = st.toggle("dTdT overhangs", key="sirna_dtdt", help="Order with dTdT instead of the mRNA's bases.")
            csv = sites_csv(chosen, dtdt=dtdt)
            st.download_button("CSV to order", csv, "sirna.csv", icon=":material/download:", on_click="ignore")
        shown = chosen[:_ROWS]
        columns = _columns(shown, guessed)
        number = st.column_config.NumberColumn
        event = st.dataframe(
            columns,
            hide_index=True,
            placeholder="–",
            height=min(38 + 35 * len(shown), 320),
            on_select="rerun",
            selection_mode="single-row",
            key="sirna_table",
            column_config={
                "off-targets": st.column_config.TextColumn(help="Give a transcriptome above to have them counted."),
                "prediction": number(format="%.3f", help=state.experiment().label),
                "interval": st.column_config.TextColumn(help=about),
                "seed, 3′ UTR": number(help="Of the seed sites those in 3′ UTRs, where they act most."),
                "GC": number(format="%.0f %%"),
                "ΔΔG": number(
                    format="%+.1f", help="Of the ends, kcal/mol; above 0 the guide's 5' end is the weaker one"
                ),
                "run": number(help="longest run of one base in the guide"),
                "hairpin": number(help="pairs of the longest hairpin stem the guide can form"),
                "Reynolds": number(help="points, −2 to 10; 6 or more is called functional"),
            },
        )
    rows = event["selection"]["rows"]
    return shown[rows[0]] if rows and rows[0] < len(shown) else None


def _columns(shown: list[SirnaSite], guessed: bool) -> dict[str, list[Any]]:
    columns = {  # what decides first: a narrow window shows no more
        "guide (5'→3')": [site.guide for site in shown],
        "prediction": [site.prediction for site in shown],
        "interval": [f"{site.interval[0]:.2f} to {site.interval[1]:.2f}" if site.interval else "" for site in shown],
        "first base": [site.start + 1 for site in shown],
    }
    if shown[0].off_target is None:
        columns["off-targets"] = [NOT_SEARCHED] * len(shown)
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
        "region, guessed" if guessed else "region": [site.region for site in shown],
        "run": [site.longest_run for site in shown],
        "hairpin": [site.longest_stem for site in shown],
        "seed": [site.seed for site in shown],
    }
    return columns


def _kept(site: SirnaSite, source: str) -> str:
    rules = [kept for key, kept in site.rules.items() if key.startswith(source)]
    return f"{sum(rules)}/{len(rules)}"


def show_site(site: SirnaSite) -> None:
    """One siRNA: its strands and every rule."""
    with st.container(key="shape_sirna_one"):
        left, right = st.columns([1.25, 1])
    with left, st.container(border=True, height="stretch"):
        _strands(site)
    with right, st.container(border=True, height="stretch"):
        _rules(site)


def _strands(site: SirnaSite) -> None:
    dtdt = bool(st.session_state.get("sirna_dtdt"))
    st.markdown(f"**Site {site.start + 1:,}–{site.start + LENGTH:,}** {plain(site.region)}")
    pair = duplex(site, dtdt=dtdt)
    over, under = (Mark(*columns, "overhang, unpaired") for columns in pair.overhangs)
    seed = Mark(*pair.seed, "seed, bases 2 to 8 of the guide")
    rows = [
        Row(site.target, "target", "5'→3'"),
        Row(pair.sense, "sense", "5'→3'", (over,)),
        Row(pair.bonds, "pairs", "19"),
        Row(pair.antisense, "antisense (guide)", "3'→5'", (under, seed)),
    ]
    sequences(rows, key="sirna_strands")
    st.caption("Underlined: the overhangs, and in the antisense strand the seed (its bases 2 to 8 from the right).")
    sense, antisense = oligos(site, dtdt=dtdt)
    st.code(f"sense      5'-{sense}-3'\nantisense  5'-{antisense}-3'", language=None)
    st.caption(f"Ends: {site.energy_5:.1f} kcal/mol at the guide's 5' end, {site.energy_3:.1f} at its 3' end.")
    if site.off_target is None:
        st.caption(f"Off-targets: {NOT_SEARCHED}, as no transcriptome is given.")
    else:
        other = site.off_target
        utr = "its headers do not tell the 3′ UTRs"
        utr = utr if other.utr_sites is None else f"{other.utr_sites:,} of them in 3′ UTRs"
        st.caption(
            f"In the transcriptome: {other.exact:,} exact and {other.one_mismatch:,} one-mismatch matches "
            f"({plain(', '.join(other.names)) or 'none'}), {other.seed_sites:,} seed sites ({plain(utr)})."
        )
    st.page_link(
        PREDICT,
        label="Look at this guide in Predict",
        icon=":material/biotech:",
        query_params=state.link() | {"sequence": site.guide},
    )


def _rules(site: SirnaSite) -> None:
    st.dataframe(
        {
            "": ["✓" if site.rules[key] else "✗" for key in RULES],
            "rule": [rule.title for rule in RULES.values()],
            "source": [rule.source.split(",")[0] for rule in RULES.values()],
        },
        hide_index=True,
        height=38 + 35 * len(RULES),
        key="sirna_rule_table",
        column_config={"": st.column_config.TextColumn(width=34)},
    )
    st.caption(plain("; ".join(dict.fromkeys(rule.source for rule in RULES.values())) + "."))
