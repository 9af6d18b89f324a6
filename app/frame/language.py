"""The language a page speaks: English, as it stands in the source, or what app/locales has for it.

Texts of the dashboard are written as `tr("{n:,} examples", n=n)`: Babel finds them in the source, and the words around
the numbers are those of the page's language. What the core says in whole sentences goes through `said`. A table at the
top of a module marks its texts with `mark` and translates them where they are drawn: a module is read once, for all.
"""

from __future__ import annotations

import io
from functools import lru_cache
from gettext import GNUTranslations, NullTranslations
from pathlib import Path

import streamlit as st

from frame.words import Words, ours

LANGUAGES = {"en": "English", "ko": "한국어"}
LOCALES = Path(__file__).parents[1] / "locales"
_CHOSEN = "_language"


def language() -> str:
    """The code of the page's language."""
    return st.session_state.get(_CHOSEN, "en")


def tr(text: str, /, **values: object) -> Words:
    """`text` in the page's language, with `values` put in as `str.format` does. Others' text is escaped before."""
    found = _catalogue(language()).gettext(text)
    return ours(found.format(**values) if values else found)


def tr_n(one: str, many: str, n: int, /, **values: object) -> Words:
    """`tr` of `one` or `many` by the number `n`, which both may write as {n}."""
    return ours(_catalogue(language()).ngettext(one, many, n).format(n=n, **values))


def mark(text: str) -> str:
    """`text` as it is: found by Babel here, translated by `tr` where it is drawn."""
    return text


def said(sentence: str) -> str:
    """A sentence of the core in the page's language; one that is not known stays as it is. Not yet escaped."""
    return _catalogue(language()).gettext(sentence) if sentence else sentence


@lru_cache
def _catalogue(code: str) -> NullTranslations:
    """All files of one language as one."""
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    whole = NullTranslations()
    for file in sorted((LOCALES / code / "LC_MESSAGES").glob("*.po")):
        packed = io.BytesIO()
        with file.open("rb") as stream:
            write_mo(packed, read_po(stream, locale=code))
        packed.seek(0)
        part = GNUTranslations(packed)
        part.add_fallback(whole)
        whole = part
    return whole
