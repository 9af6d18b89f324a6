"""Design siRNAs against an mRNA."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import streamlit as st

from components.chart import chart
from components.sequence import Row, sequences
from components.sequences_in import pasted_or_file
from dnaconv_core.errors import InputError
from dnaconv_core.experiments import EXPERIMENTS
from dnaconv_core.experiments.base import Experiment
from dnaconv_core.sequence.encoding import reverse_complement_text
from dnaconv_core.sirna.design import Design, SirnaSite, design, oligos, sites_csv
from dnaconv_core.sirna.offtargets import LENGTH
from dnaconv_core.sirna.rules import RULES, XIA
from frame import state
from frame.cache import bundle, changed
from frame.job import background
from frame.models import selected
from frame.page import errors_shown, header, no_model_yet, plain
from frame.pages import PREDICT
from use import figures

_LINE = "Every 21-base site of an mRNA, its guide strand scored, beside what designers look at."
_MOST = 30_000  # bases of mRNA on a page
_ROWS = 500


def page() -> None:
    with errors_shown():
        if not state.experiment().guides:
            header("siRNA design", _LINE)
            with st.container(border=True):
                title, key = _guides().title, _guides().key
                st.markdown(f"**siRNA design needs a model of {title}**; another experiment is selected.")
                st.button(
                    f"Switch to {title}",
                    icon=":material/swap_horiz:",
                    on_click=lambda: state.choose(experiment=key),
                )
            return
        choice = selected()
        if choice is None or choice.path is None:
            header("siRNA design", _LINE)
            no_model_yet(choice)
            return
        model = bundle(choice.path)
        header("siRNA design", f"{_LINE} Model: **{plain(choice.name)}**.")
        with st.container(border=True):
            records = pasted_or_file(
                "sirna",
                {"Example mRNA": _example(tuple(one.sequence for one in _guides().examples))},
                "RNA",
                what="mRNA (RNA or DNA letters)",
            )
            left, right = st.columns(2)
            transcriptome = left.text_input(
                "Transcriptome (optional)",
                key="sirna_transcriptome",
                placeholder="/data/transcripts.fa.gz",
                help="A FASTA file on the machine that runs this page: matches of every guide are counted in it.",
            )
            cds = right.text_input(
                "Coding region (optional)",
                key="sirna_cds",
                placeholder="250-1450",
                help="On a single mRNA, from 0, end not included; else the longest open reading frame.",
            )
        if not records:
            st.info("Paste an mRNA above, or choose the example.", icon=":material/arrow_upward:")
            return
        total = sum(len(record.sequence) for record in records)
        if total > _MOST:
            raise InputError(f"these are {total:,} bases and this page takes {_MOST:,}: use 'dnaconv sirna'")
        path = Path(transcriptome).expanduser() if transcriptome.strip() else None
        read = path.stat().st_mtime if path is not None and path.is_file() else 0.0
        key = ("sirna", str(choice.path), changed(choice.path), tuple(records), str(path), read, cds.strip())
        span = _span(cds)
        found = background(
            key, lambda progress: design(model, records, cds=span, transcriptome=path, progress=progress)
        )
        if found is not None:
            _shown(found)


def _guides() -> Experiment:
    """The experiment on siRNA guides: the selected one, or the first there is."""
    return next(one for one in (state.experiment(), *EXPERIMENTS.values()) if one.guides)


@st.cache_data(show_spinner=False)
def _example(guides: tuple[str, ...]) -> str:
    """A made-up mRNA with an open reading frame and the target sites of these guides."""
    rng = np.random.default_rng(11)
    letters = np.array(list("ACGU"))
    codons = [a + b + c for a in "ACGU" for b in "ACGU" for c in "ACGU" if a + b + c not in ("UAA", "UAG", "UGA")]
    coding = "AUG" + "".join(codons[i] for i in rng.integers(0, len(codons), 260)) + "UAA"
    tail = "".join(letters[rng.integers(0, 4, 320)])
    for number, guide in enumerate(guides):
        at = 60 + 80 * number
        tail = tail[:at] + reverse_complement_text(guide, "RNA") + tail[at + LENGTH :]
    return ">example_mRNA\n" + "".join(letters[rng.integers(0, 4, 120)]) + coding + tail


def _span(text: str) -> tuple[int, int] | None:
    if not text.strip():
        return None
    start, _, end = text.strip().partition("-")
    if not (start.strip().isdigit() and end.strip().isdigit()):
        raise InputError(f"the coding region is {text!r}: write start-end, such as 250-1450")
    return int(start), int(end)


def _shown(found: Design) -> None:
    names = list(dict.fromkeys(site.id for site in found.sites))
    name = st.selectbox("mRNA", names, key="sirna_which") if len(names) > 1 else names[0]
    sites = [site for site in found.sites if site.id == name]
    with st.container(border=True):
        chosen = _filtered(sites)
    cds = found.cds.get(name)
    with st.container(horizontal=True):
        st.metric("Sites", f"{len(sites):,}", width="content")
        st.metric("Pass the filters", f"{len(chosen):,}", width="content")
        best = f"{sites[0].prediction:.2f}"
        st.metric("Best prediction", best, help=_guides().label, width="content")
        st.metric("Coding region", f"{cds[0]}–{cds[1]}" if cds else "not found", width="content")
    with st.container(border=True):
        clicked = chart(
            figures.efficacy(sites, chosen, cds, _guides().label),
            key="sirna_track",
            height=230,
            revision=name,
            clickable=True,
        )
    if not chosen:
        st.info("No site passes: loosen the filters above.", icon=":material/filter_alt_off:")
        return
    site = _table(chosen)
    if site is None and clicked and isinstance(clicked["data"], int):
        site = next((one for one in chosen if one.start == clicked["data"]), None)
    _close(site or chosen[0])


def _filtered(sites: list[SirnaSite]) -> list[SirnaSite]:
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


def _table(chosen: list[SirnaSite]) -> SirnaSite | None:
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"**{len(chosen):,} sites**, best first", help="Choose a row to see that siRNA below.")
            dtdt = st.toggle("dTdT overhangs", key="sirna_dtdt", help="Order with dTdT instead of the mRNA's bases.")
            csv = sites_csv(chosen, dtdt=dtdt)
            st.download_button("CSV to order", csv, "sirna.csv", icon=":material/download:", on_click="ignore")
        shown = chosen[:_ROWS]
        columns = {  # what decides first: a narrow window shows no more
            "guide (5'→3')": [site.guide for site in shown],
            "prediction": [site.prediction for site in shown],
            "start": [site.start for site in shown],
        }
        if shown[0].off_target is not None:
            columns["exact"] = [site.off_target.exact for site in shown]
            columns["1 mismatch"] = [site.off_target.one_mismatch for site in shown]
            columns["seed sites"] = [site.off_target.seed_sites for site in shown]
        columns |= {
            "GC": [100 * site.gc for site in shown],
            "ΔΔG": [site.asymmetry for site in shown],
            "Reynolds": [site.reynolds for site in shown],
            "Ui-Tei": [_kept(site, "ui_tei") for site in shown],
            "region": [site.region for site in shown],
            "run": [site.longest_run for site in shown],
            "hairpin": [site.longest_stem for site in shown],
            "seed": [site.seed for site in shown],
        }
        number = st.column_config.NumberColumn
        event = st.dataframe(
            columns,
            hide_index=True,
            height=min(38 + 35 * len(shown), 320),
            on_select="rerun",
            selection_mode="single-row",
            key="sirna_table",
            column_config={
                "prediction": number(format="%.3f", help=_guides().label),
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


def _kept(site: SirnaSite, source: str) -> str:
    rules = [kept for key, kept in site.rules.items() if key.startswith(source)]
    return f"{sum(rules)}/{len(rules)}"


def _close(site: SirnaSite) -> None:
    """One siRNA: its strands and every rule."""
    dtdt = bool(st.session_state.get("sirna_dtdt"))
    with st.container(key="shape_sirna_one"):
        left, right = st.columns([1.25, 1])
    with left, st.container(border=True, height="stretch"):
        st.markdown(f"**Site {site.start:,}–{site.start + LENGTH:,}** {site.region}")
        sequences(
            [Row(site.target, "target", "5'→3'"), Row(site.guide, "guide", "5'→3'")], key="sirna_strands", numbers=True
        )
        sense, antisense = oligos(site, dtdt=dtdt)
        st.code(f"sense      {sense}\nantisense  {antisense}", language=None)
        st.caption(f"Ends: {site.energy_5:.1f} kcal/mol at the guide's 5' end, {site.energy_3:.1f} at its 3' end.")
        if site.off_target is not None:
            other = site.off_target
            st.caption(
                f"In the transcriptome: {other.exact:,} exact and {other.one_mismatch:,} one-mismatch matches "
                f"({plain(', '.join(other.names)) or 'none'}), {other.seed_sites:,} seed sites."
            )
        st.page_link(
            PREDICT,
            label="Look at this guide in Predict",
            icon=":material/biotech:",
            query_params=state.link() | {"sequence": site.guide},
        )
    with right, st.container(border=True, height="stretch"):
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
        st.caption("; ".join(dict.fromkeys(rule.source for rule in RULES.values())) + ".")


page()
