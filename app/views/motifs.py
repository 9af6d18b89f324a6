"""The motifs a model uses over a whole dataset, and a bench to try any motif on."""

from __future__ import annotations

import motif_bench
import numpy as np
import state
import streamlit as st
from cache import bundle, changed
from components.chart import chart
from components.frame import class_names, errors_shown, header, no_model_yet, plain
from components.job import background, forget, known
from components.logo import Logo, logos
from components.models import Choice, selected
from held_out import HeldOut, held_out
from interpretation import aligned, covariates_of, names, one_hot_of

from dnaconv_core.interpret.discovery import Discovery, Pattern, discover
from dnaconv_core.interpret.export import hits_csv
from dnaconv_core.interpret.hits import find_hits
from dnaconv_core.interpret.keep import kept_with, load_discovery, save_discovery
from dnaconv_core.interpret.match import NO_MATCH
from dnaconv_core.sequence.motif import from_iupac, to_icm
from dnaconv_core.sequence.motif_text import write_meme

_VIEWS = ("Found", "Bench", "Scan")
_LINE = "The motifs **{}** uses over a whole dataset, and a bench to try any motif on."
_HOW = (
    "Stretches of attribution stronger than shuffled sequences have (seqlets) are called in positives and negatives, "
    "clustered and aligned on both strands."
)


def page() -> None:
    with errors_shown():
        choice = selected()
        if choice is None or choice.path is None:
            header("Motifs", "The motifs a model uses over a whole dataset, and a bench to try any motif on.")
            no_model_yet(choice)
            return
        header("Motifs", _LINE.format(plain(choice.name)))
        view = st.segmented_control(
            "Show",
            _VIEWS,
            default="Found",
            required=True,
            key="view",
            bind="query-params",
            label_visibility="collapsed",
        )
        data = held_out(choice.path)
        if view == "Bench":
            motif_bench.show(choice, data)
        elif view == "Scan":
            _scan(data)
        else:
            _found(choice, data)


def _found(choice: Choice, data: HeldOut) -> None:
    folder, key = kept_with(choice.path), ("motifs", str(choice.path), changed(choice.path))
    stored = load_discovery(folder)

    def work(progress) -> Discovery:
        model = bundle(choice.path).model
        found = discover(model, one_hot_of(data), data.y, covariates_of(data), most=500, progress=progress)
        if not progress.should_stop():
            save_discovery(folder, found)
        return found

    if stored is None and not known(key):
        place = st.empty()
        with place.container(border=True):
            st.markdown(f"**Find the motifs** that this model uses, on {data.words}.")
            st.caption(f"{_HOW} It takes from some seconds to a few minutes; you can look at other pages meanwhile.")
            if not st.button("Find motifs", type="primary", icon=":material/search:"):
                return
        place.empty()
    found = stored or background(key, work, words="Looking for motifs", going_on=True)
    if found is None:
        return
    _summary(found, data, folder, key)
    matches = names([p.motif for p in found.patterns], (*key, len(found.seqlets)))
    for number, pattern in enumerate(found.patterns):
        _pattern(number, pattern, matches[number] if matches else None, data)


def _summary(found: Discovery, data: HeldOut, folder, key: tuple) -> None:
    n = len(found.patterns)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(
            f"**{n} pattern{'s' * (n != 1)}** from {len(found.seqlets):,} seqlets in {len(found.rows):,} sequences of "
            f"{data.words}; {found.n_unassigned:,} fit nowhere.",
            help=_HOW,
            width="content",
        )
        if n:
            text = write_meme([p.motif for p in found.patterns])
            st.download_button("MEME", text, "patterns.meme", icon=":material/download:", type="tertiary")
        if st.button("Look again", icon=":material/refresh:", type="tertiary"):
            (folder / "patterns.npz").unlink(missing_ok=True)
            forget(key)
            st.rerun()
    if not n:
        st.info(
            "No group of alike seqlets is stronger than what shuffled sequences have: the model may not use a motif.",
            icon=":material/info:",
        )


