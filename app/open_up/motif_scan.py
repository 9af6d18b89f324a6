"""Where a motif is: in the held-out examples, or in sequences that are pasted or uploaded."""

from __future__ import annotations

from typing import Any

import numpy as np
import streamlit as st

from components.logo import Logo, logos
from components.sequence import Mark, Row, sequences
from components.sequences_in import pasted_or_file
from dnaconv_core.errors import InputError
from dnaconv_core.interpret.export import hits_csv
from dnaconv_core.interpret.hits import Hits, find_hits, hit_words
from dnaconv_core.runs.held_out import HeldOut
from dnaconv_core.sequence.encoding import decode, one_hot
from dnaconv_core.sequence.motif import Motif, to_icm
from frame import state
from frame.addressed import choose_one
from frame.cache import bundle
from frame.language import mark, said, tr, tr_n
from frame.models import ModelRef
from frame.pages import SALIENCY
from frame.words import ours, plain
from open_up.motif_choice import ask_motif, default_motif, motif_of
from open_up.worded import groups_of, strand_words

_HELD_OUT, _OWN = mark("Held-out examples"), mark("My sequences")
_MOST = 20_000_000  # letters, filled up to the longest sequence
_ROWS, _DRAWN, _LETTERS = 1000, 20, 2000  # lines of the table; sequences drawn, and their bases
_COLUMNS = {"letters": mark("letters"), "first base": mark("first base"), "strand": mark("strand")}
_BESIDE = {"measured": mark("measured"), "predicted": mark("predicted")}
_P = [1e-6, 1e-5, 1e-4, 1e-3, 1e-2]


def show(model: ModelRef, data: HeldOut) -> None:
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="bottom"):
            text = ask_motif(model, "scanned", tr("Motif"), value=default_motif(), whole=True)
            level = st.select_slider(
                tr("p-value at most"), _P, value=1e-3, key="level", width=240,
                help=tr(
                    "p: the chance of a score this high or higher at one place of a random sequence. q: the share of "
                    "false hits to expect among hits as good as this one."
                ),
            )  # fmt: skip
            where = choose_one(tr("In"), {name: name for name in (_HELD_OUT, _OWN)}, key="where")
        motif = motif_of(text, model, data.alphabet)
        drawn = Logo(to_icm(motif.ppm), text, "" if motif.matrix_id == motif.name else motif.name)
        logos([drawn], key="scanned_logo", alphabet=data.alphabet, height=64, max_column=22, axis=False)
    if where == _OWN:
        _in_own(motif, level, data.alphabet, model)
    else:
        _in_held_out(motif, level, data, model)


def _in_held_out(motif: Motif, level: float, data: HeldOut, model: ModelRef) -> None:
    hits = find_hits(data.one_hot(), motif, p_value=level, strands=_strands(data.alphabet))
    holds = np.zeros(len(data.y), bool)
    holds[hits.sequence] = True
    experiment = state.experiment()
    if experiment.answer.yes_or_no:
        low, high = groups_of(experiment)
        parts = ((tr("If {group}", group=high), data.y >= 0.5), (tr("If {group}", group=low), data.y < 0.5))
        shown = [(name, f"{holds[part].mean():.1%}" if part.any() else tr("none")) for name, part in parts]
    else:
        parts = ((tr("Mean with a hit"), holds), (tr("Mean without a hit"), ~holds))
        shown = [(name, f"{data.y[part].mean():.3f}" if part.any() else tr("none")) for name, part in parts]
    with st.container(horizontal=True, gap="medium"):  # wraps where the window is narrow
        of = tr("Of {n:,}: {data}.", n=len(holds), data=plain(said(data.words)))
        st.metric(tr("Hits"), f"{len(hits.sequence):,}", width="content")
        st.metric(tr("With a hit"), f"{holds.mean():.1%}", help=of, width="content")
        for name, value in shown:
            st.metric(ours(name), ours(value), width="content")
    if _none(hits):
        return
    _table(data.ids, hits, motif, {"measured": data.y, "predicted": data.prediction}, data.one_hot(), model)


