"""Naming a genome or a transcriptome: one that the home folder keeps, one that is uploaded to it, or a path."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from dnaconv_core.data.references import keep_reference, references
from dnaconv_core.errors import DnaConvError
from dnaconv_core.storing import check_path
from frame.language import mark, tr
from frame.storing import stores
from frame.words import Words, show_error

_ENDS = ["fa", "fasta", "fna", "gz", "2bit"]
_PATH = mark("A file on this machine, by its path")


def reference_file(key: str, kind: str, label: Words, *, placeholder: str, help: Words) -> Path | None:
    """Ask for a file of this kind; None while none is named. key: of the box for a path."""
    known = {path.name: path for path in references(kind)}
    with st.container(horizontal=True, vertical_alignment="bottom"):
        chosen = _PATH
        if known:
            shown = [*known, _PATH]
            chosen = st.selectbox(label, shown, format_func=_shown, key=f"{key}_known", help=help)
        given = ""
        if chosen == _PATH:
            words = tr(_PATH) if known else label
            given = st.text_input(words, key=key, placeholder=placeholder, help=help)
        _upload(key, kind)
    if chosen != _PATH:
        return known[chosen]
    if not given.strip():
        return None
    check_path()
    return Path(given.strip()).expanduser()


def _shown(name: str) -> str:
    return tr(_PATH) if name == _PATH else name


def _upload(key: str, kind: str) -> None:
    """A button for bringing one; it is kept in the home folder, and listed from then on."""
    turn = st.session_state.setdefault(f"_{key}_turn", 0)
    with st.popover(
        tr("Upload"), icon=":material/upload:", **stores(tr("It is kept in the home folder and listed here."))
    ):
        given = st.file_uploader(
            tr("FASTA, plain or gzip, or 2bit"),
            _ENDS,
            key=f"{key}_upload_{turn}",
            help=tr("Up to 50 MB; larger ones by path."),
        )
        if given is None:
            return
        try:
            kept = keep_reference(kind, given.name, given.getvalue())
        except DnaConvError as error:
            show_error(error)
            return
    st.session_state.update({f"_{key}_turn": turn + 1, f"{key}_known": kept.name})
    st.rerun()
