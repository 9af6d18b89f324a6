"""Models that were imported: they are no runs, so they stand below the table of runs."""

from __future__ import annotations

import streamlit as st

from dnaconv_core.evaluate.metrics import LABELS
from dnaconv_core.experiments import all_experiments
from dnaconv_core.runs.models import ModelEntry, imported
from dnaconv_core.runs.store import Store
from frame.context import lacks
from frame.language import said, tr
from frame.models import describe
from frame.pages import EVALUATE, FILTERS
from frame.words import plain


def imported_models(store: Store, experiment: str) -> None:
    """A line for each imported model: what it is, what is missing, and where to look at it. experiment: '' for all."""
    lines = [line for entry in imported() if (line := _line(store, entry, experiment))]
    if not lines:
        return
    with st.container(border=True):
        st.markdown(tr("**Imported models**"), help=tr("They came as .zip files and were not trained here."))
        for key, of, words in lines:
            query = {"experiment": of, "run": key}
            with st.container(horizontal=True, vertical_alignment="center"):
                st.markdown(plain(words))
                st.page_link(EVALUATE, label=tr("Evaluate"), icon=":material/insights:", query_params=query)
                st.page_link(FILTERS, label=tr("Filters"), icon=":material/filter_alt:", query_params=query)


def _line(store: Store, entry: ModelEntry, experiment: str) -> tuple[str, str, str] | None:
    """Its key, its experiment, and what is said of it; None for one of another experiment, or a damaged one."""
    told = describe(str(store.home), str(entry.path), (entry.path / "config.json").stat().st_mtime)
    if told is None or experiment not in ("", told.experiment):
        return None
    of = all_experiments()[told.experiment]
    score = "" if told.value is None else f" · {LABELS[of.main_metric].name} {told.value:.3f}"
    words = f"{told.name} · {said(of.title)}{score}"
    if missing := lacks(entry.path):
        words += f" · {tr('without {parts}', parts=said(missing))}"
    return entry.key, of.key, words
