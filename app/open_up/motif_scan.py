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
from frame.cache import bundle
from frame.models import ModelRef
from frame.pages import SALIENCY
from frame.words import plain
from open_up.motif_choice import ask_motif, default_motif, motif_of

_HELD_OUT, _OWN = "Held-out examples", "My sequences"
_MOST = 20_000_000  # letters, filled up to the longest sequence
_ROWS, _DRAWN, _LETTERS = 1000, 20, 2000  # lines of the table; sequences drawn, and their bases
_P = [1e-6, 1e-5, 1e-4, 1e-3, 1e-2]


def show(model: ModelRef, data: HeldOut) -> None:
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="bottom"):
            text = ask_motif(model, "scanned", "Motif", value=default_motif(), whole=True)
            level = st.select_slider(
                "p-value at most", _P, value=1e-3, key="level", width=240,
                help="p: the chance of a score this high or higher at one place of a random sequence. q also counts "
                "how many places were looked at.",
            )  # fmt: skip
            where = st.segmented_control(
                "In", (_HELD_OUT, _OWN), default=_HELD_OUT, required=True, key="where", bind="query-params"
            )
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
        low, high = experiment.class_names
        parts = ((f"If {high}", data.y >= 0.5), (f"If {low}", data.y < 0.5))
        shown = [(name, f"{holds[part].mean():.1%}" if part.any() else "none") for name, part in parts]
    else:
        parts = (("Mean with a hit", holds), ("Mean without", ~holds))
        shown = [(name, f"{data.y[part].mean():.3f}" if part.any() else "none") for name, part in parts]
    with st.container(horizontal=True, gap="medium"):  # wraps where the window is narrow
        st.metric("Hits", f"{len(hits.sequence):,}", width="content")
        st.metric("With a hit", f"{holds.mean():.1%}", help=f"Of {len(holds):,}, {plain(data.words)}.", width="content")
        for name, value in shown:
            st.metric(plain(name), plain(value), width="content")
    if _none(hits):
        return
    _table(data.ids, hits, motif, {"measured": data.y, "predicted": data.prediction}, data.one_hot(), model)


def _in_own(motif: Motif, level: float, alphabet: str, model: ModelRef) -> None:
    examples = {example.name: example.sequence for example in state.experiment().examples}
    with st.container(border=True):
        records = pasted_or_file("motif_scan", examples, alphabet, what="Sequences to look in")
    if not records:
        st.info("Paste a sequence or FASTA, or give a file.", icon=":material/info:")
        return
    longest = max(len(record.sequence) for record in records)
    if longest * len(records) > _MOST:
        raise InputError(
            f"{len(records):,} sequences of up to {longest:,} bases are too much for a page: use "
            "'dnaconv hits … --fasta'"
        )
    X = one_hot([record.sequence.ljust(longest, "N") for record in records], alphabet)
    hits = find_hits(X, motif, p_value=level, strands=_strands(alphabet))
    with st.container(horizontal=True, gap="medium"):
        st.metric("Hits", f"{len(hits.sequence):,}", width="content")
        st.metric("With a hit", f"{len(set(hits.sequence.tolist())):,} of {len(records):,}", width="content")
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
            Mark(int(start), int(start) + hits.width, f"{motif.name}, {strand} strand, q = {q:.2g}")
            for start, strand, q in zip(hits.start[of], hits.strand[of], hits.q_value[of], strict=True)
        )
        letters, n = records[row].sequence, int(of.sum())
        cut = f", first {_LETTERS:,} bases" if len(letters) > _LETTERS else ""
        rows.append(Row(letters[:_LETTERS], records[row].id, f"{n} hit{'s' * (n != 1)}{cut}", marks))
    return rows


def _none(hits: Hits) -> bool:
    if len(hits.sequence):
        return False
    st.info("No place reaches this p-value. A short word never does: choose a larger one.", icon=":material/info:")
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
    formats = {"q": "%.2g", "p": "%.2g", "bits": "%.2f"} | dict.fromkeys(beside, "%.3f")
    columns = {name: st.column_config.NumberColumn(format=form) for name, form in formats.items()}
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
        label="Look at this hit in Saliency" if picked else "Look at the best hit in Saliency",
        icon=":material/highlight:",
        query_params=state.link() | {"sequence": decode(X[rows[which], :, start : start + length], alphabet)[0]},
    )
    with st.container(horizontal=True, vertical_alignment="center"):
        text = hits_csv(ids, hits, motif.name)
        st.download_button(
            "All hits as CSV", text, "hits.csv", icon=":material/download:", type="tertiary", on_click="ignore"
        )
        if len(hits.sequence) > _ROWS:
            st.caption(f"The table shows the first {_ROWS:,} of {len(hits.sequence):,}.", width="content")
