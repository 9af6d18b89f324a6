"""Choosing where examples come from: generated here, the book's measurements, or a folder."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from dnaconv_core.data.book import book_part, fetch
from dnaconv_core.errors import FetchError
from dnaconv_core.experiments.base import Experiment
from dnaconv_core.experiments.sources import BOOK, OWN, SYNTHETIC, book_files, default_source
from frame import state
from frame.language import mark, said, tr
from frame.storing import stores
from frame.words import ours, plain, show_error

_FOLDER = "folder"
_NAMES = {SYNTHETIC: mark("Synthetic"), BOOK: mark("Measured (book)"), _FOLDER: mark("A folder")}
_OWN_NAMES = {OWN: mark("Its own"), _FOLDER: mark("A folder")}
_HELP = mark(
    "Synthetic data are made on this machine, so what is in them is known. The book's data were measured; they are "
    "downloaded once."
)


def name_of(source: str) -> str:
    """A source in words."""
    known = {SYNTHETIC: tr("synthetic data"), BOOK: tr("the book's measurements"), OWN: tr("its own data")}
    return known.get(source, Path(source).name)


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
        tr("Data"),
        list(names),
        format_func=lambda kind: tr(ours(names[kind])),
        key="_source",
        required=True,
        on_change=_picked,
        help="" if own else tr(_HELP),
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
        "data": (tr("Folder or file"), path, f"…/{experiment.book_parts[0] or 'train'}"),
        "valid": (tr("Validation, if in another file"), current.valid, ""),
    }
    if experiment.covariates:
        name = ", ".join(map(said, experiment.covariates)).capitalize()
        asked = tr("{covariates}: a file with 'id value' lines", covariates=name)
        fields["covariates"] = (asked, current.covariates, "")
    with st.form("folder", border=True), st.container(horizontal=True, vertical_alignment="bottom"):
        given = {
            key: st.text_input(plain(label), value=value, placeholder=example).strip()
            for key, (label, value, example) in fields.items()
        }
        used = st.form_submit_button(tr("Use these data"))
    if used and given["data"]:
        st.session_state["_asking_folder"] = False
        state.choose(**given)
        st.rerun()


def _offer(missing: list[str]) -> None:
    """Fetch what is missing, with progress; an error is one sentence that says what else can be done."""
    with st.container(border=True):
        st.markdown(
            tr("The book's measurements are not on this machine yet. They are downloaded once over https and checked.")
        )
        if st.button(tr("Download them"), icon=":material/download:", type="primary", **stores()):
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
        self.bar.progress(min(max(fraction, 0.0), 1.0), said(message))

    def should_stop(self) -> bool:
        return False
