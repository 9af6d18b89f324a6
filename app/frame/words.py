"""Text of others on the screen: drawn as it is written, never read as Markdown, LaTeX, an icon, a colour or a link.

Streamlit reads Markdown in every text, label, tooltip, option of a row of buttons, and metric. What comes from a file,
a link, a name that someone typed or an error goes through `plain` (or `code`, between backticks) before it is drawn. A
test of the code fails on a call of Streamlit whose text is neither written in the source nor passed through here.
"""

from __future__ import annotations

import re
import unicodedata

import streamlit as st

Words = str  # of our own, or escaped: what a function returns or takes that is annotated so is drawn as Markdown

_MARKS = re.compile(r"[\\`*_\[\]$~<|]|&(?=#?\w+;)|:(?=[a-zA-Z])")
_AT_START = re.compile(r"^(?:(?=>|(?:#+|[+-]|[=-]+)(?:\s|$))|\d+(?=[.)](?:\s|$)))")  # headings, lists, quotations
JOINER = "\u2060"  # has no width: the text looks the same and is no longer the pattern that would be replaced
# Streamlit replaces these after it has read the Markdown, where a backslash does not help: links, e-mail addresses,
# emoji, icons, and arrows and signs between spaces.
_REPLACED = re.compile(
    r"(?<=:)(?=//)|(?<=www)(?=\.)|(?<=[\w.+-]@)(?=[\w-])|(?<=:)(?=[\w+-]+:|material/)"
    r"|(?<=<)(?=-(?:\s|$))|(?<=<-)(?=>)|(?<=-)(?=[->](?:\s|$))|(?<=[<>~])(?==(?:\s|$))",
    re.IGNORECASE,
)


def plain(text: object) -> Words:
    """`text` on one line, so that Markdown shows exactly its characters; control characters become spaces."""
    line = " ".join("".join(map(_printable, str(text))).split())
    line = _MARKS.sub(r"\\\g<0>", _REPLACED.sub(JOINER, line))
    return _AT_START.sub(r"\g<0>\\", line)


def plain_lines(text: object) -> Words:
    """`plain`, with the line breaks kept."""
    return "  \n".join(plain(line) for line in str(text).splitlines() if line.strip())


def code(text: object) -> Words:
    """`text` in the letters of code, between backticks."""
    return f"`{' '.join(str(text).replace('`', chr(39)).split())}`" if str(text).strip() else ""


def ours(text: str) -> Words:
    """Markdown written in this project's source, from a table or an object that holds nothing else."""
    return text


def show_error(error: object, *, icon: str | None = ":material/error:") -> None:
    """What went wrong, as text, in the page's language."""
    from frame.language import said  # which is written with what stands here

    st.error(plain(said(str(error))), icon=icon)


def _printable(letter: str) -> str:
    """The letter, or a space for one that steers: a control character, a change of direction, half a surrogate pair."""
    kind = unicodedata.category(letter)
    steers = kind in ("Cc", "Cs") or "\u202a" <= letter <= "\u202e" or "\u2066" <= letter <= "\u2069"
    return " " if steers else letter
