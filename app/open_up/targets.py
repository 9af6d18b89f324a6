"""What motifs are named by: a group of JASPAR, or a file of the user's."""

from __future__ import annotations

from typing import NamedTuple

import streamlit as st

from components.sequences_in import uploaded_text
from dnaconv_core.errors import DataError, DnaConvError
from dnaconv_core.interpret.jaspar import GROUPS
from dnaconv_core.sequence.motif import Motif
from dnaconv_core.sequence.motif_text import read_jaspar, read_meme
from frame.words import plain

_FILE = "MEME or JASPAR text; names are then taken from it alone, and kept until you leave the page."


class Targets(NamedTuple):
    """A group of JASPAR CORE, or the text of a file with its name."""

    group: str
    text: str = ""
    file: str = ""

    def motifs(self) -> list[Motif]:
        """Those to compare with."""
        from dnaconv_core.interpret.naming import targets

        return _read(self.text, self.file) if self.text else targets(group=self.group)

    @property
    def words(self) -> str:
        return self.file or f"JASPAR CORE {self.group}"

    def fit(self, alphabet: str) -> bool:
        """Whether there is something to compare with: JASPAR has no motifs of RNA."""
        return alphabet == "DNA" or bool(self.text)


def compare_with() -> Targets:
    """Ask what to name motifs by; a file that holds none is told, and JASPAR taken."""
    with st.popover("Name by", icon=":material/label:"):
        group = st.selectbox("JASPAR CORE", GROUPS, key="jaspar", bind="query-params", width=240)
        file = st.file_uploader("or a file of motifs", type=["meme", "txt", "jaspar", "pfm"], help=_FILE)
    if file is None:
        return Targets(group)
    try:
        text = uploaded_text(file, "MEME or JASPAR text")
        _read(text, file.name)
    except DnaConvError as error:
        st.error(f"{plain(error)}. Names are from JASPAR meanwhile.", icon=":material/error:")
        return Targets(group)
    return Targets(group, text, file.name)


@st.cache_resource(show_spinner=False, max_entries=4)
def _read(text: str, file: str) -> list[Motif]:
    if not text.strip():
        raise DataError(f"{file} is empty: give MEME or JASPAR text")
    return (read_jaspar if text.lstrip().startswith(">") else read_meme)(text, where=file)
