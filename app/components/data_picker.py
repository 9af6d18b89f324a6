"""Choosing where examples come from: generated here, the book's measurements, or a folder."""

from __future__ import annotations

from pathlib import Path

import state
import streamlit as st

from dnaconv_core.experiments.base import Experiment
from dnaconv_core.experiments.sources import BOOK, SYNTHETIC

_FOLDER = "folder"
_NAMES = {SYNTHETIC: "Synthetic", BOOK: "Measured (book)", _FOLDER: "A folder"}


def name_of(source: str) -> str:
    """A source in words."""
    return {SYNTHETIC: "synthetic data", BOOK: "the book's measurements"}.get(source, Path(source).name)


def data_picker(experiment: Experiment) -> None:
    """Choose the data; the choice goes into the address."""
    current = state.data()
    kind = current.source if current.source in (SYNTHETIC, BOOK) else _FOLDER
    if st.session_state.get("_asking_folder"):
        kind = _FOLDER
    st.session_state["_source"] = kind
    st.segmented_control(
        "Data",
        list(_NAMES),
        format_func=_NAMES.__getitem__,
        key="_source",
        required=True,
        on_change=_picked,
        help="Synthetic data is made here and its truth is known. The book's is real: it is fetched once.",
    )
    if kind == _FOLDER:
        with st.form("folder", border=True):
            path = current.source if current.source not in (SYNTHETIC, BOOK) else ""
            source = st.text_input("Folder or file", value=path, placeholder="…/train_siRNA")
            valid = st.text_input("Validation, if it is apart", value=current.valid)
            covariates = current.covariates
            if experiment.covariates:
                covariates = st.text_input("File of accessibility, 'id value' a line", value=current.covariates)
            if st.form_submit_button("Use this data") and source.strip():
                st.session_state["_asking_folder"] = False
                state.choose(data=source.strip(), valid=valid.strip(), covariates=covariates.strip())
                st.rerun()


def _picked() -> None:
    kind = st.session_state["_source"]
    st.session_state["_asking_folder"] = kind == _FOLDER
    if kind != _FOLDER:
        state.choose(data="" if kind == SYNTHETIC else kind, valid="", covariates="")
