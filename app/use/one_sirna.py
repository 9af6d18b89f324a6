"""One siRNA close up: its strands, its off-targets and every rule."""

from __future__ import annotations

import streamlit as st

from components.copied import copied
from components.sequence import Mark, Row, sequences
from dnaconv_core.sirna.design import SirnaSite, duplex, oligos
from dnaconv_core.sirna.offtargets import LENGTH
from dnaconv_core.sirna.rules import RULES
from frame import state
from frame.language import said, tr
from frame.pages import PREDICT
from frame.words import plain


def one_sirna(site: SirnaSite) -> None:
    """One siRNA: its strands and every rule."""
    with st.container(key="shape_sirna_one"):
        left, right = st.columns([1.25, 1])
    with left, st.container(border=True, height="stretch"):
        _strands(site)
    with right, st.container(border=True, height="stretch"):
        _rules(site)


def _strands(site: SirnaSite) -> None:
    dtdt = bool(st.session_state.get("sirna_dtdt"))
    words = tr("Site {first:,}–{last:,}", first=site.start + 1, last=site.start + LENGTH)
    st.markdown(f"**{words}** {plain(said(site.region))}")
    pair = duplex(site, dtdt=dtdt)
    over, under = (Mark(*columns, tr("overhang, unpaired")) for columns in pair.overhangs)
    seed = Mark(*pair.seed, tr("seed, bases 2 to 8 of the guide"))
    rows = [
        Row(site.target, tr("target site"), "5'→3'"),
        Row(pair.sense, tr("sense"), "5'→3'", (over,)),
        Row(pair.bonds, tr("pairs"), "19"),
        Row(pair.antisense, tr("antisense (guide)"), "3'→5'", (under, seed)),
    ]
    sequences(rows, key="sirna_strands")
    st.caption(tr("Underlined: the overhangs, and in the antisense strand the seed (its bases 2 to 8 from the right)."))
    sense, antisense = oligos(site, dtdt=dtdt)
    copied(f"sense      5'-{sense}-3'\nantisense  5'-{antisense}-3'", key="sirna_oligos")
    five, three = site.energy_5, site.energy_3
    ends = tr("Ends: {five:.1f} kcal/mol at the guide's 5' end, {three:.1f} at its 3' end.", five=five, three=three)
    st.caption(ends)
    _off_targets(site)
    st.page_link(
        PREDICT,
        label=tr("Look at this guide in Predict"),
        icon=":material/biotech:",
        query_params=state.link() | {"sequence": site.guide},
    )


def _off_targets(site: SirnaSite) -> None:
    other = site.off_target
    if other is None:
        st.caption(tr("Off-targets: not searched, as no transcriptome is given."))
        return
    words = tr(
        "In the transcriptome: {exact:,} exact and {close:,} one-mismatch matches ({names}), {seeds:,} seed sites "
        "({where}).",
        exact=other.exact,
        close=other.one_mismatch,
        names=plain(", ".join(other.names)) or tr("none"),
        seeds=other.seed_sites,
        where=tr("its headers do not tell where the 3′ UTRs are")
        if other.utr_sites is None
        else tr("{n:,} of them in 3′ UTRs", n=other.utr_sites),
    )
    st.caption(words)


def _rules(site: SirnaSite) -> None:
    st.dataframe(
        {
            "": ["✓" if site.rules[key] else "✗" for key in RULES],
            tr("rule"): [said(rule.title) for rule in RULES.values()],
            tr("source"): [rule.source.split(",")[0] for rule in RULES.values()],
        },
        hide_index=True,
        height=38 + 35 * len(RULES),
        key="sirna_rule_table",
        column_config={"": st.column_config.TextColumn(width=34)},
    )
    st.caption(plain("; ".join(dict.fromkeys(rule.source for rule in RULES.values())) + "."))