def _in_own(motif: Motif, level: float, alphabet: str, model: ModelRef) -> None:
    examples = {example.name: example.sequence for example in state.experiment().examples}
    with st.container(border=True):
        records = pasted_or_file("motif_scan", examples, alphabet, what=tr("Sequences to look in"))
    if not records:
        st.info(tr("Paste a sequence or FASTA, or give a file."), icon=":material/info:")
        return
    longest = max(len(record.sequence) for record in records)
    if longest * len(records) > _MOST:
        problem = tr(
            "{n:,} sequences of up to {longest:,} bases are too much for a page: use 'dnaconv hits … --fasta'",
            n=len(records), longest=longest,
        )  # fmt: skip
        raise InputError(problem)
    X = one_hot([record.sequence.ljust(longest, "N") for record in records], alphabet)
    hits = find_hits(X, motif, p_value=level, strands=_strands(alphabet))
    with st.container(horizontal=True, gap="medium"):
        with_hit = tr("{some:,} of {n:,}", some=len(set(hits.sequence.tolist())), n=len(records))
        st.metric(tr("Hits"), f"{len(hits.sequence):,}", width="content")
        st.metric(tr("With a hit"), with_hit, width="content")
    if _none(hits):
        return
    ids = np.array([record.id for record in records])
    with st.container(border=True):
        sequences(_rows(records, hits, motif), key="scanned_rows", wrap=True)
    _table(ids, hits, motif, {}, X, model)


def _strands(alphabet: str) -> str:
    return "one" if alphabet == "RNA" else "both"


def _rows(records: list, hits: Hits, motif: Motif) -> list[Row]:
    """The sequences with the best hits, these underlined."""
    rows = []
    for row in list(dict.fromkeys(hits.sequence.tolist()))[:_DRAWN]:
        of = hits.sequence == row
        marks = tuple(
            Mark(int(start), int(start) + hits.width, f"{motif.name}, {strand_words(strand == '-')}, q = {q:.2g}")
            for start, strand, q in zip(hits.start[of], hits.strand[of], hits.q_value[of], strict=True)
        )
        letters, n = records[row].sequence, int(of.sum())
        note = tr_n("{n} hit", "{n} hits", n)
        if len(letters) > _LETTERS:
            note = f"{note} · " + tr("first {n:,} bases", n=_LETTERS)
        rows.append(Row(letters[:_LETTERS], records[row].id, note, marks))
    return rows


def _none(hits: Hits) -> bool:
    if len(hits.sequence):
        return False
    none = tr("No place reaches this p-value. A short word never does: choose a larger p-value.")
    st.info(none, icon=":material/info:")
    return True


def _table(
    ids: np.ndarray, hits: Hits, motif: Motif, beside: dict[str, np.ndarray], X: np.ndarray, model: ModelRef
) -> None:
    alphabet, length = bundle(model).config.alphabet, bundle(model).config.length
    shown = slice(0, _ROWS)
    rows = hits.sequence[shown]
    table: dict[str, Any] = {
        "id": [str(ids[i]) for i in rows],
        "letters": hit_words(X, hits.take(np.arange(len(hits.sequence))[shown]), alphabet),
        "first base": hits.start[shown] + 1,
        "strand": hits.strand[shown],
        "q": hits.q_value[shown],
        **{name: values[rows] for name, values in beside.items()},
        "bits": hits.score[shown],
        "p": hits.p_value[shown],
    }
    formats = {"q": "%.2g", "p": "%.2g", "bits": "%.2f"}
    columns = {name: st.column_config.NumberColumn(format=form) for name, form in formats.items()}
    columns |= {name: st.column_config.Column(tr(_COLUMNS[name])) for name in _COLUMNS}
    for name in beside:
        columns[name] = st.column_config.NumberColumn(tr(_BESIDE[name]), format="%.3f")
    event = st.dataframe(
        table,
        hide_index=True,
        placeholder="–",
        height=min(360, 37 + 35 * len(rows)),
        column_config=columns,
        on_select="rerun",
        selection_mode="single-row",
        key="motif_hits",
    )
    picked = event["selection"]["rows"]
    which = picked[0] if picked and picked[0] < len(rows) else 0
    start = min(max(int(hits.start[which]) + (hits.width - length) // 2, 0), max(X.shape[2] - length, 0))
    st.page_link(
        SALIENCY,
        label=tr("Look at this hit in Saliency") if picked else tr("Look at the best hit in Saliency"),
        icon=":material/highlight:",
        query_params=state.link() | {"sequence": decode(X[rows[which], :, start : start + length], alphabet)[0]},
    )
    with st.container(horizontal=True, vertical_alignment="center"):
        text = hits_csv(ids, hits, motif.name)
        st.download_button(
            tr("All hits as CSV"), text, "hits.csv", icon=":material/download:", type="tertiary", on_click="ignore"
        )
        if len(hits.sequence) > _ROWS:
            cut = tr("The table shows the first {shown:,} of {n:,}.", shown=_ROWS, n=len(hits.sequence))
            st.caption(cut, width="content")
