"""What motifs are named by: a group of JASPAR, or a file of the user's."""

from __future__ import annotations

from typing import NamedTuple

import streamlit as st

from components.sequences_in import uploaded_text
from dnaconv_core.errors import DataError, DnaConvError
from dnaconv_core.sequence.jaspar import GROUPS
from dnaconv_core.sequence.motif import Motif
from dnaconv_core.sequence.motif_text import parse_motifs
from frame.language import mark, said, tr
from frame.words import plain

_TYPES = ["meme", "txt", "jaspar", "pfm", "homer", "motif", "motifs"]
_KINDS = "MEME, JASPAR or HOMER text"
_FILE = mark(
    "MEME, JASPAR or HOMER text, or a word in each line. Names are then taken from this file alone, until you leave "
    "the page."
)
NO_RNA = mark(
    "JASPAR CORE has no RNA-binding proteins: give a file of motifs (MEME, JASPAR, HOMER), or a word such as UGUANAUA, "
    "under **Names from**."
)


class Targets(NamedTuple):
    """A group of JASPAR CORE, or the text of a file with its name, for motifs of an alphabet."""

    group: str
    text: str = ""
    file: str = ""
    alphabet: str = "DNA"

    def motifs(self) -> list[Motif]:
        """Those to compare with."""
        from dnaconv_core.interpret.naming import targets

        return _read(self.text, self.file) if self.text else targets(group=self.group)

    @property
    def words(self) -> str:
        return self.file or f"JASPAR CORE {self.group}"

    def fit(self, alphabet: str) -> bool:
        """Whether there is something to compare with: JASPAR has no RNA-binding proteins."""
        return alphabet == "DNA" or bool(self.text)


def compare_with(alphabet: str) -> Targets:
    """Ask what to name motifs of this alphabet by; what holds no motif is told, and JASPAR taken where there is one."""
    group, dna = GROUPS[0], alphabet == "DNA"
    with st.popover(tr("Names from"), icon=":material/label:", key="names_from"):
        if dna:
            group = st.selectbox("JASPAR CORE", GROUPS, key="jaspar", bind="query-params", width=240)
        file = st.file_uploader(
            tr("or a file of motifs") if dna else tr("A file of motifs"), type=_TYPES, help=tr(_FILE), key="motif_file"
        )
        word = st.text_input(tr("or a word"), key="named_by", bind="query-params", max_chars=60, placeholder="UGUANAUA")
    name = file.name if file is not None else word.strip()
    if not name:
        return Targets(group, alphabet=alphabet)
    try:
        text = uploaded_text(file, _KINDS) if file is not None else name
        _read(text, name)
    except DnaConvError as error:
        told = plain(said(str(error)))
        if dna:
            told = tr("{problem}. Names are from JASPAR meanwhile.", problem=told)
        else:
            told = tr("{problem}.", problem=told)
        st.error(told, icon=":material/error:")
        return Targets(group, alphabet=alphabet)
    return Targets(group, text, name, alphabet)


@st.cache_resource(show_spinner=False, max_entries=4)
def _read(text: str, file: str) -> list[Motif]:
    if not text.strip():
        raise DataError(f"{file} is empty: give {_KINDS}")
    return parse_motifs(text, where=file)