def _pattern(number: int, pattern: Pattern, matches: list | None, data: HeldOut) -> None:
    experiment = state.experiment()
    low, high = class_names(experiment) if experiment.task == "binary" else ("low values", "high values")
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"**Pattern {number + 1}** · {pattern.consensus}", width="content")
            good = [m for m in matches or [] if m.significant]
            if good:
                st.badge(f"{good[0].name} · q = {good[0].q_value:.2g}", color="violet")
            elif matches is not None:
                st.badge(NO_MATCH, color="gray")
            to = {**state.link(), "view": "Bench", "motif": pattern.consensus}
            st.page_link("views/motifs.py", label="Put on the bench", icon=":material/labs:", query_params=to)
        columns = st.columns(4)
        columns[0].metric("Seqlets", f"{pattern.n_seqlets:,}")
        columns[1].metric(f"In {high}", f"{pattern.share_positives:.1%}")
        columns[2].metric(f"In {low}", f"{pattern.share_negatives:.1%}")
        columns[3].metric("Fisher's exact p", f"{pattern.p_fisher:.1g}", help="That both shares are equal.")
        drawn = [
            Logo(to_icm(pattern.motif.ppm), "What it looks like"),
            Logo(pattern.contribution, "What it contributes", kind="contribution", unit="logit"),
        ]
        logos(drawn, key=f"pattern_{number}", height=110, min_width=320, max_column=44)
        left, right = st.columns([3, 2])
        with left:
            if good:
                st.caption("Its nearest in JASPAR CORE vertebrates, aligned")
                logos(
                    aligned(pattern.motif, good[:3]), key=f"near_{number}", height=46, min_width=900, max_column=24,
                    axis=False,
                )  # fmt: skip
        with right:
            middle = pattern.start + pattern.motif.width // 2
            counts = np.bincount(np.clip(middle, 0, data.codes.shape[1] - 1), minlength=data.codes.shape[1])
            chart(motif_bench.bars(counts, "middle of the pattern (base)", "seqlets"), key=f"at_{number}", height=210)


def _scan(data: HeldOut) -> None:
    experiment = state.experiment()
    with st.container(border=True, horizontal=True, vertical_alignment="bottom"):
        text = st.text_input(
            "Motif (IUPAC)", value=experiment.motif or "TGASTCA", key="scanned", bind="query-params", width=260
        )
        level = st.select_slider("p-value at most", [1e-5, 1e-4, 1e-3, 1e-2], value=1e-3, key="level", width=260)
    motif = from_iupac(text)._replace(nsites=100.0)
    hits = find_hits(one_hot_of(data), motif, p_value=level)
    holds = np.zeros(len(data.y), bool)
    holds[hits.sequence] = True
    high = data.y >= (0.5 if experiment.task == "binary" else np.median(data.y))
    columns = st.columns(3)
    columns[0].metric("Hits", f"{len(hits.sequence):,}")
    for column, name, part in ((columns[1], "In positives", high), (columns[2], "In negatives", ~high)):
        column.metric(name, f"{holds[part].mean():.1%}" if part.any() else "none")
    if not len(hits.sequence):
        st.info(
            "No hit reaches this p-value: a short word cannot be rarer than chance allows; take a larger p-value.",
            icon=":material/info:",
        )
        return
    shown = slice(0, 1000)
    table = {
        "id": [str(data.ids[i]) for i in hits.sequence[shown]],
        "first base": hits.start[shown] + 1,
        "strand": hits.strand[shown],
        "score (bits)": hits.score[shown],
        "p": hits.p_value[shown],
        "q": hits.q_value[shown],
        "predicted": data.prediction[hits.sequence[shown]],
    }
    number = st.column_config.NumberColumn(format="%.2g")
    st.dataframe(table, hide_index=True, height=360, column_config={"p": number, "q": number})
    text = hits_csv(data.ids, hits, motif.name)
    st.download_button("All hits as CSV", text, "hits.csv", icon=":material/download:", type="tertiary")


page()
