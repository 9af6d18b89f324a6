"""Tiny files of every form: to see how one looks, and to try the page with a click."""

from __future__ import annotations

import io
import zipfile

import streamlit as st

from bring.draft import Draft
from dnaconv_core.experiments.templates import TEMPLATES, Template
from frame.language import said, tr
from frame.storing import stores
from frame.words import plain

_IN_A_ROW = 3


def templates(draft: Draft) -> None:
    """A card for each form: what is in it, a button that takes its files, and one that downloads them."""
    every = list(TEMPLATES.items())
    for start in range(0, len(every), _IN_A_ROW):
        for column, (key, template) in zip(st.columns(_IN_A_ROW), every[start : start + _IN_A_ROW], strict=True):
            with column, st.container(border=True, height="stretch"):
                _card(draft, key, template)


def _card(draft: Draft, key: str, template: Template) -> None:
    st.markdown(f"**{plain(said(template.title))}**")
    st.caption(plain(said(template.words)))
    with st.container(horizontal=True):
        if st.button(tr("Try it"), key=f"try_{key}", icon=":material/play_arrow:", **stores()):
            for name, content in template.make().items():
                draft.lot.keep(name, content)
            st.rerun()
        name, content = _packed(key)
        st.download_button(
            tr("Download"), content, name, key=f"template_{key}", icon=":material/download:", type="tertiary"
        )


@st.cache_data(show_spinner=False)
def _packed(key: str) -> tuple[str, bytes]:
    """The files of a template: one as it is, several as a zip."""
    files = TEMPLATES[key].make()
    if len(files) == 1:
        return next(iter(files.items()))
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return f"{key}.zip", packed.getvalue()
