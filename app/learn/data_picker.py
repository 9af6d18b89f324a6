"""Choosing where examples come from: generated here, the book's measurements, or a folder."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from dnaconv_core.data.book import book_part, fetch
from dnaconv_core.errors import FetchError
from dnaconv_core.experiments.base import Experiment
from dnaconv_core.experiments.sources import BOOK, OWN, SYNTHETIC, book_files, default_source
from frame import state
from frame.storing import stores
from frame.words import plain, show_error

_FOLDER = "folder"
_NAMES = {SYNTHETIC: "Synthetic", BOOK: "Measured (book)", _FOLDER: "A folder"}
_OWN_NAMES = {OWN: "Its own", _FOLDER: "A folder"}
_HELP = "Synthetic data is made here and its truth is known. The book's is real: it is fetched once."


def name_of(source: str) -> str:
    """A source in words."""
    return {SYNTHETIC: "synthetic data", BOOK: "the book's measurements", OWN: "its own data"}.get(
        source, Path(source).name
    )


def missing_parts(experiment: Experiment) -> list[str]:
    """Parts of the book's data that this experiment needs and that are not here, where they are chosen."""
    if state.data().source != BOOK:
        return []
    return [part for part in book_files(experiment) if book_part(part) is None]


def data_picker() -> None:
    """Choose the kind of data; the choice goes into the address. `data_details` asks for what it needs."""
    own = state.experiment().own
    names = _OWN_NAMES if own else _NAMES
    st.session_state["_source"] = _kind()
    st.segmented_control(
        "Data",
        list(names),
        format_func=lambda kind: plain(names[kind]),
        key="_source",
        required=True,
        on_change=_picked,
        help="" if own else _HELP,
    )


def data_details(experiment: Experiment) -> None:
    """Ask for the folder, or offer to fetch what is missing; nothing for data that is there."""
    if _kind() == _FOLDER:
        _ask_folder(experiment)
    missing = missing_parts(experiment)
    if missing:
        _offer(missing)


def _kind() -> str:
    source = state.data().source
    if st.session_state.get("_asking_folder"):
        return _FOLDER
    return source if source in (_OWN_NAMES if state.experiment().own else _NAMES) else _FOLDER


def _picked() -> None:
    kind = st.session_state["_source"]
    st.session_state["_asking_folder"] = kind == _FOLDER
    if kind != _FOLDER:
        state.choose(data="" if kind == default_source(state.experiment()) else kind, valid="", covariates="")


def _ask_folder(experiment: Experiment) -> None:
    current = state.data()
    path = current.source if current.source not in (SYNTHETIC, BOOK, OWN) else ""
    fields = {
        "data": ("Folder or file", path, f"…/{experiment.book_parts[0] or 'train'}"),
        "valid": ("Validation, if apart", current.valid, ""),
    }
    if experiment.covariates:
        name = ", ".join(experiment.covariates).capitalize()
        fields["covariates"] = (f"{name}: a file of 'id value' lines", current.covariates, "")
    with st.form("folder", border=True), st.container(horizontal=True, vertical_alignment="bottom"):
        given = {
            key: st.text_input(plain(label), value=value, placeholder=example).strip()
            for key, (label, value, example) in fields.items()
        }
        used = st.form_submit_button("Use this data")
    if used and given["data"]:
        st.session_state["_asking_folder"] = False
        state.choose(**given)
        st.rerun()


def _offer(missing: list[str]) -> None:
    """Fetch what is missing, with progress; an error is one sentence that says what else can be done."""
    with st.container(border=True):
        st.markdown("The book's measurements are not here yet. They are fetched once, over https, and checked.")
        if st.button("Fetch them", icon=":material/download:", type="primary", **stores()):
            bar = st.progress(0.0)
            try:
                fetch(missing, progress=_Shown(bar))
            except FetchError as error:
                bar.empty()
                show_error(error, icon=":material/cloud_off:")
            else:
                st.rerun()


class _Shown:
    """Progress on a bar of the page."""

    def __init__(self, bar) -> None:
        self.bar = bar

    def report(self, fraction: float, message: str) -> None:
        self.bar.progress(min(max(fraction, 0.0), 1.0), message)

    def should_stop(self) -> bool:
        return False
