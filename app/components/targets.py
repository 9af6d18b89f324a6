"""What motifs are named by: a group of JASPAR, or a file of the user's."""

from __future__ import annotations

from typing import NamedTuple

import streamlit as st

from components.sequences_in import uploaded_text
from dnaconv_core.interpret.jaspar import GROUPS

_FILE = "MEME or JASPAR text; names are then taken from it alone, and kept until you leave the page."


class Targets(NamedTuple):
    """A group of JASPAR CORE, or the text of a file with its name."""

    group: str
    text: str = ""
    file: str = ""

    @property
    def words(self) -> str:
        return self.file or f"JASPAR CORE {self.group}"

    def fit(self, alphabet: str) -> bool:
        """Whether there is something to compare with: JASPAR has no motifs of RNA."""
        return alphabet == "DNA" or bool(self.text)


def compare_with() -> Targets:
    """Ask what to name motifs by. Raises DataError when the file is not text."""
    with st.popover("Name by", icon=":material/label:"):
        group = st.selectbox("JASPAR CORE", GROUPS, key="jaspar", bind="query-params", width=240)
        file = st.file_uploader("or a file of motifs", type=["meme", "txt", "jaspar", "pfm"], help=_FILE)
    if file is None:
        return Targets(group)
    return Targets(group, uploaded_text(file), file.name)
